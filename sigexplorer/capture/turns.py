"""One thread at a time, without a lock that somebody could wait for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sigexplorer.capture.clock import monotonic

_MOMENT = 0.0002


class Turn:
    """Lets one thread at a time do something, and the others go on without.

    Unlike a lock it is not left taken by a Ctrl-C that comes just as it is taken, and whoever
    has it, and comes to ask for it again in a signal handler or a finalizer, does not wait.
    """

    def __init__(self) -> None:
        self._taken: dict[str, tuple[int, object]] = {}

    def take(self, act: Callable[[], None], patience: float = 0.0) -> bool:
        """Do it, as soon as nobody else does; False if that took longer than the seconds given."""
        ticket = (threading.get_ident(), object())
        deadline = monotonic() + patience if patience else 0.0
        try:
            while (holder := self._taken.setdefault("by", ticket)) is not ticket:
                if holder[0] == ticket[0] or not patience or monotonic() > deadline:
                    return False
                time.sleep(_MOMENT)
            act()
            return True
        finally:
            try:  # without a call, after which the next Ctrl-C might come
                if self._taken["by"] is ticket:
                    del self._taken["by"]
            except KeyError:
                pass
