"""Where the records of traces come from: traces in memory, or a recording in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import groupby
from typing import Any, Protocol, runtime_checkable

from sigexplorer.errors import UnknownNameError
from sigexplorer.model import Step, Trace
from sigexplorer.show.filters import Filters, Names, Sieve, apply, check, chosen_steps, narrowed
from sigexplorer.show.recording import assemble, records
from sigexplorer.show.recording.load import assembled
from sigexplorer.show.recording.rows import Row
from sigexplorer.show.text import safe

Record = dict[str, Any]


class Source(Protocol):
    """Traces, as the records of the contract, as often as they are looked at."""

    def records(self) -> Iterator[Record]:
        """Yield the records, each checked: run, ..., end, run, ..., end."""


@runtime_checkable
class Quick(Protocol):
    """A source that can say the same with less work."""

    def blocks(self) -> Iterator[Sequence[Row | Record]]:
        """Yield the records, some at a time; what needs no record is a row."""


@dataclass(frozen=True, slots=True)
class InMemory:
    """Traces that were just recorded."""

    traces: Sequence[Trace]

    def records(self) -> Iterator[Record]:
        """Yield the records in the order in which they closed."""
        for trace in self.traces:
            yield from records(trace)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Those traces of a source that are meant by ``wanted``: a number from 1, a title or a glob."""

    source: Source
    wanted: str

    def records(self) -> Iterator[Record]:
        """Yield the records of the traces that are meant; unknown: the titles that there are."""
        titles: list[str] = []
        found = meant = False
        for record in self.source.records():
            if record["type"] == "run":
                titles.append(record["title"])
                meant = self._is_meant(len(titles), record["title"])
                found = found or meant
            if meant:
                yield record
        if not found:
            numbers = [f"{number} ({safe(title)})" for number, title in enumerate(titles, 1)]
            raise UnknownNameError("trace", self.wanted, numbers)

    def _is_meant(self, number: int, title: str) -> bool:
        return self.wanted == str(number) or fnmatchcase(title, self.wanted)


def blocks_of(source: Source) -> Iterator[Sequence[Row | Record]]:
    """Yield the records of a source, some at a time; as rows where that is how it reads fastest."""
    if isinstance(source, Quick):
        yield from source.blocks()
    else:
        yield from ([record] for record in source.records())


def each(stream: Iterable[Record]) -> Iterator[Iterator[Record]]:
    """Yield the records of one trace after the other; read each before asking for the next."""
    number = 0

    def trace_of(record: Record) -> int:
        nonlocal number
        number += int(record["type"] == "run")
        return number

    for _, found in groupby(stream, trace_of):
        yield found


def traces_of(source: Source) -> list[Trace]:
    """Return all of a source in memory."""
    return list(source.traces) if isinstance(source, InMemory) else list(assemble(source.records()))


def filtered(source: Source, filters: Filters) -> list[Trace]:
    """Return what ``filters`` let through of a source, in memory; the rest goes by."""
    if isinstance(source, InMemory):
        check(source.traces, filters)
        return [apply(trace, filters) for trace in source.traces]
    names = Names(filters)
    found = zip(sieves(source, filters), each(source.records()), strict=False)  # sieves: as many as wanted
    traces = [_let_through(sieve, names, records) for sieve, records in found]
    names.check()
    return traces


def _let_through(sieve: Sieve, names: Names, records: Iterator[Record]) -> Trace:
    kept: list[Record] = []
    dispatches = left_out = 0
    for record in records:
        names.read(record)
        kind = record["type"]
        dispatches += kind == "dispatch"
        if (kind == "dispatch" and not sieve.record(record)) or (
            kind == "bypass" and not sieve.bypass_record(record)
        ):
            left_out += 1
        else:
            kept.append(record)
    trace = assembled(kept)
    return narrowed(trace, dispatches, sieve.filters) if left_out else trace


def sieves(source: Source, filters: Filters) -> Iterator[Sieve]:
    """Yield the sieve of ``filters`` for each trace; reads ahead only where a filter needs it."""
    if filters.depth is None and filters.step is None:
        while True:
            yield Sieve(filters)
    for found in each(source.records()):
        yield _sieve(found, filters)


def _sieve(found: Iterator[Record], filters: Filters) -> Sieve:
    parents: dict[int, int] = {}  # of those only that have one
    sent_by: dict[int, int] = {}  # by callbacks that were registered in a dispatch
    registered: dict[int, int] = {}
    steps: list[Step] = []
    for record in found:
        if record["type"] == "step":
            steps.append(Step(record["id"], record["title"], 0, 0, None))
        elif record["type"] == "dispatch" and record["parent"] is not None:
            parents[record["id"]] = record["parent"]
        elif record["type"] == "dispatch" and record.get("callback") is not None:
            sent_by[record["id"]] = record["callback"]
        elif record["type"] == "callback" and record["parent"] is not None:
            registered[record["id"]] = record["parent"]
    chosen = chosen_steps(steps, filters.step)
    if filters.depth is None:
        return Sieve(filters, chosen)
    parents |= {number: registered[one] for number, one in sent_by.items() if one in registered}
    return Sieve(filters, chosen, _deeper_than(filters.depth, parents))


def _deeper_than(limit: int, parents: dict[int, int]) -> Callable[[int, int | None], bool]:
    def deep(number: int, parent: int | None) -> bool:
        level, parent = 0, parents.get(number, parent)
        while parent is not None and level < limit:
            level += 1
            parent = parents.get(parent)
        return level >= limit

    return deep
