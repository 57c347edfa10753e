"""Live objects into words, without running anybody's code.

No ``__str__``, ``__repr__``, property, ``__getattr__``, ``__eq__`` or SQL of the observed
program runs here: objects are told apart by ``type()`` and ``is``, and read through
``object`` and ``type`` themselves. What looks secret is replaced. Every text is bounded,
and what cannot be read at all is ``<unreadable>``.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any, ParamSpec, TypeVar

from sigexplorer.capture.classes import (
    CLASSES,
    attribute,
    class_attribute,
    class_of,
    class_path,
    contents,
    declared,
    has_base,
    is_a,
    is_plain,
    plain,
)
from sigexplorer.capture.faults import is_of_a_handler
from sigexplorer.capture.secrecy import looks_secret, scrub, settings_secrets
from sigexplorer.model import SECRET, Scalar

__all__ = [
    "BY_CLASS", "LIMIT", "UNREADABLE", "attribute", "bounded", "class_attribute", "class_of", "class_path",
    "contents", "declared", "describe", "error", "function_path", "has_base", "is_a", "is_app_config",
    "is_plain", "members", "model_label", "path", "plain", "sender", "value",
]  # fmt: skip

#: Characters of one text that are kept; a view shows fewer.
LIMIT = 1_000

#: A text that may come again and again.
_SHORT = 60

UNREADABLE = "<unreadable>"

_MEMBERS = 12  # of a collection that are named
_DEPTH = 3
_ERROR_DEPTH = 9  # groups of errors hold lists of groups
_SORTED = 1_000  # members of the largest set that is put in order
_BITS = 63  # of the largest number that JSON's readers agree about
_LARGEST = 2**_BITS


_qualname = type.__dict__["__qualname__"].__get__

#: Of dict itself: a model's ``__dict__`` may have been replaced by one with a ``get`` of the project's.
_get = dict.get

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


def _readable(read: Callable[Arguments, Answer]) -> Callable[Arguments, Answer | str]:
    """Let one odd object cost its own words, and not the record that it stands in."""

    @functools.wraps(read)
    def guarded(*arguments: Arguments.args, **named: Arguments.kwargs) -> Answer | str:
        try:
            return read(*arguments, **named)
        except Exception as fault:
            if is_of_a_handler(fault):
                raise
            return UNREADABLE

    return guarded


def value(thing: Any, key: str = "") -> Scalar:
    """Return ``thing`` as a scalar or a short safe text; ``key`` is the name it goes by."""
    kind = type(thing)
    if thing is None or kind is bool:
        return thing  # type: ignore[no-any-return]
    if key and looks_secret(key):
        return SECRET
    if kind is int and -_LARGEST <= thing < _LARGEST:
        return thing  # type: ignore[no-any-return]
    try:
        return _value(thing, kind)
    except Exception as fault:
        if is_of_a_handler(fault):
            raise
        return UNREADABLE


def _value(thing: Any, kind: type) -> Scalar:
    known = CLASSES.get(id(kind))
    if known is not None and known.primary is not None:
        key = _get(thing.__dict__, known.primary)
        if key is None or (type(key) is int and -_LARGEST <= key < _LARGEST):
            return f"<{known.label} pk={key}>"
    elif known is not None and known.secret is not None and _get(thing.__dict__, known.secret) is not None:
        return f"<{known.label} pk={SECRET}>"
    if kind is frozenset and _are_names(thing):
        return _names(thing, settings_secrets().number)
    if kind is float and math.isfinite(thing):  # JSON has no word for the others
        return thing  # type: ignore[no-any-return]
    return bounded(thing if kind is str else _describe(thing, _DEPTH))


def _are_names(thing: frozenset[Any]) -> bool:
    return len(thing) <= _MEMBERS and not [one for one in thing if type(one) is not str or len(one) > _SHORT]


@functools.lru_cache(maxsize=1024)
def _names(names: frozenset[str], _settings: int) -> str:
    """Remember the few ``update_fields`` of a project, as long as the settings are the same."""
    return bounded(_describe(names, _DEPTH))


@_readable
def describe(thing: Any) -> str:
    """Return ``thing`` as it looks inside of a collection: a text in quotes."""
    return bounded(_describe(thing, _DEPTH))


@_readable
def error(problem: BaseException) -> str:
    """Return the type and the message of an exception, read from its ``args``."""
    return bounded(_error(problem, _ERROR_DEPTH))


def bounded(text: str) -> str:
    """Return ``text`` with secrets out, writable as UTF-8 and not much longer than ``LIMIT``."""
    if type(text) is str and len(text) <= _SHORT:
        return _bounded_again(text, settings_secrets().number)
    return _bounded(text)


@functools.lru_cache(maxsize=1024)
def _bounded_again(text: str, _settings: int) -> str:
    """Remember short texts, many of which come again and again, as long as the settings are the same."""
    return _bounded(text)


def _bounded(text: str) -> str:
    shown = scrub(text, LIMIT).encode("utf-8", "backslashreplace").decode()[:LIMIT]
    return f"{shown}… ({len(text):,} characters)" if len(text) > LIMIT else shown


def model_label(cls: Any) -> str | None:
    """Return ``app_label.Model`` for a model class, else None."""
    if not issubclass(type(cls), type) or not has_base(cls, "django.db.models.base.Model"):
        return None
    known = class_of(cls)
    if known.label is None:
        options = class_attribute(cls, "_meta")
        if options is None:  # it is being made
            return None
        app = attribute(options, "app_label")  # None of an abstract model whose app is not installed
        name = plain(attribute(options, "object_name"))
        known.label = class_path(cls) if app is None else f"{plain(app)}.{name}"
    return known.label


@_readable
def sender(thing: Any) -> str | None:
    """Name a sender as the contract says; None for the sender None."""
    kind = type(thing)
    if thing is None:
        return None
    if kind is str:
        return bounded(thing)
    if issubclass(kind, type):
        return model_label(thing) or class_path(thing).removeprefix("builtins.")
    if kind is FunctionType:
        return function_path(thing)
    if is_app_config(thing):
        return plain(declared(thing, "label"))
    return bounded(_describe(thing, _DEPTH))


def function_path(function: FunctionType) -> str:
    """Return ``module.qualname`` of a function."""
    return f"{plain(function.__module__)}.{plain(function.__qualname__)}"


def path(url: Any) -> str:
    """Return the path of a URL with segments out that look like tokens."""
    return scrub(url, 200, url=True) if type(url) is str else "?"


def members(texts: Iterable[str], count: int) -> str:
    """Join the first of ``texts``, and say how many more of ``count`` there are."""
    more = f", … {count - _MEMBERS} more" if count > _MEMBERS else ""
    return ", ".join(itertools.islice(texts, _MEMBERS)) + more


def is_app_config(thing: Any) -> bool:
    """Whether ``thing`` is an application's configuration."""
    return has_base(type(thing), "django.apps.config.AppConfig")


def _error(problem: BaseException, depth: int) -> str:
    arguments = BaseException.args.__get__(problem)  # type: ignore[attr-defined]
    texts = (argument if type(argument) is str else _describe(argument, depth - 1) for argument in arguments)
    told = members(texts, len(arguments)) if depth else ""
    name = class_path(type(problem)).removeprefix("builtins.")
    return f"{name}: {told}" if told else name


def _describe(thing: Any, depth: int) -> str:
    """Return any object as a short text; collections down to ``depth``."""
    kind = type(thing)
    exact = _EXACT.get(id(kind))
    if exact is not None:
        return exact(thing, depth)
    if issubclass(kind, type):
        return f"<class {model_label(thing) or class_path(thing)}>"
    if has_base(kind, "builtins.BaseException"):
        return f"<{_error(thing, depth)}>" if depth > 0 else f"<{plain(_qualname(kind))}>"
    describers = map(BY_CLASS.get, class_of(kind).paths)
    found = next(filter(None, describers), None)
    return found(thing) if found else f"<{plain(_qualname(kind))}>"


#: How an object of a class, or of a subclass, is put into words, by the class's path; filled
#: by ``kinds``, which the package imports.
BY_CLASS: dict[str, Callable[[Any], str]] = {}


def _text(thing: str, _depth: int) -> str:
    return repr(scrub(thing, LIMIT))


def _number(thing: Any, _depth: int) -> str:
    return (
        f"<int of {thing.bit_length()} bits>"
        if type(thing) is int and thing.bit_length() > _BITS
        else repr(thing)
    )


def _bytes(thing: Any, _depth: int) -> str:
    try:
        return f"<{type(thing).__name__} of {len(thing)}>"
    except (TypeError, ValueError):  # a memoryview that was released, or has no dimension
        return f"<{type(thing).__name__}>"


def _numbers(thing: Any) -> str | None:
    """Return a small set of small numbers in order, None where it is anything else."""
    if type(thing) is not set or not 0 < len(thing) <= _MEMBERS:
        return None
    for one in thing:
        if type(one) is not int or not -_LARGEST < one < _LARGEST:
            return None
    return f"{{{str(sorted(thing))[1:-1]}}}"


def _sequence(thing: Any, depth: int) -> str:
    if depth <= 0:
        return _bytes(thing, depth)
    opening, closing = _BRACKETS[id(type(thing))]
    joined = members((_describe(member, depth - 1) for member in thing), len(thing))
    return f"{opening}{joined}{',' if opening == '(' and len(thing) == 1 else ''}{closing}"


def _set(thing: Any, depth: int) -> str:
    if depth <= 0:
        return _bytes(thing, depth)
    numbers = _numbers(thing)
    if numbers is not None:
        return numbers
    if not thing:
        return f"{type(thing).__name__}()"
    joined = members((_describe(member, depth - 1) for member in _sorted(thing)), len(thing))
    return f"{{{joined}}}"


def _sorted(thing: Any) -> Iterable[Any]:
    """Put a small set of keys or names in order, so that it reads the same each time."""
    if len(thing) <= _SORTED and (
        all(type(one) is str for one in thing) or all(type(one) is int for one in thing)
    ):
        return sorted(thing)
    return thing  # type: ignore[no-any-return]


def _mapping(thing: dict[Any, Any], depth: int) -> str:
    if depth <= 0:
        return _bytes(thing, depth)
    texts = (f"{_describe(key, 1)}: {_held(key, held, depth)}" for key, held in thing.items())
    return f"{{{members(texts, len(thing))}}}"


def _held(key: Any, held: Any, depth: int) -> str:
    name = key if type(key) is str else key.decode("latin-1") if type(key) is bytes else ""
    return repr(SECRET) if looks_secret(name) and held is not None else _describe(held, depth - 1)


def _function(thing: FunctionType, _depth: int) -> str:
    return f"<function {function_path(thing)}>"


_BRACKETS = {id(list): ("[", "]"), id(tuple): ("(", ")")}

#: How an object of exactly that type is put into words; by id, because asking a class for
#: its hash or for equality may run a metaclass's code.
_EXACT: dict[int, Callable[[Any, int], str]] = {
    **{id(kind): _number for kind in (bool, int, float, type(None))},
    **{id(kind): _bytes for kind in (bytes, bytearray, memoryview)},
    **{id(kind): _sequence for kind in (list, tuple)},
    **{id(kind): _set for kind in (set, frozenset)},
    id(str): _text,
    id(dict): _mapping,
    id(FunctionType): _function,
}
