"""The project's models, by name."""

from __future__ import annotations

from typing import Any

from sigexplorer.capture.words import model_label
from sigexplorer.errors import ProjectError, UnknownNameError, UsageError


def label(model: Any) -> str:
    """Return ``app_label.Model``."""
    return model_label(model) or "?"


def all_models() -> list[Any]:
    """Return every model that is installed, automatic through models included."""
    from django.apps import apps

    return list(apps.get_models(include_auto_created=True, include_swapped=True))


def find_model(name: str) -> Any:
    """Return the model called ``app.Model``, or ``Model`` where that is unique; case does not matter."""
    wanted = name.casefold()
    if not wanted.strip():
        raise UsageError("no model is named", "name one, such as app_label.Model")
    models = {label(model): model for model in all_models()}
    if not models:
        raise ProjectError("this project has no models", "there is nothing to explain")
    found = [text for text in models if text.casefold() == wanted]
    found = found or [text for text in models if text.rpartition(".")[2].casefold() == wanted]
    if not found:
        _refuse_abstract(name)
    if len(found) != 1:
        raise UnknownNameError("model", name, found or models)
    return models[found[0]]


def _refuse_abstract(name: str) -> None:
    """Raise if ``name`` is that of an abstract model, ``app.Model`` or ``Model``."""
    wanted = name.casefold()
    for model in abstract_models():
        names = {f"{model._meta.app_label}.{model.__name__}", f"{model.__module__}.{model.__name__}"}
        names |= {model.__name__, _in_its_app(model)}
        if wanted in {one.casefold() for one in names}:
            heirs = [label(one) for one in all_models() if model in one.__mro__]
            hint = f"ask about {', '.join(heirs[:3])}" if heirs else "nothing inherits it"
            raise UsageError(f"'{name}' is abstract: no object of it is built, saved or deleted", hint)


def abstract_models() -> list[Any]:
    """Return every abstract model of the process."""
    from django.db.models import Model

    found: dict[Any, None] = {}
    waiting = [Model]
    while waiting:
        children = type.__subclasses__(waiting.pop())
        waiting += [one for one in children if one not in found]
        found |= dict.fromkeys(children)
    return [one for one in found if one._meta.abstract]


def _in_its_app(model: Any) -> str:
    from django.apps import apps

    config = apps.get_containing_app_config(model.__module__)
    return f"{config.label}.{model.__name__}" if config else ""


def families(model: Any) -> tuple[list[Any], list[Any]]:
    """Return the proxies of a model, and its multi-table children."""
    others = [other for other in all_models() if other is not model]
    proxies = [other for other in others if other._meta.proxy and other._meta.concrete_model is model]
    children = [other for other in others if not other._meta.proxy and model in other._meta.parents]
    return proxies, children


def between(model: Any = None) -> list[Any]:
    """Return the models that stand between two others, or between ``model`` and others."""
    models = all_models() if model is None else [model]
    return [field.remote_field.through for one in models for field in one._meta.many_to_many]
