"""The texts of Chrome's trace events: what is the same in many of them is made once."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, NamedTuple

from sigexplorer.show.recording import rows
from sigexplorer.show.recording.rows import Row
from sigexplorer.show.text import safe

Record = dict[str, Any]

_NAME = 200  # characters
_REMEMBERED = 10_000  # texts of each kind
_LARGEST = 10**15  # numbers that every reader tells from their neighbours

_encode = json.JSONEncoder(separators=(",", ":")).encode


class Span(NamedTuple):
    """Something that takes time, as an event that lacks nothing but the number of its track."""

    start: int
    end: int
    key: Hashable
    inside: Hashable  # the key of what it is nested in, None, or ``lanes.ANYTHING``
    cause: Any  # the key of what it was caused by; of a callback, where that is
    name: str
    head: str  # what stands before the number of the track
    tail: str  # and after it


class Named(NamedTuple):
    """What the names of a dispatch come to."""

    name: str
    head: str
    sender: str  # as JSON


class Texts:
    """Makes the events of one process of Chrome's, which is one trace."""

    def __init__(self, process: int) -> None:
        self._process = process
        self._named: dict[str, Named] = {}
        self._receivers: dict[str, tuple[str, str, str]] = {}
        self._places: dict[str, str] = {"null": ""}

    def head(self, name: str, category: str) -> str:
        """Return an event up to the number of its track."""
        return f'{{"ph":"X","name":{quoted(name)},"cat":{quoted(category)},"pid":{self._process},"tid":'

    def names(self, text: str) -> Named:
        """Return what the names in a row come to."""
        found = self._named.get(text)
        if found is None:
            held = json.loads(f"{{{text}}}")
            found = self.named(held)
            _remember(self._named, text, found)
        return found

    def named(self, record: Record) -> Named:
        """Return what the names in a record come to."""
        name, sender = shown(f"{record['name']} {record['sender']}"), record["sender"]
        return Named(name, self.head(name, shown(record["group"])), _encode(_value(sender)))

    def receiver(self, text: str) -> tuple[str, str, str]:
        """Return the name of a receiver in a row, its event up to the track, and where it is written."""
        found = self._receivers.get(text)
        if found is None:
            call = json.loads(f"{{{text}}}")
            name, told = shown(call["receiver"]), _file(call)
            found = name, self.head(name, "receiver"), f",{_encode(told)[1:-1]}" if told else ""
            _remember(self._receivers, text, found)
        return found

    def origin(self, text: str) -> str:
        """Return who sent it, from a row, as one more member of an object; nothing where nobody knows."""
        found = self._places.get(text)
        if found is None:
            found = f",{_encode(_place(json.loads(text)))[1:-1]}"
            _remember(self._places, text, found)
        return found

    def dispatch_tail(self, row: Row, sender: str) -> str:
        """Return the rest of the event of a dispatch."""
        undone = ',"rolled back":true' if row[rows.TRANSACTION].endswith("true") else ""
        return (
            f',"ts":{_micro(row[rows.START])},"dur":{_micro(row[rows.DURATION])},"args":{{"id":{row[rows.ID]},'
            f'"sender":{sender},"arguments":{row[rows.ARGUMENTS]},'
            f'"SQL":{row[rows.QUERIES]}{self.origin(row[rows.ORIGIN])}{undone}}}}}'
        )

    def call_tail(self, row: Row, file: str) -> str:
        """Return the rest of the event of the call in a row."""
        return (
            f',"ts":{_micro(row[rows.CALL_START])},"dur":{_micro(row[rows.CALL_DURATION])},'
            f'"args":{{"outcome":"returned","SQL":{row[rows.CALL_QUERIES]},"result":{row[rows.RESULT]}'
            f"{file}}}}}"
        )

    def of_row(self, row: Row) -> Iterator[Span]:
        """Yield the dispatch in a row, and the call in it."""
        number, start = int(row[rows.ID]), int(row[rows.START])
        key, cause = (number, None), _cause(*(json.loads(row[each]) for each in _CAUSES))
        name, head, sender = self.names(row[rows.NAMES])
        end = start + int(row[rows.DURATION])
        yield Span(start, end, key, cause, cause, name, head, self.dispatch_tail(row, sender))
        if row[rows.RECEIVER]:
            name, head, file = self.receiver(row[rows.RECEIVER])
            start = int(row[rows.CALL_START])
            end = start + int(row[rows.CALL_DURATION])
            yield Span(start, end, (number, 0), key, None, name, head, self.call_tail(row, file))

    def of_dispatch(self, record: Record) -> Iterator[Span]:
        """Yield a dispatch and the calls in it."""
        start, key = record["start_ns"], (record["id"], None)
        cause = _cause(record["parent"], record["parent_call"], record.get("callback"))
        name, head, _ = self.named(record)
        told = _tail(start, record["duration_ns"], _of_dispatch(record))
        yield Span(start, start + record["duration_ns"], key, cause, cause, name, head, told)
        for index, call in enumerate(record["calls"]):
            if call["outcome"] in ("returned", "raised") and call["duration_ns"] is not None:
                name, start = shown(call["receiver"]), call["start_ns"]
                tail = _tail(start, call["duration_ns"], _of_call(call))
                end = start + call["duration_ns"]
                yield Span(start, end, (record["id"], index), key, None, name, self.head(name, "receiver"),
                           tail)  # fmt: skip

    def of_callback(self, record: Record, cause: Hashable, inside: Hashable) -> Span:
        """Return a function that ``on_commit`` called."""
        name, start = shown(f"on_commit {record['function']}"), record["start_ns"]
        told = {"ending": record["ending"], **_place(record["origin"])}
        tail = _tail(start, record["duration_ns"], told)
        end = start + record["duration_ns"]
        key = ("callback", record["id"])
        return Span(start, end, key, inside, cause, name, self.head(name, "callback"), tail)

    def of_step(self, record: Record, inside: Hashable) -> Span:
        """Return a step."""
        name, start = shown(record["title"]), record["start_ns"]
        tail = _tail(start, record["duration_ns"], _error(record["error"]))
        end = start + record["duration_ns"]
        return Span(start, end, ("step", record["id"]), inside, None, name, self.head(name, "step"), tail)

    def bypass(self, record: Record, track: int) -> str:
        """Return a write without signals: an instant."""
        told = {"model": shown(record["model"]), "rows": record["rows"], **_place(record["origin"])}
        return _encode(
            {"ph": "i", "s": "t", "name": f"no signal: {record['operation']}", "cat": "bypass",
             "pid": self._process, "tid": track, "ts": record["start_ns"] / 1_000, "args": told}
        )  # fmt: skip

    def flow(self, number: int, cause: tuple[int, int], effect: tuple[int, int]) -> Iterator[str]:
        """Yield the two ends of an arrow: a track and a time each."""
        for phase, (track, start) in (("s", cause), ("f", effect)):
            event = {"ph": phase, "name": "cause", "cat": "cause", "id": number, "pid": self._process,
                     "tid": track, "ts": start / 1_000}  # fmt: skip
            yield _encode(event | ({"bp": "e"} if phase == "f" else {}))

    def told(self, name: str, track: int, told: Record) -> str:
        """Return what is said of a track, or of the process."""
        return _encode({"ph": "M", "name": name, "pid": self._process, "tid": track, "args": told})

    def profile(self, track: int, profile: Iterator[str]) -> Iterator[str]:
        """Yield what is said of a track for speedscope, with a separator before it."""
        yield f',\n{{"ph":"M","name":"CpuProfile","pid":{self._process},"tid":{track},"args":{{"data":'
        yield '{"cpuProfile":'
        yield from profile
        yield "}}}"


_CAUSES = (rows.PARENT, rows.PARENT_CALL, rows.CALLBACK)


def _remember(texts: dict[str, Any], text: str, found: Any) -> None:
    if len(texts) >= _REMEMBERED:
        texts.clear()
    texts[text] = found


def _cause(parent: int | None, parent_call: int | None, callback: int | None) -> Hashable:
    if parent is not None:
        return (parent, parent_call)
    return None if callback is None else ("callback", callback)


def _micro(text: str) -> str:
    """Return nanoseconds as microseconds, which the format counts."""
    return f"{text[:-3]}.{text[-3:]}" if len(text) > 3 else f"0.{text:0>3}"  # noqa: PLR2004


def _tail(start_ns: int, duration_ns: int, told: Record) -> str:
    return f',"ts":{_micro(str(start_ns))},"dur":{_micro(str(duration_ns))},"args":{_encode(told)}}}'


def _of_dispatch(record: Record) -> Record:
    arguments = {shown(name): _value(held) for name, held in record["arguments"].items()}
    told = {"id": record["id"], "sender": _value(record["sender"]), "arguments": arguments}
    told |= {"SQL": record["queries"], **_place(record["origin"]), **_error(record["error"])}
    return told | ({"rolled back": True} if record["rolled_back"] else {})


def _of_call(call: Record) -> Record:
    told = {"outcome": call["outcome"], "SQL": call["queries"], "result": _value(call["result"])}
    return told | _file(call) | _error(call["error"])


def _file(call: Record) -> Record:
    return {} if call["file"] is None else {"file": f"{shown(call['file'])}:{call['line']}"}


def _place(origin: Record | None) -> Record:
    if origin is None:
        return {}
    return {"from": f"{shown(origin['file'])}:{origin['line']} {shown(origin['function'])}"}


def _error(error: str | None) -> Record:
    return {} if error is None else {"error": shown(error)}


def _value(held: Any) -> Any:
    if isinstance(held, str):
        return shown(held)
    if held is None or isinstance(held, bool) or (isinstance(held, int) and -_LARGEST < held < _LARGEST):
        return held
    return str(held)


@lru_cache(maxsize=4_096)  # names come again and again
def shown(text: str) -> str:
    """Return a text that is safe to show, and not too long."""
    return safe(text, _NAME)
