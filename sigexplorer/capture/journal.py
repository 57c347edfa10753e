"""Write beside a tracer, which records in memory, what it has so far: a run that is killed leaves that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import astuple
from pathlib import Path
from typing import Any

from sigexplorer.capture import observing, shapes
from sigexplorer.capture.lanes import STREAM, guarded
from sigexplorer.capture.recorder import Recorder
from sigexplorer.capture.tracer import Tracer

#: The folder that runs are noted in: nothing, or one.
_FOLDERS: list[Path] = []


@contextmanager
def noted_in(folder: Path) -> Iterator[None]:
    """Note in a folder, a file each, what is run inside."""
    _FOLDERS.append(folder)
    try:
        yield
    finally:
        _FOLDERS.pop()


@contextmanager
def beside(tracer: Tracer) -> Iterator[None]:
    """Note what a tracer records inside, where a folder for that is known."""
    if not _FOLDERS:
        yield
        return
    journal = Journal(_FOLDERS[-1], tracer)
    with suppress(OSError):  # the answer will say that nothing can be written there
        journal.start()
    try:
        yield
    finally:
        journal.stop()


class Journal(Recorder):
    """Records, as long as ``tracer`` does, the same into a file, and the steps and claims so far.

    Of a process that is forked meanwhile a tracer knows nothing.
    """

    stepped = True

    def __init__(self, folder: Path, tracer: Tracer) -> None:
        super().__init__(folder, tracer.title, listened=tracer.listened, origins=tracer.origins, inits=True)
        self._tracer: Tracer | None = tracer
        self._changes = self._steps = 0  # that are told and will not change
        self._last: list[Any] = []

    def flush(self) -> None:
        """Write now what has closed, and before it in which steps."""
        guarded(self._tell_steps)
        super().flush()

    def stop(self, note: Any = None) -> None:
        """Record no more."""
        super().stop(note or self._tell_steps)
        observing.end(self)  # of a process that was forked meanwhile, and goes on
        self._tracer = None  # what Python calls at a fork is kept for ever

    def _tell_steps(self) -> None:
        if self._tracer is None:
            return
        began, changes, steps = self._tracer.steps_from(self._changes, self._steps)
        claims = [astuple(claim) for claim in list(self._tracer.claims)]
        told = [began, changes, self._steps, [astuple(step) for step in steps], claims]
        if told != self._last:
            self._last = told
            self.add("steps", *told)
            self._changes += len(changes)
            while steps and steps[0].duration_ns:  # it is over
                del steps[0]
                self._steps += 1

    def _so_far(self) -> dict[str, Any]:
        said = super()._so_far()
        return said if self._tracer is None else {**said, "queries": self._tracer.queries}  # in steps alone

    def _before_fork(self) -> None:
        self._ticker.stop()
        if self._recording:  # rows are no part of the run without the steps that they were sent in
            self.flush()
        super()._before_fork()

    def _in_child(self) -> None:
        if self._recording:
            STREAM.remove(self)
            shapes.ON_NEW.remove(self._wake)
        self._recording, self.file, self._tracer = False, None, None
        self._waiting.clear()
