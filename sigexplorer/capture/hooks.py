"""Replace attributes of classes while somebody observes, and put them back afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from sigexplorer.capture.frames import stand_in


class Replacement(NamedTuple):
    """``owner.name`` is to become ``make(what was found there)``."""

    owner: type
    name: str
    make: Callable[[Any], Any]


class Installed(NamedTuple):
    """An attribute that is replaced now: what was found there, and what stands there."""

    owner: type
    name: str
    found: Any
    ours: Any


class Hooks:
    """Attributes that are replaced as long as somebody observes.

    The first observer replaces, the last one puts back. An attribute that somebody else
    has replaced in the meantime is left alone: theirs calls ours, and ours goes on
    working without observers. It is not replaced a second time as long as theirs stands,
    because everything would be seen twice.
    """

    def __init__(
        self,
        replacements: Callable[[], Iterable[Replacement]],
        begun: Callable[[], None] = lambda: None,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        self._begun = begun  # called with the first observer, and with the last
        self._ended = ended
        self.observers: tuple[object, ...] = ()
        self._replacements = replacements
        self.installed: list[Installed] = []
        self._covered: dict[tuple[type, str], tuple[Any, Installed]] = {}  # somebody's, over ours
        self._lock = threading.Lock()

    def add(self, observer: object) -> None:
        """Keep the attributes replaced from now on; a second time changes nothing."""
        with self._lock:
            if any(observer is other for other in self.observers):
                return
            if not self.observers:
                self._install()
            self.observers = (*self.observers, observer)

    def remove(self, observer: object) -> None:
        """Let go; the last one leaves the classes as they were found."""
        with self._lock:
            if not any(observer is other for other in self.observers):
                return
            self.observers = tuple(other for other in self.observers if other is not observer)
            if not self.observers:
                self._put_back()

    def _install(self) -> None:
        try:
            for replacement in self._replacements():
                self._replace(replacement)
            self._begun()
        except BaseException:
            self._put_back()
            raise

    def _replace(self, replacement: Replacement) -> None:
        owner, name, make = replacement
        found = owner.__dict__[name]
        cover, beneath = self._covered.pop((owner, name), (None, None))
        if beneath is not None and found is cover:
            self.installed.append(beneath)  # theirs still stands, and calls ours
            return
        if beneath is not None and found is beneath.ours:
            self.installed.append(beneath)  # they put back what they had found: ours
            return
        ours = stand_in(make(found), found)
        setattr(owner, name, ours)
        self.installed.append(Installed(owner, name, found, ours))

    def _put_back(self) -> None:
        self._ended()
        while self.installed:
            entry = self.installed.pop()
            stands = entry.owner.__dict__.get(entry.name)
            if stands is entry.ours:
                setattr(entry.owner, entry.name, entry.found)
            elif stands is not entry.found:
                self._covered[entry.owner, entry.name] = (stands, entry)
