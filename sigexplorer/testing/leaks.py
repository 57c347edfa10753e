"""Which test left a receiver connected, or took one away."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from sigexplorer.capture import connections, receivers
from sigexplorer.capture.listening import tracing_receiver
from sigexplorer.capture.registry import Registration, registrations
from sigexplorer.capture.senders import Senders
from sigexplorer.model import ListedReceiver
from sigexplorer.project.inventory import all_signals, listed
from sigexplorer.show.text import safe


class _Known(NamedTuple):
    """A registration that was seen."""

    key: Any  # kept, so that its id stays its own
    words: ListedReceiver
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
        self._signals: list[tuple[Any, Any]] = []
        self._modules = 0  # how many were loaded when the signals were looked for
        self._excused: set[_Identity] = set()  # what a fixture of many tests connected, or took away
        self._watching = ExitStack()

    def begin(self) -> None:
        """Note from now on where receivers are connected."""
        self._watching.enter_context(connections.NOTES.watching())

    def end(self) -> None:
        """Note it no more."""
        self._watching.close()

    @contextmanager
    def around_test(self, name: str) -> Iterator[None]:
        """Find what the test inside leaves."""
        before, modules = self._standing(), frozenset(sys.modules)
        try:
            yield
        finally:
            after = self._standing()
            if self._left(before, after, modules):
                gc.collect()  # what nobody holds any more is no leak
                after = self._standing()
            self.found += [(name, text) for text in self._left(before, after, modules)]

    @contextmanager
    def around_fixture(self) -> Iterator[None]:
        """Excuse what a fixture does that is there for several tests."""
        before = self._standing()
        try:
            yield
        finally:
            after = self._standing()
            changed = before.keys() ^ after.keys()
            self._excused |= {_identity(self._known[key].words) for key in changed}

    def _left(self, before: _Keys, after: _Keys, modules: frozenset[str]) -> list[str]:
        gone = [known for key, known in before.items() if key not in after and not _died(known)]
        new = [known for key, known in after.items() if key not in before]
        same = {_identity(one.words) for one in gone} & {_identity(one.words) for one in new}
        leaks = [
            f"left {safe(one.words.receiver, 200)} connected to {_signal(one.words)}{_where(one.words)}"
            for one in new
            # A module that was imported meanwhile has connected what it connects.
            if one.module in modules or "<locals>" in one.words.receiver
            if self._counts(one, same)
        ]
        return leaks + [
            f"removed {safe(one.words.receiver, 200)} from {_signal(one.words)}"
            for one in gone
            if self._counts(one, same)
        ]

    def _counts(self, one: _Known, same: set[_Identity]) -> bool:
        identity = _identity(one.words)
        return not one.words.stock and identity not in same and identity not in self._excused

    def _standing(self) -> _Keys:
        """Return every live registration."""
        if self._modules != len(sys.modules):
            self._signals, self._modules = all_signals(), len(sys.modules)
        found: _Keys = {}
        senders = Senders()
        for named, signal in self._signals:
            for order, one in enumerate(registrations(signal), 1):
                if one.receiver is None or one.receiver is tracing_receiver:
                    continue
                known = self._known.get(id(one.key))
                if known is None:
                    known = _Known(one.key, listed(named, one, order, senders), _reference(one), _module(one))
                    self._known[id(one.key)] = known
                found[id(one.key)] = known
        return found


def _reference(one: Registration) -> Any:
    return connections.reference(one.receiver) if one.weak else None


def _module(one: Registration) -> str:
    return str(getattr(receivers.innermost(one.receiver), "__module__", ""))


def _died(known: _Known) -> bool:
    return known.registration is not None and known.registration() is None


def _identity(one: ListedReceiver) -> _Identity:
    return one.signal, one.receiver, one.sender, one.dispatch_uid


def _signal(one: ListedReceiver) -> str:
    return f"{safe(one.name)} for {safe(one.sender)}" if one.sender else safe(one.name)


def _where(one: ListedReceiver) -> str:
    return f" ({safe(one.connected_at.file, 200)}:{one.connected_at.line})" if one.connected_at else ""
