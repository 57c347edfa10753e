"""Whatever is muted, a send does as if that were not connected, and what is connected stays as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
from capturing import METHODS, asynchronous, calls, observing, outcome, raising, returning, send, unawaited
from django.dispatch import Signal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_programs import Program, perform, programs, recorded, told

from sigexplorer.capture import altering, injecting
from sigexplorer.capture.altering import Rule
from sigexplorer.capture.injecting import Fault

bounded = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


class First:
    """A sender."""


class Second:
    """Another sender."""


class Connected(NamedTuple):
    """A receiver, and how it is connected."""

    is_async: bool
    fails: bool
    sender: type | None
    uid: bool
    weak: bool
    muted: bool


RECEIVERS = st.lists(
    st.builds(
        Connected,
        st.booleans(),
        st.sampled_from([False, False, True]),
        st.sampled_from([None, First, Second]),
        st.booleans(),
        st.booleans(),
        st.sampled_from([False, True]),
    ),
    max_size=6,
)


class Mute(Rule):
    """Mutes some receivers."""

    def __init__(self, receivers: list[Any]) -> None:
        super().__init__()
        self.receivers = receivers

    def mutes(self, _signal: Any, _sender: Any, receiver: Any) -> bool:
        """Whether it is one of them."""
        return any(receiver is other for other in self.receivers)


@contextmanager
def standing(*rules: Rule) -> Iterator[None]:
    """Let rules stand in this context."""
    for rule in rules:
        altering.begin(rule)
    try:
        yield
    finally:
        for rule in rules:
            altering.end(rule)


def made(number: int, one: Connected) -> Any:
    """Make a receiver that says its number, or fails."""
    receiver = raising(f"r{number}", ValueError, number) if one.fails else returning(f"r{number}", number)
    return asynchronous(receiver) if one.is_async else receiver


def connect(signal: Signal, number: int, one: Connected, receiver: Any) -> None:
    """Connect a receiver as it says."""
    signal.connect(
        receiver, sender=one.sender, weak=one.weak, dispatch_uid=f"uid {number}" if one.uid else None
    )


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Keep what robust sends log out of the report."""
    caplog.set_level("CRITICAL", "django.dispatch")


@bounded
@given(
    RECEIVERS,
    st.lists(st.tuples(st.sampled_from(METHODS), st.sampled_from([First, Second])), min_size=1, max_size=3),
    st.booleans(),
    st.booleans(),
)
def test_any_mute_of_any_receivers(
    connected: list[Connected],
    sends: list[tuple[str, type]],
    caching: bool,  # noqa: FBT001
    traced: bool,  # noqa: FBT001
) -> None:
    """Responses and errors are those of a signal without the muted; entries, cache and order stay."""
    signal, without = Signal(use_caching=caching), Signal(use_caching=caching)
    receivers = [made(number, one) for number, one in enumerate(connected)]
    for number, (one, receiver) in enumerate(zip(connected, receivers, strict=True)):
        connect(signal, number, one, receiver)
        if not one.muted:
            connect(without, number, one, receiver)
    for sender in (First, Second):
        signal.has_listeners(sender)
    entries, cache = list(signal.receivers), dict(signal.sender_receivers_cache)
    rule = Mute([receiver for one, receiver in zip(connected, receivers, strict=True) if one.muted])
    with unawaited(), standing(rule), observing() if traced else standing() as tracer:
        for method, sender in sends:
            assert outcome(lambda: send(signal, method, sender)) == outcome(  # noqa: B023
                lambda: send(without, method, sender)  # noqa: B023
            )
            assert signal.has_listeners(sender) == any(one.sender in (None, sender) for one in connected)
    assert len(signal.receivers) == len(entries)
    assert all(one is other for one, other in zip(signal.receivers, entries, strict=True))
    assert dict(signal.sender_receivers_cache) == cache
    assert altering.HOOKS.observers == ()
    if tracer is not None:
        for (_, sender), dispatch in zip(sends, tracer.trace().dispatches[::2], strict=True):
            reached = [
                (f"r{number}", one.muted)
                for is_async in (False, True)
                for number, one in enumerate(connected)
                if one.is_async == is_async and one.sender in (None, sender)
            ]
            assert [(name, what == "muted") for name, what in calls(dispatch)] == reached


@bounded
@given(
    programs(
        methods=("send", "send_robust"),
        kinds=(False, True),
        signals=("plain", "caching", "user_logged_out"),
        changes=("connect", "disconnect", "drop"),
    )
)
def test_a_rule_that_meets_nothing_changes_nothing(program: Program) -> None:
    """Any program does the same while something else is muted, observed and unobserved."""
    unobserved, left = perform(program)
    with standing(Mute([])):
        muted, left_muted = perform(program)
        with observing() as tracer:
            observed, left_observed = perform(program)
    assert muted == observed == unobserved
    assert left_muted == left_observed == left
    assert recorded(tracer.trace()) == told(unobserved)


class Answer(NamedTuple):
    """What a send came to, and how late what was."""

    outcome: Any
    waits: list[float]


def injected(fault: Fault, signal: Signal, method: str, monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Send while a fault stands; nobody really waits."""
    waits: list[float] = []

    async def wait_asynchronously(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr(injecting, "wait", waits.append)
    monkeypatch.setattr(injecting, "wait_asynchronously", wait_asynchronously)
    with unawaited(), standing(fault):
        return Answer(outcome(lambda: send(signal, method)), waits)


def everybody(_signal: Any, _sender: Any, _receiver: Any) -> bool:
    """Mean every receiver."""
    return True


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("is_async", [False, True])
def test_a_fault_stands_in_for_its_receiver(
    method: str,
    is_async: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It raises, or is late and goes on; in the responses it equals the receiver, and is told as it."""
    signal, receiver = Signal(), made(1, Connected(is_async, False, None, False, True, False))
    signal.connect(receiver)
    late = injected(Fault(everybody, None, delay=1.5), signal, method, monkeypatch)
    assert late == Answer(("returned", [[receiver, 1]]), [1.5])
    with observing() as tracer:
        failing = Fault(everybody, lambda: TimeoutError("on purpose"), when=2)
        first = injected(failing, signal, method, monkeypatch)
        second = injected(failing_again(failing), signal, method, monkeypatch)
    assert first.outcome == ("returned", [[receiver, 1]])
    error = (TimeoutError, ["on purpose"])
    robust = method.endswith("robust")
    assert second.outcome == (("returned", [[receiver, error]]) if robust else ("raised", error))
    assert [calls(one) for one in tracer.trace().dispatches] == [[("r1", "returned")], [("r1", "raised")]]


def failing_again(fault: Fault) -> Fault:
    """Let a fault that has ended stand again."""
    fault.ended = False
    return fault
