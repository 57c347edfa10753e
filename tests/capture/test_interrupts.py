"""A Ctrl-C, or any signal handler that raises, may come wherever Python looks for one: after a call."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from capturing import METHODS, connect, observing, returning
from django.dispatch import Signal, dispatcher
from test_lanes import Taking, in_threads

import sigexplorer
from sigexplorer.capture import lanes
from sigexplorer.capture.lanes import BATCH, STREAM
from sigexplorer.capture.turns import Turn
from sigexplorer.spool.rows import ID, Event, Flight

#: Where it may come: in us, in Django's dispatch with our notes, and in receivers.
INSIDE = (str(Path(sigexplorer.__file__).parent), dispatcher.__file__, __file__)


class Interrupting:
    """Raises KeyboardInterrupt as the n-th function is entered, or at the end of one of C's."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, frame: Any, event: str, _argument: object) -> None:
        """Take what ``sys.setprofile`` tells."""
        code = frame.f_code
        if event not in ("call", "c_return") or not code.co_filename.startswith(INSIDE):
            return
        if code.co_name in (
            "act",
            "interrupted",
            "sender_gone",
            "signal_gone",
            "has_gone",
        ):  # a callback only warns
            return
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def interrupted(act: Callable[[], object], number: int) -> bool:
    """Whether ``act`` came so far that it was interrupted."""
    interrupting = Interrupting(number)
    before = sys.getprofile()
    sys.setprofile(interrupting)
    try:
        act()
    except KeyboardInterrupt:
        pass
    finally:
        sys.setprofile(before)
    return interrupting.left <= 0


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@pytest.mark.parametrize("method", METHODS[:2])
@pytest.mark.parametrize("carried", [False, True])
def test_what_is_interrupted_leaves_nothing_behind(method: str, *, carried: bool) -> None:
    """Wherever it comes: what is sent next is part of nothing, and nothing is under way."""
    inner, outer, later = Signal(), Signal(), Signal()

    async def awaited() -> None:
        inner.send(None)

    def receiver(**_named: object) -> object:
        return async_to_sync(awaited)() if carried else inner.send(None)

    connect(outer, receiver, weak=False)
    connect(later, returning("later"), weak=False)

    def act() -> None:
        getattr(outer, method)(None)

    with observing(may_fail=True) as tracer:
        act()
        number = 0
        while copy_context().run(interrupted, act, number := number + 1):
            assert lanes.around(lanes.here.lane) is None
            later.send(None, number=number)
            assert number < 1000
    told = [each for each in tracer.trace().dispatches if dict(each.arguments).get("number") is not None]
    assert {each.parent for each in told} == {None}
    assert len(told) == number - 1 > 20
    assert STREAM.under_way() == {}


def test_a_program_does_not_wait_for_who_writes() -> None:
    """While another thread hands rows over, for as long as that takes, a thread goes on sending."""
    signal, sent, let_go = Signal(), threading.Event(), threading.Event()

    class Slow(Taking):
        def take(self, thread: str, flights: list[Flight], events: list[Event]) -> None:
            sent.set()
            assert let_go.wait(30)
            super().take(thread, flights, events)

    taking = Slow()
    with observing():
        STREAM.add(taking)
        signal.send(None)
        writer = threading.Thread(target=STREAM.drain)
        writer.start()
        assert sent.wait(30)
        for _ in range(BATCH * 2):
            signal.send(None)
        let_go.set()
        writer.join()
        STREAM.drain()
        STREAM.remove(taking)
    assert len(taking.taken) == len({flight[ID] for _, flight in taking.taken}) == BATCH * 2 + 1


def test_handing_over_inside_of_handing_over_hands_nothing_twice() -> None:
    """A signal handler or a finalizer that sends while rows are handed over neither waits nor repeats."""
    signal, taking = Signal(), Taking()
    connect(signal, returning("one"), weak=False)

    def drained() -> None:
        for _ in range(BATCH + 2):
            signal.send(None)
        STREAM.drain()

    class Nesting(Taking):
        def take(self, thread: str, flights: list[Flight], events: list[Event]) -> None:
            super().take(thread, flights, events)
            if len(self.taken) < BATCH:
                drained()

    nesting = Nesting()
    with observing():
        STREAM.add(nesting)
        STREAM.add(taking)
        drained()
        STREAM.drain()
        STREAM.remove(nesting)
        STREAM.remove(taking)
    for window in (nesting, taking):
        numbers = Counter(flight[ID] for _, flight in window.taken)
        assert set(numbers.values()) == {1}
    assert len(taking.taken) == len(nesting.taken)


def test_a_ctrl_c_costs_no_row() -> None:
    """Wherever it comes while rows are handed over, each of them is taken, and none twice."""
    signal = Signal()
    number, going_on = 0, True
    with observing(may_fail=True):
        while going_on:
            number += 1
            taking = Taking()
            STREAM.add(taking)
            for _ in range(5):
                signal.send(None)
            going_on = interrupted(STREAM.drain, number)
            STREAM.drain()
            STREAM.remove(taking)
            taken = [flight[ID] for _, flight in taking.taken]
            assert len(taken) == len(set(taken))
            assert len(taken) >= 5
            assert taking.dropped == 0
    assert number > 5


def test_a_turn_is_for_one_at_a_time() -> None:
    """Threads that take turns never meet, and whoever has no patience goes on without."""
    turn, inside, most = Turn(), [0], [0]

    def act() -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        assert not turn.take(act, patience=1.0)  # it does not wait for itself
        inside[0] -= 1

    in_threads(8, lambda _number: [turn.take(act, patience=30.0) for _ in range(50)], at_once=True)
    assert most == [1]
    assert inside == [0]
