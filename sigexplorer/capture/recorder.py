"""Write what the lanes of the process note to the disk while the program runs.

Memory stays flat, and a process that is killed has lost no more than its last moments.
"""

from __future__ import annotations

import os
import pickle
import platform
import sys
from _thread import get_ident
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from time import sleep
from typing import Any

import django

import sigexplorer
from sigexplorer.capture import counting, database, dispatch, keeping, late, observing, shapes
from sigexplorer.capture.clock import clock, monotonic, now
from sigexplorer.capture.lanes import STREAM, guarded, id_of, next_id, said
from sigexplorer.capture.ticking import Ticker
from sigexplorer.spool.files import SpoolFile, packed
from sigexplorer.spool.rows import ENDS, ID, OUTER, START, Event, Flight, Kept, Undone

#: Seconds that a row may wait for the disk.
_PERIOD = 0.4

#: Seconds for another thread to write what it has begun to write, when the program has ended.
_PATIENCE = 5.0
_MOMENT = 0.0005


class _Entry:
    """Something to be written: a frame, or what a thread has noted."""

    __slots__ = ("content", "end", "kind")

    def __init__(self, kind: str, content: tuple[Any, ...]) -> None:
        self.kind = kind
        self.content = content
        self.end = 0  # where it ends in the file, once that is about to be written


class Recorder:
    """Records this process from ``start`` to ``stop`` into a file of its own in a folder.

    A process that is forked meanwhile goes on in another file of the folder, as soon as it
    has something to tell: it may be about to become another program.

    No thread ever waits for another that writes: whatever a garbage collector's finalizer
    does meanwhile, in whichever thread, can wait for nothing of ours. A handler of a signal
    may raise anywhere in here: what was to be written then is written the next time.
    """

    stepped = False  # whether only what happens in steps is part of the run

    def __init__(
        self,
        folder: Path,
        title: str,
        *,
        listened: bool = False,
        origins: bool = False,
        inits: bool = False,
        leave_out: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        self.title = title
        self.listened = listened
        self.origins = origins  # whether to note who sent
        self.inits = inits
        self.leave_out = leave_out  # patterns of signals that are only counted
        self.faults: list[str] = []
        self.dropped = 0
        self.last: list[Flight] | None = None
        self.problem = ""  # why nothing can be written any more
        self.notes: list[str] = []  # what is to be known of the run beside
        self.missing = 0  # dispatches that could not be written for that reason
        self.injected: Callable[[], Sequence[Sequence[Any]]] = list  # what became of faults on purpose
        self._recording = False
        self.file: SpoolFile | None = None  # of this process, if it has one
        self._process = self._parent = 0  # this one, and the nearest before it that has a file
        self._began = self._since = 0  # the clock, and the last id that is not ours
        self._queries = self._told = 0
        self._waiting: deque[_Entry] = deque()
        # Bytes of the file, shapes of the table, and whether nothing came after an end: in one, one step.
        self._written = 0, 0, False
        self._turn: dict[str, int] = {}  # the thread that writes, or has been interrupted as it wrote
        self._busy = False
        self._rested: Any = None  # what was known beside the rows at such an end
        self._ticker = Ticker(_PERIOD, self.flush)

    def start(self) -> None:
        """Begin to record; ``OSError`` where nothing can be written there."""
        self._begin()
        self._open()
        observing.begin(self)
        shapes.ON_NEW.append(self._wake)
        self._ticker.start()
        os.register_at_fork(
            before=self._before_fork, after_in_parent=dispatch.forget, after_in_child=self._in_child
        )

    def _begin(self) -> None:
        self._recording = True
        self._process = os.getpid()
        self._began, self._since = clock(), next_id()
        self._started_at = now()
        self._queries = -STREAM.queries
        self._counted = counting.times()  # before

    def _open(self) -> None:
        file = SpoolFile(self.folder / f"{self._process}-{clock()}")
        file.add(
            "run",
            {
                "title": self.title,
                "listened": self.listened,
                "started_at": self._started_at,
                "began": self._began,
                "since": self._since,
                "process": self._process,
                "parent": self._parent,
                "stepped": self.stepped,
                "sigexplorer": sigexplorer.__version__,
                "django": django.get_version(),
                "python": platform.python_version(),
            },
        )
        self._written = file.size, 0, False
        self.file = file

    def _before_fork(self) -> None:
        """Leave nothing to wait for the ticker, which the next dispatch wakes: Python counts threads."""
        self._ticker.stop()
        if self._recording:
            guarded(STREAM.drain)
            if self._under_way():  # the child may tell of what this process has begun
                guarded(self._can_write)

    def _in_child(self) -> None:
        """Become another process; what the parent has noted is the parent's."""
        if not self._recording:
            return
        if self.file is not None:
            self._parent = self._process
        self.file = None
        self._waiting.clear()
        self._written = 0, 0, False
        self._turn.clear()
        self._busy = False
        STREAM.forked()
        dispatch.forget()  # the next dispatch wakes us
        self._told, self.dropped, self.missing, self.faults = 0, 0, 0, []
        self._begin()

    def _wake(self) -> None:
        """Begin to write, and to be on time: something new is sent."""
        if self._recording and self._can_write():
            self._ticker.start()

    def _can_write(self) -> bool:
        if self.file is None and not self.problem:
            try:
                self._open()
            except OSError as problem:
                self._give_up(problem)
        return self.file is not None

    def _give_up(self, problem: OSError) -> None:
        """Go on without writing: the program is not to suffer for us."""
        self.problem = problem.strerror or said(problem)
        self.file = None

    def take(self, thread: str, flights: list[Flight], events: list[Event]) -> None:
        """Write what one thread has noted, of what opened while we recorded."""
        entry, wait = _Entry("rows", (thread, keeping.without(flights), events)), self._waiting.append
        self.last = flights
        wait(entry)
        self._write()

    def add(self, kind: str, *content: Any) -> None:
        """Add something to the file: now, or as soon as whoever writes to it comes to it."""
        self._waiting.append(_Entry(kind, content))
        self._write()

    def _write(self) -> None:
        """Write what waits, unless somebody does already."""
        me = get_ident()
        if not self._waiting or self._turn.setdefault("", me) != me or self._busy:
            return
        try:
            self._busy = True
            while self._waiting:
                self._write_first()
        finally:
            self._busy = False
            self._turn.pop("", None)

    def _write_first(self) -> None:
        entry = self._waiting[0]
        size, known, _ = self._written
        if not 0 < entry.end <= size:  # else it is there already
            data, known = self._packed(entry, known)
            if data and not (self._can_write() and self._append(entry, data, known)):
                rows = entry.content[1] if entry.kind == "rows" else ()
                self.missing += sum(flight[START] >= self._began for flight in rows)
        self._waiting.popleft()

    def _append(self, entry: _Entry, data: bytes, known: int) -> bool:
        file, (size, *_) = self.file, self._written
        if file is None:
            return False
        entry.end = size + len(data)
        try:
            file.write(data, size)
        except OSError as problem:
            self._give_up(problem)
            return False
        self._written = entry.end, known, entry.kind == "end"
        return True

    def _packed(self, entry: _Entry, known: int) -> tuple[bytes, int]:
        """Return the frames of an entry, and how many shapes are known after them."""
        if entry.kind != "rows":
            return packed(entry.kind, *entry.content), known
        thread, flights, events = entry.content
        began = self._began
        ours = [flight for flight in flights if flight[START] >= began]
        told = [
            (type(event).__name__, *event)
            for event in events
            if isinstance(event, (Undone, Kept)) or event.start >= began
        ]
        if not ours and not told:
            return b"", known
        new = shapes.TABLE[known:]
        before = packed("shapes", [shapes.atoms(shape) for shape in new]) if new else b""
        try:
            return before + packed("rows", thread, ours, told), known + len(new)
        except pickle.PicklingError:  # a fault of ours costs the record that it is in
            kept = [self._packed_alone(thread, [flight], []) for flight in ours]
            kept += [self._packed_alone(thread, [], [event]) for event in told]
            return before + b"".join(kept), known + len(new)

    def _packed_alone(self, thread: str, flights: list[Flight], events: list[Any]) -> bytes:
        try:
            return packed("rows", thread, flights, events)
        except pickle.PicklingError as problem:
            STREAM.failed(problem)
            return b""

    def flush(self) -> None:
        """Write now what has closed, and how much SQL there was so far."""
        guarded(STREAM.drain)
        guarded(self._tell)
        if STREAM.is_flat(self):
            guarded(shapes.forget, self._written[1])

    def rest(self) -> bool:
        """Write all that there is, as if nothing more came; return whether nothing is under way."""
        self.flush()
        resting, beside = not self._under_way(), (self._counts(), self.dropped)
        if resting and self.file is not None and not (self._written[-1] and self._rested == beside):
            self._rested = beside
            self._add_end(clock(), complete=True)
        return resting

    def _add_end(self, end: int, *, complete: bool) -> None:
        self.add("counted", self._counts())
        self.add("end", {**self._so_far(), "end": end, "complete": complete})

    def _tell(self) -> None:
        queries = STREAM.queries
        if queries != self._told and self.file is not None:
            self._told = queries
            self.add("so far", self._so_far())
        self._write()

    def stop(self, note: Callable[[], None] = lambda: None) -> None:
        """Record no more; leaves Django as it was found. ``note`` may add what is known last."""
        if not self._recording:
            return
        end = clock()
        self._ticker.stop()
        under_way = self._under_way()
        STREAM.drain()
        for thread, flight in under_way:
            if type(flight[OUTER]) is not int:  # it has not closed meanwhile
                self.take(thread, [_so_far(flight)], [])
        self._recording = False
        shapes.ON_NEW.remove(self._wake)
        if self.file is not None:
            guarded(note)
            self._add_end(end, complete=not under_way)
        self._finish()
        observing.end(self)
        STREAM.remove(self)
        self.file = None

    def _finish(self) -> None:
        deadline = monotonic() + _PATIENCE
        while self._waiting and monotonic() < deadline:
            self._write()
            if self._turn.get("") == get_ident():  # a handler of a signal has interrupted us as we wrote
                break
            if self._waiting:
                sleep(_MOMENT)
        if self._waiting:  # whoever had begun is no more
            self._turn.clear()
            self._busy = False
            self._write()

    def _under_way(self) -> list[tuple[str, Flight]]:
        """Return what has opened in this process while we recorded and has not closed."""
        return [
            (thread, flight)
            for thread, flight in STREAM.under_way().values()
            if len(flight) >= ENDS and flight[ID] > self._since and flight[START] >= self._began
        ]

    def _counts(self) -> list[tuple[str, str, int]]:
        times = counting.times()
        new = ((*place, count - self._counted.get(place, 0)) for place, count in sorted(times.items()))
        return [(name, sender, count) for name, sender, count in new if count]

    def _so_far(self) -> dict[str, Any]:
        injected = [tuple(each) for each in self.injected()]
        return {
            "queries": self._queries + STREAM.queries,
            "dropped": self.dropped,
            "faults": self.faults[:],
            "databases": database.vendors() if "django.db" in sys.modules else (),
            "notes": (
                *self.notes,
                *dispatch.notes(),
                *(guarded(late.notes) or ()),
                *(f"injected: {text}" for text, *_ in injected),
            ),
            "injected": injected,
        }


def _so_far(flight: Flight) -> Flight:
    """Return the row of a dispatch that is under way, as far as it has come."""
    return [*flight[:OUTER], id_of(flight[OUTER]), *flight[OUTER + 1 :]]
