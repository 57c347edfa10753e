"""What dispatches have in common, put into words once and known again by identity.

Which receivers a sender reaches changes only when something is connected, disconnected or
dies. To connect appends a registration, with a new key; the others leave fewer.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

from sigexplorer.capture import readers, receivers, signals, words
from sigexplorer.capture.lanes import STREAM
from sigexplorer.capture.listening import tracing_receiver
from sigexplorer.capture.registry import finds_as_django_does
from sigexplorer.model import Method
from sigexplorer.spool.rows import Shape, ShapeReceiver

#: Every shape so far; its index is what a flight holds.
TABLE: list[Shape] = []

_numbers: dict[Shape, int] = {}

#: Told when a dispatch of a new kind is seen: the program may have imported more of Django.
ON_NEW: list[Callable[[], None]] = []


class Known:
    """A shape, and how the arguments of its dispatches are read."""

    __slots__ = ("called", "connected", "last", "model", "number", "primary_key", "read")

    def __init__(self, number: int, signal: Any, called: int, reader: readers.Reader) -> None:
        registered = signal.receivers
        self.number = number
        self.called = called  # receivers of the dispatch
        self.connected = len(registered)  # receivers of the signal
        self.last: Any = registered[-1][0] if registered else None  # the key of the last of them
        self.read = reader.read
        self.model = reader.model
        self.primary_key = reader.primary_key


class Shapes:
    """The shapes of one of the four methods, by the ids of signal and sender.

    Both are alive while they are named here: each takes its entries along when it goes.
    """

    def __init__(self, method: Method) -> None:
        self.method = method
        self.known: dict[int, dict[int, Known]] = {}
        self._guards: dict[tuple[int, int], weakref.ref[Any]] = {}

    def of(self, signal: Any, sender: Any, sync: Sequence[Any], asynchronous: Sequence[Any]) -> Known:
        """Return the shape of a dispatch."""
        by_sender = self.known.get(id(signal))
        if by_sender is not None:
            known = by_sender.get(id(sender))
            registered = signal.receivers
            if (
                known is not None
                and known.called == len(sync) + len(asynchronous)
                and known.connected == len(registered)
                and (not registered or registered[-1][0] is known.last)
            ):
                return known
        return self.find(signal, sender, sync, asynchronous)

    def find(self, signal: Any, sender: Any, sync: Sequence[Any], asynchronous: Sequence[Any]) -> Known:
        """Put a dispatch into words, and know its shape from now on where that is certain."""
        for look in ON_NEW:
            look()
        called = (*sync, *asynchronous)
        named = signals.words(signal)
        reader = readers.reader(named.path, sender)
        known = Known(
            _number(
                Shape(
                    signal=named.path,
                    name=named.name,
                    group=named.group,
                    method=self.method,
                    sender=words.sender(sender),
                    arguments=reader.arguments,
                    receivers=_receivers(signal, sender, called, len(sync)),
                )
            ),
            signal,
            len(called),
            reader,
        )
        if _is_lasting(sender) and finds_as_django_does(signal):
            self._remember(known, signal, sender)
        return known

    def _remember(self, known: Known, signal: Any, sender: Any) -> None:
        by_sender = self.known.get(id(signal))
        if by_sender is None:
            by_sender = self.known[id(signal)] = {}
            self._guard(signal, None)
        if sender is not None and id(sender) not in by_sender:
            self._guard(signal, sender)
        by_sender[id(sender)] = known

    def _guard(self, signal: Any, sender: Any) -> None:
        key = (id(signal), id(sender))

        def gone(_reference: object) -> None:
            self._guards.pop(key, None)
            if sender_dies:
                self.known.get(key[0], {}).pop(key[1], None)
            else:
                self.known.pop(key[0], None)

        sender_dies = sender is not None
        self._guards[key] = weakref.ref(sender if sender_dies else signal, gone)


def _is_lasting(sender: Any) -> bool:
    """Whether the words for ``sender`` stay what they are as long as it lives."""
    kind = type(sender)
    return sender is None or kind is FunctionType or issubclass(kind, type) or words.is_app_config(sender)


def _receivers(
    signal: Any, sender: Any, called: Sequence[Any], sync: int
) -> tuple[ShapeReceiver | None, ...]:
    found = iter(receivers.registrations_of(signal, sender, called))
    return tuple(
        None if receiver is tracing_receiver else _receiver(receiver, next(found), is_async=place >= sync)
        for place, receiver in enumerate(called)
    )


def _receiver(receiver: Any, registration: Any, *, is_async: bool) -> ShapeReceiver:
    named = receivers.words(receiver)
    uid = registration.dispatch_uid if registration else None
    return ShapeReceiver(
        receiver=named.name,
        file=named.file,
        line=named.line,
        dispatch_uid=None if uid is None else str(words.value(uid)),
        weak=registration.weak if registration else True,  # Django's default
        is_async=is_async,
    )


def _number(shape: Shape) -> int:
    number = _numbers.get(shape)
    if number is None:
        TABLE.append(shape)
        number = _numbers[shape] = len(TABLE) - 1
        STREAM.called[number] = len(shape.receivers)
        if None in shape.receivers:
            STREAM.own[number] = shape.receivers.index(None)
    return number
