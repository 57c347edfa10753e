"""What a view shows of a trace: what the filters let through, and of much its two ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from heapq import heappush, heappushpop
from typing import Any

from sigexplorer.model import Run, Summary, Trace, summarise
from sigexplorer.show.filters import NOISE, Filters, Names, Sieve, apply, has_failed
from sigexplorer.show.look import Look
from sigexplorer.show.places import Places
from sigexplorer.show.recording.load import assembled
from sigexplorer.show.tally import Tally

Record = dict[str, Any]

_PER_ROW = 5  # dispatches kept for a row: repeats of one are joined
_LEAST = 500


@dataclass(frozen=True, slots=True)
class Gap:
    """What is left out of the middle of a long trace."""

    dispatches: int
    after: int  # the id of the last one before it


@dataclass(frozen=True, slots=True)
class Selection:
    """A trace as far as it is shown, and what is known of the rest."""

    trace: Trace  # what the filters let through; of a long recording its beginning and its end
    run: Run
    summary: Summary  # of everything
    filtered: int = 0  # dispatches that the filters left out
    passed: int = 0  # bypasses that the filters left out
    folded: Counter[str] = field(default_factory=Counter)  # by signal: read, folded and not kept
    sent: Counter[int | None] = field(default_factory=Counter)  # dispatches by step
    gap: Gap | None = None
    places: Places = field(default_factory=Places)  # of everything that was read


def selected(trace: Trace, look: Look) -> Selection:
    """Return what a view shows of a trace in memory."""
    narrowed = apply(trace, look.filters)
    return Selection(
        narrowed,
        trace.run,
        summarise(trace),
        filtered=len(trace.dispatches) - len(narrowed.dispatches),
        passed=len(trace.bypasses) - len(narrowed.bypasses),
        sent=Counter(dispatch.step for dispatch in trace.dispatches),
        places=Places(trace.dispatches),
    )


class _Ends:
    """The first records that were opened, and the last, of however many go by."""

    def __init__(self, each_end: int | None, *, only_first: bool) -> None:
        self._size = each_end  # None: all
        self._only_first = only_first
        self._first: list[tuple[int, int, Record]] = []
        self._last: list[tuple[int, int, Record]] = []
        self.seen = 0

    def add(self, record: Record) -> None:
        self.seen += 1
        number = record["id"]
        if self._size is None:
            self._first.append((-number, self.seen, record))
            return
        if len(self._first) < self._size:
            heappush(self._first, (-number, self.seen, record))
            return
        left = heappushpop(self._first, (-number, self.seen, record))
        if self._only_first:
            return
        turned = (-left[0], left[1], left[2])
        if len(self._last) < self._size:
            heappush(self._last, turned)
        else:
            heappushpop(self._last, turned)

    def wants_first(self, number: int) -> bool:
        """Whether a record with that id, or a higher one, may be among the first."""
        return self._size is None or len(self._first) < self._size or number < -self._first[0][0]

    def wants_last(self, number: int) -> bool:
        """Whether a record with that id, or a lower one, may be among the last."""
        return not self._only_first and (len(self._last) < (self._size or 0) or number > self._last[0][0])

    def kept(self) -> list[Record]:
        return [record for _, _, record in (*self._first, *self._last)]

    def gap(self) -> Gap | None:
        hidden = self.seen - len(self._first) - len(self._last)
        return Gap(hidden, -min(self._first)[0]) if hidden else None


class Reader:
    """Keeps of the records of one trace those that are shown."""

    def __init__(self, run: Record, sieve: Sieve, look: Look, names: Names | None = None) -> None:
        size = max(_LEAST, look.rows * _PER_ROW) if look.rows else None
        only_first = bool(look.filters.first or look.filters.from_ns)
        self._dispatches = _Ends(size, only_first=only_first)
        self._others = {kind: _Ends(size, only_first=only_first) for kind in ("bypass", "callback")}
        self._kept = [run]  # and steps, claims, receivers, the end
        self._sieve, self._names = sieve, names or Names(look.filters)
        self._noise = frozenset[str]() if look.verbose else NOISE - look.marked
        self._tally = Tally()
        self._tally.add(run)
        self._found = Selection(Trace(assembled([run]).run), assembled([run]).run, self._tally.summary())
        self._filtered = self._passed = 0

    def add(self, record: Record) -> None:
        """Take the next record."""
        self._tally.add(record)
        self._names.read(record)
        kind = record["type"]
        if kind == "dispatch":
            self._dispatch(record)
        elif kind == "bypass":
            if self._sieve.bypass_record(record):
                self._others[kind].add(record)
            else:
                self._passed += 1
        elif kind == "callback":
            self._others[kind].add(record)
        else:
            self._kept.append(record)

    def _dispatch(self, record: Record) -> None:
        self._found.sent[record["step"]] += 1
        self._found.places.read(record)
        if not self._sieve.record(record):
            self._filtered += 1
        elif record["name"] in self._noise and not (
            has_failed(record) or self._sieve.asked_for(record["signal"], record["name"], record["group"])
        ):
            self._found.folded[record["name"]] += 1
        else:
            self._dispatches.add(record)

    def wants_first(self, number: int) -> bool:
        """Whether a dispatch with that id, or a higher one, may be among the first."""
        return self._dispatches.wants_first(number)

    def wants_last(self, number: int) -> bool:
        """Whether a dispatch with that id, or a lower one, may be among the last."""
        return self._dispatches.wants_last(number)

    def leave_out(self, dispatches: int, bypasses: int) -> None:
        """Count records that the filters leave out, without having seen them."""
        self._filtered += dispatches
        self._passed += bypasses

    def pass_over(self, dispatches: int, quiet: Counter[str]) -> None:
        """Count dispatches that are not among those that are kept; the ``quiet`` of them are folded."""
        self._dispatches.seen += dispatches - quiet.total()
        self._found.folded.update(quiet)

    def selection(self) -> Selection:
        """Return what is shown."""
        dispatches = self._dispatches.kept()
        bypasses = self._others["bypass"].kept()
        gap = self._dispatches.gap()
        if gap:  # what stands in the gap has no place to be shown
            later = min((one["id"] for one in dispatches if one["id"] > gap.after), default=2**63)
            bypasses = [one for one in bypasses if not gap.after < one["id"] < later]
        callbacks = _belonging(self._others["callback"].kept(), dispatches, self._sieve)
        trace = assembled([*self._kept[:1], *dispatches, *bypasses, *callbacks, *self._kept[1:]])
        return replace(
            self._found,
            trace=trace,
            summary=self._tally.summary(),
            filtered=self._filtered,
            passed=self._passed,
            gap=gap,
        )


def _belonging(callbacks: Sequence[Record], dispatches: Sequence[Record], sieve: Sieve) -> list[Record]:
    """Return the callbacks that sent, or were registered in, what is shown."""
    if sieve.filters == Filters():
        return list(callbacks)
    ids = {record["id"] for record in dispatches}
    sending = {record.get("callback") for record in dispatches}
    return [
        each
        for each in callbacks
        if each["id"] in sending
        or each["parent"] in ids
        or (sieve.filters.failed and each["ending"] == "raised")
    ]
