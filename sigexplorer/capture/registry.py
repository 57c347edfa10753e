"""Read who is connected to a signal: the entries that Django keeps, as what they mean.

The only file that knows Django's private dispatch names; nothing here changes a signal.

Source: ``django/dispatch/dispatcher.py`` and ``django/db/models/signals.py`` of Django 5.2,
6.0 and 6.1.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Iterator
from types import FunctionType, MethodType
from typing import Any, NamedTuple

from django.dispatch import Signal, dispatcher

from sigexplorer.capture.lanes import guarded

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
    key: Any = None  # the very object by which Django tells this registration from others
    function: Any = None  # of a dead bound method, whose class lives on: the function


def registrations(signal: Any) -> list[Registration]:
    """Return who is connected to ``signal``, dead receivers included, in connection order."""
    return [_registration(entry) for entry in list(signal.receivers)]


def _registration(entry: tuple[Any, ...]) -> Registration:
    key, reference, *sender_ref, is_async = entry
    receiver_key, sender_key = key
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
        key=key,
        function=_function_of(reference) if receiver is None else None,
    )


def _function_of(reference: Any) -> Any:
    """Return the function of a bound method whose object died; a weak method keeps it apart."""
    held = getattr(reference, "_func_ref", None) if type(reference) is weakref.WeakMethod else None
    return held() if held is not None else None


def _is_id(key: Any, receiver: Any) -> bool:
    """Whether ``key`` is Django's for a receiver without a dispatch_uid: its id, or a method's two."""
    if type(key) is int:
        return receiver is None or key == id(receiver)
    if type(key) is not tuple or len(key) != 2 or not all(type(part) is int for part in key):  # noqa: PLR2004
        return False
    if receiver is None:
        return True
    return type(receiver) is MethodType and key == (id(receiver.__self__), id(receiver.__func__))


def reaches(registration: Registration, sender: Any) -> bool:
    """Whether a send with ``sender`` would call that registration's receiver."""
    if registration.receiver is None:
        return False
    return registration.sender_id is None or registration.sender_id == id(sender)


def entries(signal: Any) -> list[Any]:
    """Return what is connected as Django keeps it, for ``added`` and ``standing`` to look at."""
    return list(signal.receivers)


def last_entries(signal: Any) -> list[Any]:
    """Return as many of these, from the end, as ``added`` needs: all where Django may sweep some away."""
    return list(signal.receivers) if getattr(signal, "_dead_receivers", True) else signal.receivers[-1:]


def added(signal: Any, before: list[Any]) -> Any:
    """Return the key, the very object, of what was connected since; None where nothing was."""
    last = signal.receivers[-1] if signal.receivers else None
    if last is None or (before and last is before[-1]):
        return None
    # Django may have swept dead entries away meanwhile; what is new stands last.
    if len(signal.receivers) > len(before) or not any(last is entry for entry in before):
        return last[0]
    return None


def standing(before: list[Any], receiver: Any, sender: Any, dispatch_uid: Any) -> Any:
    """Return the key, the very object, under which Django finds such a connection; None where it does not."""
    wanted = lookup_key(receiver, sender, dispatch_uid)
    return next((entry[0] for entry in before if entry[0] == wanted), None)


def lookup_key(receiver: Any, sender: Any, dispatch_uid: Any) -> tuple[Any, Any]:
    """Return a key equal to the one under which Django looks such a connection up."""
    make_id = dispatcher._make_id  # type: ignore[attr-defined]
    return (dispatch_uid or make_id(receiver), make_id(sender))


def models_are_ready() -> bool:
    """Whether every model of the project's apps is prepared."""
    from django.apps import apps

    return apps.models_ready


class Waiting(NamedTuple):
    """A connection to a model, named by a string, that is not defined yet and may never be."""

    signal: Any
    receiver: Any
    model: tuple[str, str]  # app label and model name, both lower case
    dispatch_uid: Any


def waiting() -> list[Waiting]:
    """Return the connections that still wait for their sender, in the order of the models' names."""
    from django.apps import apps

    pending = dict(apps._pending_operations)
    return [
        found
        for model in sorted(pending)
        for operation in pending[model]
        for found in _connect_in(operation, model)
    ]


def _connect_in(operation: Any, model: tuple[str, str]) -> Iterator[Waiting]:
    function = getattr(operation, "func", None) if type(operation) is FunctionType else None
    if (found := connection(function)) is not None:
        yield Waiting(found.signal, found.receiver, model, found.dispatch_uid)


class Connection(NamedTuple):
    """What is to be connected once the sender is there."""

    signal: Any
    receiver: Any
    weak: bool
    dispatch_uid: Any


def connection(function: Any) -> Connection | None:
    """Read the partial of ``Signal.connect`` that ``ModelSignal.connect`` leaves with the app registry."""
    if type(function) is not functools.partial or type(function.func) is not MethodType:
        return None
    signal, method = function.func.__self__, function.func.__func__
    if not issubclass(type(signal), Signal) or method.__name__ != "connect" or not function.args:
        return None
    named = function.keywords
    return Connection(signal, function.args[0], bool(named.get("weak", True)), named.get("dispatch_uid"))


def counted_send(
    signal: Any, counters: dict[int, Callable[[], int]], begin: Callable[[Any], None]
) -> Callable[..., list[tuple[Any, Any]]]:
    """Return what stands for ``signal.send`` where its dispatches are only counted, by sender.

    Receivers are called from its frame, which is as deep as Django's.
    """

    def send(sender: Any, **named: Any) -> list[tuple[Any, Any]]:
        if not signal.receivers or signal.sender_receivers_cache.get(sender) is dispatcher.NO_RECEIVERS:
            try:
                counters[id(sender)]()
            except KeyError:
                guarded(begin, sender)
            return []
        sync_receivers, async_receivers = signal._live_receivers(sender)
        if async_receivers:  # what stands in Django's place counts it, or records it
            everything: list[tuple[Any, Any]] = Signal.send(signal, sender, **named)
            return everything
        try:
            counters[id(sender)]()
        except KeyError:
            guarded(begin, sender)
        responses = []
        for receiver in sync_receivers:
            response = receiver(signal=signal, sender=sender, **named)
            responses.append((receiver, response))
        return responses

    send.counted = counters  # type: ignore[attr-defined]  # by which it is known again
    return send
