"""What is known about one receiver: in the source, in the registry, and from watching the start."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from sigexplorer import catalog
from sigexplorer.capture import receivers, registry, signals
from sigexplorer.capture.connections import NOTES, Noted
from sigexplorer.capture.listening import tracing_receiver
from sigexplorer.capture.receivers import ReceiverWords
from sigexplorer.capture.registry import Registration, Waiting
from sigexplorer.capture.senders import Senders
from sigexplorer.capture.signals import SignalWords
from sigexplorer.errors import UnknownNameError, UsageError
from sigexplorer.model import ListedReceiver, Origin, Trace
from sigexplorer.project import inventory
from sigexplorer.project.naming import Meant, connected_at
from sigexplorer.project.source import Definition, Source, project_folders


class Standing(NamedTuple):
    """A registration that is there now."""

    named: SignalWords
    signal: Any
    registration: Registration
    receiver: ReceiverWords
    event: Noted | None


class Attempt(NamedTuple):
    """A ``connect`` or ``disconnect`` that was watched, and the signal it was about."""

    named: SignalWords
    event: Noted


class Pending(NamedTuple):
    """A connection that waits for a model."""

    named: SignalWords
    waiting: Waiting
    receiver: ReceiverWords
    at: Origin | None


class Facts:
    """All that there is to know about receivers, gathered once."""

    def __init__(self, folder: Path) -> None:
        self.senders = Senders()
        self.source = Source(project_folders(folder))
        self.signals = inventory.all_signals()
        names = {id(signal): named for named, signal in self.signals}
        self.standing = [
            _standing(named, signal, one)
            for named, signal in self.signals
            for one in registry.registrations(signal)
            if one.receiver is not tracing_receiver
        ]
        self.attempts = [
            Attempt(names[id(signal)], event)
            for event in NOTES.events
            if (signal := event.signal()) is not None and id(signal) in names
        ]
        self.pending = [_pending(one) for one in registry.waiting()]

    @cached_property
    def receivers(self) -> list[tuple[str, ReceiverWords]]:
        """The paths of signals with the receivers that are, were or may yet be connected to them."""
        found = [(one.named.path, one.receiver) for one in self.standing]
        found += [(one.named.path, one.event.receiver) for one in self.attempts]
        found += [(one.named.path, one.receiver) for one in self.pending]
        return [(path, words) for path, words in found if words.name != "?"]

    @cached_property
    def names(self) -> set[str]:
        """The names of all of them."""
        return {words.name for _, words in self.receivers}

    @cached_property
    def function_names(self) -> set[str]:
        """The names of all functions in the source."""
        return set(self.source.all_names())


def _standing(named: SignalWords, signal: Any, one: Registration) -> Standing:
    event = NOTES.made(one.key)
    if one.receiver is not None:
        return Standing(named, signal, one, receivers.words(one.receiver), event)
    return Standing(named, signal, one, event.receiver if event else ReceiverWords("?", None, None), event)


def _pending(waiting: Waiting) -> Pending:
    at = NOTES.asked_at(waiting.signal, waiting.receiver, ".".join(waiting.model))
    return Pending(signals.words(waiting.signal), waiting, receivers.words(waiting.receiver), at)


_CALL = ".__call__"


@dataclass(frozen=True)
class Case:
    """One receiver, and what of the facts is about it."""

    name: str  # module.qualname
    facts: Facts
    signal: str | None = None  # dotted path; None: every signal
    trace: Trace | None = None
    definitions: tuple[Definition, ...] = field(default=())
    meant: Meant | None = None  # the one object that was asked about, where others go by its name

    @property
    def told(self) -> str:
        """What to call it in the answer."""
        return self.meant.path if self.meant is not None else self.name

    @cached_property
    def standing(self) -> list[Standing]:
        """The registrations that there are now and whose receiver lives."""
        return [
            one
            for one in self.facts.standing
            if one.registration.receiver is not None and self._meant(one.named) and self.is_ours(one)
        ]

    @cached_property
    def attempts(self) -> list[Attempt]:
        """The connects and disconnects that were watched."""
        return [
            one
            for one in self.facts.attempts
            if self._meant(one.named) and self._about(one.event.receiver, one.event.holds, one.event.at)
            if one.event.target is None or self._may_be(one.event.target())
        ]

    @cached_property
    def elsewhere(self) -> list[Standing]:
        """The registrations with other signals, where it is asked about one that it is not connected to."""
        if self.signal is None or self.connected:
            return []
        return [one for one in self.facts.standing if self.is_ours(one)]

    @cached_property
    def pending(self) -> list[Pending]:
        """The connections that wait for a model."""
        return [
            one
            for one in self.facts.pending
            if self._meant(one.named)
            and self._about(one.receiver, receivers.held(one.waiting.receiver), one.at)
            and self._may_be(one.waiting.receiver)
        ]

    @cached_property
    def connected(self) -> bool:
        """Whether anybody tried to connect it, with or without success."""
        return bool(self.standing or self.pending or self.attempts or self.recorded)

    @cached_property
    def listed(self) -> list[ListedReceiver]:
        """Its registrations that there were, and were alive, when the run that is looked at ended."""
        listed = self.trace.receivers if self.trace is not None else ()
        return [one for one in listed if one.alive and self._is_listed(one)]

    @cached_property
    def recorded(self) -> list[str]:
        """The signals to which it is connected in the run that is looked at, be it after the start."""
        if self.trace is None:
            return []
        found = [one.signal for one in self.listed]
        for dispatch in self.trace.dispatches:
            found += [dispatch.signal for call in dispatch.calls if call.receiver in self.called]
        return [path for path in dict.fromkeys(found) if self.signal in (None, path)]

    @cached_property
    def signals(self) -> tuple[str, ...]:
        """The dotted paths of the signals that it is, or was to be, connected to."""
        found: list[SignalWords] = [one.named for one in self.standing]
        found += [one.named for one in self.pending]
        found += [one.named for one in self.attempts]
        paths = [*(named.path for named in found), *self.recorded] or ([self.signal] if self.signal else [])
        return tuple(dict.fromkeys(paths))

    @property
    def module(self) -> str | None:
        """The module that defines it, as far as is known."""
        if self.definitions:
            return self.definitions[0].file.module
        parts = self.name.split(".")
        beginnings = (".".join(parts[:end]) for end in range(len(parts) - 1, 0, -1))
        return next((name for name in beginnings if name in sys.modules), None)

    @cached_property
    def called(self) -> frozenset[str]:
        """The names by which a run knows it, and nothing else."""
        return (self.names | self._wrappers) - self.shared

    @cached_property
    def shared(self) -> frozenset[str]:
        """The names by which a run knows it and others: functions that are wrapped alike, other objects."""
        mine = self._wrappers | (self.names if self.meant is not None else frozenset())
        others = [one.receiver.name for one in self.facts.standing if not self.is_ours(one)]
        if self.trace is not None:
            others += [one.receiver for one in self.trace.receivers if not self._is_listed(one)]
        return mine.intersection(others)

    @cached_property
    def _wrappers(self) -> frozenset[str]:
        """The names of what decorators without ``functools.wraps`` made of it."""
        found = [one.receiver.name for one in self.standing]
        found += [one.receiver.name for one in self.pending]
        found += [one.event.receiver.name for one in self.attempts]
        if self.trace is not None:
            found += [one.receiver for one in self.trace.receivers if self._is_listed(one)]
        return frozenset(found) - self.names - {"?"}

    @cached_property
    def names(self) -> frozenset[str]:
        """Its name, which for an object that can be called is its class's or its method's."""
        bare = self.name.removesuffix(_CALL)
        return frozenset((self.name, bare, f"{bare}{_CALL}"))

    @cached_property
    def _places(self) -> set[tuple[str, int]]:
        """Where it is connected: the lines of its decorators, and of each ``connect`` that is given it."""
        last = self.name.rpartition(".")[2]
        files = {one.at.file for one in self.definitions}
        calls = self.facts.source.connections(last) if files else []
        if len(self.facts.source.definitions(last)) > 1:  # another file may mean another one
            calls = [at for at in calls if at.file in files]
        found = {(one.at.file, line) for one in self.definitions for line in one.lines}
        return found | {(at.file, at.line) for at in calls}

    def is_ours(self, one: Standing) -> bool:
        """Whether a registration is one of this receiver, be it under a decorator."""
        event = one.event
        holds = event.holds if event else receivers.held(one.registration.receiver)
        there = self._may_be(one.registration.receiver)
        return there and self._about(one.receiver, holds, event.at if event else None)

    def _may_be(self, receiver: Any) -> bool:
        """Whether that, None for one that died, is no other object than the one that was asked about."""
        return self.meant is None or receivers.is_same(self.meant.target, receiver)

    def _is_listed(self, one: ListedReceiver) -> bool:
        """Whether a registration that a run recorded is one of this receiver."""
        return self._about(ReceiverWords(one.receiver, one.file, one.line), (), one.connected_at)

    def _about(self, receiver: ReceiverWords, holds: tuple[str, ...], at: Origin | None) -> bool:
        if receiver.name in self.names or self.name in holds:
            return True
        return at is not None and (at.file, at.line) in self._places and self._wraps(receiver.name)

    def _wraps(self, name: str) -> bool:
        """Whether a receiver called ``name`` is nothing that stands in the source by that name."""
        return "<locals>" in name or name not in self.facts.function_names

    def _meant(self, named: SignalWords) -> bool:
        return self.signal is None or named.path == self.signal


def open_case(question: str, facts: Facts, trace: Trace | None) -> Case:
    """Return the case of ``module.function``, ``function`` or ``signal:receiver``."""
    before, colon, after = question.rpartition(":")
    signal = _signal(before, facts) if colon else None
    text = after.strip()
    definitions = facts.source.definitions(text.rpartition(".")[2]) if text else []
    try:
        name, meant = _resolved(text, facts, definitions, signal), None
    except UnknownNameError:
        meant = connected_at(text, facts)
        if meant is None:
            raise
        name = meant.name
        definitions = facts.source.definitions(name.rpartition(".")[2])
    ours = tuple(one for one in definitions if one.name == name)
    return Case(name, facts, signal, trace, ours, meant)


def _signal(text: str, facts: Facts) -> str:
    """Return the path of the signal that is called ``text``."""
    known = {named.path: named.name for named, _ in facts.signals}
    known |= {page.path: page.name for page in catalog.PAGES}
    found = [path for path, name in known.items() if text in (path, name)]
    found = found or [path for path in known if text and path.endswith(f".{text}")]
    imported = None if found else signals.path_at(text)
    if imported is not None:
        return imported
    if not found:
        raise UnknownNameError("signal", text, [*known, *known.values()])
    if len(found) > 1:
        raise UsageError(f"'{text}' is the name of several signals", f"one of {', '.join(sorted(found))}")
    return found[0]


def _resolved(text: str, facts: Facts, definitions: list[Definition], signal: str | None) -> str:
    """Return the full name of the receiver that is called ``text``, which may be the end of it."""
    for known in (facts.names, {one.name for one in definitions}):
        if text in known:
            return text
        if f"{text}{_CALL}" in known:  # a class whose objects are receivers
            return f"{text}{_CALL}"
        ends = (f".{text}", f".{text}{_CALL}")
        found = sorted({name.removesuffix(_CALL) for name in known if text and name.endswith(ends)})
        if len(found) == 1 or (found and _is_one(found, facts)):
            first = next((name for name in found if name in {one.name for one in definitions}), found[0])
            return first if first in known else f"{first}{_CALL}"
        if found:
            raise UsageError(f"'{text}' is the name of several functions", f"one of {', '.join(found[:10])}")
    there = {words.name for path, words in facts.receivers if path == signal}
    if there:
        raise UnknownNameError("receiver", text, there, f" of {signal}")
    raise UnknownNameError("receiver", text, {*facts.names, *facts.function_names})


def _is_one(names: list[str], facts: Facts) -> bool:
    """Whether these are names of one function, whose file was imported by several."""
    places = {words[1:] for _, words in facts.receivers if words.name.removesuffix(_CALL) in names}
    return len(places) == 1 and all(part is not None for part in next(iter(places)))
