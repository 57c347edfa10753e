"""Print each outermost dispatch as soon as it has closed, with all that it caused, like strace."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator

from sigexplorer.capture import database
from sigexplorer.capture.clock import clock
from sigexplorer.capture.lanes import STREAM
from sigexplorer.capture.shapes import TABLE
from sigexplorer.model import Bypass, Callback, Dispatch, Run, Trace
from sigexplorer.show.filters import apply
from sigexplorer.show.folding import Row, fold
from sigexplorer.show.look import Look
from sigexplorer.show.text import safe
from sigexplorer.show.views.plain import cells
from sigexplorer.spool.assembly import Assembly
from sigexplorer.spool.rows import ID, OUTER, Bypassed, Event, Flight, Kept, Promised, Undone

_RUN = Run(
    "", listened=False, started_at="", duration_ns=0, sigexplorer="", django="", python="", databases=()
)

#: What happened, a dispatch or something beside dispatches, and in which thread.
_Row = tuple[str, Flight | Bypassed | Promised]

#: What the first thread of a process is called, unless somebody has renamed it.
_MAIN = threading.main_thread().name

#: Ids of what was printed that are remembered, for what closes later than the dispatch that it is in.
_REMEMBERED = 10_000


class Live:
    """Prints what the lanes of this process note."""

    origins = False
    inits = False

    def __init__(self, look: Look, write: Callable[[str], object], *, child: bool = False) -> None:
        self.faults: list[str] = []
        self.dropped = 0
        self.last: list[Flight] | None = None
        self._look = look
        self._write = write
        self._first = 0 if child else os.getpid()  # the process whose rows do not name it
        self._began = clock()
        self._inside: dict[int, list[_Row]] = {}  # what waits, by the id of what it is in
        self._known: list[Undone | Kept] = []  # what became of transactions and callbacks
        self._printed: dict[int, None] = {}

    def begin(self) -> None:
        """Begin to print; each outermost dispatch is handed over at once."""
        STREAM.batch = 0
        STREAM.add(self)

    def end(self) -> None:
        """Print what is still waiting for the dispatch that it is in."""
        waiting, self._inside = self._inside, {}
        rows = [row for found in waiting.values() for row in found]
        if rows:
            self._print(rows)

    def take(self, thread: str, flights: list[Flight], events: list[Event]) -> None:
        """Print what has closed; what stands inside of something open waits for it."""
        self.last = flights
        self._known += [event for event in events if isinstance(event, (Undone, Kept))]
        rows: list[_Row] = [(thread, flight) for flight in flights]
        rows += [(thread, event) for event in events if isinstance(event, (Bypassed, Promised))]
        outermost = []
        for row in sorted(rows, key=_id):
            outer = _outer(row)
            if not outer or outer in self._printed:
                outermost.append(row)
            else:
                self._inside.setdefault(outer, []).append(row)
        for row in outermost:
            self._print(list(self._tree(row)))
        if not self._inside:
            self._known = []

    def _tree(self, outermost: _Row) -> Iterator[_Row]:
        """Take what is in a row, and what is in that, in no particular order."""
        rows = deque([outermost])
        while rows:
            row = rows.popleft()
            number = _id(row)
            rows.extend(self._inside.pop(number, ()))
            self._printed[number] = None
            yield row
        while len(self._printed) > _REMEMBERED:
            del self._printed[next(iter(self._printed))]

    def _print(self, rows: Iterable[_Row]) -> None:
        assembly = Assembly(TABLE, self._began, os.getpid(), lambda number: number or None)
        assembly.learn(self._known, dict(database.vendors()))
        found = [
            assembly.beside(thread, row)
            if isinstance(row, (Bypassed, Promised))
            else assembly.dispatch(thread, row)
            for thread, row in sorted(rows, key=_id)
        ]
        trace = Trace(
            _RUN,
            dispatches=tuple(one for one in found if isinstance(one, Dispatch)),
            bypasses=tuple(one for one in found if isinstance(one, Bypass)),
            callbacks=tuple(one for one in found if isinstance(one, Callback)),
        )
        timeline = fold(apply(trace, self._look.filters), self._look.filters, everything=self._look.verbose)
        lines = [self._line(row) for section in timeline.sections for row in section.rows]
        if lines:
            self._write("".join(f"{line}\n" for line in lines))

    def _line(self, row: Row) -> str:
        _, when, signal, *others, queries = cells(row, self._look)
        sql = f"{queries} SQL" if queries else ""
        return "  ".join([f"{when:>10}{self._where(row)}", signal, *filter(None, [*others, sql])])

    def _where(self, row: Row) -> str:
        """Tell of a row its process, where it is not the first, and its thread, where it is not the main one.

        Whether there will be several is not known yet.
        """
        record = row.record
        words = [f"process {record.process}"] if record.process != self._first else []
        words += [safe(record.thread or "")] if record.thread != _MAIN else []
        return f"  [{', '.join(words)}]" if words else ""


def _id(row: _Row) -> int:
    what = row[1]
    number: int = what.id if isinstance(what, (Bypassed, Promised)) else what[ID]
    return number


def _outer(row: _Row) -> int:
    what = row[1]
    number: int = what.outer if isinstance(what, (Bypassed, Promised)) else what[OUTER]
    return number
