"""Note every connection as it is made: where, by what key, and what became of it.

A signal keeps neither the line that connected a receiver nor a connection that it ignored,
because an equal ``dispatch_uid`` or the same function was there already. Watched from
before ``django.setup()`` on, both are known.

Source: ``Signal.connect`` and ``Signal.disconnect``, ``django/dispatch/dispatcher.py``;
``Apps.lazy_model_operation``, ``django/apps/registry.py``; the same in 5.2, 6.0 and 6.1.
"""

from __future__ import annotations

import functools
import sys
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import MethodType
from typing import Any, Literal, NamedTuple, Protocol, cast

from django.dispatch import Signal

from sigexplorer.capture import places, registry, signals, words
from sigexplorer.capture.frames import unseen
from sigexplorer.capture.hooks import Hooks, Replacement
from sigexplorer.capture.lanes import guarded
from sigexplorer.capture.receivers import ReceiverWords, held, is_same
from sigexplorer.capture.receivers import words as receiver_words
from sigexplorer.capture.uids import uid
from sigexplorer.model import Origin

Kind = Literal["connected", "ignored", "disconnected", "missed"]


class Noted(NamedTuple):
    """One ``connect`` or ``disconnect``."""

    kind: Kind  # ignored: an equal key was there; missed: there was nothing to disconnect
    signal: weakref.ref[Any]
    receiver: ReceiverWords
    target: Any  # a weak reference to the receiver, None where there can be none
    sender: str | None
    sender_kind: str  # the class of the sender
    sender_reference: Any  # a weak reference to the sender, None where there can be none
    dispatch_uid: str | None
    weak: bool
    at: Origin | None
    key: Any  # of the registration that was made, taken away or in the way
    holds: tuple[str, ...] = ()  # the functions that a decorator wrapped in the receiver
    after_models: bool = False  # every model of the project was prepared by then

    @property
    def died(self) -> bool:
        """Whether the receiver is gone, since nobody else held it."""
        return self.weak and self.target is not None and self.target() is None


class ConnectionObserver(Protocol):
    """Whoever wants to know of connections."""

    def failed(self, fault: Exception) -> None:
        """Count a fault of ours; must not raise."""

    def noted(self, event: Noted) -> None:
        """Take a ``connect`` or ``disconnect`` that was made."""

    def deferred(self, waiting: Deferred) -> None:
        """Take a connection that may have to wait for its sender."""

    def asked_at(self, signal: Any, receiver: Any, model: str | None) -> Origin | None:
        """Return where a connection that had to wait was asked for."""


class Deferred(NamedTuple):
    """A connection to a model that was named by a string, and where it was asked for."""

    signal: Any
    receiver: Callable[[], Any]  # a weak reference, where there can be one: Django lets go, and so must we
    model: str  # app label and model name, lower case
    at: Origin | None


class Notes:
    """All connections that were made while it watched."""

    def __init__(self) -> None:
        self.events: list[Noted] = []
        self.faults: list[str] = []
        self._deferred: list[Deferred] = []
        self._made: dict[int, Noted] = {}  # by the id of its key, which the event holds

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note what is connected inside."""
        HOOKS.add(self)
        CREATIONS.add(self)
        try:
            yield
        finally:
            CREATIONS.remove(self)
            HOOKS.remove(self)

    def noted(self, event: Noted) -> None:
        """Take a ``connect`` or ``disconnect`` that was made."""
        self.events.append(event)
        if event.kind == "connected":
            self._made[id(event.key)] = event

    def deferred(self, waiting: Deferred) -> None:
        """Take a connection that may have to wait for its sender."""
        self._deferred.append(waiting)

    def failed(self, fault: Exception) -> None:
        """Count a fault of ours."""
        self.faults.append(words.error(fault))

    def asked_at(self, signal: Any, receiver: Any, model: str | None) -> Origin | None:
        """Return where a connection to ``app.model`` was asked for that had to wait for the model."""
        if model is None:
            return None
        for waiting in reversed(self._deferred):
            same = waiting.signal is signal and is_same(waiting.receiver(), receiver)
            if same and waiting.model == model.lower():
                at: Origin | None = waiting.at
                return at
        return None

    def made(self, key: Any) -> Noted | None:
        """Return how the registration with that very key came to be."""
        return self._made.get(id(key))

    def of(self, signal: Any) -> list[Noted]:
        """Return what was connected to, and disconnected from, one signal."""
        return [event for event in self.events if event.signal() is signal]


class _Connect(NamedTuple):
    receiver: Any
    sender: Any = None
    weak: bool = True
    dispatch_uid: Any = None


class _Disconnect(NamedTuple):
    receiver: Any = None
    sender: Any = None
    dispatch_uid: Any = None


def _tell(report: Callable[[Any], Any]) -> list[tuple[Any, Any]]:
    """Report to each observer and return its answers; our fault never becomes the program's."""
    answers = []
    for observer in HOOKS.observers:
        try:
            answers.append((observer, report(observer)))
        except Exception as fault:
            cast("ConnectionObserver", observer).failed(fault)
    return answers


def _connect(found: Any) -> Any:
    @functools.wraps(found)
    def connect(self: Any, *arguments: Any, **named: Any) -> Any:
        if not HOOKS.observers:
            return found(self, *arguments, **named)
        before = registry.last_entries(self)
        try:
            answer = found(self, *arguments, **named)
        except BaseException as error:
            unseen(error)
            raise
        at = places.origin(signals.caller(self, sys._getframe(1)))
        _tell(lambda observer: _report(observer, self, _Connect(*arguments, **named), before, at))
        return answer

    return connect


def _report(
    observer: ConnectionObserver, signal: Any, call: _Connect, before: list[Any], at: Origin | None
) -> None:
    key = registry.added(signal, before)
    kind: Kind = "connected" if key is not None else "ignored"
    if key is None:
        key = registry.standing(registry.entries(signal), call.receiver, call.sender, call.dispatch_uid)
    # A model may be defined later than the connection to it was asked for.
    at = observer.asked_at(signal, call.receiver, _label(call.sender)) or at
    observer.noted(_noted(kind, signal, call, weak=bool(call.weak), at=at, key=key))


def _noted(
    kind: Kind, signal: Any, call: _Connect | _Disconnect, *, weak: bool, at: Origin | None, key: Any
) -> Noted:
    return Noted(
        kind=kind,
        signal=weakref.ref(signal),
        receiver=receiver_words(call.receiver)
        if call.receiver is not None
        else ReceiverWords("?", None, None),
        target=reference(call.receiver),
        sender=_label(call.sender) or words.sender(call.sender),
        sender_kind=words.class_path(type(call.sender)),
        sender_reference=reference(call.sender),
        dispatch_uid=_uid(call) if call.dispatch_uid else None,
        weak=weak,
        at=at,
        key=key,
        holds=held(call.receiver),
        after_models=registry.models_are_ready(),
    )


def _uid(call: _Connect | _Disconnect) -> str | None:
    return uid(call.dispatch_uid, call.receiver, None if call.sender is None else id(call.sender))


#: The models that were senders, by id: most of a project's receivers are those of a few.
_LABELS: dict[int, tuple[weakref.ref[Any], str | None]] = {}
_REMEMBERED = 10_000


def _label(sender: Any) -> str | None:
    """Return ``app_label.Model`` of a sender that is a model, else None."""
    known = _LABELS.get(id(sender))
    if known is not None and known[0]() is sender:
        return known[1]
    label = words.model_label(sender)
    if label is not None:
        if len(_LABELS) >= _REMEMBERED:
            _LABELS.clear()
        _LABELS[id(sender)] = (weakref.ref(sender), label)
    return label


def reference(thing: Any) -> Any:
    """Return a weak reference to a receiver or a sender, None where there can be none."""
    if thing is None:
        return None
    try:
        return weakref.WeakMethod(thing) if type(thing) is MethodType else weakref.ref(thing)
    except TypeError:
        return None


def _disconnect(found: Any) -> Any:
    @functools.wraps(found)
    def disconnect(self: Any, *arguments: Any, **named: Any) -> Any:
        if not HOOKS.observers:
            return found(self, *arguments, **named)
        before = registry.entries(self)
        try:
            answer = found(self, *arguments, **named)
        except BaseException as error:
            unseen(error)
            raise
        at = places.origin(signals.caller(self, sys._getframe(1)))
        _tell(lambda observer: _report_gone(observer, self, _Disconnect(*arguments, **named), before, at))
        return answer

    return disconnect


def _report_gone(
    observer: ConnectionObserver, signal: Any, call: _Disconnect, before: list[Any], at: Origin | None
) -> None:
    key = registry.standing(before, call.receiver, call.sender, call.dispatch_uid)
    kind: Kind = "missed" if key is None else "disconnected"
    observer.noted(_noted(kind, signal, call, weak=False, at=at, key=key))


def _lazy_model_operation(found: Any) -> Any:
    @functools.wraps(found)
    def lazy_model_operation(self: Any, function: Any, *model_keys: Any) -> Any:
        if HOOKS.observers and len(model_keys) == 1:
            connection = registry.connection(function)
            if connection is not None:
                at = places.origin(signals.caller(connection.signal, sys._getframe(1)))
                waiting = _waiting(connection, ".".join(model_keys[0]), at)
                _tell(lambda observer: observer.deferred(waiting))
        try:
            return found(self, function, *model_keys)
        except BaseException as error:
            unseen(error)
            raise

    return lazy_model_operation


def _waiting(connection: registry.Connection, model: str, at: Origin | None) -> Deferred:
    receiver = connection.receiver
    return Deferred(connection.signal, reference(receiver) or (lambda: receiver), model, at)


def _init(found: Any) -> Any:
    @functools.wraps(found)
    def __init__(self: Any, *arguments: Any, **named: Any) -> None:  # noqa: N807 - it takes its place
        try:
            found(self, *arguments, **named)
        except BaseException as error:
            unseen(error)
            raise
        if CREATIONS.observers:
            guarded(signals.note_created, self, sys._getframe(1))

    return __init__


def _creations() -> Iterator[Replacement]:
    yield Replacement(Signal, "__init__", _init)


def _replacements() -> Iterator[Replacement]:
    from django.apps.registry import Apps

    yield Replacement(Signal, "connect", _connect)
    yield Replacement(Signal, "disconnect", _disconnect)
    yield Replacement(Apps, "lazy_model_operation", _lazy_model_operation)


#: Where signals are created: the name of those that nothing holds.
CREATIONS = Hooks(_creations)

HOOKS = Hooks(_replacements)

#: What was connected while the project of this process was started.
NOTES = Notes()
