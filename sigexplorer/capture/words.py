"""Live objects into words, without running anybody's code.

No ``__str__``, ``__repr__``, property, ``__getattr__`` or SQL of the observed program
runs here: objects are told apart by ``type()``, and read through ``object`` and ``type``
themselves. What looks secret is replaced. Every text is bounded.
"""

from __future__ import annotations

import datetime as dt
import decimal
import math
import pathlib
import uuid
from collections.abc import Callable, Iterable
from types import FunctionType, MemberDescriptorType
from typing import Any

from sigexplorer.capture.secrecy import looks_secret, scrub
from sigexplorer.model import SECRET, Scalar

#: Characters of one text that are kept; a view shows fewer.
LIMIT = 1_000

#: Members of a collection that are named, and levels of nesting.
_MEMBERS = 12
_SORTED = 1_000
_DEPTH = 3

_type_name = type.__dict__["__name__"].__get__
_type_qualname = type.__dict__["__qualname__"].__get__
_type_module = type.__dict__["__module__"].__get__
_type_dict = type.__dict__["__dict__"].__get__
_mro = type.__dict__["__mro__"].__get__


_NUMBERS = (bool, int, float)


def value(thing: Any, key: str = "") -> Scalar:
    """Return ``thing`` as a scalar or a short safe text; ``key`` is the name it goes by."""
    if key and looks_secret(key) and thing is not None and type(thing) is not bool:
        return SECRET
    kind = type(thing)
    if thing is None or kind is bool:
        return thing  # type: ignore[no-any-return]
    if kind is float:  # JSON has no word for what is not finite
        return thing if math.isfinite(thing) else repr(thing)
    if kind is int:
        return thing if -(2**63) <= thing < 2**63 else f"<int of {thing.bit_length()} bits>"
    if kind is str:
        return bounded(thing)
    return bounded(_describe(thing, _DEPTH))


def bounded(text: str) -> str:
    """Return ``text`` with secrets out, writable as UTF-8 and at most ``LIMIT`` long."""
    if len(text) > LIMIT:
        text = f"{text[:LIMIT]}… ({len(text):,} characters)"
    return scrub(text).encode("utf-8", "backslashreplace").decode()


def describe(thing: Any) -> str:
    """Return ``thing`` as it looks inside of a collection: a text in quotes."""
    return bounded(_describe(thing, _DEPTH))


def error(problem: BaseException) -> str:
    """Return the type and the message of an exception, read from its ``args``."""
    arguments = ", ".join(_message(argument) for argument in BaseException.args.__get__(problem))  # type: ignore[attr-defined]
    name = class_path(type(problem)).removeprefix("builtins.")
    return bounded(f"{name}: {arguments}" if arguments else name)


def _message(argument: Any) -> str:
    return argument if type(argument) is str else _describe(argument, 1)


def class_path(cls: type) -> str:
    """Return ``module.Qualname`` of a class."""
    module = _type_module(cls)
    return f"{module if type(module) is str else '?'}.{_type_qualname(cls)}"


def attribute(thing: Any, name: str) -> Any:
    """Return what the instance itself holds under ``name``, in its dict or a slot, else None."""
    for base in _mro(type(thing)):
        slot = _type_dict(base).get(name)
        if type(slot) is MemberDescriptorType:
            return slot.__get__(thing) if _filled(slot, thing) else None
    try:
        own = object.__getattribute__(thing, "__dict__")
    except AttributeError:
        return None
    return own.get(name) if type(own) is dict else None


def _filled(slot: Any, thing: Any) -> bool:
    try:
        slot.__get__(thing)
    except AttributeError:
        return False
    return True


def model_label(cls: Any) -> str | None:
    """Return ``app_label.Model`` for a model class, else None."""
    if not isinstance(cls, type) or not _is_a(cls, "django.db.models.base.Model"):
        return None
    options = _class_attribute(cls, "_meta")
    if options is None:
        return None
    return f"{attribute(options, 'app_label')}.{attribute(options, 'object_name')}"


def sender(thing: Any) -> str | None:
    """Name a sender as the contract says; None for the sender None."""
    if thing is None:
        return None
    if type(thing) is str:
        return bounded(thing)
    if issubclass(type(thing), type):
        return bounded(model_label(thing) or class_path(thing).removeprefix("builtins."))
    if _is_a(type(thing), "django.apps.config.AppConfig"):
        return str(attribute(thing, "label"))
    if type(thing) is FunctionType:
        return bounded(f"{thing.__module__}.{thing.__qualname__}")
    return bounded(_describe(thing, _DEPTH))


def _is_a(cls: type, path: str) -> bool:
    return any(class_path(base) == path for base in _mro(cls))


def _class_attribute(cls: type, name: str) -> Any:
    for base in _mro(cls):
        if name in _type_dict(base):
            return _type_dict(base)[name]
    return None


def _describe(thing: Any, depth: int) -> str:
    kind = type(thing)
    if kind is str:
        return repr(thing[:LIMIT])
    if thing is None or kind in _NUMBERS:
        return repr(value(thing))
    if kind in (bytes, bytearray, memoryview):
        return f"<{kind.__name__} of {len(thing)}>"
    if kind in (list, tuple, set, frozenset, dict):
        return _collection(thing, depth) if depth else f"<{kind.__name__} of {len(thing)}>"
    if issubclass(kind, type):
        return f"<class {model_label(thing) or class_path(thing)}>"
    known = (_BY_TYPE.get(class_path(base)) for base in _mro(kind))
    describe_it = next(filter(None, known), None)
    return describe_it(thing) if describe_it else f"<{_type_qualname(kind)}>"


def _collection(thing: Any, depth: int) -> str:
    kind = type(thing)
    if kind is dict:
        return "{" + _members(_items(thing, depth), len(thing)) + "}"
    members = _sorted(thing) if kind in (set, frozenset) else thing
    text = _members((_describe(member, depth - 1) for member in members), len(thing))
    if kind is list:
        return f"[{text}]"
    if kind is tuple:
        return f"({text},)" if len(thing) == 1 else f"({text})"
    return f"{{{text}}}"


def _sorted(members: Any) -> Iterable[Any]:
    """Put a small set of keys or names in order, so that it reads the same each time."""
    if len(members) <= _SORTED and {type(member) for member in members} in ({str}, {int}):
        return sorted(members)
    return members  # type: ignore[no-any-return]


def _items(thing: dict[Any, Any], depth: int) -> Iterable[str]:
    for key, held in thing.items():
        name = key if type(key) is str else ""
        shown = repr(SECRET) if looks_secret(name) and held is not None else _describe(held, depth - 1)
        yield f"{_describe(key, 1)}: {shown}"


def _members(texts: Iterable[str], count: int) -> str:
    shown = [text for _, text in zip(range(_MEMBERS), texts, strict=False)]
    more = f", … {count - _MEMBERS} more" if count > _MEMBERS else ""
    return ", ".join(shown) + more


def _model(instance: Any) -> str:
    cls = type(instance)
    options = _class_attribute(cls, "_meta")
    primary = attribute(options, "pk")
    name = attribute(primary, "attname")
    if _is_a(type(primary), "django.db.models.fields.composite.CompositePrimaryKey"):
        fields = attribute(options, "pk_fields") or ()
        key = ", ".join(str(_key(instance, attribute(field, "attname"))) for field in fields)
        return f"<{model_label(cls)} pk=({key})>"
    return f"<{model_label(cls)} pk={_key(instance, name)}>"


def _key(instance: Any, name: Any) -> str:
    held = attribute(instance, name) if type(name) is str else None
    if type(name) is str and looks_secret(name) and held is not None:
        return SECRET
    return _describe(held, 1)


def _request(request: Any) -> str:
    return f"<{_type_name(type(request))} {attribute(request, 'method')} {path(attribute(request, 'path'))}>"


def path(url: Any) -> str:
    """Return the path of a URL with segments out that look like tokens."""
    return scrub(url, url=True)[:200] if type(url) is str else "?"


def _lazy(thing: Any) -> str:
    wrapped = attribute(thing, "_wrapped")
    known = wrapped is not None and type(wrapped) is not object
    return _describe(wrapped, 1) if known else f"<{_type_name(type(thing))}, not evaluated>"


def _queryset(queryset: Any) -> str:
    return f"<{_type_name(type(queryset))} {model_label(attribute(queryset, 'model'))}>"


def _named(*names: str) -> Callable[[Any], str]:
    def describe(thing: Any) -> str:
        held = [attribute(thing, name) for name in names]
        texts = [str.__str__(text) for text in held if issubclass(type(text), str)]
        return f"<{_type_name(type(thing))} {'.'.join(texts)}>"

    return describe


def _connection(connection: Any) -> str:
    vendor = _class_attribute(type(connection), "vendor")
    return f"<DatabaseWrapper {vendor} {attribute(connection, 'alias')}>"


def _task_result(result: Any) -> str:
    function = attribute(attribute(result, "task"), "func")
    status = attribute(attribute(result, "status"), "_name_")
    return f"<TaskResult {_function_path(function)} {status}>"


def _function_path(function: Any) -> str:
    return f"{function.__module__}.{function.__qualname__}" if type(function) is FunctionType else "?"


def _enumeration(member: Any) -> str:
    return f"<{_type_qualname(type(member))}.{attribute(member, '_name_')}>"


#: How an object of a class, or of one of its subclasses, is put into words.
_BY_TYPE: dict[str, Callable[[Any], str]] = {
    "enum.Enum": _enumeration,
    "builtins.str": lambda text: repr(str.__str__(text)[:LIMIT]),
    "builtins.int": lambda number: repr(int.__int__(number)),
    "builtins.BaseException": lambda problem: f"<{error(problem)}>",
    "builtins.function": lambda function: f"<function {_function_path(function)}>",
    "datetime.datetime": dt.datetime.isoformat,
    "datetime.date": dt.date.isoformat,
    "datetime.time": dt.time.isoformat,
    "datetime.timedelta": dt.timedelta.__str__,
    "decimal.Decimal": decimal.Decimal.__str__,
    "uuid.UUID": uuid.UUID.__str__,
    "pathlib.PurePath": pathlib.PurePath.__str__,
    "django.db.models.base.Model": _model,
    "django.db.models.query.QuerySet": _queryset,
    "django.http.request.HttpRequest": _request,
    "django.utils.functional.LazyObject": _lazy,
    "django.apps.config.AppConfig": _named("label"),
    "django.db.migrations.migration.Migration": _named("app_label", "name"),
    "django.template.base.Template": _named("name"),
    "django.template.base.PartialTemplate": _named("name"),
    "django.db.backends.base.base.BaseDatabaseWrapper": _connection,
    "django.tasks.base.TaskResult": _task_result,
}
