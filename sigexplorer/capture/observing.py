"""Everything that is replaced while somebody observes, each part as soon as its module is there.

Nothing of Django's database layer is imported for a program that does not use it.
"""

from __future__ import annotations

import sys
import threading

from sigexplorer.capture import bypasses, commits, connections, counting, database, dispatch, shapes
from sigexplorer.capture.hooks import Hooks
from sigexplorer.capture.lanes import STREAM, guarded
from sigexplorer.capture.windows import Window

#: The hooks beside those of dispatch, and the module that must have been imported for them.
_PARTS: tuple[tuple[Hooks, str], ...] = (
    (database.HOOKS, "django.db.backends.base.base"),
    (commits.HOOKS, "django.db.backends.base.base"),
    (bypasses.HOOKS, "django.db.models"),
)

_observers: list[Window] = []
_lock = threading.RLock()


def begin(window: Window) -> None:
    """Observe for ``window`` from now on; what fails leaves nothing behind."""
    with _lock:
        _observers.append(window)
        try:
            dispatch.HOOKS.add(window)
            _leave_out()
            connections.CREATIONS.add(window)
            look()
        except BaseException:
            end(window)
            raise
        STREAM.add(window)


def end(window: Window) -> None:
    """Observe no more; the last window leaves Django as it was found."""
    with _lock:
        _observers[:] = [other for other in _observers if other is not window]
        for hooks, _ in reversed(_PARTS):
            hooks.remove(window)
        connections.CREATIONS.remove(window)
        dispatch.HOOKS.remove(window)
        _leave_out()
        _count_or_record()


def look() -> None:
    """Put in place what can be by now."""
    with _lock:
        for hooks, module in _PARTS:
            if len(hooks.observers) < len(_observers) and _is_imported(module):
                for window in _observers:
                    hooks.add(window)
        _count_or_record()


def _leave_out() -> None:
    """Leave out what the only window wants left out; two of them are not of one mind.

    Where a dispatch cannot be told from another that is part of it, all are recorded.
    """
    alone = len(_observers) == 1 and dispatch.rendered()
    if counting.leave_out(getattr(_observers[0], "leave_out", ()) if alone else ()):
        dispatch.forget()


def _count_or_record() -> None:
    if _observers and not any(window.inits for window in _observers):
        if _is_imported("django.db.models"):
            counting.start()
    else:
        counting.stop()


def _is_imported(name: str) -> bool:
    module = sys.modules.get(name)
    return module is not None and not getattr(module.__spec__, "_initializing", False)


def _new_shape() -> None:
    if any(len(hooks.observers) < len(_observers) for hooks, _ in _PARTS):
        guarded(look)


shapes.ON_NEW.append(_new_shape)
