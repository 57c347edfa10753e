"""Receivers into words: their name, their place in the source, how they are connected."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Sequence
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, NamedTuple

from sigexplorer.capture.dispatch import Registration, registrations
from sigexplorer.capture.listening import tracing_receiver
from sigexplorer.capture.places import short
from sigexplorer.capture.words import attribute, bounded, class_path
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
        name = f"{function.__module__}.{function.__qualname__}"
        code = function.__code__
        return ReceiverWords(bounded(name), short(code.co_filename), code.co_firstlineno)
    if type(function) is BuiltinFunctionType:
        return ReceiverWords(
            bounded(f"{function.__module__ or 'builtins'}.{function.__qualname__}"), None, None
        )
    call = inspect.getattr_static(type(function), "__call__", None)
    name = bounded(class_path(type(function)))
    if type(call) is not FunctionType:
        return ReceiverWords(name, None, None)
    return ReceiverWords(name, short(call.__code__.co_filename), call.__code__.co_firstlineno)


def innermost(receiver: Any) -> Any:
    """Return what stands under partials, bound methods and ``functools.wraps``."""
    for _ in range(_UNWRAP_LIMIT):
        kind = type(receiver)
        if kind is functools.partial:
            receiver = receiver.func
        elif kind is MethodType:
            receiver = receiver.__func__
        elif kind is FunctionType and "__wrapped__" in receiver.__dict__:
            receiver = receiver.__dict__["__wrapped__"]
        elif (
            kind not in (FunctionType, BuiltinFunctionType) and attribute(receiver, "__wrapped__") is not None
        ):
            receiver = attribute(receiver, "__wrapped__")
        else:
            break
    return receiver


def registrations_of(signal: Any, sender: Any, called: Sequence[Any]) -> tuple[Registration | None, ...]:
    """Return the registration behind each receiver in ``called`` but our own."""
    standing = registrations(signal)
    return tuple(
        _registration_of(standing, sender, receiver)
        for receiver in called
        if receiver is not tracing_receiver
    )


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
    reached = (
        words(registration.receiver).name
        for signal in missed
        for registration in registrations(signal)
        if registration.sender_id in (None, id(model))
        and registration.receiver is not None
        and registration.receiver is not tracing_receiver
    )
    return tuple(dict.fromkeys(reached))


def _registration_of(standing: Sequence[Registration], sender: Any, receiver: Any) -> Registration | None:
    """Return the first registration that connects ``receiver`` for ``sender``, if it still stands."""
    for registration in standing:
        if registration.sender_id in (None, id(sender)) and _is_same(registration.receiver, receiver):
            return registration
    return None


def _is_same(one: Any, other: Any) -> bool:
    if type(one) is MethodType and type(other) is MethodType:  # made anew each time they are looked up
        return one.__self__ is other.__self__ and one.__func__ is other.__func__
    return one is other
