"""Lanes of threads: each notes for itself, and what has ended leaves nothing behind."""

from __future__ import annotations

import _thread
import gc
import threading
import weakref
from collections import Counter
from typing import Any

import pytest
from capturing import connect, observing, returning
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.dispatch import Signal

from sigexplorer.capture import lanes
from sigexplorer.capture.lanes import BATCH, STREAM
from sigexplorer.spool.rows import ENDS, Event, Flight


class Taking:
    """A window of our own making, which may fail."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.origins = False
        self.faults: list[str] = []
        self.dropped = 0
        self.fault = fault
        self.taken: list[tuple[str, Flight]] = []

    def take(self, thread: str, flights: list[Flight], _events: list[Event]) -> None:
        """Take rows, or fail."""
        if self.fault is not None:
            raise self.fault
        self.taken += [(thread, flight) for flight in flights]


def in_threads(count: int, act: Any, *, at_once: bool = False) -> None:
    """Run ``act`` with each number in a thread of its own, one after the other or at once."""
    threads = [
        threading.Thread(target=act, args=[number], name=f"worker {number}") for number in range(count)
    ]
    for thread in threads:
        thread.start()
        if not at_once:
            thread.join()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("at_once", [False, True])
def test_threads_that_end_leave_nothing(at_once: bool) -> None:  # noqa: FBT001
    """What many threads noted is told under their names, and their lanes are gone with them."""
    signal = Signal()
    connect(signal, returning("one"), weak=False)
    with observing() as tracer:
        in_threads(200, lambda number: signal.send(None, number=number), at_once=at_once)
        STREAM.drain()
        assert len(STREAM.lanes) <= 2  # this thread's, and the one that every thread may fall back on
    told = Counter((each.thread, each.argument("number")) for each in tracer.trace().dispatches)
    assert told == Counter((f"worker {number}", number) for number in range(200))


def test_a_long_thread_is_drained_meanwhile() -> None:
    """Rows of a thread that does not end do not wait for ever."""
    signal, taking = Signal(), Taking()
    with observing():
        STREAM.add(taking)
        for _ in range(BATCH * 3):
            signal.send(None)
        assert len(taking.taken) >= BATCH * 2
        assert len(lanes.here.lane.flights) <= BATCH + 1
        STREAM.remove(taking)


def test_a_thread_that_python_does_not_know() -> None:
    """A thread of C's is told by its number, and is not made known to Python by being asked for its name."""
    signal, done, known = Signal(), threading.Event(), []

    def work() -> None:
        signal.send(None)
        known.append(threading.get_ident() in threading._active)  # type: ignore[attr-defined]
        done.set()

    with observing() as tracer:
        number = _thread.start_new_thread(work, ())
        assert done.wait(30)
    (only,) = tracer.trace().dispatches
    assert only.thread == f"thread {number}"
    assert known == [False]


def test_statements_of_threads_that_ended_count(database: None) -> None:
    """SQL is counted over all threads, also of those that are gone."""

    def ask(_number: int) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        finally:
            BaseDatabaseWrapper.close(connection)  # SQLite's own keeps a database in memory open

    with observing() as tracer:
        before = tracer.queries
        in_threads(5, ask)
        STREAM.drain()
        assert tracer.queries - before >= 5
        assert database is None


def test_a_window_that_fails_costs_the_others_nothing() -> None:
    """A window that cannot take its rows counts the fault, and the next one takes them all the same."""
    signal, broken, taking = Signal(), Taking(ValueError("no")), Taking()
    with observing() as tracer:
        STREAM.add(broken)
        STREAM.add(taking)
        signal.send(None)
        STREAM.drain()
        STREAM.remove(broken)
        STREAM.remove(taking)
    assert (broken.dropped, broken.faults) == (1, ["ValueError: no"])
    assert len(taking.taken) == len(tracer.trace().dispatches) == 1


def test_only_the_first_faults_are_kept() -> None:
    """A fault that comes again and again is counted, and told a few times."""
    signal, broken = Signal(), Taking(ValueError("no"))
    with observing():
        STREAM.add(broken)
        for _ in range(50):
            signal.send(None)
            STREAM.drain()
        STREAM.remove(broken)
    assert (broken.dropped, len(broken.faults)) == (50, 10)


def test_a_window_that_nobody_holds_is_gone() -> None:
    """A window that was forgotten, not closed, is not kept alive."""

    def forgotten() -> weakref.ref[Taking]:
        window = Taking()
        STREAM.add(window)
        return weakref.ref(window)

    reference = forgotten()
    gc.collect()
    assert reference() is None
    STREAM.drain()


def test_nothing_is_noted_where_nobody_observes() -> None:
    """Before and after an observation the lanes stay as they are."""
    signal = Signal()
    connect(signal, returning("one"), weak=False)
    with observing():
        pass
    STREAM.drain()
    signal.send(None)
    assert lanes.here.lane.flights == []
    assert STREAM.pending == {}


def test_after_the_last_receiver_there_is_no_call() -> None:
    """What is sent when the last receiver has ended, and the send has not, belongs to none of its calls."""
    signal = Signal()
    connect(signal, returning("one"), returning("two"), weak=False)
    with observing():
        signal.send(None)
        (flight,) = lanes.here.lane.flights
        told = [lanes.position(flight[: ENDS + ended]) for ended in range(3)]
        lanes.here.lane.flights.clear()
    assert told == [0, 1, None]
