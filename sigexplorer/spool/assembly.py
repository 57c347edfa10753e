"""Rows into records: what was noted while the program ran, in the words of the model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from sigexplorer.model import Bypass, Call, Dispatch, Origin, Scalar
from sigexplorer.spool.rows import (
    ARGUMENTS,
    ENDS,
    NOTES,
    ORIGIN,
    OUTER,
    POSITION,
    SHAPE,
    START,
    TRANSACTIONS,
    Bypassed,
    Called,
    Flight,
    Shape,
    Undone,
)

_BITS = 63  # of the largest number that JSON's readers agree about


class Told(NamedTuple):
    """A row, and the thread that noted it."""

    thread: str
    row: Any


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

    def records(self, told: Iterable[Told]) -> tuple[list[Dispatch], list[Bypass]]:
        """Return the records of rows, with ids from 1 in the order in which they opened."""
        undone = _Undone()
        rows: list[tuple[int, Told]] = []
        for one in told:
            if type(one.row) is Undone:
                undone.add(one.row)
            else:
                rows.append((one.row[START], one))
        rows.sort(key=itemgetter(0))
        numbers = {start: number for number, (start, _) in enumerate(rows, 1)}
        indexes: dict[int, Sequence[int | None]] = {}
        dispatches: list[Dispatch] = []
        bypasses: list[Bypass] = []
        for number, (start, one) in enumerate(rows, 1):
            is_bypass = type(one.row) is Bypassed
            outer, position = (
                (one.row.outer, one.row.position) if is_bypass else one.row[OUTER : POSITION + 1]
            )
            place = _Place(number, numbers.get(outer), _index(indexes, outer, position), self._step_of(start))
            if is_bypass:
                bypasses.append(self._bypass(one.row, place))
                continue
            shape = self._shapes[one.row[SHAPE]]
            indexes[start] = _indexes(shape)
            dispatches.append(self._dispatch(one, shape, place, undone))
        return dispatches, bypasses

    def _dispatch(self, told: Told, shape: Shape, place: _Place, undone: _Undone) -> Dispatch:
        row = told.row
        start, notes, ends = row[START], row[NOTES] or {}, row[ENDS:]
        calls = tuple(self._calls(row, shape))
        arguments = _arguments(shape, row[ARGUMENTS])
        transactions = _of_database(row[TRANSACTIONS] or (), dict(arguments).get("using"))
        end = notes.get("end") or (ends[-1] if ends else start)
        return Dispatch(
            *place,
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
            rolled_back=any(undone.has(number, start) for number in transactions),
            queries=sum(notes.get("queries", {}).values())
            + sum(called[-1] for called in notes.get("calls", {}).values()),
            thread=told.thread,
            process=self._process,
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

    def _bypass(self, row: Bypassed, place: _Place) -> Bypass:
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
            would_call=row.would_call,
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


def _around(row: Any) -> tuple[int, int | None]:
    """Return the start of the dispatch around a row, and the position of the receiver in it."""
    return (row.outer, row.position) if type(row) is Bypassed else (row[OUTER], row[POSITION])


def _index(indexes: dict[int, Sequence[int | None]], outer: int, position: int | None) -> int | None:
    known = indexes.get(outer)
    if known is None or position is None or not 0 <= position < len(known):
        return None
    return known[position]


def _called(row: Flight, position: int) -> Called:
    start, notes, ends = row[START], row[NOTES] or {}, row[ENDS:]
    if position in notes.get("calls", {}):
        return Called(*notes["calls"][position])
    if position >= len(ends):
        last = ends[-1] if ends else start
        return Called(last, last, "skipped", None, None, 0)
    begin, end = ends[position - 1] if position else start, ends[position]
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


def _origin(held: tuple[str, int, str] | None) -> Origin | None:
    return None if held is None else Origin(*held)
