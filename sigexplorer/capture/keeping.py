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
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, NamedTuple

from sigexplorer.capture import keys, lazy, signals, twins, words
from sigexplorer.capture.classes import has_base
from sigexplorer.capture.going import referred
from sigexplorer.capture.lanes import STREAM
from sigexplorer.model import Scalar
from sigexplorer.spool.rows import ARGUMENTS, NOTES, Flight, Shape

if TYPE_CHECKING:
    from sigexplorer.capture.shapes import Known

_MOST = 10_000  # members of a collection that are copied
_DEPTH = 20

#: By the name of an argument, and by names that no argument has.
Originals = dict[str, "Node"]


def _shown(node: object) -> str:
    """Return what a debugger, or pytest with the variables of a traceback, may show of what is kept."""
    return f"<{type(node).__name__}>"


class Held(NamedTuple):
    """Something itself."""

    thing: Any

    def __repr__(self) -> str:
        return _shown(self)


class Referred(NamedTuple):
    """Something that may be gone."""

    reference: weakref.ref[Any]
    kind: weakref.ref[type] | None

    def __repr__(self) -> str:
        return _shown(self)


class Instance(NamedTuple):
    """An instance of a model, which may be gone, and the values of its key as it was sent."""

    reference: weakref.ref[Any]
    kind: weakref.ref[type] | None  # None: it is not known any more
    key: tuple[Any, ...]

    def __repr__(self) -> str:
        return _shown(self)


class Collected(NamedTuple):
    """A copy of a list, tuple, set, frozenset or dict: of the latter pairs of a key and a member."""

    kind: type
    members: tuple[Any, ...]

    def __repr__(self) -> str:
        return _shown(self)


class Unkept(NamedTuple):
    """Something that is too large, or that nobody may hold; of which there are only words."""

    why: str


Node = Held | Referred | Instance | Collected | Unkept

#: What is the same for ever, and refers at most to a time zone; and what is made of it.
ATOMS: tuple[type, ...] = (
    type(None), bool, int, float, complex, str, bytes, uuid.UUID, decimal.Decimal,
    dt.datetime, dt.date, dt.time, dt.timedelta,
)  # fmt: skip

_ATOMS = frozenset(map(id, ATOMS))

COLLECTIONS: tuple[type, ...] = (list, tuple, set, frozenset, dict)

_COLLECTIONS = frozenset(map(id, COLLECTIONS))

#: What classes of data have: those are compared by what they hold, after they were sent and dropped.
_DATA = ("__dataclass_fields__", "__attrs_attrs__", "__pydantic_fields__")

#: What holds all variables of functions that ran: to hold it would be noticed.
_RUNNING = ("builtins.frame", "builtins.traceback", "builtins.BaseException")

HOLDS_CODE = "it holds code that runs"

#: What is kept beside the arguments, of a signal without a name, of the sender, and of
#: one that is under way; no keyword can be these.
_SIGNAL, SENDER, _RUNS = "<signal>", "<sender>", "<running>"


def kept(
    signal: Any, sender: Any, named: dict[str, Any], told: list[tuple[str, Scalar]], known: Known
) -> Originals:
    """Return what is kept of a dispatch, and of its arguments, of which ``told`` has the words.

    Of its sender where that does not last: one that does goes with the shape.
    """
    found: Originals = {}
    if signals.is_nameless(signals.words(signal).path):
        found[_SIGNAL] = Referred(weakref.ref(signal), None)
    if known.passing is not None:
        # A sender is that very object, and not what a lazy one stands for.
        found[SENDER] = Referred(weakref.ref(sender), None) if lazy.is_lazy(sender) else _node_of(sender)
    for (name, text), held in zip(told, named.values(), strict=True):
        if not _is_told(held, text):
            found[name] = _node_of(held)
    return found


def _is_told(held: Any, told: Scalar) -> bool:
    """Whether the words for something are the thing itself."""
    kind = type(held)
    if kind is bool or held is None:
        return told is held
    return (kind is int or kind is float or kind is str) and type(told) is kind and told == held


def _node_of(held: Any) -> Node:
    try:
        return node(held)
    except RecursionError:
        raise
    except Exception:  # mostly another thread, which changed a dict or a set
        return Unkept("it could not be read, or changed meanwhile")


def signal_of(originals: Originals) -> Any:
    """Return the signal of a dispatch, where it has no name."""
    found = originals.get(_SIGNAL)
    return found.reference() if isinstance(found, Referred) else None


def is_sender(originals: Originals, thing: Any) -> bool:
    """Whether a dispatch was sent by that very object, or by an equal number or text."""
    found = originals.get(SENDER)
    if isinstance(found, Held):
        sent = found.thing
        return sent is thing or (type(sent) is type(thing) and id(type(sent)) in _ATOMS and sent == thing)
    # One that is gone is nothing that there is.
    return isinstance(found, (Referred, Instance)) and found.reference() is thing


def is_under_way(originals: Originals) -> bool:
    """Whether a dispatch is not over yet."""
    return _RUNS in originals


def node(thing: Any) -> Node:
    """Return what is kept of something."""
    return _node(thing, _DEPTH, [_MOST])


def _node(thing: Any, depth: int, left: list[int]) -> Node:
    kind = type(thing)
    key = id(kind)
    if key in _ATOMS:
        return Held(thing)
    if key in _COLLECTIONS:
        return _collected(kind, thing, dict.items if kind is dict else iter, depth, left)
    return _kept_so(_KINDS.get(key) or _kind(kind), thing, depth, left)


def _kept_so(known: _Kind, thing: Any, depth: int, left: list[int]) -> Node:
    way = known.way
    if way == "instance":
        return Instance(weakref.ref(thing), known.reference, known.key(thing))
    if way == "copied":
        return _collected(known.base, thing, known.members, depth, left)
    if way == "lazy" and depth and lazy.is_evaluated(thing):
        return _node(lazy.wrapped(thing), depth - 1, left)
    if way == "held" or (way == "promise" and lazy.is_plain(thing)):
        return Held(thing)
    return Unkept(HOLDS_CODE) if way == "unkept" else _referred(thing, known.reference)


def _referred(thing: Any, kind: weakref.ref[type]) -> Node:
    try:
        return Referred(weakref.ref(thing), kind)
    except TypeError:
        return Held(thing)


class _Kind:
    """How what is of a class is kept, as long as the class lives."""

    __slots__ = ("base", "key", "members", "reference", "way")

    def __init__(self, kind: type, reference: weakref.ref[type]) -> None:
        self.reference = reference
        self.base, self.members = _copied(kind)
        self.key: Any = keys.key_of
        if words.model_label(kind) is not None:
            self.way = "instance"
            self.key = keys.reader(kind) or keys.key_of
        elif way := lazy.way_of(kind):
            self.way = way
        elif any(has_base(kind, path) for path in _RUNNING):
            self.way = "unkept"
        elif self.base is not None:
            self.way = "copied"
        else:
            self.way = "held" if _is_held(kind) else "referred"


#: By the ids of classes, because asking a class for its hash or for equality may run a metaclass's code.
_KINDS: dict[int, _Kind] = {}


def _kind(kind: type) -> _Kind:
    key = id(kind)
    reference = referred(kind, lambda _reference: _KINDS.pop(key, None))
    return _KINDS.setdefault(key, _Kind(kind, reference))


def _copied(kind: type) -> tuple[Any, Any]:
    """Return which collection is copied of what inherits it and compares as it does, and how."""
    for base, members in _COPIED:
        own, inherited = (words.class_attribute(one, "__eq__") for one in (kind, base))
        if issubclass(kind, base) and own is inherited:
            return base, members
    return None, None


_COPIED: tuple[tuple[type, Any], ...] = (
    (OrderedDict, OrderedDict.items),
    (dict, dict.items),
    (list, list.__iter__),
    (set, set.__iter__),
)


def _is_held(kind: type) -> bool:
    """Whether things of a class are data."""
    if issubclass(kind, (*ATOMS, tuple, frozenset)):
        return True
    return any(words.class_attribute(kind, name) is not None for name in _DATA)


def _collected(kind: Any, thing: Any, members: Any, depth: int, left: list[int]) -> Node:
    found: tuple[Any, ...] = tuple(members(thing))
    left[0] -= len(found)
    if left[0] < 0 or not depth:
        return Unkept("it is too large to be kept")
    if issubclass(kind, dict):
        pairs = [(_node(name, 0, left), _node(one, depth - 1, left)) for name, one in found]
        return Collected(kind, tuple(pairs))
    return Collected(kind, tuple([_node(one, depth - 1, left) for one in found]))


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

_LOST = Unkept("what was sent was not kept")


def of(row: Flight, shape: Shape) -> Originals:
    """Return what a row carries; what was not kept when it was noted is told to be so."""
    values, notes = row[ARGUMENTS], row[NOTES] or {}
    sender = twins.reference(shape.sender, shape.twin)
    kind = sender if sender is not None and issubclass(type(sender()), type) else None
    found: Originals = {}
    if type(values) is not tuple:
        found.update(notes["kept"] if "kept" in notes else dict.fromkeys((name for name, _ in values), _LOST))
    elif len(values) == len(shape.arguments):
        found.update(dict.fromkeys((name for name, _ in shape.arguments), _LOST))
    else:
        for (name, label), held in zip(shape.arguments, values, strict=False):
            if label is not None:
                found[name] = Instance(values[-1], kind, (held,))
    if "sender" not in notes:
        found[SENDER] = Held(None) if sender is None else Referred(sender, None)
    if notes.get("running"):
        found[_RUNS] = Held(None)
    return found


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
