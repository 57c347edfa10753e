"""Replace attributes of classes while somebody observes, and put them back afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any, Generic, NamedTuple, TypeVar

Observer = TypeVar("Observer")


class Replacement(NamedTuple):
    """``owner.name`` is to become ``make(what was found there)``."""

    owner: type
    name: str
    make: Callable[[Any], Any]


class Hooks(Generic[Observer]):
    """The observers of one place, and the attributes replaced to serve them.

    The first observer replaces, the last one puts back. An attribute that somebody else
    has replaced in the meantime is left alone: theirs calls ours, and ours goes on
    working without observers.
    """

    def __init__(self, replacements: Callable[[], Iterable[Replacement]]) -> None:
        self.observers: tuple[Observer, ...] = ()
        self._replacements = replacements
        self._installed: list[tuple[type, str, Any, Any]] = []
        self._lock = threading.Lock()

    def add(self, observer: Observer) -> None:
        """Let ``observer`` see everything from now on."""
        with self._lock:
            if not self.observers:
                self._install()
            self.observers = (*self.observers, observer)

    def remove(self, observer: Observer) -> None:
        """Take ``observer`` away; the last one leaves the classes as they were found."""
        with self._lock:
            self.observers = tuple(other for other in self.observers if other is not observer)
            if not self.observers:
                self._put_back()

    def _install(self) -> None:
        for owner, name, make in self._replacements():
            found = owner.__dict__[name]
            ours = make(found)
            setattr(owner, name, ours)
            self._installed.append((owner, name, found, ours))

    def _put_back(self) -> None:
        while self._installed:
            owner, name, found, ours = self._installed.pop()
            if owner.__dict__.get(name) is ours:
                setattr(owner, name, found)
