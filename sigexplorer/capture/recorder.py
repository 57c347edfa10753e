"""Write what the lanes of the process note to the disk while the program runs.

Memory stays flat, and a process that is killed has lost no more than its last moments.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter_ns as clock
from typing import Any

import django

import sigexplorer
from sigexplorer.capture import database, dispatch, observing
from sigexplorer.capture.lanes import STREAM
from sigexplorer.capture.shapes import TABLE
from sigexplorer.capture.ticking import Ticker
from sigexplorer.spool.files import SpoolFile
from sigexplorer.spool.rows import START, Event, Flight, Kept, Undone

_UNKNOWN_DJANGO = "this Django's dispatch is not known: receivers have no times of their own"

#: Seconds that a row may wait for the disk.
_PERIOD = 0.4


class Recorder:
    """Records this process from ``start`` to ``stop`` into a file of its own in a folder.

    A process that is forked meanwhile goes on in another file of the folder.
    """

    def __init__(self, folder: Path, title: str, *, listened: bool = False, origins: bool = False) -> None:
        self.folder = folder
        self.title = title
        self.listened = listened
        self.origins = origins  # whether to note who sent
        self.faults: list[str] = []
        self.dropped = 0
        self._parent = 0  # the process that forked this one
        self._since = 0  # the id of the first row of this process
        self._began = 0
        self._shapes = 0  # how many of the table were written
        self._queries = 0
        self._ticker = Ticker(_PERIOD, STREAM.drain)

    def start(self) -> None:
        """Begin to record."""
        self._open()
        observing.begin(self)
        self._ticker.start()
        os.register_at_fork(
            before=self._ticker.stop,
            after_in_parent=self._after_fork,
            after_in_child=self._in_child,
        )

    def _open(self) -> None:
        self._began = clock()
        self._queries = -STREAM.queries
        self._file: SpoolFile | None = SpoolFile(self.folder / f"{os.getpid()}-{self._began}")
        self._file.add(
            "run",
            {
                "title": self.title,
                "listened": self.listened,
                "started_at": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
                "began": self._began,
                "process": os.getpid(),
                "parent": self._parent,
                "sigexplorer": sigexplorer.__version__,
                "django": django.get_version(),
                "python": platform.python_version(),
            },
        )

    def _after_fork(self) -> None:
        if self._file is not None:
            self._ticker.start()

    def _in_child(self) -> None:
        """Go on in a process of our own; what the parent has noted is the parent's."""
        if self._file is None:
            return
        self._file.close()
        STREAM.forked()
        self._parent, self._shapes, self.dropped = os.getppid(), 0, 0
        self.faults = []
        self._open()
        self._ticker.start()

    def take(self, thread: str, flights: list[Flight], events: list[Event]) -> None:
        """Write what one thread has noted, of what opened while we recorded."""
        if self._file is None:
            return
        began = self._began
        shapes = TABLE[self._shapes :]
        if shapes:
            self._file.add("shapes", [tuple(shape) for shape in shapes])
            self._shapes += len(shapes)
        ours = [flight for flight in flights if flight[START] >= began]
        told = [
            (type(event).__name__, *event)
            for event in events
            if isinstance(event, (Undone, Kept)) or event.start >= began
        ]
        if ours or told:
            self._file.add("rows", thread, ours, told)

    def add(self, kind: str, *content: Any) -> None:
        """Add what else is known to the file."""
        if self._file is not None:
            self._file.add(kind, *content)

    def stop(self, note: Callable[[], None] | None = None) -> None:
        """Record no more; leaves Django as it was found. ``note`` may add what is known last."""
        if self._file is None:
            return
        end = clock()
        self._ticker.stop()
        STREAM.drain()
        if note is not None:
            note()
        rendered = dispatch.rendered()
        observing.end(self)
        STREAM.remove(self)
        self._file.add(
            "end",
            {
                "end": end,
                "queries": self._queries + STREAM.queries,
                "dropped": self.dropped,
                "faults": self.faults,
                "databases": database.vendors() if "django.db" in sys.modules else (),
                "complete": not STREAM.under_way(),
                "notes": () if rendered else (_UNKNOWN_DJANGO,),
            },
        )
        self._file.close()
        self._file = None
