"""Which test left a receiver connected, or took one away."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
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


class Leaks:
    """Compares who is connected before and after each test."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []  # a test, and what it left
        self._known: _Keys = {}
        # By id, and not kept alive: one that was made in a test ends with it.
        self._signals: dict[int, tuple[SignalWords, weakref.ref[Any]]] = {}
        self._modules = 0  # how many were loaded when the signals were looked for
        self._heard = 0  # of the connections that were noted, those that were looked at
        self._before: _Keys = {}  # who is to be connected when the test ends
        self._watching = ExitStack()

    def begin(self) -> None:
        """Note from now on where receivers are connected."""
        self._watching.enter_context(connections.NOTES.watching())
        self._heard = len(connections.NOTES.events)

    def end(self) -> None:
        """Note it no more."""
        self._watching.close()

    @contextmanager
    def around_test(self, name: str) -> Iterator[None]:
        """Find what the test inside leaves."""
        self._before, modules = self._standing(), frozenset(sys.modules)
        try:
            yield
        finally:
            after = self._standing()
            if self._left(after, modules):
                gc.collect()  # what nobody holds any more is no leak
                after = self._standing()
            self.found += [(name, text) for text in self._left(after, modules)]

    @contextmanager
    def around_fixture(self) -> Iterator[None]:
        """Leave out what a fixture does that is there for several tests, as it begins or as it ends."""
        before = self._standing()
        try:
            yield
        finally:
            after = self._standing()
            self._before = {
                key: one for key, one in self._before.items() if key in after or key not in before
            }
            self._before |= {key: one for key, one in after.items() if key not in before}

    def _left(self, after: _Keys, modules: frozenset[str]) -> list[str]:
        before = self._before
        gone = [known for key, known in before.items() if key not in after and not _died(known)]
        new = [known for key, known in after.items() if key not in before]
        same = {_identity(one.words) for one in gone} & {_identity(one.words) for one in new}
        held = _held_by_an_error() if new else frozenset()
        leaks = [
            f"left {safe(one.words.receiver, 200)} connected to {_signal(one.words)}{_where(one.words)}"
            for one in new
            # A module that was imported meanwhile has connected what it connects.
            if one.module in modules or "<locals>" in one.words.receiver
            if _counts(one, same) and not _ends_with(one, held)
        ]
        return leaks + [
            f"removed {safe(one.words.receiver, 200)} from {_signal(one.words)}"
            for one in gone
            if _counts(one, same)
        ]

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
                self._before |= {key: one for key, one in there.items() if notes.made(one.key) is None}

    def _learn(self, named: SignalWords | None, signal: Any) -> bool:
        """Remember a signal; tell whether it was not known."""
        _, reference = self._signals.get(id(signal), (None, None))
        if reference is not None and reference() is signal:
            return False
        self._signals[id(signal)] = named or signals.words(signal), weakref.ref(signal)
        return True


def _counts(one: _Known, same: set[_Identity]) -> bool:
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
