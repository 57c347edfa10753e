"""The registrations of a signal, out of the private tuples in ``Signal.receivers``.

Beside ``dispatch`` the only file that knows Django's private dispatch names.

Source: ``django/dispatch/dispatcher.py`` of Django 5.2, 6.0 and 6.1.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from types import MethodType
from typing import Any, NamedTuple

from django.dispatch import Signal, dispatcher

#: Django 6.1 runs async receivers in a task group, earlier ones gather them.
run_parallel: Callable[..., Any] | None = getattr(dispatcher, "_run_parallel", None)


def finds_as_django_does(signal: Any) -> bool:
    """Whether a signal's class leaves it to Django which receivers a sender reaches."""
    return type(signal)._live_receivers is Signal._live_receivers


class Registration(NamedTuple):
    """One receiver connected to a signal."""

    receiver: Any  # None when it is dead
    dispatch_uid: Any  # None when connected without one
    weak: bool
    is_async: bool
    sender_id: int | None  # id() of the sender; None: connected for every sender
    sender: Any  # the sender itself where Django keeps a reference to it, else None


def registrations(signal: Any) -> list[Registration]:
    """Return who is connected to ``signal``, dead receivers included, in connection order."""
    return [_registration(entry) for entry in list(signal.receivers)]


def _registration(entry: tuple[Any, ...]) -> Registration:
    (receiver_key, sender_key), reference, *sender_ref, is_async = entry
    weak = issubclass(type(reference), weakref.ReferenceType)  # isinstance() would ask the receiver
    receiver = reference() if weak else reference
    keyed_by_id = _is_id(receiver_key, receiver)
    return Registration(
        receiver=receiver,
        dispatch_uid=None if keyed_by_id else receiver_key,
        weak=weak,
        is_async=is_async,
        sender_id=None if sender_key == dispatcher.NONE_ID else sender_key,
        sender=sender_ref[0]() if sender_ref and sender_ref[0] is not None else None,
    )


def _is_id(key: Any, receiver: Any) -> bool:
    """Whether ``key`` is Django's for a receiver without a dispatch_uid: its id, or a method's two."""
    if type(key) is int:
        return receiver is None or key == id(receiver)
    if type(key) is not tuple or len(key) != 2 or not all(type(part) is int for part in key):  # noqa: PLR2004
        return False
    if receiver is None:
        return True
    return type(receiver) is MethodType and key == (id(receiver.__self__), id(receiver.__func__))
