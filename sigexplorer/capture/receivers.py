"""Receivers into words: their name, their place in the source, how they are connected."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Iterable, Iterator, Sequence
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, NamedTuple

from sigexplorer.capture.classes import contents
from sigexplorer.capture.listening import tracing_receiver
from sigexplorer.capture.places import short
from sigexplorer.capture.registry import Registration, reaches, registrations
from sigexplorer.capture.words import attribute, class_attribute, class_path, function_path, plain
from sigexplorer.model import Operation

_UNWRAP_LIMIT = 20  # a partial of a partial of …, or an object whose __wrapped__ is itself


class ReceiverWords(NamedTuple):
    """What a record keeps of a receiver."""

    name: str  # module.qualname of what was written, under partials, methods and decorators
    file: str | None
    line: int | None


def words(receiver: Any) -> ReceiverWords:
    """Name ``receiver`` and find its source, without running any of its code."""
    function = innermost(receiver)
    if type(function) is FunctionType:
        return ReceiverWords(function_path(function), *_place(function))
    if type(function) is BuiltinFunctionType:
        return ReceiverWords(
            f"{plain(function.__module__ or 'builtins')}.{plain(function.__qualname__)}", None, None
        )
    if issubclass(type(function), type):  # a class, whose instances it makes
        return ReceiverWords(class_path(function), None, None)
    call = class_attribute(type(function), "__call__")
    place = _place(call) if type(call) is FunctionType else (None, None)
    return ReceiverWords(class_path(type(function)), *place)


def _place(function: FunctionType) -> tuple[str, int]:
    return short(function.__code__.co_filename), function.__code__.co_firstlineno


def innermost(receiver: Any) -> Any:
    """Return what stands under partials, bound methods and decorators."""
    *_, last = layers(receiver)
    return last


def layers(receiver: Any) -> Iterator[Any]:
    """Yield a receiver, and what stands under each partial, bound method and decorator."""
    passed: list[Any] = []
    while receiver is not None and len(passed) <= _UNWRAP_LIMIT:
        yield receiver
        passed.append(receiver)
        under = _under(receiver)
        receiver = _renamed(receiver, passed) if under is None else under


def _under(receiver: Any) -> Any:
    """Return what stands right under a partial, a bound method or ``functools.wraps``; None if it is none."""
    kind = type(receiver)
    if kind is functools.partial:
        return receiver.func
    if kind is MethodType:
        return receiver.__func__
    if kind is FunctionType:
        return receiver.__dict__.get("__wrapped__")
    return None if kind is BuiltinFunctionType else attribute(receiver, "__wrapped__")


def _renamed(wrapper: Any, passed: Sequence[Any]) -> FunctionType | None:
    """Return the function that a decorator without ``functools.wraps`` made ``wrapper`` of; None if none did.

    It is one that the wrapper keeps and whose own name stands for the wrapper now, or for what
    was ``passed`` on the way to it.
    """
    for function in _kept(wrapper):
        named = _named(function)
        if any(named is layer for layer in passed):
            return function
    return None


def _named(function: FunctionType) -> Any:
    """Return what the name by which ``function`` was defined stands for now, if it is one of a module."""
    module = function.__module__
    found: Any = sys.modules.get(module) if type(module) is str else None
    for name in function.__qualname__.split("."):
        found = None if found is None else contents(found).get(name)
    return found


def held(receiver: Any) -> tuple[str, ...]:
    """Name the functions that a decorator without ``functools.wraps`` keeps in what it returned."""
    return tuple(dict.fromkeys(map(function_path, _kept(innermost(receiver)))))


def _kept(thing: Any) -> Iterator[FunctionType]:
    """Yield the functions in the closure of a function, and in the closures of these."""
    waiting = _in_closure(thing)
    for _ in range(_UNWRAP_LIMIT):
        if not waiting:
            return
        kept = waiting.pop()
        under = _under(kept)
        if under is not None:
            waiting.append(under)
        elif type(kept) is FunctionType:
            yield kept
            waiting += _in_closure(kept)


def _in_closure(thing: Any) -> list[Any]:
    """Return the functions, and partials and methods of some, that are variables of a function's closure."""
    kept = []
    for cell in (thing.__closure__ or ()) if type(thing) is FunctionType else ():
        with contextlib.suppress(ValueError):  # of a variable that is not set yet
            kept.append(cell.cell_contents)
    return [one for one in kept if type(one) in (FunctionType, MethodType, functools.partial)]


def in_call_order(found: Iterable[Registration]) -> list[Registration]:
    """Return registrations as Django calls them: sync in order of connection, then async."""
    return sorted(found, key=lambda one: one.is_async)


def listeners(signal: Any, sender: Any) -> list[Registration]:
    """Return what a send with ``sender`` would reach but our own receiver, in call order."""
    return in_call_order(
        one for one in registrations(signal) if reaches(one, sender) and one.receiver is not tracing_receiver
    )


def registrations_of(signal: Any, sender: Any, called: Sequence[Any]) -> tuple[Registration | None, ...]:
    """Return the registration behind each receiver in ``called`` but our own.

    Both go in the order of connection, sync before async, so that a receiver which is
    connected twice finds each of its registrations once.
    """
    if not called:
        return ()
    standing = [one for one in registrations(signal) if one.sender_id is None or one.sender_id == id(sender)]
    ordered = iter(in_call_order(standing))
    found: list[Registration | None] = []
    for receiver in called:
        match = next((one for one in ordered if is_same(one.receiver, receiver)), None)
        if match is None:  # connected or disconnected just now: begin again for the others
            ordered = iter(in_call_order(standing))
        if receiver is not tracing_receiver:
            found.append(match)
    return tuple(found)


def passed_by(operation: Operation, model: Any) -> tuple[str, ...]:
    """Name the receivers that ``operation`` on ``model`` would have reached, had it sent signals."""
    from django.db.models import signals
    from django.dispatch import Signal

    if model._meta.auto_created:
        missed: tuple[Signal, ...] = (signals.m2m_changed,)
    elif operation in ("fast_delete", "raw_delete"):
        missed = (signals.pre_delete, signals.post_delete)
    else:
        missed = (signals.pre_save, signals.post_save)
    reached = (words(one.receiver).name for signal in missed for one in listeners(signal, model))
    return tuple(dict.fromkeys(reached))


def is_same(one: Any, other: Any) -> bool:
    """Whether two receivers are one and the same."""
    if type(one) is MethodType and type(other) is MethodType:  # made anew each time they are looked up
        return one.__self__ is other.__self__ and one.__func__ is other.__func__
    return one is other
