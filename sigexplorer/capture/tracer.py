"""Take what the lanes of the process note, and make a trace of it."""

from __future__ import annotations

import os
import platform
import sys
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from operator import itemgetter

import django

import sigexplorer
from sigexplorer.capture import choosing, database, dispatch, keeping, observing
from sigexplorer.capture.clock import clock, now
from sigexplorer.capture.keeping import Originals
from sigexplorer.capture.lanes import STREAM, id_of, said
from sigexplorer.capture.shapes import TABLE
from sigexplorer.model import Bypass, Callback, Claim, Run, Step, Trace
from sigexplorer.spool.assembly import Assembly
from sigexplorer.spool.rows import (
    ENDS,
    ID,
    NOTES,
    OUTER,
    SHAPE,
    START,
    Bypassed,
    Event,
    Flight,
    Kept,
    Promised,
    Undone,
)


class Tracer:
    """Records every dispatch, bypass and transaction between ``start`` and ``stop``.

    Usable from every thread; one run only. With ``steps_only`` what happens outside of a
    step is preparation and is not recorded.
    """

    def __init__(
        self, title: str, *, listened: bool = False, steps_only: bool = False, origins: bool = True
    ) -> None:
        self.title = title
        self.listened = listened
        self.origins = origins  # whether to note who sent
        self.inits = True
        self.keeping = False  # whether to keep what was really sent
        self.complete = True
        self.claims: list[Claim] = []
        self.queries_of: dict[int, int] = {}  # SQL statements, by step
        self.faults: list[str] = []  # the first few of ours, in words
        self.dropped = 0  # all of them
        self.last: list[Flight] | None = None
        self._flights: list[tuple[str, list[Flight]]] = []  # as they were taken, of a thread each
        self._events: list[tuple[str, Event]] = []  # with the thread that noted it
        self._steps: list[Step] = []
        self._steps_only = steps_only
        # Which step it is from a clock reading on, in order.
        self._changes: list[tuple[int, int | None]] = [(0, None)]
        self._start = self._end = 0
        self._started_at = ""
        self._queries = 0  # SQL statements; before the end, less those of the process before us
        self._notes: tuple[str, ...] = ()

    def start(self) -> None:
        """Begin to observe."""
        if not STREAM.in_memory:
            STREAM.in_memory = True
            dispatch.forget()  # what was told apart only as far as it is written
        observing.begin(self)
        if self.keeping:
            keeping.begin()
        self._notes = dispatch.from_outside()
        self._begin()
        self._queries = 0 if self._steps_only else -STREAM.queries

    def _begin(self) -> None:
        self._started_at = now()
        self._start = clock()

    def stop(self) -> None:
        """Observe no more; leaves Django as it was found, whatever happened."""
        if not self._started_at or self._end:
            return
        self._end = clock()
        if not self._steps_only:
            self._queries += STREAM.queries
        observing.end(self)
        if self.keeping:
            keeping.end()
        STREAM.drain()
        self.complete = self.complete and not self._under_way()
        if self.complete:
            STREAM.remove(self)  # else it takes what ends later, as long as somebody keeps it

    @contextmanager
    def step(self, title: str, source: str | None = None) -> Iterator[None]:
        """Give a name to what happens inside; an exception is noted and goes on its way."""
        if self._steps_only and not self._steps:
            self._begin()  # what came before was preparation
        start, number, around = clock(), len(self._steps) + 1, self._changes[-1][1]
        problem: str | None = None
        self._steps.append(Step(number, title, start - self._start, 0, None, source))
        queries = STREAM.queries
        self._changes.append((start, number))
        try:
            yield
        except BaseException as raised:
            problem = said(raised)
            raise
        finally:
            end = clock()
            self._changes.append((end, around))
            self._steps[number - 1] = Step(number, title, start - self._start, end - start, problem, source)
            self.queries_of[number] = STREAM.queries - queries
            if self._steps_only and around is None:
                self._queries += self.queries_of[number]

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Record nothing of what opens inside, though it is part of a step; only with ``steps_only``."""
        around = self._changes[-1][1]
        self._changes.append((clock(), None))
        try:
            yield
        finally:
            self._changes.append((clock(), around))

    def steps_from(self, change: int, step: int) -> tuple[int, list[tuple[int, int | None]], list[Step]]:
        """Return when the run began, and what is new of the changes of steps and of the steps themselves."""
        return self._start, self._changes[change:], self._steps[step:]

    def take(self, thread: str, flights: list[Flight], events: list[Event]) -> None:
        """Take what has closed, of what opened while we observed."""
        if self._steps_only:
            ours = [flight for flight in flights if self._is_ours(flight[START])]
        else:
            first, last = self._start, self._end or sys.maxsize
            ours = [flight for flight in flights if first <= flight[START] <= last]
        if ours:
            self._flights.append((thread, ours))
        self._events += [(thread, event) for event in events if self._is_our_event(event)]
        self.last = flights

    def _is_our_event(self, event: Event) -> bool:
        return isinstance(event, (Undone, Kept)) or self._is_ours(event.start)

    def _is_ours(self, start: int) -> bool:
        """Whether what opened at ``start`` is part of the run."""
        if not self._start <= start <= (self._end or start):
            return False
        return not self._steps_only or self._step_of(start) is not None

    def _step_of(self, start: int) -> int | None:
        return self._changes[bisect_right(self._changes, start, key=itemgetter(0)) - 1][1]

    def place(self, reading: int) -> tuple[int | None, int]:
        """Return of a reading of the clock its step, and the nanoseconds since the run began."""
        return self._step_of(reading), reading - self._start

    def _under_way(self) -> list[tuple[str, Flight]]:
        """Return what has opened and not closed, as far as it has come."""
        found = []
        for thread, flight in STREAM.under_way().values():
            if len(flight) >= ENDS and self._is_ours(flight[START]):
                row = list(flight)
                row[OUTER] = row[OUTER] if type(row[OUTER]) is int else id_of(row[OUTER])
                row[NOTES] = {**(row[NOTES] or {}), "running": True}
                found.append((thread, row))
        return found

    def trace(self) -> Trace:
        """Return what was recorded so far, each kind of record in the order of opening.

        A dispatch that is still under way is shown as far as it has come.
        """
        return self.trace_and_kept()[0]

    def trace_and_kept(self) -> tuple[Trace, dict[int, Originals]]:
        """Return the same, and by the ids of its dispatches what was really sent where that was kept."""
        under_way = self._under_way()
        STREAM.drain()
        flights = [(thread, flight) for thread, taken in self._flights for flight in taken]
        closed = {flight[ID] for _, flight in flights}
        flights += [one for one in under_way if one[1][ID] not in closed]
        beside = [
            (thread, event) for thread, event in self._events if isinstance(event, (Bypassed, Promised))
        ]
        ids = sorted([*(flight[ID] for _, flight in flights), *(event.id for _, event in beside)])
        numbers = {row: number for number, row in enumerate(ids, 1)}
        assembly = Assembly(TABLE, self._start, os.getpid(), numbers.get, self._step_of)
        assembly.learn((event for _, event in self._events), dict(database.vendors()))
        others = [assembly.beside(*one) for one in sorted(beside, key=lambda one: one[1].id)]
        found = ((numbers[flight[ID]], keeping.of(flight, TABLE[flight[SHAPE]])) for _, flight in flights)
        trace = Trace(
            run=self._run({TABLE[flight[SHAPE]].signal for _, flight in flights}),
            steps=tuple(self._steps),
            dispatches=tuple(
                assembly.dispatch(thread, flight)
                for thread, flight in sorted(flights, key=lambda one: one[1][ID])
            ),
            bypasses=tuple(other for other in others if isinstance(other, Bypass)),
            claims=tuple(self.claims),
            callbacks=tuple(other for other in others if isinstance(other, Callback)),
        )
        return trace, dict(found) if self.keeping else {}

    @property
    def queries(self) -> int:
        """SQL statements of the run."""
        return self._queries if self._end or self._steps_only else self._queries + STREAM.queries

    def _run(self, signals: set[str]) -> Run:
        return Run(
            title=self.title,
            listened=self.listened,
            started_at=self._started_at,
            duration_ns=(self._end or clock()) - self._start,
            sigexplorer=sigexplorer.__version__,
            django=django.get_version(),
            python=platform.python_version(),
            databases=database.vendors(),
            dropped=self.dropped,
            complete=self.complete,
            queries=self.queries,
            notes=(*self._notes, *choosing.notes(signals)),
        )
