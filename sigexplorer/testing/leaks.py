"""Which test left a receiver connected, or took one away; and which class or module of tests."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sigexplorer.capture import connections, receivers, signals
from sigexplorer.capture.holders import is_forgotten
from sigexplorer.capture.listening import tracing_receiver
from sigexplorer.capture.registry import Registration, registrations
from sigexplorer.capture.senders import Senders
from sigexplorer.capture.signals import SignalWords
from sigexplorer.model import ListedReceiver
from sigexplorer.project.inventory import all_signals, listed
from sigexplorer.show.text import safe


class _Known(NamedTuple):
    """A registration that was seen."""

    key: Any  # kept, so that its id stays its own
    words: ListedReceiver
    signal: weakref.ref[Any]
    registration: Any  # a weak reference to a receiver that is held weakly, else None
    module: str  # where its receiver was written


_Keys = dict[int, _Known]

#: What makes two registrations the same, though one was made anew.
_Identity = tuple[str, str, str | None, str | None]


@dataclass(slots=True)
class _Several:
    """What fixtures that are there for several tests, those of a class or a module, have done so far."""

    connected: _Keys = field(default_factory=dict)
    removed: _Keys = field(default_factory=dict)

    def add(self, connected: _Keys, removed: _Keys) -> None:
        self.connected |= connected
        self.removed |= {key: one for key, one in removed.items() if key not in self.connected}

    def left(self, after: _Keys) -> tuple[_Keys, _Keys]:
        """Return what of it is still so: who was connected, and who was removed and is not there again."""
        there = {_identity(one.words) for one in after.values()}
        return (
            {key: one for key, one in self.connected.items() if key in after},
            {key: one for key, one in self.removed.items() if _identity(one.words) not in there},
        )


class Leaks:
    """Compares who is connected before and after each test, class and module."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []  # a test, a class or a module, and what it left
        self._known: _Keys = {}
        # By id, and not kept alive: one that was made in a test ends with it.
        self._signals: dict[int, tuple[SignalWords, weakref.ref[Any]]] = {}
        self._modules = 0  # how many were loaded when the signals were looked for
        self._heard = 0  # of the connections that were noted, those that were looked at
        # Who is to be connected when the test ends, and when each fixture has done what it does.
        self._before: list[_Keys] = []
        self._several: dict[str, _Several] = {}  # of each class or module whose tests run
        self._watching = ExitStack()

    def begin(self) -> None:
        """Note from now on where receivers are connected."""
        self._watching.enter_context(connections.NOTES.watching())
        self._heard = len(connections.NOTES.events)

    def end(self) -> None:
        """Note it no more."""
        self._watching.close()

    @contextmanager
    def around_test(self, name: str, ending: Collection[str] = ()) -> Iterator[None]:
        """Find what the test inside leaves, and what is left of the class or module that ends with it."""
        self._before, modules = [self._standing()], frozenset(sys.modules)
        try:
            yield
        finally:
            after = self._standing()
            if self._left(after, modules) or any(map(any, self._ended(ending, after))):
                gc.collect()  # what nobody holds any more is no leak
                after = self._standing()
            self.found += [(name, text) for text in self._left(after, modules)]
            for one, (connected, removed) in zip(ending, self._ended(ending, after), strict=True):
                self.found += [(one, text) for text in _told(connected, removed)]
                self._several.pop(one, None)

    @contextmanager
    def around_fixture(self, owner: str | None) -> Iterator[None]:
        """Leave out what a fixture does that is there for several tests, as it begins or as it ends.

        It is the ``owner``'s, a class or a module: what is left of it is found as that ends. What
        has none is of the whole run, and there for all that come.
        """
        modules = frozenset(sys.modules)
        standing = self._standing()  # which learns what those before it knew nothing of
        self._before.append(standing)
        try:
            yield
        finally:
            after, before = self._standing(), self._before.pop()
            connected = {key: one for key, one in after.items() if key not in before}
            removed = {key: one for key, one in before.items() if key not in after}
            self._before = [
                {key: one for key, one in around.items() if key not in removed} | connected
                for around in self._before
            ]
            if owner is not None:
                own = {key: one for key, one in connected.items() if _is_of_before(one, modules)}
                gone = {key: one for key, one in removed.items() if not _died(one)}
                self._several.setdefault(owner, _Several()).add(own, gone)

    def _ended(self, ending: Collection[str], after: _Keys) -> list[tuple[_Keys, _Keys]]:
        """Return what is still so of each class or module that ends."""
        return [self._several.get(one, _Several()).left(after) for one in ending]

    def _left(self, after: _Keys, modules: frozenset[str]) -> list[str]:
        before = self._before[0]
        gone = {key: one for key, one in before.items() if key not in after and not _died(one)}
        new = {key: one for key, one in after.items() if key not in before}
        same = {_identity(one.words) for one in gone.values()} & {
            _identity(one.words) for one in new.values()
        }
        return _told({key: one for key, one in new.items() if _is_of_before(one, modules)}, gone, same)

    def _standing(self) -> _Keys:
        """Return every live registration."""
        self._look_for_signals()
        found: _Keys = {}
        senders = Senders()
        for named, reference in list(self._signals.values()):
            found |= self._standing_of(named, reference, senders)
        return found

    def _standing_of(self, named: SignalWords, reference: weakref.ref[Any], senders: Senders) -> _Keys:
        signal = reference()
        found: _Keys = {}
        for order, one in enumerate(registrations(signal) if signal is not None else (), 1):
            if one.receiver is None or one.receiver is tracing_receiver:
                continue
            known = self._known.get(id(one.key))
            if known is None:
                told = listed(named, one, order, senders)
                known = _Known(one.key, told, reference, _reference(one), _module(one))
                self._known[id(one.key)] = known
            found[id(one.key)] = known
        return found

    def _look_for_signals(self) -> None:
        """Learn of those that came with a module, or that somebody was connected to since."""
        notes = connections.NOTES
        if self._modules != len(sys.modules):
            self._modules = len(sys.modules)
            for named, signal in all_signals():
                self._learn(named, signal)
        heard, self._heard = self._heard, len(notes.events)
        for event in notes.events[heard:]:
            signal = event.signal()
            if signal is not None and self._learn(None, signal):
                # Who was connected to it before anybody could look is no leak of the test that runs.
                there = self._standing_of(*self._signals[id(signal)], Senders())
                was = {key: one for key, one in there.items() if notes.made(one.key) is None}
                self._before = [before | was for before in self._before]

    def _learn(self, named: SignalWords | None, signal: Any) -> bool:
        """Remember a signal; tell whether it was not known."""
        _, reference = self._signals.get(id(signal), (None, None))
        if reference is not None and reference() is signal:
            return False
        self._signals[id(signal)] = named or signals.words(signal), weakref.ref(signal)
        return True


def _told(new: _Keys, gone: _Keys, same: Collection[_Identity] = frozenset()) -> list[str]:
    """Return a line for each that was left connected, and each that was removed."""
    held = _held_by_an_error() if new else frozenset()
    leaks = [
        f"left {safe(one.words.receiver, 200)} connected to {_signal(one.words)}{_where(one.words)}"
        for one in new.values()
        if _counts(one, same) and not _ends_with(one, held)
    ]
    return leaks + [
        f"removed {safe(one.words.receiver, 200)} from {_signal(one.words)}"
        for one in gone.values()
        if _counts(one, same)
    ]


def _is_of_before(one: _Known, modules: frozenset[str]) -> bool:
    """Whether its receiver was there already: a module that is imported connects what it connects."""
    return one.module in modules or "<locals>" in one.words.receiver


def _counts(one: _Known, same: Collection[_Identity]) -> bool:
    return not one.words.stock and _identity(one.words) not in same


def _reference(one: Registration) -> Any:
    return connections.reference(one.receiver) if one.weak else None


def _module(one: Registration) -> str:
    return str(getattr(receivers.innermost(one.receiver), "__module__", ""))


def _died(known: _Known) -> bool:
    """Whether a registration has ended with its signal, or its receiver."""
    return known.signal() is None or (known.registration is not None and known.registration() is None)


def _held_by_an_error() -> frozenset[int]:
    """Return the ids of what the last test that failed had, and what is kept only to be looked at."""
    error = getattr(sys, "last_value", None)
    traceback = getattr(error, "__traceback__", None)
    held: list[int] = []
    while traceback is not None:
        held += map(id, traceback.tb_frame.f_locals.values())
        traceback = traceback.tb_next
    return frozenset(held)


def _ends_with(one: _Known, held: frozenset[int]) -> bool:
    """Whether nobody can send its signal any more, or what is held is all that there is of it."""
    signal = one.signal()
    receiver = one.registration() if one.registration is not None else None
    if id(signal) in held or (receiver is not None and id(receivers.innermost(receiver)) in held):
        return True
    return signal is None or is_forgotten(signal)


def _identity(one: ListedReceiver) -> _Identity:
    return one.signal, one.receiver, one.sender, one.dispatch_uid


def _signal(one: ListedReceiver) -> str:
    return f"{safe(one.name)} for {safe(one.sender)}" if one.sender else safe(one.name)


def _where(one: ListedReceiver) -> str:
    return f" ({safe(one.connected_at.file, 200)}:{one.connected_at.line})" if one.connected_at else ""
