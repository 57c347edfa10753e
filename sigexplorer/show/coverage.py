"""Which receivers were called, which were not, and which signals nobody heard: each with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

from sigexplorer import catalog
from sigexplorer.errors import UnknownNameError
from sigexplorer.model import CHOOSES, LATE, OTHERS, ListedReceiver, Run, Trace
from sigexplorer.show.filters import Filters, Names, Sieve
from sigexplorer.show.look import Look
from sigexplorer.show.recording import records
from sigexplorer.show.recording.load import assembled
from sigexplorer.show.source import Source, each, sieves
from sigexplorer.show.text import split_path

Record = dict[str, Any]

_SENDERS = 4  # named in one row

_BASE = "django.dispatch.dispatcher.Signal."  # the class of all of Django's own signals


@dataclass(frozen=True, slots=True)
class Called:
    """A receiver that was called for a signal."""

    receiver: str
    signal: str
    senders: tuple[tuple[str, int], ...]  # with the number of calls
    reason: str


@dataclass(frozen=True, slots=True)
class NotCalled:
    """A registration of the project's own that nothing called."""

    receiver: str
    signal: str
    sender: str | None  # None: every sender
    file: str | None
    line: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Unheard:
    """A signal that was sent and that nobody heard."""

    signal: str
    senders: tuple[tuple[str, int], ...]  # with the number of dispatches
    reason: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """The three tables."""

    run: Run
    called: tuple[Called, ...]
    not_called: tuple[NotCalled, ...]
    unheard: tuple[Unheard, ...]
    registrations: int  # 0: the trace holds no list of them


@dataclass(slots=True)
class Seen:
    """What was seen of one signal from one sender."""

    dispatches: int = 0
    unheard: int = 0


@dataclass(slots=True)
class Outcomes:
    """What became of one receiver in the dispatches of one signal from one sender."""

    called: int = 0
    raised: int = 0
    skipped: int = 0
    muted: int = 0
    unknown: int = 0  # called or not: nobody saw


@dataclass(slots=True)
class Notes:
    """What the tables are made of; as large as there are names, however long the trace."""

    seen: dict[tuple[str, str | None], Seen] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # path of a signal to its short name
    outcomes: dict[tuple[str, str, str | None], Outcomes] = field(default_factory=dict)
    passed_by: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # receiver, operation, model
    registrations: list[ListedReceiver] = field(default_factory=list)
    counted: dict[str, dict[str, int]] = field(default_factory=dict)
    late: tuple[str, ...] = ()  # notes on ways to send of which nobody saw what they sent
    choosing: tuple[str, ...] = ()  # notes on signals that choose their receivers themselves

    def chooses(self, signal: str) -> bool:
        """Whether a signal's class may have left out a receiver that is connected."""
        return any(
            note.endswith(OTHERS) or signal in note.removeprefix(CHOOSES).split(", ")
            for note in self.choosing
        )

    def read(self, record: Record, times: int = 1) -> None:
        """Note a dispatch, or so many that are alike, or a bypass."""
        if record["type"] == "dispatch":
            _note(self, record, times)
        elif record["type"] == "bypass":
            for receiver in record["would_call"]:
                self.passed_by[receiver, record["operation"], record["model"]] += 1

    def of(self, trace: Trace, shown: Notes | None = None) -> Coverage:
        """Return the three tables, by what a trace says of what was connected, and of what it only counts.

        ``shown`` are notes of the part of it that is to be counted, if that is not all.
        """
        self.registrations = list(trace.receivers)
        for one in trace.counted:
            self.counted.setdefault(one.name, {})[one.sender] = one.times
        return self.covers(trace.run, shown)

    def covers(self, run: Run, shown: Notes | None = None) -> Coverage:
        """Return the three tables."""
        self.late = tuple(note for note in run.notes if LATE in note)
        self.choosing = tuple(note for note in run.notes if note.startswith(CHOOSES))
        part = shown or self
        tables = tuple(_called(self, part)), tuple(_not_called(self)), tuple(_unheard(self, part))
        return Coverage(run, *tables, len(self.registrations))


def coverages(source: Source, look: Look) -> list[Coverage]:
    """Return the coverage of every trace in ``source``, in one pass."""
    filters = look.filters
    # What narrows the rows must not narrow what is known: "never sent" would not be true.
    places = Filters(first=filters.first, from_ns=filters.from_ns, step=filters.step)
    names = Names(filters)
    placed, shown = sieves(source, places), sieves(source, filters)
    found = [
        narrowed(_covered(stream, next(placed), names, next(shown)), filters)
        for stream in each(source.records())
    ]
    names.check()
    return found


def coverage(trace: Trace) -> Coverage:
    """Return which receivers ``trace`` called, which it did not, and what nobody heard."""
    return _covered(iter(records(trace)), Sieve(Filters()), Names(Filters()))


def narrowed(found: Coverage, filters: Filters) -> Coverage:
    """Return the rows whose signal, sender and receiver the filters let through."""
    sieve = Sieve(Filters(signals=filters.signals))

    def meant(signal: str, receiver: str, senders: Iterable[str]) -> bool:
        return (
            sieve.named(signal, split_path(signal)[1], _group(signal), None)
            and (filters.receiver is None or fnmatchcase(receiver, filters.receiver))
            and (filters.sender is None or any(fnmatchcase(sender, filters.sender) for sender in senders))
        )

    return replace(
        found,
        called=tuple(row for row in found.called if meant(row.signal, row.receiver, dict(row.senders))),
        not_called=tuple(
            row for row in found.not_called if meant(row.signal, row.receiver, [row.sender or "*"])
        ),
        unheard=tuple(row for row in found.unheard if meant(row.signal, "", dict(row.senders))),
    )


def _group(signal: str) -> str:
    try:
        return catalog.find(signal).group
    except UnknownNameError:
        return "custom"


def _covered(stream: Iterator[Record], sieve: Sieve, names: Names, narrower: Sieve | None = None) -> Coverage:
    """Return the tables of one trace: reasons of all that ``sieve`` lets through, numbers of the narrower."""
    first = next(stream)
    notes = Notes()
    shown = Notes() if narrower is not None and narrower.filters != sieve.filters else None
    kept = [first]
    everything = sieve.filters == Filters()
    for record in stream:
        kind = record["type"]
        names.read(record)
        if kind == "bypass" or (kind == "dispatch" and (everything or sieve.record(record))):
            notes.read(record)
            if shown and narrower and kind == "dispatch" and narrower.record(record):
                shown.read(record)
        elif kind in ("receiver", "end"):
            kept.append(record)
    return notes.of(assembled(kept), shown)


def _note(notes: Notes, record: Record, times: int) -> None:
    signal, sender = record["signal"], record["sender"]
    seen = notes.seen.get((signal, sender))
    if seen is None:
        seen = notes.seen[signal, sender] = Seen()
        notes.names[signal] = record["name"]
    seen.dispatches += times
    if not record["calls"]:
        seen.unheard += times
    for call in record["calls"]:
        key = (call["receiver"], signal, sender)
        outcomes = notes.outcomes.get(key)
        if outcomes is None:
            outcomes = notes.outcomes[key] = Outcomes()
        outcome = call["outcome"]
        if outcome == "returned":
            outcomes.called += times
        elif outcome == "raised":
            outcomes.called += times
            outcomes.raised += times
        elif outcome == "skipped":
            outcomes.skipped += times
        elif outcome == "muted":
            outcomes.muted += times
        else:
            outcomes.unknown += times


def _called(notes: Notes, part: Notes) -> Iterator[Called]:
    """Yield what was called in a part of the trace, the most called first."""
    senders: dict[tuple[str, str], dict[str, int]] = {}
    raised: Counter[tuple[str, str]] = Counter()
    for (receiver, signal, sender), outcomes in part.outcomes.items():
        if outcomes.called:
            senders.setdefault((receiver, signal), {})[str(sender)] = outcomes.called
            raised[receiver, signal] += outcomes.raised
    for receiver, signal in sorted(senders, key=lambda key: (-sum(senders[key].values()), key)):
        ranked = sorted(senders[receiver, signal].items(), key=lambda pair: -pair[1])
        failures = raised[receiver, signal]
        reason = _connection(notes.registrations, receiver, signal)
        reason += f"; it raised {failures:,} times" if failures > 1 else "; it raised" if failures else ""
        yield Called(receiver, signal, tuple(ranked), reason)


def _connection(registrations: list[ListedReceiver], receiver: str, signal: str) -> str:
    """Say why a receiver is called: what it is connected for, as far as the trace knows."""
    own = [each for each in registrations if each.receiver == receiver and each.signal == signal]
    if not own:
        return "not connected any more at the end" if registrations else "it was connected"
    if any(one.sender is None for one in own):
        return "connected for every sender"
    return f"connected for {_listed([one.sender or '' for one in own])}"


def _not_called(notes: Notes) -> Iterator[NotCalled]:
    for one in notes.registrations:
        if one.stock:
            continue
        matching = [
            outcomes
            for (receiver, signal, sender), outcomes in notes.outcomes.items()
            if receiver == one.receiver and signal == one.signal and one.sender in (None, sender)
        ]
        if any(outcomes.called for outcomes in matching):
            continue
        reason = _why_not(notes, one, matching)
        yield NotCalled(one.receiver, one.signal, one.sender, one.file, one.line, reason)


def _why_not(notes: Notes, one: ListedReceiver, matching: list[Outcomes]) -> str:
    if not one.alive:
        return "it is dead: nothing else kept it alive, and its connection is weak"
    skipped = sum(outcomes.skipped for outcomes in matching)
    if skipped:
        return f"skipped {_times(skipped)}: a receiver before it raised"
    muted = sum(outcomes.muted for outcomes in matching)
    if muted:
        return f"muted {_times(muted)}"
    unknown = sum(outcomes.unknown for outcomes in matching)
    if unknown:
        return f"not known: {one.name} was sent {_times(unknown)} in a way of its own, which nobody saw"
    passed_by = [
        f"{operation} of {model}"
        for receiver, operation, model in notes.passed_by
        if receiver == one.receiver
    ]
    bypass = f"; {_listed(sorted(passed_by))} sent no signal and passed it by" if passed_by else ""
    return f"{_never_sent(notes, one)}{bypass}"


def _never_sent(notes: Notes, one: ListedReceiver) -> str:
    senders = [sender for signal, sender in notes.seen if signal == one.signal]
    if one.sender in senders or (one.sender is None and senders):
        if notes.chooses(one.signal):
            return f"{one.name} left it out, whose class chooses what is called, or it was not connected yet"
        return f"{one.name} was sent only while it was not connected"
    if senders:
        return f"{one.name} was sent by {_listed(sorted(map(str, senders)))}, never by {one.sender}"
    counted = notes.counted.get(one.name, {})
    if (one.sender in counted) if one.sender is not None else counted:
        return f"{one.name} is only counted in this trace, and its calls are not recorded"
    if any(_BASE in note or not one.signal.startswith("django.") for note in notes.late):
        return f"not known: what {LATE} may have sent {one.name}"
    return f"{one.name} was never sent"


def _unheard(notes: Notes, part: Notes) -> Iterator[Unheard]:
    """Yield by signal and reason what nobody heard in a part of the trace, the most frequent first."""
    rows: dict[tuple[str, str], dict[str, int]] = {}
    for (signal, sender), seen in part.seen.items():
        if seen.unheard:
            reason = _why_unheard(notes, signal, sender, notes.seen[signal, sender])
            rows.setdefault((signal, reason), {})[str(sender)] = seen.unheard
    for signal, reason in sorted(rows, key=lambda key: (-sum(rows[key].values()), key)):
        ranked = sorted(rows[signal, reason].items(), key=lambda pair: -pair[1])
        yield Unheard(signal, tuple(ranked), reason)


def _why_unheard(notes: Notes, signal: str, sender: str | None, seen: Seen) -> str:
    if not notes.registrations:
        return "nobody listened"
    own = [each for each in notes.registrations if each.signal == signal]
    if not own:
        return "nobody is connected to it"
    if any(one.alive and one.sender in (None, sender) for one in own):
        if notes.chooses(signal):
            return "its class chooses itself what is called, and left its receivers out"
        heard = seen.dispatches - seen.unheard
        return "its receiver was connected later" if not heard else "sent also while nobody was connected"
    if not any(one.alive for one in own):
        return "its receivers are dead"
    return f"connected only for {_listed(sorted({str(one.sender) for one in own if one.alive}))}"


def _listed(names: Iterable[str]) -> str:
    found = list(dict.fromkeys(names))
    more = f" and {len(found) - _SENDERS} more" if len(found) > _SENDERS else ""
    return ", ".join(found[:_SENDERS]) + more


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"
