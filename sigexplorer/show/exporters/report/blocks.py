"""Some thousand dispatches as columns of small numbers and tables of texts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter, sub
from typing import Any

from sigexplorer.show.exporters.report.packing import Numbers, clean, clean_texts, pack
from sigexplorer.show.recording import rows
from sigexplorer.show.recording.rows import Row

Record = dict[str, Any]

#: Columns of numbers by their names.
Columns = Iterator[tuple[str, Sequence[int]]]

_scan = json.JSONDecoder().raw_decode  # of a text that is known to be JSON: quicker than loads

_REMEMBERED = 10_000  # texts of rows

_KIND: Callable[[Record], tuple[Any, ...]] = itemgetter(
    "signal", "name", "group", "method", "sender", "step", "thread", "process", "in_transaction",
    "rolled_back",
)  # fmt: skip
_CALL_KIND: Callable[[Record], tuple[Any, ...]] = itemgetter(
    "receiver", "order", "file", "line", "dispatch_uid", "weak", "async", "outcome"
)


def kind(dispatch: Record) -> tuple[Any, ...]:
    """Return what makes the kind of a dispatch."""
    return _KIND({**dispatch, "method": dispatch["own_method"]} if "own_method" in dispatch else dispatch)


def call_kind(call: Record) -> tuple[Any, ...]:
    """Return what makes the kind of a call."""
    found = _CALL_KIND(call)
    if call.get("duration_ns", 0) is None and call["outcome"] != "unknown":
        return (*found[:-1], f"{call['outcome']}, time not known")
    return found


_KIND_OF_ROW = itemgetter(rows.STEP, rows.NAMES, rows.THREAD, rows.TRANSACTION)
_SENT = itemgetter(rows.NAMES, rows.RECEIVER)
_ORIGIN = itemgetter("file", "line", "function")


class Kinds:
    """Kinds, numbered once for the whole trace."""

    def __init__(self, parts: Callable[[Record], tuple[Any, ...]]) -> None:
        self._parts = parts
        self._numbers = Numbers()
        self._known: dict[Any, int] = {}
        self.new = self._numbers.new

    def of_record(self, record: Record) -> int:
        """Return the number of a record's kind."""
        return self._numbers.of([self._parts(record)])[0]

    def of_texts(self, keys: Iterable[Any], members: Callable[[Any], str]) -> list[int]:
        """Return the numbers of the kinds which rows have in these texts; ``members`` says what they hold."""
        found = []
        for key in keys:
            number = self._known.get(key)
            if number is None:
                number = self.of_record(json.loads(f"{{{members(key)}}}"))
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[key] = number
            found.append(number)
        return found


class Block:
    """Columns that grow by a dispatch at a time."""

    def __init__(self, kinds: Kinds, call_kinds: Kinds) -> None:
        self._kinds, self._call_kinds = kinds, call_kinds
        self._rows: list[Row] = []  # that came last, and are entered together: column by column
        self.sent: Counter[tuple[str, str]] = Counter()  # by what is the same in many rows
        self._id: list[int] = []
        self._kind: list[int] = []
        self._parent: list[int] = []  # most causes are near: their distance is a small number; 0: none
        self._parent_call: list[int] = []
        self._start: list[int] = []
        self._duration: list[int] = []
        self._queries: list[int] = []
        self._failed: list[int] = []
        self._callback: list[int] = []
        self._count: list[int] = []
        self._call_kind: list[int] = []
        self._call_start: list[int] = []
        self._call_duration: list[int] = []
        self._call_queries: list[int] = []
        self._names: list[tuple[str, ...]] = []
        self._values: list[str] = []  # as texts, because 1, 1.0 and True are one key to Python
        self._origins: list[Any] = []
        self._errors: list[str | None] = []
        self._results: list[str | None] = []
        self._raised: list[str | None] = []
        self._places: dict[str, Any] = {"null": None}

    def __len__(self) -> int:
        return len(self._id) + len(self._rows)

    def row(self, row: Row) -> None:
        """Add a dispatch in which at most one receiver was called, and returned."""
        self._rows.append(row)

    def enter(self) -> None:
        """Put the rows that came last into the columns, which is quicker together."""
        found, self._rows = self._rows, []
        if not found:
            return
        self.sent.update(map(_SENT, found))
        ids = [int(row[rows.ID]) for row in found]
        self._id += ids
        self._kind += self._kinds.of_texts(map(_KIND_OF_ROW, found), _members)
        self._parent += [
            0 if row[rows.PARENT] == "null" else number - int(row[rows.PARENT])
            for number, row in zip(ids, found, strict=True)
        ]
        self._parent_call += [_from_one(row[rows.PARENT_CALL]) for row in found]
        self._start += [int(row[rows.START]) for row in found]
        self._duration += [int(row[rows.DURATION]) for row in found]
        self._queries += [int(row[rows.QUERIES]) for row in found]
        self._failed += [0] * len(found)
        self._callback += [_from_one(row[rows.CALLBACK]) for row in found]
        for row in found:
            arguments, _ = _scan(row[rows.ARGUMENTS])
            self._names.append(tuple(arguments))
            self._values += map(str, arguments.values())
        self._origins += [self._origin(row[rows.ORIGIN]) for row in found]
        self._errors += [None] * len(found)
        self._count += [1 if row[rows.RECEIVER] else 0 for row in found]
        self._enter_calls([row for row in found if row[rows.RECEIVER]])

    def _enter_calls(self, found: list[Row]) -> None:
        called = (row[rows.RECEIVER] for row in found)
        self._call_kind += self._call_kinds.of_texts(called, '{}, "outcome": "returned"'.format)
        self._call_start += [int(row[rows.CALL_START]) for row in found]
        self._call_duration += [int(row[rows.CALL_DURATION]) for row in found]
        self._call_queries += [int(row[rows.CALL_QUERIES]) for row in found]
        results = [row[rows.RESULT] for row in found]
        self._results += [None if result == "null" else str(json.loads(result)) for result in results]
        self._raised += [None] * len(found)

    def record(self, record: Record) -> None:
        """Add any other dispatch."""
        self.enter()
        number, parent = record["id"], record["parent"]
        self._id.append(number)
        self._kind.append(self._kinds.of_record(record))
        self._parent.append(0 if parent is None else number - parent)
        self._parent_call.append(0 if record["parent_call"] is None else record["parent_call"] + 1)
        self._start.append(record["start_ns"])
        self._duration.append(record["duration_ns"])
        self._queries.append(record["queries"])
        self._failed.append(record["error"] is not None)
        callback = record.get("callback")
        self._callback.append(0 if callback is None else callback + 1)
        self._names.append(tuple(record["arguments"]))
        self._values += map(str, record["arguments"].values())
        self._origins.append(record["origin"] and _ORIGIN(record["origin"]))
        self._errors.append(record["error"])
        self._count.append(len(record["calls"]))
        for call in record["calls"]:
            self._call(call)

    def _call(self, call: Record) -> None:
        self._call_kind.append(self._call_kinds.of_record(call))
        self._call_start.append(call["start_ns"])
        self._call_duration.append(call["duration_ns"] or 0)
        self._call_queries.append(call["queries"])
        self._results.append(None if call["result"] is None else str(call["result"]))
        self._raised.append(call["error"])

    def _origin(self, text: str) -> Any:
        if text not in self._places:
            self._places[text] = _ORIGIN(json.loads(text))
        return self._places[text]

    def numbers(self) -> Columns:
        """Yield the columns of the dispatches and of the calls in them."""
        yield "kind", self._kind
        yield "id", _differences(self._id)
        yield "parent", self._parent
        yield "parentCall", self._parent_call
        yield "start", _differences(self._start)
        yield "duration", self._duration
        yield "queries", self._queries
        yield "failed", self._failed
        yield "callback", self._callback
        yield "count", self._count
        yield "callKind", self._call_kind
        yield "callStart", _differences(self._call_start)
        yield "callDuration", self._call_duration
        yield "callQueries", self._call_queries

    def texts(self) -> str:
        """Return what the page reads when somebody looks at one of these dispatches, or searches."""
        names, values, origins, errors, results = (Numbers() for _ in range(5))
        columns = [
            ("names", names.of(self._names)),
            ("value", values.of(self._values)),
            ("origin", origins.of(self._origins)),
            ("error", errors.of(self._errors)),
            ("result", results.of(self._results)),
            ("raised", errors.of(self._raised)),
        ]
        tables = {
            "shapes": clean(names.new()),
            "values": clean_texts(values.new()),
            "origins": clean(origins.new()),
            "errors": clean(errors.new()),
            "results": clean(results.new()),
        }
        return pack(tables, columns)


def _members(key: tuple[str, ...]) -> str:
    return '"step": ' + ", ".join(key)


def _from_one(text: str) -> int:
    """Return a number, one more, and 0 where there is none."""
    return 0 if text == "null" else int(text) + 1


def _differences(numbers: Sequence[int]) -> list[int]:
    return [*numbers[:1], *map(sub, numbers[1:], numbers)]
