"""Print each outermost dispatch as soon as it has closed, with all that it caused, like strace."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from time import perf_counter_ns as clock

from sigexplorer.capture.lanes import STREAM
from sigexplorer.capture.shapes import TABLE
from sigexplorer.model import Bypass, Callback, Run, Trace
from sigexplorer.show.filters import apply
from sigexplorer.show.folding import fold
from sigexplorer.show.look import Look
from sigexplorer.show.views.plain import cells
from sigexplorer.spool.assembly import Assembly
from sigexplorer.spool.rows import ID, OUTER, Bypassed, Event, Flight, Promised

_RUN = Run(
    "", listened=False, started_at="", duration_ns=0, sigexplorer="", django="", python="", databases=()
)


class Live:
    """Prints what the lanes of this process note."""

    origins = False
    inits = False

    def __init__(self, look: Look, write: Callable[[str], object]) -> None:
        self.faults: list[str] = []
        self.dropped = 0
        self._look = look
        self._write = write
        self._process = os.getpid()
        self._began = clock()
        self._waiting: list[tuple[str, Flight]] = []  # the outermost of which is still open

    def begin(self) -> None:
        """Begin to print; each outermost dispatch is handed over at once."""
        STREAM.batch = 0
        STREAM.add(self)

    def take(self, thread: str, flights: list[Flight], events: list[Event]) -> None:
        """Print what has closed; what stands inside of something open waits for it."""
        self._waiting += [(thread, flight) for flight in flights]
        beside = [event for event in events if isinstance(event, (Bypassed, Promised))]
        if any(not flight[OUTER] for flight in flights) or any(not event.outer for event in beside):
            waiting, self._waiting = self._waiting, []
            self._print(waiting, beside, events)

    def _print(
        self, flights: list[tuple[str, Flight]], beside: list[Bypassed | Promised], events: list[Event]
    ) -> None:
        assembly = Assembly(TABLE, self._began, self._process, lambda number: number or None)
        assembly.learn(events)
        others = [assembly.beside(event) for event in beside]
        trace = Trace(
            _RUN,
            dispatches=tuple(
                assembly.dispatch(thread, flight) for thread, flight in sorted(flights, key=_opened)
            ),
            bypasses=tuple(other for other in others if isinstance(other, Bypass)),
            callbacks=tuple(other for other in others if isinstance(other, Callback)),
        )
        timeline = fold(apply(trace, self._look.filters), self._look.filters, everything=self._look.verbose)
        lines = [self._line(cells(row, self._look)) for section in timeline.sections for row in section.rows]
        if lines:
            self._write("".join(f"{line}\n" for line in lines))

    def _line(self, told: tuple[str, ...]) -> str:
        _, when, signal, *others, queries = told
        sql = f"{queries} SQL" if queries else ""
        return "  ".join([when.rjust(10), signal, *filter(None, [*others, sql])])


def _opened(told: tuple[str, Flight]) -> int:
    number: int = told[1][ID]
    return number


def to_standard_error(text: str) -> None:
    """Write where the program's own errors go, past whatever it has put in that place."""
    stream = sys.__stderr__
    if stream is not None:
        stream.write(text)
        stream.flush()
