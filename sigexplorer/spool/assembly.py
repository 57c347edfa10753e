"""Rows into records: what was noted while the program ran, in the words of the model."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

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
    ShapeReceiver,
    Undone,
)

_DJANGO = "django."
_BITS = 63  # of the largest number that JSON's readers agree about


class Place(NamedTuple):
    """Where a record stands among the others."""

    id: int
    parent: int | None
    parent_call: int | None
    step: int | None


class _Spans:
    """The times of one transaction that were rolled back."""

    def __init__(self) -> None:
        self._told: list[tuple[int, int]] = []
        self._since: list[int] = []  # of spans apart from each other, in order
        self._until: list[int] = []

    def add(self, span: Undone) -> None:
        """Take one in."""
        self._told.append((span.since, span.until))
        self._since = []

    def __contains__(self, clock: int) -> bool:
        if not self._since:
            self._merge()
        before = bisect_right(self._since, clock)
        return before > 0 and clock < self._until[before - 1]

    def _merge(self) -> None:
        self._until = []
        for since, until in sorted(self._told):
            if self._until and since <= self._until[-1]:
                self._until[-1] = max(self._until[-1], until)
            else:
                self._since.append(since)
                self._until.append(until)


class Assembly:
    """Makes records of rows.

    ``began`` is the clock when the run began, ``process`` the one that noted the rows;
    ``number`` gives the id of a record by that of its row, or None for one that is not
    part of the run, and ``step_of`` the step in which a clock reading lies.
    """

    def __init__(
        self,
        shapes: Sequence[Shape],
        began: int,
        process: int,
        number: Callable[[int], int | None],
        step_of: Callable[[int], int | None] = lambda _clock: None,
    ) -> None:
        self.shapes = shapes
        self.began = began
        self.process = process
        self._number = number
        self._step_of = step_of
        self._aliases: set[str] = set()
        self._undone: dict[int, _Spans] = {}
        self._kept: dict[int, Kept] = {}

    def learn(self, events: Iterable[Event], aliases: Iterable[str] = ()) -> None:
        """Take in what became of transactions and callbacks, which is known only later.

        ``aliases`` are those of the databases, as far as anybody knows them.
        """
        self._aliases.update(aliases)
        for event in events:
            if isinstance(event, Undone):
                self._undone.setdefault(event.transaction, _Spans()).add(event)
            elif isinstance(event, Kept):
                self._kept[event.id] = event

    def place(self, row: int, outer: int, position: int | None, start: int) -> Place:
        """Return where the record of a row stands among the others."""
        parent = self._number(outer)
        known = parent is not None and position is not None and position >= 0
        return Place(self._number(row) or 0, parent, position if known else None, self._step_of(start))

    def dispatch(self, thread: str, row: Flight) -> Dispatch:
        """Make the record of a flight that ``thread`` noted."""
        shape, start, notes = self.shapes[row[SHAPE]], row[START], row[NOTES] or {}
        calls = tuple(self._calls(row, shape))
        arguments = _arguments(shape, row[ARGUMENTS])
        transactions = self.transactions(shape, row[TRANSACTIONS], dict(arguments).get("using"))
        end = notes.get("end") or row[-1]
        return Dispatch(
            *self.place(row[ID], row[OUTER], row[POSITION], start),
            signal=shape.signal,
            name=shape.name,
            group=shape.group,
            method=shape.method,
            sender=notes.get("sender", shape.sender),
            start_ns=start - self.began,
            duration_ns=end - start,
            arguments=arguments,
            calls=calls,
            error=notes.get("error"),
            origin=_origin(row[ORIGIN]),
            in_transaction=bool(transactions),
            rolled_back=any(self.is_undone(number, start) for number in transactions),
            queries=sum(notes.get("queries", {}).values())
            + sum(called[-1] for called in notes.get("calls", {}).values()),
            thread=thread,
            process=self.process,
            callback=self._number(notes.get("callback", 0)),
        )

    def transactions(
        self, shape: Shape, open_now: Sequence[tuple[str, int]] | None, using: Scalar
    ) -> list[int]:
        """Return the numbers of the transactions on the database ``using``; where it is none, of all."""
        if not open_now:
            return []
        # A signal of a project's own may mean something else by that word.
        is_alias = isinstance(using, str) and (
            using in self._aliases or shape.signal.startswith(_DJANGO) or using in dict(open_now)
        )
        return [number for alias, number in open_now if not is_alias or using == alias]

    def is_undone(self, transaction: int, start: int) -> bool:
        """Whether what was sent at ``start`` in that transaction was rolled back."""
        spans = self._undone.get(transaction)
        return spans is not None and start in spans

    def beside(self, thread: str, row: Bypassed | Promised) -> Bypass | Callback:
        """Make the record of an event that ``thread`` noted, and that is no dispatch."""
        return self._bypass(thread, row) if isinstance(row, Bypassed) else self._callback(thread, row)

    def _calls(self, row: Flight, shape: Shape) -> Iterator[Call]:
        order = position = 0
        for receiver in shape.receivers:
            if receiver is None:
                position += 1
                continue
            order += 1
            if receiver.muted:
                called = _muted(row, position)
            else:
                called = _running(row, position, receiver, shape) or _called(row, position)
                position += 1
            yield Call(
                receiver=receiver.receiver,
                order=order,
                file=receiver.file,
                line=receiver.line,
                dispatch_uid=receiver.dispatch_uid,
                weak=receiver.weak,
                is_async=receiver.is_async,
                start_ns=called.start - self.began,
                duration_ns=None if called.end is None else called.end - called.start,
                outcome=called.outcome,
                result=called.result,
                error=called.error,
                queries=called.queries,
            )

    def _bypass(self, thread: str, row: Bypassed) -> Bypass:
        place = self.place(row.id, row.outer, row.position, row.start)
        return Bypass(
            id=place.id,
            operation=row.operation,
            model=row.model,
            rows=row.rows,
            start_ns=row.start - self.began,
            step=place.step,
            parent=place.parent,
            parent_call=place.parent_call,
            origin=_origin(row.origin),
            would_call=tuple(row.would_call),
            thread=thread,
            process=self.process,
        )

    def _callback(self, thread: str, row: Promised) -> Callback:
        place = self.place(row.id, row.outer, row.position, row.start)
        kept = self._kept.get(row.id) or Kept(row.id, 0, 0, "waiting", None)
        return Callback(
            id=place.id,
            function=row.function,
            file=row.file,
            line=row.line,
            using=row.using,
            registered_ns=row.start - self.began,
            step=place.step,
            parent=place.parent,
            parent_call=place.parent_call,
            origin=_origin(row.origin),
            start_ns=kept.start - self.began if kept.start else None,
            duration_ns=kept.end - kept.start,
            ending=kept.ending,
            error=kept.error,
            thread=thread,
            process=self.process,
        )


def _running(row: Flight, position: int, receiver: ShapeReceiver, shape: Shape) -> Called | None:
    """Return what is known of a receiver that runs now, or may: of an async one nobody has asked yet."""
    if not (row[NOTES] or {}).get("running") or ENDS + position < len(row):
        return None
    if ENDS + position > len(row) and not receiver.is_async and not shape.method.startswith("asend"):
        return None  # it waits for another
    now = _begin(row, position) if ENDS + position == len(row) else row[-1]
    return Called(now, None, "unknown", None, None, 0)


def _begin(row: Flight, position: int) -> int:
    """Return when a sync receiver was called: as the one before it ended, the first as all began."""
    clock: int = row[START + position]
    return clock if position else (row[NOTES] or {}).get("begun", clock)


def _called(row: Flight, position: int) -> Called:
    notes = row[NOTES] or {}
    if position in notes.get("calls", {}):
        return Called(*notes["calls"][position])
    if ENDS + position >= len(row):
        return Called(row[-1], row[-1], "skipped", None, None, 0)
    begin, end = _begin(row, position), row[ENDS + position]
    queries = notes.get("queries", {}).get(position, 0)
    if position in notes.get("raised", {}):
        return Called(begin, end, "raised", None, notes["raised"][position], queries)
    return Called(begin, end, "returned", notes.get("results", {}).get(position), None, queries)


def _muted(row: Flight, position: int) -> Called:
    """Return what became of a receiver that would have been called before the one at ``position``."""
    now = row[min(START + position, len(row) - 1)]
    return Called(now, now, "muted", None, None, 0)


def _arguments(shape: Shape, values: Any) -> tuple[tuple[str, Scalar], ...]:
    if type(values) is not tuple:
        return tuple((name, held) for name, held in values)
    return tuple(
        (name, held if label is None else f"<{label} pk={key_text(held)}>")
        for (name, label), held in zip(shape.arguments, values, strict=False)  # one more may be kept
    )


def key_text(held: int | None) -> str:
    """Return a primary key in words."""
    return str(held) if held is None or held.bit_length() <= _BITS else f"<int of {held.bit_length()} bits>"


def _origin(held: Line | None) -> Origin | None:
    return None if held is None else Origin(*held)
