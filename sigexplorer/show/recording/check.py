"""Whether a record is one: its keys are there and its values of their types.

A file is hostile, and nothing past this point looks twice. The combinations of types that
were accepted are remembered, so that a million records alike cost one look-up each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Any, get_args

from sigexplorer.model import Ending, Method, Operation, Outcome

Record = dict[str, Any]

_Types = tuple[type, ...]

_NOTHING = type(None)
_INT: _Types = (int,)
_TEXT: _Types = (str,)
_FLAG: _Types = (bool,)
_SOME_INT: _Types = (int, _NOTHING)
_SOME_TEXT: _Types = (str, _NOTHING)
_SOME_DICT: _Types = (dict, _NOTHING)
_SCALARS = frozenset({str, int, float, bool, _NOTHING})

_WORDS = {int: "a whole number", str: "a text", bool: "true or false", dict: "an object", list: "a list",
          _NOTHING: "null", float: "a number"}  # fmt: skip

_METHODS = frozenset(get_args(Method))
_OUTCOMES = frozenset(get_args(Outcome))
_OPERATIONS = frozenset(get_args(Operation))
_ENDINGS = frozenset(get_args(Ending))

_TOO_SMALL = "one of its numbers is too small"

_REMEMBERED = 4_096  # combinations of types: a file of our own has a few


class WrongRecordError(ValueError):
    """A record without a key of the contract, or with a value that cannot be there."""


class Shape:
    """The keys that a record has, and the types of their values."""

    def __init__(self, required: Mapping[str, _Types], optional: Mapping[str, _Types] | None = None) -> None:
        self._names = tuple(required)
        self._required = required
        self._optional = optional or {}
        self._get = itemgetter(*required)
        self._accepted: set[_Types] = set()

    def values(self, record: Record) -> tuple[Any, ...]:
        """Return the values of the required keys, in the order in which the shape names them."""
        try:
            values: tuple[Any, ...] = self._get(record)
        except KeyError as missing:
            raise WrongRecordError(f"it has no '{missing.args[0]}'") from None
        types = tuple(map(type, values))
        if types not in self._accepted:
            for name, value in zip(self._names, values, strict=True):
                _of(name, value, self._required[name])
            if len(self._accepted) < _REMEMBERED:
                self._accepted.add(types)
        for name, wanted in self._optional.items():
            if name in record and type(record[name]) not in wanted:
                _of(name, record[name], wanted)
        return values


def _of(name: str, value: object, wanted: _Types) -> None:
    if type(value) not in wanted:
        words = " or ".join(_WORDS[each] for each in wanted)
        raise WrongRecordError(f"its '{name}' must be {words}, not {_WORDS.get(type(value), 'that')}")


_RUN = Shape(
    {"title": _TEXT, "listened": _FLAG, "started_at": _TEXT, "duration_ns": _INT, "sigexplorer": _TEXT,
     "django": _TEXT, "python": _TEXT, "databases": (dict,), "dropped": _INT, "complete": _FLAG},
    {"queries": _INT, "notes": (list,)},
)  # fmt: skip
_STEP = Shape(
    {"id": _INT, "title": _TEXT, "start_ns": _INT, "duration_ns": _INT, "error": _SOME_TEXT},
    {"source": _SOME_TEXT},
)
_DISPATCH = Shape(
    {"id": _INT, "parent": _SOME_INT, "parent_call": _SOME_INT, "step": _SOME_INT, "signal": _TEXT,
     "name": _TEXT, "group": _TEXT, "method": _TEXT, "sender": _SOME_TEXT, "start_ns": _INT,
     "duration_ns": _INT, "arguments": (dict,), "calls": (list,), "error": _SOME_TEXT, "origin": _SOME_DICT,
     "in_transaction": _FLAG, "rolled_back": _FLAG, "queries": _INT, "thread": _TEXT, "process": _INT},
    {"callback": _SOME_INT, "own_method": _TEXT},
)  # fmt: skip
_CALL = Shape(
    {"receiver": _TEXT, "order": _INT, "file": _SOME_TEXT, "line": _SOME_INT, "dispatch_uid": _SOME_TEXT,
     "weak": _FLAG, "async": _FLAG, "start_ns": _INT, "duration_ns": _SOME_INT, "outcome": _TEXT,
     "result": (str, int, float, bool, _NOTHING), "error": _SOME_TEXT, "queries": _INT},
)  # fmt: skip
_ORIGIN = Shape({"file": _TEXT, "line": _INT, "function": _TEXT})
_PLACE = {"thread": _SOME_TEXT, "process": _SOME_INT}
_BYPASS = Shape(
    {"id": _INT, "operation": _TEXT, "model": _TEXT, "rows": _SOME_INT, "start_ns": _INT, "step": _SOME_INT,
     "parent": _SOME_INT, "parent_call": _SOME_INT, "origin": _SOME_DICT, "would_call": (list,)},
    _PLACE,
)  # fmt: skip
_CALLBACK = Shape(
    {"id": _INT, "function": _TEXT, "file": _SOME_TEXT, "line": _SOME_INT, "using": _TEXT,
     "registered_ns": _INT, "step": _SOME_INT, "parent": _SOME_INT, "parent_call": _SOME_INT,
     "origin": _SOME_DICT, "start_ns": _SOME_INT, "duration_ns": _INT, "ending": _TEXT, "error": _SOME_TEXT},
    _PLACE,
)  # fmt: skip
_CLAIM = Shape({"text": _TEXT, "held": _FLAG, "detail": _SOME_TEXT}, {"step": _SOME_INT, "fact": _SOME_TEXT})
_RECEIVER = Shape(
    {"signal": _TEXT, "name": _TEXT, "receiver": _TEXT, "order": _INT, "file": _SOME_TEXT, "line": _SOME_INT,
     "sender": _SOME_TEXT, "dispatch_uid": _SOME_TEXT, "weak": _FLAG, "async": _FLAG, "alive": _FLAG,
     "connected_at": _SOME_DICT, "stock": _FLAG},
)  # fmt: skip


def check_run(record: Record) -> None:
    """Raise ``WrongRecordError`` unless ``record`` is the first of a trace."""
    values = _RUN.values(record)
    _not_negative(values[3], values[8], record.get("queries", 0))
    _texts("databases", record["databases"].values())
    _texts("notes", record.get("notes", ()))


def check_step(record: Record) -> None:
    """Raise ``WrongRecordError`` unless ``record`` is a step."""
    number, _, start_ns, duration_ns, _ = _STEP.values(record)
    _not_negative(start_ns, duration_ns, number - 1)


def check_dispatch(record: Record) -> None:
    """Raise ``WrongRecordError`` unless ``record`` is a dispatch whose cause came before it."""
    values = _DISPATCH.values(record)
    number, parent = values[0], values[1]
    if number < 1 or values[9] < 0 or values[10] < 0 or values[17] < 0:
        raise WrongRecordError(_TOO_SMALL)
    if parent is not None:
        _caused_before(number, parent, values[2])
    if values[7] not in _METHODS:
        _word("method", values[7], _METHODS)
    arguments = values[11]
    if not _SCALARS.issuperset(map(type, arguments.values())):
        raise WrongRecordError("one of its 'arguments' is neither a text, a number, true, false nor null")
    for call in values[12]:
        if type(call) is not dict:
            raise WrongRecordError("one of its 'calls' must be an object")
        held = _CALL.values(call)
        if held[9] not in _OUTCOMES:
            _word("outcome", held[9], _OUTCOMES)
        if held[1] < 1 or held[7] < 0 or (held[8] or 0) < 0 or held[12] < 0:
            raise WrongRecordError(_TOO_SMALL)
    if values[14] is not None:
        _ORIGIN.values(values[14])


def check_bypass(record: Record) -> None:
    """Raise ``WrongRecordError`` unless ``record`` is a bypass."""
    number, operation, _, rows, start_ns, _, parent, parent_call, origin, would_call = _BYPASS.values(record)
    _not_negative(number - 1, rows or 0, start_ns)
    _caused_before(number, parent, parent_call)
    _word("operation", operation, _OPERATIONS)
    _texts("would_call", would_call)
    _place(origin)


def check_callback(record: Record) -> None:
    """Raise ``WrongRecordError`` unless ``record`` is a function given to ``on_commit``."""
    values = _CALLBACK.values(record)
    _not_negative(values[0] - 1, values[5], values[8] or 0, values[10] or 0, values[11])
    _place(values[9])
    _word("ending", values[12], _ENDINGS)


def check_claim(record: Record) -> None:
    """Raise ``WrongRecordError`` unless ``record`` is a claim."""
    _CLAIM.values(record)


def check_receiver(record: Record) -> None:
    """Raise ``WrongRecordError`` unless ``record`` is a registration."""
    values = _RECEIVER.values(record)
    _not_negative(values[3] - 1)
    _place(values[11])


def check_end(record: Record) -> None:
    """Raise ``WrongRecordError`` unless ``record`` is the last of a trace."""
    summary = record.get("summary")
    if type(summary) is not dict:
        raise WrongRecordError("it has no 'summary'")
    counted = summary.get("counted", {})
    if type(counted) is not dict:
        raise WrongRecordError("its 'counted' must be an object")
    for senders in counted.values():
        if type(senders) is not dict or not all(type(times) is int for times in senders.values()):
            raise WrongRecordError("its 'counted' must be whole numbers by sender")


#: What checks the records of each type; other types are those of a later version.
CHECKS: dict[str, Callable[[Record], None]] = {
    "run": check_run,
    "step": check_step,
    "dispatch": check_dispatch,
    "bypass": check_bypass,
    "callback": check_callback,
    "claim": check_claim,
    "receiver": check_receiver,
    "end": check_end,
}


def _not_negative(*numbers: int) -> None:
    if min(numbers) < 0:
        raise WrongRecordError(_TOO_SMALL)


def _caused_before(number: int, parent: int | None, parent_call: int | None) -> None:
    if parent is not None and not 0 < parent < number:
        raise WrongRecordError("its 'parent' did not come before it")
    if parent_call is not None and parent_call < 0:
        raise WrongRecordError(_TOO_SMALL)


def _word(name: str, value: str, known: frozenset[str]) -> None:
    if value not in known:
        raise WrongRecordError(f"its '{name}' is none of {', '.join(sorted(known))}")


def _texts(name: str, values: Any) -> None:
    if not all(type(value) is str for value in values):
        raise WrongRecordError(f"its '{name}' must be texts")


def _place(origin: Record | None) -> None:
    if origin is not None:
        _ORIGIN.values(origin)
