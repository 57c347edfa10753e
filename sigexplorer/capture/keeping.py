"""What was really sent, for a test that compares it: kept where words do not tell all of it.

Instances of models, and most other objects, are referred to weakly: they live no longer for
being watched. Held, until the trace goes, is what cannot be changed, what cannot be referred
to weakly, and instances of data classes: those compare as what they hold by then. Of lists,
sets and dicts a copy is held. Nothing of it is written, or is in what errors show.
"""

from __future__ import annotations

import datetime as dt
import decimal
import threading
import uuid
import weakref
from dataclasses import dataclass
from typing import Any, NamedTuple

from sigexplorer.capture import signals, words
from sigexplorer.capture.classes import has_base
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

    def __repr__(self) -> str:
        """Show nothing of it: pytest may show the variables of a traceback."""
        return "<Held>"


class Referred(NamedTuple):
    """Something that may be gone, and what it was told by."""

    reference: weakref.ref[Any]
    told: str

    def __repr__(self) -> str:
        """Show nothing of it, as above."""
        return "<Referred>"


class Collected(NamedTuple):
    """A copy of a list, tuple, set, frozenset or dict: of the latter pairs of a key and a member."""

    kind: type
    members: tuple[Any, ...]


class Unkept(NamedTuple):
    """Something that is too large, or that nobody may hold; of which there are only words."""

    why: str


Node = Held | Referred | Collected | Unkept

#: What is the same for ever, and refers at most to a time zone.
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


class _Kind(NamedTuple):
    """What is the same for all objects of a class."""

    runs: bool
    is_data: bool
    told: str | None  # by its class alone, or by what it is


@dataclass(slots=True)
class _Left:
    """What may still be copied of one argument, and the classes that were seen in it, by id."""

    members: int
    kinds: dict[int, _Kind]  # all of them live meanwhile


#: What a signal without a name goes by, among its arguments; no keyword can be this.
_SIGNAL = "<signal>"


def kept(signal: Any, named: dict[str, Any], told: list[tuple[str, Scalar]]) -> Originals:
    """Return what is kept of a dispatch, and of its arguments, of which ``told`` has the words."""
    found: Originals = {}
    path = signals.words(signal).path
    if signals.is_nameless(path):
        found[_SIGNAL] = Referred(weakref.ref(signal), path)
    for (name, text), held in zip(told, named.values(), strict=True):
        try:
            node = _kept(held, text)
        except RecursionError:
            raise
        except Exception:  # mostly another thread, which changed a dict or a set
            node = Unkept("it could not be read, or changed meanwhile")
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
    return _node(thing, _DEPTH, _Left(_MOST, {}))


def _node(thing: Any, depth: int, left: _Left) -> Node:
    key = id(type(thing))
    if key in _ATOMS:
        return Held(thing)
    if key not in _COLLECTIONS:
        return _referred(thing, left)
    left.members -= len(thing)
    if left.members < 0 or not depth:
        return Unkept("it is too large to be kept")
    if type(thing) is not dict:
        return Collected(type(thing), tuple([_node(one, depth - 1, left) for one in thing]))
    pairs = [(_node(name, 0, left), _node(one, depth - 1, left)) for name, one in thing.items()]
    return Collected(dict, tuple(pairs))


def _referred(thing: Any, left: _Left) -> Node:
    kind = left.kinds.get(id(type(thing)))
    if kind is None:
        kind = left.kinds[id(type(thing))] = _kind_of(type(thing))
    if kind.runs:
        return Unkept("it holds code that runs")
    if kind.is_data:
        return Held(thing)
    told = words.describe(thing) if kind.told is None else kind.told
    try:
        return Referred(weakref.ref(thing), told)
    except TypeError:
        return Held(thing)


def _kind_of(cls: type) -> _Kind:
    return _Kind(
        any(has_base(cls, path) for path in _RUNNING),
        any(words.class_attribute(cls, name) is not None for name in _DATA),
        words.of_all(cls),
    )


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
