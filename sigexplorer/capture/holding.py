"""Receivers of a dispatch under way, none of which is held longer than the program holds it."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from types import MethodType
from typing import Any, NamedTuple

from sigexplorer.capture import altering
from sigexplorer.capture.receivers import is_same, layers
from sigexplorer.capture.registry import Registration, registrations


def _identity(receiver: Any) -> Any:
    """Return what two receivers have in common that are the same; others may, one after the other."""
    if type(receiver) is MethodType:  # made anew each time it is looked up
        return id(receiver.__self__), id(receiver.__func__)
    return id(receiver)


def _reference(receiver: Any) -> Callable[[], Any]:
    try:
        return weakref.WeakMethod(receiver) if type(receiver) is MethodType else weakref.ref(receiver)
    except TypeError:
        return lambda: receiver


class Held(NamedTuple):
    """A registration without the receiver in it."""

    receiver: Callable[[], Any]  # None when it is dead
    registration: Registration


class Receivers:
    """Receivers in an order, by what they are."""

    def __init__(self) -> None:
        self._held: list[Callable[[], Any]] = []
        self._places: dict[Any, list[int]] = {}

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, receiver: Any) -> bool:
        return any(
            is_same(self._held[place](), receiver) for place in self._places.get(_identity(receiver), ())
        )

    def add(self, receiver: Any) -> int:
        """Add one, and return its place."""
        place = len(self._held)
        self._held.append(_reference(receiver))
        self._places.setdefault(_identity(receiver), []).append(place)
        return place

    def last(self) -> Any:
        """Return the last one; None where it is dead."""
        return self._held[-1]()

    def all(self) -> list[Any]:
        """Return them; None for one that is dead."""
        return [held() for held in self._held]


class Standing:
    """Who is connected to a signal, those first that are so for a sender."""

    def __init__(self, signal: Any, sender: Any) -> None:
        self._signal = signal
        self._sender_id = id(sender)
        self._held: dict[Any, list[Held]] = {}
        self._count = 0  # of all that are connected, when they were looked at

    def registered(self, receiver: Any) -> Registration | None:
        """Return how a receiver is connected: for the sender, if it is so."""
        found = self._find(receiver)
        return None if found is None else found.registration._replace(receiver=receiver)

    def connected(self, thing: Any) -> Registration | None:
        """Return how something is connected, or what it wraps."""
        found = self._find_under(thing)
        receiver = None if found is None else found.receiver()
        return None if found is None or receiver is None else found.registration._replace(receiver=receiver)

    def among(self, things: Sequence[Any]) -> list[Held]:
        """Return which of these are connected: none of so many that they cannot be receivers."""
        if len(things) > 2 * len(self._signal.receivers):
            return []
        known = (self._find_under(altering.original(thing)) for thing in things)
        return [one for one in known if one is not None]

    def _find_under(self, thing: Any) -> Held | None:
        found = self._find(thing)
        if found is None and self._signal.receivers:
            found = next(filter(None, map(self._find, layers(thing))), None)
        return found

    def _find(self, receiver: Any) -> Held | None:
        if self._count != len(self._signal.receivers):
            self._look()
        of_that = self._held.get(_identity(receiver), ())
        return next((one for one in of_that if is_same(one.receiver(), receiver)), None)

    def _look(self) -> None:
        found = registrations(self._signal)
        found.sort(key=lambda one: one.sender_id is not None and one.sender_id != self._sender_id)
        held: dict[Any, list[Held]] = {}
        for one in found:
            if one.receiver is not None:
                kept = Registration(
                    None, one.dispatch_uid, one.weak, one.is_async, one.sender_id, None, one.key
                )
                held.setdefault(_identity(one.receiver), []).append(Held(_reference(one.receiver), kept))
        self._held = held
        self._count = len(found)
