"""The arguments of Django's model signals into atoms, quickly, where they are as usual.

A reader returns the values in the order that its signal lists them, a model instance as its
primary key, or None: then ``arguments`` puts them into words, whatever they are.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

from sigexplorer.capture import words
from sigexplorer.capture.lanes import STREAM
from sigexplorer.capture.secrecy import looks_secret
from sigexplorer.capture.ways import WAYS

Values = tuple[Any, ...] | None

Read = Callable[[Any, dict[str, Any]], Values]


class Reader(NamedTuple):
    """How the arguments of a shape's dispatches are read."""

    read: Read
    arguments: tuple[tuple[str, str | None], ...] = ()  # names, and of instances their label
    way: int = 0  # how many names it has, if it is one of the usual ways: see ``ways``
    key: str = ""  # under which an instance holds its primary key


def _unread(_sender: Any, _named: dict[str, Any]) -> Values:
    return None


#: What is read of no dispatch here.
UNREAD = Reader(_unread)

#: Of dict itself: a model's ``__dict__`` may have been replaced by one with a ``get`` of the project's.
_get = dict.get

#: The instance itself is told where somebody compares with it, behind what the signal lists.
_ref = weakref.ref


def _pre_save(primary_key: str) -> Read:
    def read(sender: Any, named: dict[str, Any]) -> Values:
        instance, raw = named["instance"], named["raw"]
        if (
            type(instance) is sender
            and (raw is False or raw is True)
            and named["using"] is _DEFAULT
            and named["update_fields"] is None
            and len(named) == 4  # noqa: PLR2004
        ):
            held = instance.__dict__
            key = held[primary_key] if type(held) is dict else _get(held, primary_key)
            if type(key) is int or key is None:
                if STREAM.keeping:
                    return (key, raw, _DEFAULT, None, _ref(instance))
                return (key, raw, _DEFAULT, None)
        return None

    return read


def _post_save(primary_key: str) -> Read:
    def read(sender: Any, named: dict[str, Any]) -> Values:
        instance, created, raw = named["instance"], named["created"], named["raw"]
        if (
            type(instance) is sender
            and (created is True or created is False)
            and (raw is False or raw is True)
            and named["using"] is _DEFAULT
            and named["update_fields"] is None
            and len(named) == 5  # noqa: PLR2004
        ):
            held = instance.__dict__
            key = held[primary_key] if type(held) is dict else _get(held, primary_key)
            if type(key) is int or key is None:
                if STREAM.keeping:
                    return (key, created, None, raw, _DEFAULT, _ref(instance))
                return (key, created, None, raw, _DEFAULT)
        return None

    return read


def _post_init(primary_key: str) -> Read:
    def read(sender: Any, named: dict[str, Any]) -> Values:
        instance = named["instance"]
        if len(named) == 1 and type(instance) is sender:
            key = _get(instance.__dict__, primary_key)
            if key is None or type(key) is int:
                return (key,) if not STREAM.keeping else (key, _ref(instance))
        return None

    return read


#: Django's usual database: the very text, which Python keeps once; an equal one is read by ``arguments``.
_DEFAULT = sys.intern("default")

_MANY = 100

#: As ``arguments`` puts them into words.
_POSITIONAL = [f"<{number} values>" for number in range(_MANY)]


def _pre_init(_primary_key: str) -> Read:
    def read(_sender: Any, named: dict[str, Any]) -> Values:
        values, others = named["args"], named["kwargs"]
        if len(named) != 2 or type(values) is not tuple or type(others) is not dict:  # noqa: PLR2004
            return None
        return (_POSITIONAL[len(values)], "{}") if len(values) < _MANY and not others else None

    return read


def _delete(primary_key: str) -> Read:
    def read(sender: Any, named: dict[str, Any]) -> Values:
        if len(named) != 3:  # noqa: PLR2004
            return None
        instance, using = named["instance"], named["using"]
        if type(instance) is sender and named["origin"] is instance and using is _DEFAULT:
            key = _get(instance.__dict__, primary_key)
            if key is None or type(key) is int:
                return (key, using, key) if not STREAM.keeping else (key, using, key, _ref(instance))
        return None

    return read


_MODELS = "django.db.models.signals."

#: Which of the arguments is the instance; the others are what they are.
_READERS: dict[str, tuple[Callable[[str], Read], tuple[str, ...]]] = {
    f"{_MODELS}pre_init": (_pre_init, ("args", "kwargs")),
    f"{_MODELS}pre_save": (_pre_save, ("instance", "raw", "using", "update_fields")),
    f"{_MODELS}post_save": (_post_save, ("instance", "created", "update_fields", "raw", "using")),
    f"{_MODELS}post_init": (_post_init, ("instance",)),
    f"{_MODELS}pre_delete": (_delete, ("instance", "using", "origin")),
    f"{_MODELS}post_delete": (_delete, ("instance", "using", "origin")),
}

_INSTANCES = frozenset({"instance", "origin"})


def reader(signal: str, sender: Any) -> Reader:
    """Return how dispatches of the signal at that path are read when ``sender`` sends them."""
    make, names = _READERS.get(signal, (None, ()))
    label = words.model_label(sender)
    if make is None or label is None or not words.is_plain(sender):
        return UNREAD
    primary_key = words.attribute(words.attribute(words.class_attribute(sender, "_meta"), "pk"), "attname")
    if type(primary_key) is not str or looks_secret(primary_key):
        return UNREAD
    arguments = tuple((name, label if name in _INSTANCES else None) for name in names)
    return Reader(make(primary_key), arguments, len(WAYS.get(signal, ())), primary_key)
