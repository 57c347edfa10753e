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

_PATIENCE = 1.0  # seconds for a thread to be gone
_MOMENT = 0.0005


class Ticker:
    """Calls ``tick`` every ``period`` seconds from ``start`` to ``stop``."""

    def __init__(self, period: float, tick: Callable[[], None]) -> None:
        self._period = period
        self._tick = tick
        self._stopping: _thread.LockType | None = None  # held while it runs
        self._stopped = _thread.allocate_lock()
        self._native = 0

    def start(self) -> None:
        """Begin, in a thread of its own."""
        if self._stopping is not None:
            return
        self._stopping = _thread.allocate_lock()
        self._stopping.acquire()
        self._stopped = _thread.allocate_lock()
        self._stopped.acquire()
        _thread.start_new_thread(self._run, (self._stopping, self._stopped))

    def _run(self, stopping: _thread.LockType, stopped: _thread.LockType) -> None:
        self._native = _thread.get_native_id()
        try:
            while not stopping.acquire(timeout=self._period):
                self._tick()
        finally:
            stopped.release()

    def stop(self) -> None:
        """End, and come back when the thread is gone."""
        if self._stopping is None:
            return
        self._stopping.release()
        self._stopping = None
        self._stopped.acquire(timeout=_PATIENCE)
        task = Path(f"/proc/self/task/{self._native}")
        deadline = time.monotonic() + _PATIENCE
        # Python's last step and the system's: a fork right now would still count it.
        while os.path.isdir("/proc/self/task") and task.exists() and time.monotonic() < deadline:  # noqa: PTH112
            time.sleep(_MOMENT)
