"""Do something now and then, beside the program and unnoticed by it.

A thread of Python's ``threading`` would be listed among the program's; this one is not,
waits without using the processor, never keeps the process alive, and is gone while the
process forks, because Python warns of a fork beside other threads.
"""

from __future__ import annotations

import _thread
import os
import time
from collections.abc import Callable
from pathlib import Path

from sigexplorer.capture.clock import monotonic

_PATIENCE = 1.0  # seconds for a thread to be gone
_MOMENT = 0.0005


class _Running:
    """One thread of a ticker's."""

    def __init__(self) -> None:
        self.stopping = _held()  # until it is to stop
        self.stopped = _held()  # until it has
        self.native = 0


class Ticker:
    """Calls ``tick`` every ``period`` seconds from ``start`` to ``stop``; any thread may call these."""

    def __init__(self, period: float, tick: Callable[[], None]) -> None:
        self._period = period
        self._tick = tick
        self._now: dict[str, _Running] = {}  # nothing or one: what is set and taken in one step

    def start(self) -> None:
        """Begin, in a thread of its own; where the system gives none, nothing happens."""
        if self._now:
            return
        running = _Running()
        if self._now.setdefault("", running) is running:
            try:
                _thread.start_new_thread(self._run, (running,))
            except RuntimeError:  # no more threads, or Python is about to end
                self._now.pop("", None)

    def _run(self, running: _Running) -> None:
        running.native = _thread.get_native_id()
        try:
            while not running.stopping.acquire(timeout=self._period):
                self._tick()
        finally:
            running.stopped.release()

    def stop(self) -> None:
        """End, and come back when the thread is gone."""
        running = self._now.pop("", None)
        if running is None:
            return
        running.stopping.release()
        running.stopped.acquire(timeout=_PATIENCE)
        task = Path(f"/proc/self/task/{running.native}")
        deadline = monotonic() + _PATIENCE
        # Python's last step and the system's: a fork right now would still count it.
        while os.path.isdir("/proc/self/task") and task.exists() and monotonic() < deadline:  # noqa: PTH112
            time.sleep(_MOMENT)


def _held() -> _thread.LockType:
    lock = _thread.allocate_lock()
    lock.acquire()
    return lock
