"""Rows into records: what was noted while the program ran, in the words of the model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from sigexplorer.model import Bypass, Call, Callback, Dispatch, Origin, Scalar
from sigexplorer.spool.rows import (
    ARGUMENTS,
    ENDS,
    ID,
    NOTES,
    ORIGIN,
    OUTER,
    POSITION,
    SHAPE,
    START,
    TRANSACTIONS,
    Bypassed,
    Called,
    Event,
    Flight,
    Kept,
    Line,
    Promised,
    Shape,
    Undone,
)

Opened = TypeVar("Opened", Dispatch, Bypass, Callback)

_BITS = 63  # of the largest number that JSON's readers agree about


class Told(NamedTuple):
    """A flight, and the thread that noted it."""

    thread: str
    flight: Flight


class Records(NamedTuple):
    """What was made of rows, each kind in the order of opening."""

    dispatches: tuple[Dispatch, ...]
    bypasses: tuple[Bypass, ...]
    callbacks: tuple[Callback, ...]


class _Place(NamedTuple):
    """Where a record stands among the others."""

    id: int
    parent: int | None
    parent_call: int | None
    step: int | None


class Assembly:
    """Makes records of rows.

    ``began`` is the clock when the run began; ``step_of`` says in which step a clock
    reading lies, and ``process`` is the one that noted them.
    """

    def __init__(
        self, shapes: Sequence[Shape], began: int, process: int, step_of: Callable[[int], int | None]
    ) -> None:
        self._shapes = shapes
        self._began = began
        self._process = process
        self._step_of = step_of
        self._undone = _Undone()
        self._kept: dict[int, Kept] = {}
        self._numbers: dict[int, int] = {}
        self._indexes: dict[int, Sequence[int | None]] = {}

    def records(self, told: Sequence[Told], events: Iterable[Event]) -> Records:
        """Return the records of rows, with ids from 1 in the order in which they opened."""
        opened: list[Bypassed | Promised] = []
        for event in events:
            if isinstance(event, Undone):
                self._undone.add(event)
            elif isinstance(event, Kept):
                self._kept[event.id] = event
            else:
                opened.append(event)
        self._number([*(one.flight[ID] for one in told), *(event.id for event in opened)])
        for one in told:
            self._indexes[one.flight[ID]] = _indexes(self._shapes[one.flight[SHAPE]])
        return Records(
            dispatches=_in_order(map(self._dispatch, told)),
            bypasses=_in_order(self._bypass(event) for event in opened if isinstance(event, Bypassed)),
            callbacks=_in_order(self._callback(event) for event in opened if isinstance(event, Promised)),
        )

    def _number(self, ids: list[int]) -> None:
        self._numbers = {number: place for place, number in enumerate(sorted(ids), 1)}

    def _place(self, row: int, outer: int, position: int | None, start: int) -> _Place:
        indexes = self._indexes.get(outer)
        call = None
        if indexes is not None and position is not None and 0 <= position < len(indexes):
            call = indexes[position]
        return _Place(self._numbers[row], self._numbers.get(outer), call, self._step_of(start))

    def _dispatch(self, told: Told) -> Dispatch:
        row = told.flight
        shape, start, notes = self._shapes[row[SHAPE]], row[START], row[NOTES] or {}
        calls = tuple(self._calls(row, shape))
        arguments = _arguments(shape, row[ARGUMENTS])
        transactions = _of_database(row[TRANSACTIONS] or (), dict(arguments).get("using"))
        end = notes.get("end") or row[-1]
        return Dispatch(
            *self._place(row[ID], row[OUTER], row[POSITION], start),
            signal=shape.signal,
            name=shape.name,
            group=shape.group,
            method=shape.method,
            sender=shape.sender,
            start_ns=start - self._began,
            duration_ns=end - start,
            arguments=arguments,
            calls=calls,
            error=notes.get("error"),
            origin=_origin(row[ORIGIN]),
            in_transaction=bool(transactions),
            rolled_back=any(self._undone.has(number, start) for number in transactions),
            queries=sum(notes.get("queries", {}).values())
            + sum(called[-1] for called in notes.get("calls", {}).values()),
            thread=told.thread,
            process=self._process,
            callback=self._numbers.get(notes.get("callback", 0)),
        )

    def _calls(self, row: Flight, shape: Shape) -> Iterator[Call]:
        order = 0
        for position, receiver in enumerate(shape.receivers):
            if receiver is None:
                continue
            order += 1
            called = _called(row, position)
            yield Call(
                receiver=receiver.receiver,
                order=order,
                file=receiver.file,
                line=receiver.line,
                dispatch_uid=receiver.dispatch_uid,
                weak=receiver.weak,
                is_async=receiver.is_async,
                start_ns=called.start - self._began,
                duration_ns=called.end - called.start,
                outcome=called.outcome,
                result=called.result,
                error=called.error,
                queries=called.queries,
            )

    def _bypass(self, row: Bypassed) -> Bypass:
        place = self._place(row.id, row.outer, row.position, row.start)
        return Bypass(
            id=place.id,
            operation=row.operation,
            model=row.model,
            rows=row.rows,
            start_ns=row.start - self._began,
            step=place.step,
            parent=place.parent,
            parent_call=place.parent_call,
            origin=_origin(row.origin),
            would_call=tuple(row.would_call),
        )

    def _callback(self, row: Promised) -> Callback:
        place = self._place(row.id, row.outer, row.position, row.start)
        kept = self._kept.get(row.id) or Kept(row.id, 0, 0, "waiting", None)
        return Callback(
            id=place.id,
            function=row.function,
            file=row.file,
            line=row.line,
            using=row.using,
            registered_ns=row.start - self._began,
            step=place.step,
            parent=place.parent,
            parent_call=place.parent_call,
            origin=_origin(row.origin),
            start_ns=kept.start - self._began if kept.start else None,
            duration_ns=kept.end - kept.start,
            ending=kept.ending,
            error=kept.error,
        )


class _Undone:
    """What was rolled back."""

    def __init__(self) -> None:
        self._spans: dict[int, list[tuple[int, int]]] = {}

    def add(self, row: Undone) -> None:
        """Take a rollback in."""
        self._spans.setdefault(row.transaction, []).append((row.since, row.until))

    def has(self, transaction: int, start: int) -> bool:
        """Whether what was sent at ``start`` in that transaction was undone."""
        return any(since <= start < until for since, until in self._spans.get(transaction, ()))


def _indexes(shape: Shape) -> Sequence[int | None]:
    """Return by position of a receiver its index among the calls, which leave our own out."""
    indexes: list[int | None] = []
    count = 0
    for receiver in shape.receivers:
        indexes.append(None if receiver is None else count)
        count += receiver is not None
    return indexes


def _in_order(records: Iterable[Opened]) -> tuple[Opened, ...]:
    return tuple(sorted(records, key=attrgetter("id")))


def _called(row: Flight, position: int) -> Called:
    notes = row[NOTES] or {}
    if position in notes.get("calls", {}):
        return Called(*notes["calls"][position])
    if ENDS + position >= len(row):
        return Called(row[-1], row[-1], "skipped", None, None, 0)
    begin, end = row[START + position], row[ENDS + position]
    queries = notes.get("queries", {}).get(position, 0)
    if position in notes.get("raised", {}):
        return Called(begin, end, "raised", None, notes["raised"][position], queries)
    return Called(begin, end, "returned", notes.get("results", {}).get(position), None, queries)


def _arguments(shape: Shape, values: Any) -> tuple[tuple[str, Scalar], ...]:
    if type(values) is not tuple:
        return tuple((name, held) for name, held in values)
    return tuple(
        (name, held if label is None else f"<{label} pk={_key(held)}>")
        for (name, label), held in zip(shape.arguments, values, strict=True)
    )


def _key(held: int | None) -> str:
    return str(held) if held is None or held.bit_length() <= _BITS else f"<int of {held.bit_length()} bits>"


def _of_database(transactions: tuple[tuple[str, int], ...], using: Scalar) -> list[int]:
    """Return the numbers of those on the database ``using``; without it, of all."""
    return [number for alias, number in transactions if not isinstance(using, str) or using == alias]


def _origin(held: Line | None) -> Origin | None:
    return None if held is None else Origin(*held)
