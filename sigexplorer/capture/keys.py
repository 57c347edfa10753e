"""The primary key of a model's instance, read without running any code of the project's."""

from __future__ import annotations

from typing import Any

from sigexplorer.capture import words


def key_of(instance: Any) -> tuple[Any, ...]:
    """Return the values of the fields of an instance's primary key, None for those that it has not."""
    primary = words.attribute(words.class_attribute(type(instance), "_meta"), "pk")
    if words.is_a(primary, "django.db.models.fields.composite.CompositePrimaryKey"):
        names = words.attribute(primary, "field_names") or ()
        # Of a foreign key the column holds the value.
        columns = [words.attribute(instance, f"{name}_id") for name in names]
        return tuple(
            words.attribute(instance, name) if column is None else column
            for name, column in zip(names, columns, strict=True)
        )
    return (words.attribute(instance, words.attribute(primary, "attname")),)


def reader(model: type) -> Any:
    """Return what reads the key of an ordinary model's instances at once."""
    primary = words.attribute(words.class_attribute(model, "_meta"), "pk")
    name = words.attribute(primary, "attname")
    composite = words.is_a(primary, "django.db.models.fields.composite.CompositePrimaryKey")
    if composite or type(name) is not str or not words.is_plain(model):
        return None
    return lambda instance: (_get(instance.__dict__, name),)


#: Of dict itself: a model's ``__dict__`` may have been replaced by one with a ``get`` of the project's.
_get = dict.get
