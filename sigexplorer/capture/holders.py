"""Who keeps a receiver or a signal alive: only what Django does with it, or anything else.

With ``DEBUG`` on, ``Signal.connect`` asks ``func_accepts_kwargs``, which remembers the last
512 functions that it looked at and so holds them, and what these close over. A receiver that
nothing else holds is collected at once with ``DEBUG`` off, and works as long as it is on.

Source: ``Signal.connect``, ``django/dispatch/dispatcher.py``, and ``_get_func_parameters``,
``django/utils/inspect.py``; the same in 5.2, 6.0 and 6.1.
"""

from __future__ import annotations

import gc
import sys
import weakref
from collections import deque
from inspect import Parameter
from types import FrameType, FunctionType, MethodType, ModuleType
from typing import Any

from django.dispatch import Signal
from django.utils import inspect

from sigexplorer.capture.connections import Notes
from sigexplorer.capture.registry import Registration
from sigexplorer.capture.words import contents

_MOST = 200  # holders of holders that are looked at

_ROOTS = (ModuleType, FrameType, type, Signal)


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
    kept = receiver.__self__ if type(receiver) is MethodType else receiver
    if issubclass(type(kept), type):
        return False
    gc.unfreeze()  # what is frozen is no referrer that Python knows of: modules, after a start of ours
    memory = [
        one for one in gc.get_referents(getattr(inspect, "_get_func_parameters", None)) if type(one) is tuple
    ]
    return id(kept) in _remembered(memory) and not _is_held(kept, [*memory, receiver])


_REACHED: tuple[tuple[int, ...], frozenset[int]] = ((), frozenset())  # for the memory as it was last


def _remembered(memory: list[tuple[Any, ...]]) -> frozenset[int]:
    """Return the ids of the functions in that memory, and of what they may hold."""
    global _REACHED  # noqa: PLW0603 - to go through it for each receiver would take long
    state = tuple(map(id, memory))
    if _REACHED[0] != state:
        functions = [
            one[0] for one in memory if one and type(one[0]) is not Parameter and not _is_at_home(one[0])
        ]
        _REACHED = (state, frozenset().union(*map(_within, functions)))
    return _REACHED[1]


_MANY = 500  # things in a function that are looked at


def _within(function: Any) -> set[int]:
    """Return the ids of a function and of what it closes over, and so on: the nearest of it."""
    seen = {id(function)}
    waiting = deque([function])
    while waiting and len(seen) < _MANY:
        one = waiting.popleft()
        if type(one) is FunctionType:  # not its module
            inside = [*(one.__closure__ or ()), one.__defaults__, one.__kwdefaults__, one.__dict__]
        else:
            inside = gc.get_referents(one)
        for held in inside:
            if id(held) not in seen and not issubclass(type(held), ModuleType | type):
                seen.add(id(held))
                waiting.append(held)
    return seen


def _is_at_home(receiver: Any) -> bool:
    """Whether a function is what its module calls so: to ask for all that holds it takes far longer."""
    if type(receiver) is not FunctionType or type(receiver.__module__) is not str:
        return False
    module = sys.modules.get(receiver.__module__)
    return issubclass(type(module), ModuleType) and contents(module).get(receiver.__qualname__) is receiver


def _is_held(kept: Any, ours: list[Any]) -> bool:
    """Whether anything holds it but ``ours``, and what is itself held by it, or by these, alone."""
    seen = {id(kept), *map(id, ours)}
    waiting = [kept]
    seen |= {id(waiting), id(ours)}
    most = len(seen) + _MOST
    while waiting:
        for holder in gc.get_referrers(waiting.pop()):
            kind = type(holder)
            if kind is Registration or id(holder) in seen:
                continue
            if kind is FrameType and holder.f_code.co_filename == __file__:  # there while somebody traces us
                continue
            if issubclass(kind, _ROOTS) or len(seen) > most:
                return True
            seen.add(id(holder))
            waiting.append(holder)
    return False


def is_forgotten(signal: Any) -> bool:
    """Whether nothing holds a signal but frames, and what Django has asked for when its receivers end."""
    gc.unfreeze()  # as above
    # Without a generator or a closure, which would hold it as well.
    holders = gc.get_referrers(signal)
    for holder in holders:
        if type(holder) is MethodType and holder.__self__ is signal and _waits_for_an_end(holder, holders):
            continue
        if type(holder) is not FrameType:
            return False
    return True


def _waits_for_an_end(method: Any, ours: list[Any]) -> bool:
    told = (vars(weakref.finalize)["_Info"], FrameType)
    for holder in gc.get_referrers(method):  # noqa: SIM110 - as above
        if type(holder) not in told and holder is not ours:
            return False
    return True
