"""Django's lazy objects and texts: what they stand for, as far as it is known, and never evaluated."""

from __future__ import annotations

from typing import Any

from sigexplorer.capture import words
from sigexplorer.capture.classes import has_base

_LAZY, _PROMISE = "django.utils.functional.LazyObject", "django.utils.functional.Promise"

_DEPTH = 5  # of texts that are made of others

#: What a lazy text may be made of, by itself as plain as a text.
_PLAIN = frozenset(map(id, (type(None), bool, int, float, str)))


def way_of(kind: type) -> str:
    """Return whether what is of a class is a ``lazy`` object or a ``promise``; empty where it is neither."""
    return "lazy" if has_base(kind, _LAZY) else "promise" if has_base(kind, _PROMISE) else ""


def is_lazy(thing: Any) -> bool:
    """Whether something stands for an object, as ``request.user`` does."""
    return words.is_a(thing, _LAZY)


def wrapped(thing: Any) -> Any:
    """Return what a lazy object stands for, once it is evaluated."""
    return words.attribute(thing, "_wrapped")


def is_evaluated(thing: Any) -> bool:
    """Whether a lazy object stands for something yet; it is not asked."""
    found = wrapped(thing)
    return found is not None and type(found) is not object


def is_plain(promise: Any, depth: int = _DEPTH) -> bool:
    """Whether a promise is made of texts and the like alone, as that of ``gettext_lazy`` is."""
    made_of, named = words.attribute(promise, "_args"), words.attribute(promise, "_kw")
    if type(made_of) is not tuple or type(named) is not dict or not depth:
        return False
    return all(
        id(type(one)) in _PLAIN or (words.is_a(one, _PROMISE) and is_plain(one, depth - 1))
        for one in (*made_of, *named.values())
    )
