"""Who keeps a receiver alive: only Django's look at its parameters, which DEBUG asks for, or anything else.

With ``DEBUG`` on, ``Signal.connect`` asks ``func_accepts_kwargs``, which remembers the last
512 functions that it looked at and so holds them. A receiver that nothing else holds is
collected at once with ``DEBUG`` off, and works as long as it is on.

Source: ``Signal.connect``, ``django/dispatch/dispatcher.py``, and ``_get_func_parameters``,
``django/utils/inspect.py``; the same in 5.2, 6.0 and 6.1.
"""

from __future__ import annotations

import gc
import sys
from types import FrameType, FunctionType, ModuleType
from typing import Any

from django.utils import inspect

from sigexplorer.capture.connections import Notes
from sigexplorer.capture.registry import Registration
from sigexplorer.capture.words import contents

_MOST = 200  # holders of holders that are looked at

_ROOTS = (ModuleType, FrameType, type)


def sweep(notes: Notes) -> None:
    """Collect receivers that only hold themselves: no garbage was looked for while the project started.

    Python does so sooner or later; nothing is done where every receiver is held by its module.
    """
    for event in notes.events:
        receiver = event.target() if event.weak and event.target is not None else None
        if event.kind == "connected" and receiver is not None and not _is_at_home(receiver):
            del receiver
            gc.unfreeze()
            gc.collect()
            gc.freeze()
            return


def held_by_debug_alone(registration: Registration) -> bool:
    """Whether nothing but that memory is seen to hold the receiver of a weak registration."""
    receiver = registration.receiver
    if receiver is None or not registration.weak or _is_at_home(receiver):
        return False
    gc.unfreeze()  # what is frozen is no referrer that Python knows of: modules, after a start of ours
    keys = [
        key
        for key in gc.get_referents(getattr(inspect, "_get_func_parameters", None))
        if type(key) is tuple and key and key[0] is receiver
    ]
    return bool(keys) and not _is_held(receiver, keys)


def _is_at_home(receiver: Any) -> bool:
    """Whether a function is what its module calls so: to ask for all that holds it takes far longer."""
    if type(receiver) is not FunctionType or type(receiver.__module__) is not str:
        return False
    module = sys.modules.get(receiver.__module__)
    return issubclass(type(module), ModuleType) and contents(module).get(receiver.__qualname__) is receiver


def _is_held(receiver: Any, keys: list[Any]) -> bool:
    """Whether anything holds it but ``keys``, ourselves, and what is itself held by it alone."""
    seen = {id(receiver), *map(id, keys)}
    waiting = [receiver]
    ours = [waiting, keys]
    while waiting:
        for holder in gc.get_referrers(waiting.pop()):
            kind = type(holder)
            if kind is Registration or id(holder) in seen or any(holder is one for one in ours):
                continue
            if kind is FrameType and holder.f_code.co_filename == __file__:  # there while somebody traces us
                continue
            if issubclass(kind, _ROOTS) or len(seen) > _MOST:
                return True
            seen.add(id(holder))
            waiting.append(holder)
    return False
