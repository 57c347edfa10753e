"""What was really sent, for a test that compares it: kept where words do not tell all of it.

Instances of models, and whatever else can be, are referred to weakly: nothing lives longer
for being watched. Data that cannot be changed, or not be referred to weakly, is held; of
lists, sets and dicts a copy is. Nothing of it is ever written or shown.
"""

from __future__ import annotations

import datetime as dt
import decimal
import threading
import uuid
import weakref
from typing import Any, NamedTuple

from sigexplorer.capture import signals, words
from sigexplorer.capture.lanes import STREAM
from sigexplorer.model import Scalar
from sigexplorer.spool.assembly import key_text
from sigexplorer.spool.rows import ARGUMENTS, NOTES, Flight, Shape

_MOST = 10_000  # members of a collection that are copied
_DEPTH = 20

#: By the name of an argument.
Originals = dict[str, "Node"]


class Held(NamedTuple):
    """Something itself."""

    thing: Any


class Referred(NamedTuple):
    """Something that may be gone; of an instance of a model what it was told by."""

    reference: weakref.ref[Any]
    told: str


class Collected(NamedTuple):
    """A copy of a list, tuple, set, frozenset or dict: of the latter pairs of a key and a member."""

    kind: type
    members: tuple[Any, ...]


class Unkept(NamedTuple):
    """Something that is too large, or that nobody may hold; of which there are only words."""

    why: str


Node = Held | Referred | Collected | Unkept

#: What is the same for ever, and refers to nothing else.
_ATOMS = frozenset(
    id(kind)
    for kind in (
        type(None), bool, int, float, complex, str, bytes, uuid.UUID, decimal.Decimal,
        dt.datetime, dt.date, dt.time, dt.timedelta,
    )
)  # fmt: skip

_COLLECTIONS = {id(kind): kind for kind in (list, tuple, set, frozenset, dict)}

#: What classes of data have: those are compared by what they hold, after they were sent and dropped.
_DATA = ("__dataclass_fields__", "__attrs_attrs__", "__pydantic_fields__")

#: What holds all variables of functions that ran: to hold it would be noticed.
_RUNNING = ("builtins.frame", "builtins.traceback", "builtins.BaseException")


#: What a signal without a name goes by, among its arguments; no keyword can be this.
_SIGNAL = "<signal>"


def kept(signal: Any, named: dict[str, Any], told: list[tuple[str, Scalar]]) -> Originals:
    """Return what is kept of a dispatch, and of its arguments, of which ``told`` has the words."""
    found: Originals = {}
    path = signals.words(signal).path
    if signals.is_nameless(path):
        found[_SIGNAL] = Referred(weakref.ref(signal), path)
    for (name, text), held in zip(told, named.values(), strict=True):
        node = _kept(held, text)
        if node is not None:
            found[name] = node
    return found


def signal_of(originals: Originals) -> Any:
    """Return the signal of a dispatch, where it has no name."""
    found = originals.get(_SIGNAL)
    return found.reference() if isinstance(found, Referred) else None


def _kept(held: Any, told: Scalar) -> Node | None:
    kind = type(held)
    if kind is bool or held is None:
        return None
    if (kind is int or kind is float or kind is str) and type(told) is kind and told == held:
        return None
    return node(held)


def node(thing: Any) -> Node:
    """Return what is kept of something."""
    return _node(thing, _DEPTH, [_MOST])


def _node(thing: Any, depth: int, left: list[int]) -> Node:
    key = id(type(thing))
    if key in _ATOMS:
        return Held(thing)
    if key not in _COLLECTIONS:
        return _referred(thing)
    left[0] -= len(thing)
    if left[0] < 0 or not depth:
        return Unkept("it is too large to be kept")
    if type(thing) is not dict:
        return Collected(type(thing), tuple([_node(one, depth - 1, left) for one in thing]))
    pairs = [(_node(name, 0, left), _node(one, depth - 1, left)) for name, one in thing.items()]
    return Collected(dict, tuple(pairs))


def _referred(thing: Any) -> Node:
    kind = type(thing)
    if any(words.is_a(thing, path) for path in _RUNNING):
        return Unkept("it holds code that runs")
    if any(words.class_attribute(kind, name) is not None for name in _DATA):
        return Held(thing)
    told = words.describe(thing)
    try:
        return Referred(weakref.ref(thing), told)
    except TypeError:
        return Held(thing)


# The rows of dispatches carry it, for whoever records in memory.


def begin() -> None:
    """Keep from now on."""
    with _lock:
        STREAM.keeping += 1
        STREAM.kept = True


def end() -> None:
    """Keep no more, once everybody has said so."""
    with _lock:
        STREAM.keeping -= 1


_lock = threading.Lock()


def of(row: Flight, shape: Shape) -> Originals | None:
    """Return what a row carries; None where nothing was kept when it was noted."""
    values = row[ARGUMENTS]
    if type(values) is not tuple:
        return (row[NOTES] or {}).get("kept")
    if len(values) == len(shape.arguments):
        return None
    return {
        name: Referred(values[-1], f"<{label} pk={key_text(held)}>")
        for (name, label), held in zip(shape.arguments, values, strict=False)
        if label is not None
    }


def without(rows: list[Flight]) -> list[Flight]:
    """Return rows of atoms alone, to be written."""
    return [_bare(row) for row in rows] if STREAM.kept else rows


def _bare(row: Any) -> Any:
    values, notes = row[ARGUMENTS], row[NOTES]
    if type(values) is tuple and values and type(values[-1]) is weakref.ref:
        values = values[:-1]
    elif notes and "kept" in notes:
        notes = {name: held for name, held in notes.items() if name != "kept"} or None
    else:
        return row
    return type(row)([*row[:ARGUMENTS], values, notes, *row[NOTES + 1 :]])
