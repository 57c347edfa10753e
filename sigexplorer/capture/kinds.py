"""Objects of well-known classes, and of their subclasses, in words.

Each is read through the class that we know, never through what a subclass makes of it.
"""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
import zoneinfo
from collections.abc import Callable
from types import FunctionType
from typing import Any

from sigexplorer.capture.secrecy import looks_secret
from sigexplorer.capture.words import (
    BY_CLASS,
    attribute,
    bounded,
    class_attribute,
    class_of,
    declared,
    describe,
    function_path,
    is_a,
    is_plain,
    model_label,
    path,
    plain,
)
from sigexplorer.model import SECRET

_type_name = type.__dict__["__name__"].__get__
_BITS = 200


def _name(thing: Any) -> str:
    return plain(_type_name(type(thing)))


def _model(instance: Any) -> str:
    cls = type(instance)
    options = class_attribute(cls, "_meta")
    primary = attribute(options, "pk")
    if is_a(primary, "django.db.models.fields.composite.CompositePrimaryKey"):
        names = attribute(primary, "field_names") or ()
        key = ", ".join(_part(instance, name) for name in names)
        return f"<{model_label(cls)} pk=({key})>"
    name = attribute(primary, "attname")
    label = model_label(cls)
    if label is not None and type(name) is str and is_plain(cls):
        if looks_secret(name):
            class_of(cls).secret = name
        else:
            class_of(cls).primary = name
    return f"<{label} pk={_key(instance, name)}>"


def _part(instance: Any, name: Any) -> str:
    """Return one field of a composite key; of a foreign key the column holds the value."""
    column = f"{name}_id"
    return _key(instance, column if attribute(instance, column) is not None else name)


def _key(instance: Any, name: Any) -> str:
    if type(name) is not str:
        return "None"
    held = attribute(instance, name)
    return SECRET if looks_secret(name) and held is not None else describe(held)


def _request(request: Any) -> str:
    return f"<{_name(request)} {plain(attribute(request, 'method'))} {path(attribute(request, 'path'))}>"


def _lazy(thing: Any) -> str:
    wrapped = attribute(thing, "_wrapped")
    if is_a(wrapped, "django.utils.functional.LazyObject"):  # it may wrap itself
        return f"<{_name(thing)}>"
    known = wrapped is not None and type(wrapped) is not object
    return describe(wrapped) if known else f"<{_name(thing)}, not evaluated>"


def _queryset(queryset: Any) -> str:
    return f"<{_name(queryset)} {model_label(attribute(queryset, 'model'))}>"


def _named(*names: str) -> Callable[[Any], str]:
    def describe_by_name(thing: Any) -> str:
        held = [declared(thing, name) for name in names]
        texts = [plain(str.__str__(text)) for text in held if issubclass(type(text), str)]
        return f"<{_name(thing)} {'.'.join(texts)}>"

    return describe_by_name


def _connection(connection: Any) -> str:
    vendor = class_attribute(type(connection), "vendor")
    return f"<DatabaseWrapper {plain(vendor)} {plain(attribute(connection, 'alias'))}>"


def _task_result(result: Any) -> str:
    function = attribute(attribute(result, "task"), "func")
    name = function_path(function) if type(function) is FunctionType else "?"
    return f"<TaskResult {name} {plain(attribute(attribute(result, 'status'), '_name_'))}>"


def _enumeration(member: Any) -> str:
    return f"<{_name(member)}.{plain(attribute(member, '_name_'))}>"


def _text(text: Any) -> str:
    return repr(bounded(str.__str__(text)))


def _number(number: Any) -> str:
    bits = int.bit_length(number)
    return int.__repr__(number) if bits <= _BITS else f"<int of {bits} bits>"


def _datetime(moment: Any) -> str:
    zone = _field(dt.datetime, moment, "tzinfo")
    if zone is None or type(zone) is dt.timezone or type(zone) is zoneinfo.ZoneInfo:
        return dt.datetime.isoformat(moment)
    # Its zone is code of the project's, which is left out.
    day = dt.date(*(_field(dt.date, moment, name) for name in ("year", "month", "day")))
    return f"{day.isoformat()}T{_clock(dt.datetime, moment)}"


def _time(moment: Any) -> str:
    return _clock(dt.time, moment)


def _clock(owner: type, moment: Any) -> str:
    names = ("hour", "minute", "second", "microsecond")
    return dt.time(*(_field(owner, moment, name) for name in names)).isoformat()


def _field(owner: type, moment: Any, name: str) -> Any:
    return vars(owner)[name].__get__(moment)


def _path(file: Any) -> str:
    parts = attribute(file, "_raw_paths") or attribute(file, "_parts") or ()
    joined = "/".join(part for part in parts if type(part) is str)
    return bounded(joined.replace("//", "/")) or f"<{_name(file)}>"


_DESCRIBERS: dict[str, Callable[[Any], str]] = {
    "enum.Enum": _enumeration,
    "builtins.str": _text,
    "builtins.int": _number,
    "datetime.datetime": _datetime,
    "datetime.date": dt.date.isoformat,
    "datetime.time": _time,
    "datetime.timedelta": dt.timedelta.__str__,
    "decimal.Decimal": decimal.Decimal.__str__,
    "uuid.UUID": lambda thing: str(uuid.UUID(int=_field(uuid.UUID, thing, "int"))),
    "pathlib.PurePath": _path,
    "pathlib._local.PurePath": _path,
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

BY_CLASS.update(_DESCRIBERS)
