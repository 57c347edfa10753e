"""Write what the lanes of the process note to the disk while the program runs.

Memory stays flat, and a process that is killed has lost no more than its last moments.
"""

from __future__ import annotations

import os
import pickle
import platform
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter_ns as clock
from typing import Any

import django

import sigexplorer
from sigexplorer.capture import counting, database, dispatch, observing, shapes
from sigexplorer.capture.lanes import STREAM, guarded, next_id, said
from sigexplorer.capture.ticking import Ticker
from sigexplorer.spool.files import SpoolFile
from sigexplorer.spool.rows import START, Event, Flight, Kept, Shape, Undone

#: Seconds that a row may wait for the disk.
_PERIOD = 0.4


class Recorder:
    """Records this process from ``start`` to ``stop`` into a file of its own in a folder.

    A process that is forked meanwhile goes on in another file of the folder, as soon as it
    has something to tell: it may be about to become another program.
    """

    def __init__(
        self,
        folder: Path,
        title: str,
        *,
        listened: bool = False,
        origins: bool = False,
        inits: bool = False,
    ) -> None:
        self.folder = folder
        self.title = title
        self.listened = listened
        self.origins = origins  # whether to note who sent
        self.inits = inits
        self.faults: list[str] = []
        self.dropped = 0
        self.problem = ""  # why nothing can be written any more
        self.injected: Callable[[], Sequence[Sequence[Any]]] = list  # what became of faults on purpose
        self._recording = False
        self._file: SpoolFile | None = None
        self._parent = 0  # the process that forked this one
        self._began = self._since = 0  # the clock, and the last id that is not ours
        self._shapes = 0  # how many of the table were written
        self._queries = 0
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
        self._began, self._since = clock(), next_id()
        self._started_at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        self._queries = -STREAM.queries
        self._counted = counting.times()  # before

    def _open(self) -> None:
        self._file = SpoolFile(self.folder / f"{os.getpid()}-{self._began}")
        self._file.add(
            "run",
            {
                "title": self.title,
                "listened": self.listened,
                "started_at": self._started_at,
                "began": self._began,
                "since": self._since,
                "process": os.getpid(),
                "parent": self._parent,
                "sigexplorer": sigexplorer.__version__,
                "django": django.get_version(),
                "python": platform.python_version(),
            },
        )

    def _before_fork(self) -> None:
        """Leave nothing to wait for the ticker, which the next dispatch wakes: Python counts threads."""
        self._ticker.stop()
        if self._recording:
            guarded(STREAM.drain)

    def _in_child(self) -> None:
        """Become another process; what the parent has noted is the parent's."""
        if not self._recording:
            return
        self._file = None
        STREAM.forked()
        dispatch.forget()  # the next dispatch wakes us
        self._parent, self._shapes, self.dropped, self.faults = os.getppid(), 0, 0, []
        self._begin()

    def _wake(self) -> None:
        """Begin to write, and to be on time: something new is sent."""
        if self._recording and self._can_write():
            self._ticker.start()

    def _can_write(self) -> bool:
        if self._file is None and not self.problem:
            try:
                self._open()
            except OSError as problem:
                self._give_up(problem)
        return self._file is not None

    def _give_up(self, problem: OSError) -> None:
        """Go on without writing: the program is not to suffer for us."""
        self.problem = problem.strerror or said(problem)
        self._file = None

    def take(self, thread: str, flights: list[Flight], events: list[Event]) -> None:
        """Write what one thread has noted, of what opened while we recorded."""
        began = self._began
        ours = [flight for flight in flights if flight[START] >= began]
        told = [
            (type(event).__name__, *event)
            for event in events
            if isinstance(event, (Undone, Kept)) or event.start >= began
        ]
        if not ours and not told:
            return
        self._can_write()
        new = shapes.TABLE[self._shapes :]
        if new:
            self.add("shapes", [_atoms(shape) for shape in new])
            self._shapes += len(new)
        try:
            self.add("rows", thread, ours, told)
        except pickle.PicklingError:  # a fault of ours costs the record that it is in
            for flight in ours:
                guarded(self.add, "rows", thread, [flight], [])

    def add(self, kind: str, *content: Any) -> None:
        """Add something to the file."""
        if self._file is None:
            self.dropped += 1
            return
        try:
            self._file.add(kind, *content)
        except OSError as problem:
            self._give_up(problem)

    def flush(self) -> None:
        """Write now what has closed."""
        guarded(STREAM.drain)

    def stop(self, note: Callable[[], None] = lambda: None) -> None:
        """Record no more; leaves Django as it was found. ``note`` may add what is known last."""
        if not self._recording:
            return
        end = clock()
        self._ticker.stop()
        STREAM.drain()
        self._recording = False
        if self._file is not None:
            guarded(note)
            self.add("counted", self._counts())
            self.add("end", self._end(end))
        observing.end(self)
        STREAM.remove(self)
        self._file = None

    def _counts(self) -> list[tuple[str, str, int]]:
        times = counting.times()
        new = ((*place, count - self._counted.get(place, 0)) for place, count in sorted(times.items()))
        return [(name, sender, count) for name, sender, count in new if count]

    def _end(self, end: int) -> dict[str, Any]:
        injected = [tuple(each) for each in self.injected()]
        return {
            "end": end,
            "queries": self._queries + STREAM.queries,
            "dropped": self.dropped,
            "faults": self.faults,
            "databases": database.vendors() if "django.db" in sys.modules else (),
            "complete": not STREAM.under_way(),
            "notes": (*dispatch.notes(), *(f"injected: {text}" for text, *_ in injected)),
            "injected": injected,
        }


def _atoms(shape: Shape) -> tuple[Any, ...]:
    return (*shape[:-1], tuple(None if each is None else tuple(each) for each in shape.receivers))
