"""Any program of signals and receivers does the same unobserved, observed and listened to."""

from __future__ import annotations

import pytest
from capturing import observing
from hypothesis import HealthCheck, given, settings
from random_programs import Program, perform, programs, recorded, told

from sigexplorer.capture.listening import Listener

bounded = settings(
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)

SYNC = ("send", "send_robust")
EVERY = ("plain", "caching", "user_logged_out")


def check(program: Program) -> None:
    """Run a program thrice; hold that it does the same, and that the records say what it did."""
    unobserved, left = perform(program)
    with observing() as tracer:
        observed, left_then = perform(program)
    assert observed == unobserved
    assert left_then == left
    assert recorded(tracer.trace()) == told(unobserved)


def check_listened(program: Program) -> None:
    """Run a program as it is, and listened to and observed."""
    unobserved, left = perform(program)
    listener = Listener()
    listener.connect()
    try:
        with observing(listened=True) as tracer:
            listened, left_then = perform(program)
    finally:
        listener.disconnect()
    assert listened == unobserved
    assert left_then == left
    assert recorded(tracer.trace()) == told(unobserved)


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Keep what robust sends log out of the report, and what it refers to out of memory."""
    caplog.set_level("CRITICAL", "django.dispatch")


@bounded
@given(programs(methods=SYNC, kinds=(False,), signals=EVERY, changes=("connect", "disconnect", "drop")))
def test_sync_programs(program: Program) -> None:
    """Sync receivers that fail, nest, connect, disconnect and die: the same log, and the same records."""
    check(program)
    check_listened(program)


@bounded
@given(programs(methods=SYNC, kinds=(False, True), signals=EVERY, changes=()))
def test_programs_of_both_kinds_sent_from_sync_code(program: Program) -> None:
    """Sync and async receivers of send and send_robust: the same log, and the same records."""
    check(program)
    check_listened(program)


@bounded
@given(
    programs(
        methods=("asend", "asend_robust"), kinds=(True,), signals=EVERY[:2], changes=("connect", "disconnect")
    )
)
def test_async_programs(program: Program) -> None:
    """Async receivers that run at once, fail, nest, change registrations and are cancelled: the same log."""
    check(program)


@bounded
@given(programs(methods=("asend_robust",), kinds=(False, True), signals=EVERY, changes=()))
def test_programs_of_both_kinds_sent_from_async_code(program: Program) -> None:
    """Sync receivers in a thread beside async ones, nesting and failing: the same log, by any road."""
    check(program)
    check_listened(program)
