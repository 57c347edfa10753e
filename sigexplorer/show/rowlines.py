"""The rows of a spool straight into lines of JSON: no record in between, for most of them.

What dispatches of a shape have in common is written once, into a pattern, and each row fills
in its numbers. What is rare, such as an error or an async receiver, becomes a record first,
like everywhere else; both ways write the same line.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, NamedTuple

from sigexplorer.model import Dispatch, Scalar
from sigexplorer.show.recording.dump import finite
from sigexplorer.spool.assembly import Assembly, key_text
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
    Flight,
    Line,
    Shape,
    ShapeReceiver,
)

_encode = json.JSONEncoder().encode

#: Notes that fit a pattern.
_PLAIN = frozenset({"queries", "results", "sender"})

_WORDS = {None: "null", True: "true", False: "false"}

_REMEMBERED = 10_000  # origins, and patterns


class Called(NamedTuple):
    """A receiver that returned."""

    receiver: str
    duration_ns: int
    queries: int


class Written(NamedTuple):
    """The line of a dispatch in which nothing was raised or skipped, and what is counted of it."""

    line: str
    id: int
    parent: int | None
    parent_call: int | None
    step: int | None
    name: str
    sender: str | None
    start_ns: int
    duration_ns: int
    queries: int
    calls: Sequence[Called]


class _Pattern(NamedTuple):
    """What is the same in every dispatch of a shape in one thread."""

    text: str
    shape: Shape
    labels: tuple[str | None, ...]  # of arguments that are instances: the label, as JSON without quotes
    using: int | None  # which argument is ``using``
    length: int  # of a row that fits; no row does where some receivers are muted, and have no clock
    receivers: tuple[tuple[int, str], ...]  # position and name
    named: bool  # whether the arguments of each dispatch bring their names along


#: An assembly, a shape, a thread, and whether the arguments bring their names along.
_Key = tuple[int, int, str, bool]


class RowLines:
    """Makes lines of rows."""

    def __init__(self) -> None:
        self._patterns: dict[_Key, _Pattern] = {}
        self._origins: dict[Line | None, str] = {None: "null"}

    def made(self, assembly: Assembly, thread: str, row: Flight) -> Written | Dispatch:
        """Return the line of a row, or its record where it is one of the rare ones."""
        notes, arguments = row[NOTES], row[ARGUMENTS]
        if not notes or _PLAIN.issuperset(notes):
            named = type(arguments) is not tuple
            key = (id(assembly), row[SHAPE], thread, named)
            pattern = self._patterns.get(key) or self._new(key, assembly)
            if len(row) == pattern.length and (named or len(arguments) == len(pattern.labels)):
                return self._filled(assembly, pattern, row, notes or {})
        return assembly.dispatch(thread, row)

    def _filled(self, assembly: Assembly, pattern: _Pattern, row: Flight, notes: dict[str, Any]) -> Written:
        start, arguments, began = row[START], row[ARGUMENTS], assembly.began
        number, parent, parent_call, step = assembly.place(row[ID], row[OUTER], row[POSITION], start)
        within = undone = False
        if row[TRANSACTIONS]:
            using = _using(pattern, arguments)
            found = assembly.transactions(pattern.shape, row[TRANSACTIONS], using)
            within, undone = bool(found), any(assembly.is_undone(one, start) for one in found)
        queries, results = notes.get("queries", {}), notes.get("results", {})
        duration_ns, count = row[-1] - start, sum(queries.values())
        sender = notes.get("sender", pattern.shape.sender)
        told: list[Any] = [
            number,
            "null" if parent is None else parent,
            "null" if parent_call is None else parent_call,
            "null" if step is None else step,
            _json(sender),
            start - began,
            duration_ns,
        ]
        if pattern.named:
            told.append(", ".join([f"{quoted(name)}: {_json(held)}" for name, held in arguments]))
        else:
            for held, label in zip(arguments, pattern.labels, strict=True):
                told.append(_json(held) if label is None else f'"<{label} pk={key_text(held)}>"')
        calls = []
        for position, name in pattern.receivers:
            begin, asked = row[START + position], queries.get(position, 0)
            took = row[ENDS + position] - begin
            told += (begin - began, took, _json(results.get(position)) if results else "null", asked)
            calls.append(Called(name, took, asked))
        told += (self._origin(row[ORIGIN]), _WORDS[within], _WORDS[undone], count)
        shape = pattern.shape
        return Written(pattern.text % tuple(told), number, parent, parent_call, step, shape.name,
                       sender, start - began, duration_ns, count, calls)  # fmt: skip

    def _new(self, key: _Key, assembly: Assembly) -> _Pattern:
        _, index, thread, named = key
        shape = assembly.shapes[index]
        if len(self._patterns) >= _REMEMBERED:
            self._patterns.clear()
        self._patterns[key] = pattern = _pattern(shape, thread, assembly.process, named=named)
        return pattern

    def _origin(self, held: Line | None) -> str:
        text = self._origins.get(held)
        if text is None:
            file, line, function = held or ("", 0, "")
            text = _encode({"file": file, "line": line, "function": function})
            if len(self._origins) < _REMEMBERED:
                self._origins[held] = text
        return text


def _using(pattern: _Pattern, arguments: Sequence[Any]) -> Scalar:
    if pattern.named:
        return dict(arguments).get("using")
    if pattern.using is None:
        return None
    held, label = arguments[pattern.using], pattern.labels[pattern.using]
    return held if label is None else f"<{label} pk={key_text(held)}>"


def _json(held: Scalar) -> str:
    if held is None or held is True or held is False:
        return _WORDS[held]
    if isinstance(held, str):
        return quoted(held)
    return str(held) if isinstance(held, int) else _encode(finite(held))


def _pattern(shape: Shape, thread: str, process: int, *, named: bool) -> _Pattern:
    """Return the line of a shape with a place for each thing that differs."""
    names = [name for name, _ in shape.arguments]
    receivers = [(position, one) for position, one in enumerate(shape.receivers) if one is not None]
    arguments = "%s" if named else ", ".join(f"{_fixed(name)}: %s" for name in names)
    calls = ", ".join(_call(one, order) for order, (_, one) in enumerate(receivers, 1))
    text = (
        '{"type": "dispatch", "id": %s, "parent": %s, "parent_call": %s, "step": %s, '
        f'"signal": {_fixed(shape.signal)}, "name": {_fixed(shape.name)}, "group": {_fixed(shape.group)}, '
        f'"method": {_fixed(shape.method)}, "sender": %s, '
        f'"start_ns": %s, "duration_ns": %s, "arguments": {{{arguments}}}, "calls": [{calls}], '
        '"error": null, "origin": %s, "in_transaction": %s, "rolled_back": %s, "queries": %s, '
        f'"thread": {_fixed(thread)}, "process": {process}, "callback": null}}\n'
    )
    labels = tuple(None if label is None else quoted(label)[1:-1] for _, label in shape.arguments)
    using = names.index("using") if "using" in names else None
    length = 0 if any(one.muted for _, one in receivers) else ENDS + len(shape.receivers)
    called = tuple((place, one.receiver) for place, one in receivers)
    return _Pattern(text, shape, labels, using, length, called, named)


def _call(receiver: ShapeReceiver, order: int) -> str:
    told = {
        "receiver": receiver.receiver, "order": order, "file": receiver.file, "line": receiver.line,
        "dispatch_uid": receiver.dispatch_uid, "weak": receiver.weak, "async": receiver.is_async,
    }  # fmt: skip
    return (
        f'{_fixed(told)[:-1]}, "start_ns": %s, "duration_ns": %s, "outcome": "returned", "result": %s,'
        ' "error": null, "queries": %s}'
    )


def _fixed(held: Any) -> str:
    """Return something as JSON in which nothing is a place to fill."""
    return _encode(held).replace("%", "%%")
