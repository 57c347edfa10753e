"""How often, how long and how many: per receiver and per signal, while the records go by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sigexplorer.model import Run, Summary
from sigexplorer.show.rowlines import Written

Record = dict[str, Any]

#: Dispatches that may be open at once; more of them are those that outlived what caused them.
_OPEN = 100_000


@dataclass(slots=True)
class ReceiverNumbers:
    """What one receiver did in all of its calls."""

    calls: int = 0  # those that really ran
    total_ns: int = 0  # a call inside of another one of its own counts once
    own_ns: int = 0  # without the dispatches that it caused
    slowest_ns: int = 0
    queries: int = 0  # as the total
    errors: int = 0
    passed: int = 0  # skipped, or muted
    called_ns: int = 0  # of all calls, one inside of another too
    untimed: int = 0  # calls whose time is not known, or not even whether they were

    @property
    def mean_ns(self) -> int:
        """Return the mean of its calls whose time is known, 0 where there were none."""
        return self.called_ns // timed if (timed := self.calls - self.untimed) > 0 else 0


@dataclass(slots=True)
class SignalNumbers:
    """What came of one signal in all of its dispatches."""

    dispatches: int = 0
    unheard: int = 0
    calls: int = 0
    total_ns: int = 0  # a dispatch inside of another one of the signal counts once
    slowest_ns: int = 0
    queries: int = 0  # as the total
    errors: int = 0


@dataclass(frozen=True, slots=True)
class Burst:
    """One dispatch that nothing caused, and what it became."""

    id: int
    name: str
    sender: str | None
    dispatches: int  # with itself
    levels: int  # of nesting, with its own


@dataclass(slots=True)
class Profile:
    """A trace in numbers."""

    run: Run
    summary: Summary = field(default_factory=lambda: Summary(0, 0, 0, 0, 0))  # of what is shown
    receivers: dict[str, ReceiverNumbers] = field(default_factory=dict)
    signals: dict[str, SignalNumbers] = field(default_factory=dict)
    recursions: Counter[tuple[str, str, str | None]] = field(default_factory=Counter)  # who again sent what
    largest: Burst | None = None
    bypasses: dict[tuple[str, str], list[int]] = field(default_factory=dict)  # times, rows, times of unknown
    callbacks: dict[str, Counter[str]] = field(default_factory=dict)  # function: endings
    filtered: int = 0  # dispatches that were left out


#: By name: nanoseconds, and SQL statements.
_Counted = dict[str, tuple[int, int]]

_NOTHING = (0, 0)

_RAN = ("returned", "raised")
_NO_CALL = {"outcome": "skipped"}


@dataclass(slots=True)
class _Inside:
    """What closed during one call, or during one dispatch outside of its calls."""

    duration_ns: int = 0
    dispatches: int = 0
    levels: int = 0
    kinds: set[tuple[str, str | None]] = field(default_factory=set)  # signal and sender
    called: _Counted = field(default_factory=dict)  # by receiver: what was counted of its outermost calls
    sent: _Counted = field(default_factory=dict)  # by signal: the same of its outermost dispatches

    def count(self, record: Record, inside: Mapping[int | None, _Inside], *, shown: bool) -> None:
        """Take in what was counted of a dispatch, and of what closed inside it."""
        calls: Sequence[Record] = record["calls"] if shown else ()
        for index, held in inside.items():
            # What is in the dispatch, or in a call of it, is part of what that one counts.
            _add(self.sent, held.sent, record["name"] if shown else None)
            call = calls[index] if index is not None and index < len(calls) else _NO_CALL
            _add(self.called, held.called, call["receiver"] if call["outcome"] in _RAN else None)
        if shown:
            _add_one(self.sent, record["name"], record)
            for call in calls:
                if call["outcome"] in _RAN:
                    _add_one(self.called, call["receiver"], call)


def _add_one(found: _Counted, name: str, record: Record) -> None:
    duration_ns, queries = record["duration_ns"] or 0, record["queries"]
    before = found.get(name)
    found[name] = (duration_ns, queries) if before is None else (before[0] + duration_ns, before[1] + queries)


def _add(found: _Counted, more: _Counted, but: str | None) -> None:
    """Add numbers to those of the same name, but those of a name that stands for them already."""
    for name, (duration_ns, queries) in more.items():
        if name != but:
            before_ns, before = found.get(name, _NOTHING)
            found[name] = (before_ns + duration_ns, before + queries)


def _sent_inside(name: str, inside: Mapping[int | None, _Inside] | None) -> tuple[int, int]:
    """Return time and SQL of the dispatches of a signal that closed inside of another one of it."""
    again_ns = again = 0
    for each in inside.values() if inside else ():
        held = each.sent.get(name)
        if held is not None:
            again_ns += held[0]
            again += held[1]
    return again_ns, again


class Measure:
    """Adds records, in the order in which they closed, to a profile."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        #: By dispatch that has not closed yet: by index of its call what closed inside.
        self._inside: dict[int, dict[int | None, _Inside]] = {}

    def dispatch(self, record: Record, *, shown: bool = True) -> None:
        """Add one dispatch; what is not shown still counts as time and cause of others."""
        inside = self._inside.pop(record["id"], None)
        calls = record["calls"]
        if shown:
            profile = self.profile
            signal = profile.signals.get(record["name"])
            if signal is None:
                signal = profile.signals[record["name"]] = SignalNumbers()
            duration_ns = record["duration_ns"]
            signal.dispatches += 1
            again_ns, again = _sent_inside(record["name"], inside)
            signal.total_ns += max(0, duration_ns - again_ns)
            signal.queries += max(0, record["queries"] - again)
            if duration_ns > signal.slowest_ns:  # noqa: PLR1730 - max() takes three times as long
                signal.slowest_ns = duration_ns
            if calls:
                self._calls(record, calls, signal, inside)
            else:
                signal.unheard += 1
                signal.errors += record["error"] is not None
        else:
            self.profile.filtered += 1
        if record["parent"] is not None or inside:
            self._caused(record, inside, shown=shown)

    def returned(self, one: Written) -> None:
        """Add a dispatch in which nothing was raised or skipped."""
        if one.parent is not None or one.id in self._inside:
            calls = [{**call._asdict(), "outcome": "returned"} for call in one.calls]
            self.dispatch({**one._asdict(), "calls": calls, "error": None})
            return
        signal = self.profile.signals.get(one.name)
        if signal is None:
            signal = self.profile.signals[one.name] = SignalNumbers()
        duration_ns = one.duration_ns
        signal.dispatches += 1
        signal.total_ns += duration_ns
        signal.queries += one.queries
        if duration_ns > signal.slowest_ns:  # noqa: PLR1730 - max() takes three times as long
            signal.slowest_ns = duration_ns
        signal.calls += len(one.calls)
        signal.unheard += not one.calls
        for name, took, queries in one.calls:
            numbers = self.profile.receivers.get(name)
            if numbers is None:
                numbers = self.profile.receivers[name] = ReceiverNumbers()
            numbers.calls += 1
            numbers.total_ns += took
            numbers.called_ns += took
            numbers.own_ns += took
            if took > numbers.slowest_ns:  # noqa: PLR1730 - as above
                numbers.slowest_ns = took
            numbers.queries += queries

    def _calls(
        self,
        record: Record,
        calls: Iterable[Record],
        signal: SignalNumbers,
        inside: dict[int | None, _Inside] | None,
    ) -> None:
        receivers = self.profile.receivers
        raised = 0
        for index, call in enumerate(calls):
            name = call["receiver"]
            numbers = receivers.get(name)
            if numbers is None:
                numbers = receivers[name] = ReceiverNumbers()
            outcome = call["outcome"]
            if outcome not in ("returned", "raised"):
                numbers.passed += outcome != "unknown"
                numbers.untimed += outcome == "unknown"
                continue
            duration_ns = own_ns = total_ns = call["duration_ns"] or 0
            numbers.untimed += call["duration_ns"] is None
            queries = call["queries"]
            if inside and index in inside:
                own_ns = max(0, own_ns - inside[index].duration_ns)
                again_ns, again = inside[index].called.get(name, _NOTHING)
                total_ns, queries = max(0, total_ns - again_ns), max(0, queries - again)
                if (record["name"], record["sender"]) in inside[index].kinds:
                    self.profile.recursions[name, record["name"], record["sender"]] += 1
            numbers.calls += 1
            numbers.total_ns += total_ns
            numbers.called_ns += duration_ns
            numbers.own_ns += own_ns
            if duration_ns > numbers.slowest_ns:  # noqa: PLR1730 - as above
                numbers.slowest_ns = duration_ns
            numbers.queries += queries
            signal.calls += 1
            if outcome == "raised":
                numbers.errors += 1
                raised += 1
        signal.errors += raised or record["error"] is not None

    def _caused(self, record: Record, inside: dict[int | None, _Inside] | None, *, shown: bool) -> None:
        """Hand what closed inside ``record``, and itself, on to what caused it."""
        within = inside.values() if inside else ()
        dispatches = 1 + sum(call.dispatches for call in within)
        levels = 1 + max((call.levels for call in within), default=0)
        parent = record["parent"]
        if parent is None:
            largest = self.profile.largest
            if largest is None or dispatches > largest.dispatches:
                self.profile.largest = Burst(
                    record["id"], record["name"], record["sender"], dispatches, levels
                )
            return
        if len(self._inside) > _OPEN:
            self._inside.clear()
        place = self._inside.setdefault(parent, {}).setdefault(record["parent_call"], _Inside())
        place.duration_ns += record["duration_ns"]
        place.dispatches += dispatches
        place.levels = max(place.levels, levels)
        place.kinds.add((record["name"], record["sender"]))
        for call in within:
            place.kinds |= call.kinds
        place.count(record, inside or {}, shown=shown)

    def other(self, record: Record, *, shown: bool = True) -> None:
        """Add a record that is no dispatch."""
        if not shown:
            return
        if record["type"] == "bypass":
            numbers = self.profile.bypasses.setdefault((record["operation"], record["model"]), [0, 0, 0])
            numbers[0] += 1
            numbers[1] += record["rows"] or 0
            numbers[2] += record["rows"] is None
        elif record["type"] == "callback":
            self.profile.callbacks.setdefault(record["function"], Counter())[record["ending"]] += 1
