"""Some thousand dispatches as columns of small numbers and tables of texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
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

    def of_text(self, key: Any, members: str) -> int:
        """Return the number of the kind which a row has in these texts; ``key`` stands for them."""
        number = self.of_record(json.loads(f"{{{members}}}"))
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[key] = number
        return number

    def known(self, key: Any) -> int | None:
        """Return the number that ``key`` stands for."""
        return self._known.get(key)


class Block:
    """Columns that grow by a dispatch at a time."""

    def __init__(self, kinds: Kinds, call_kinds: Kinds) -> None:
        self._kinds, self._call_kinds = kinds, call_kinds
        self.id: list[int] = []
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

    def row(self, row: Row) -> None:
        """Add a dispatch in which at most one receiver was called, and returned."""
        number, parent = int(row[rows.ID]), row[rows.PARENT]
        self.id.append(number)
        key = _KIND_OF_ROW(row)
        found = self._kinds.known(key)
        if found is None:
            found = self._kinds.of_text(key, '"step": ' + ", ".join(key))
        self._kind.append(found)
        self._parent.append(0 if parent == "null" else number - int(parent))
        self._parent_call.append(_from_one(row[rows.PARENT_CALL]))
        self._start.append(int(row[rows.START]))
        self._duration.append(int(row[rows.DURATION]))
        self._queries.append(int(row[rows.QUERIES]))
        self._failed.append(0)
        self._callback.append(_from_one(row[rows.CALLBACK]))
        arguments, _ = _scan(row[rows.ARGUMENTS])
        self._names.append(tuple(arguments))
        self._values += map(str, arguments.values())
        self._origins.append(self._origin(row[rows.ORIGIN]))
        self._errors.append(None)
        if not row[rows.RECEIVER]:
            self._count.append(0)
            return
        self._count.append(1)
        found = self._call_kinds.known(row[rows.RECEIVER])
        if found is None:
            members = f'{row[rows.RECEIVER]}, "outcome": "returned"'
            found = self._call_kinds.of_text(row[rows.RECEIVER], members)
        self._call_kind.append(found)
        self._call_start.append(int(row[rows.CALL_START]))
        self._call_duration.append(int(row[rows.CALL_DURATION]))
        self._call_queries.append(int(row[rows.CALL_QUERIES]))
        result = row[rows.RESULT]
        self._results.append(None if result == "null" else str(json.loads(result)))
        self._raised.append(None)

    def record(self, record: Record) -> None:
        """Add any other dispatch."""
        number, parent = record["id"], record["parent"]
        self.id.append(number)
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
        yield "id", _differences(self.id)
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


def _from_one(text: str) -> int:
    """Return a number, one more, and 0 where there is none."""
    return 0 if text == "null" else int(text) + 1


def _differences(numbers: Sequence[int]) -> list[int]:
    return [*numbers[:1], *map(sub, numbers[1:], numbers)]
