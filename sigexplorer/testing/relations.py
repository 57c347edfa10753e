"""What a model's signal can be sent with at all: the model's own fields, instances, sides and keys."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sigexplorer.capture import words
from sigexplorer.capture.classes import has_base
from sigexplorer.capture.keeping import ATOMS
from sigexplorer.errors import UnknownNameError, UsageError
from sigexplorer.project.models import all_models, label
from sigexplorer.testing.comparing import cleaned, concrete
from sigexplorer.testing.wanted import Wanted

__tracebackhide__ = True

#: The groups of signals whose instance is one of the sender.
_BY_THEIR_MODEL = frozenset({"delete", "init", "save"})

_KEYS = (type(None), set, frozenset)

#: How a trace shows a model, and an instance of one.
_SHOWN = re.compile(r"<(?:class )?(\w+\.\w+)(?: [^>]*)?>")


def check_models(signal: str, groups: set[str], name: str, wanted: Any, sender: Wanted) -> None:
    """Raise where what the signals of these groups tell of models is never what is wanted."""
    from django.apps import apps

    if not apps.models_ready:
        return  # nobody knows the models yet
    if groups <= _BY_THEIR_MODEL and name == "instance":
        _check_instance(wanted, sender)
    elif groups == {"save"} and name == "update_fields":
        _check_fields(signal, wanted, sender)
    elif groups == {"m2m"} and name in _CHECKS:
        sides = _sides(sender)
        if sides is not None:
            _CHECKS[name](signal, wanted, sides)
    elif groups == {"auth"} and name == "user":
        _check_user(wanted, sender)


def check_keys(signal: str, named: Mapping[str, object], sender: Wanted) -> None:
    """Raise where keys are wanted of an action that has none, none of one that has, or other keys."""
    from django.apps import apps

    action, keys = named.get("action"), named["pk_set"]
    if type(action) is str and type(keys) in _KEYS:
        without = keys is None
        if without != action.endswith("_clear"):
            told = "always has a 'pk_set'" if without else "has no 'pk_set'"
            raise UsageError(f"'{action}' of {signal} {told}", "it is None of a clear alone")
    sides = _sides(sender) if apps.models_ready else None
    if sides is not None:
        # What is removed is sent as it was given.
        _check_keys(signal, keys, sides, as_given=type(action) is str and action.endswith("_remove"))


def is_user(model: Any) -> bool:
    """Whether somebody logs in as an instance of a model."""
    from django.conf import settings

    named = settings.AUTH_USER_MODEL if settings.configured else ""
    return label(model).casefold() == named.casefold() or has_base(
        model, "django.contrib.auth.base_user.AbstractBaseUser"
    )


def swapped_for(model: Any) -> str | None:
    """Return which model stands in the place of one, if any."""
    return _options(model).swapped or None


def is_automatic(model: Any) -> bool:
    """Whether Django made a model, for a many-to-many field."""
    return bool(_options(model).auto_created)


def _options(model: Any) -> Any:
    return model._meta  # noqa: SLF001 - Django's own name for it


def _model_of(wanted: Any) -> Any:
    """Return the model of an instance, or of the words for one; None where it is neither."""
    from django.db.models import Model

    if isinstance(wanted, Model):
        return type(wanted)
    shown = _SHOWN.fullmatch(wanted) if type(wanted) is str else None
    if shown is None:
        return None
    known = {label(model): model for model in all_models()}
    if shown[1] not in known:
        raise UnknownNameError("model", shown[1], known)
    return known[shown[1]]


def _sending(sender: Wanted) -> Any:
    """Return the model that is the sender; None where it is none, or any."""
    from django.apps import apps

    if sender.thing is not None:
        return sender.thing if words.model_label(sender.thing) else None
    try:
        return apps.get_model(sender.name or "")
    except (LookupError, ValueError):
        return None


def _check_instance(wanted: Any, sender: Wanted) -> None:
    model, other = _sending(sender), _model_of(wanted)
    if model is not None and other is not None and concrete(model) is not concrete(other):
        raise UsageError(
            f"'{label(model)}' sends no instance of '{label(other)}'", "give the sender that is its model"
        )


def _check_fields(signal: str, wanted: Any, sender: Wanted) -> None:
    if not isinstance(wanted, (set, frozenset)):
        return
    if not wanted:
        raise UsageError(f"'update_fields' of {signal} is never empty", "such a save sends nothing")
    model = _sending(sender)
    models = all_models() if model is None else [model]
    fields = [field for one in models for field in _options(one).concrete_fields]
    known = {name for field in fields for name in (field.name, field.attname)}
    keys = [field for one in models for field in _options(one).pk_fields]  # several where it is composite
    others = [field for field in fields if not field.primary_key and field not in keys]
    saved = {name for field in others for name in (field.name, field.attname)}
    for each in (each for each in wanted if isinstance(each, ATOMS) and each not in saved):
        if each in known:
            raise UsageError(f"'{each}' is never in 'update_fields' of {signal}", "it is the primary key")
        whose = f"update_fields in {signal}" if model is None else label(model)
        raise UnknownNameError("field", str(each), saved, f" of {whose}")


def _check_user(wanted: Any, sender: Wanted) -> None:
    other = _model_of(wanted)
    if other is None:
        return
    if swapped_for(other):
        raise UsageError(f"no '{label(other)}' logs in", f"it is swapped out for '{swapped_for(other)}'")
    if not is_user(other):
        raise UsageError(f"no '{label(other)}' logs in", "give a user")
    _check_instance(wanted, sender)


@dataclass(frozen=True, slots=True)
class _Side:
    """A model at one end of a many-to-many field, and the field that its keys are of."""

    model: Any
    key: Any


def _sides(sender: Wanted) -> list[_Side] | None:
    """Return both sides of each field whose model between is the sender; None where nobody can know."""
    from django.db.models import ManyToManyField

    through = _sending(sender)
    fields = [field for model in all_models() for field in _options(model).many_to_many]
    if through is not None:
        fields = [field for field in fields if field.remote_field.through is through]
    fields = [field for field in fields if isinstance(field.remote_field.through, type)]
    if not fields or not all(isinstance(field, ManyToManyField) for field in fields):
        return None  # fields of others, as of tags, send as they like
    return [side for field in fields for side in _ends(field)]


def _ends(field: Any) -> Iterable[_Side]:
    options = _options(field.remote_field.through)
    yield _Side(field.model, options.get_field(field.m2m_field_name()).target_field)
    yield _Side(field.remote_field.model, options.get_field(field.m2m_reverse_field_name()).target_field)


def _told(sides: Iterable[_Side]) -> str:
    return " | ".join(sorted({label(one.model) for one in sides}))


def _check_side(signal: str, wanted: Any, sides: list[_Side]) -> None:
    model = _model_of(wanted)
    if model is None or any(
        issubclass(model, one.model) or concrete(model) is concrete(one.model) for one in sides
    ):
        return
    raise UsageError(f"'instance' of {signal} is never a '{label(model)}'", f"what it is of: {_told(sides)}")


def _check_model(signal: str, wanted: Any, sides: list[_Side]) -> None:
    model = wanted if isinstance(wanted, type) else _model_of(wanted)
    if model is not None and not any(model is one.model for one in sides):
        told = words.model_label(model) or words.class_path(model)
        raise UsageError(f"'model' of {signal} is never '{told}'", f"what it can be: {_told(sides)}")


def _check_keys(signal: str, wanted: Any, sides: list[_Side], *, as_given: bool) -> None:
    from django.db.models import Model

    for key in wanted if isinstance(wanted, (set, frozenset)) else ():
        if isinstance(key, Model):
            raise UsageError(f"'pk_set' of {signal} has keys, and no instances", "give their keys: {one.pk}")
        if isinstance(key, ATOMS) and not as_given and not any(cleaned(one.key, key) == key for one in sides):
            kinds = " | ".join(sorted({type(one.key).__name__ for one in sides}))
            raise UsageError(f"{words.describe(key)} is never in 'pk_set' of {signal}", f"keys are: {kinds}")


_CHECKS = {"instance": _check_side, "model": _check_model}
