"""What a recorder writes of a run is what a tracer keeps of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from capturing import observing
from hypothesis import HealthCheck, given, settings
from random_programs import Program, perform, programs

from sigexplorer.capture.recorder import Recorder
from sigexplorer.model import Trace
from sigexplorer.show.outline import outline
from sigexplorer.show.rollup import LineWriter
from sigexplorer.show.spooled import Spooled
from sigexplorer.spool.reading import Spool

bounded = settings(
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Keep what robust sends log out of the report, and what it refers to out of memory."""
    caplog.set_level("CRITICAL", "django.dispatch")


def both(program: Program, folder: Path) -> tuple[Trace, Trace]:
    """Run a program once; return what was kept of it, and what was written."""
    recorder = Recorder(folder, "test", origins=True)
    with observing() as tracer:
        recorder.start()
        try:
            perform(program)
        finally:
            recorder.stop()
    assert (recorder.faults, recorder.problem) == ([], "")
    check_lines(folder)
    return tracer.trace(), Spool(folder).trace()


def check_lines(folder: Path) -> None:
    """Hold that the lines made of rows are those made of records."""
    source, writer = Spooled(folder), LineWriter()
    assert list(source.lines()) == [writer.line(record) for record in source.records()]


def check(program: Program, folder: Path) -> None:
    """Hold that both are the same but for the clock."""
    kept, written = both(program, folder)
    assert outline(written) == outline(kept)
    numbers = {each.id: place for place, each in enumerate(kept.dispatches)}
    places = {each.id: place for place, each in enumerate(written.dispatches)}
    for one, other in zip(kept.dispatches, written.dispatches, strict=True):
        assert numbers.get(one.parent or 0) == places.get(other.parent or 0)
        assert (one.parent_call, one.thread, one.process, one.duration_ns, one.origin, one.queries) == (
            other.parent_call, other.thread, other.process, other.duration_ns, other.origin, other.queries
        )  # fmt: skip
        assert [call.duration_ns for call in one.calls] == [call.duration_ns for call in other.calls]


SYNC = ("send", "send_robust")
EVERY = ("plain", "caching", "user_logged_out")


@bounded
@given(programs(methods=SYNC, kinds=(False, True), signals=EVERY, changes=("connect", "disconnect", "drop")))
def test_sync_programs(tmp_path_factory: pytest.TempPathFactory, program: Program) -> None:
    """Of sync sends that fail, nest and change registrations the same is written as is kept."""
    check(program, tmp_path_factory.mktemp("spool"))


@bounded
@given(programs(methods=("asend", "asend_robust"), kinds=(True,), signals=EVERY[:2], changes=("connect",)))
def test_async_programs(tmp_path_factory: pytest.TempPathFactory, program: Program) -> None:
    """Of async sends, concurrent and cancelled, the same is written as is kept."""
    check(program, tmp_path_factory.mktemp("spool"))
