"""The project's models, by name."""

from __future__ import annotations

from typing import Any

from sigexplorer.capture.words import model_label
from sigexplorer.errors import ProjectError, UnknownNameError


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
    models = {label(model): model for model in all_models()}
    if not models:
        raise ProjectError("this project has no models", "there is nothing to explain")
    found = [text for text in models if text.casefold() == wanted]
    found = found or [text for text in models if text.rpartition(".")[2].casefold() == wanted]
    if len(found) != 1:
        raise UnknownNameError("model", name, found or models)
    return models[found[0]]


def families(model: Any) -> tuple[list[Any], list[Any]]:
    """Return the proxies of a model, and its multi-table children."""
    others = [other for other in all_models() if other is not model]
    proxies = [other for other in others if other._meta.proxy and other._meta.concrete_model is model]
    children = [other for other in others if not other._meta.proxy and model in other._meta.parents]
    return proxies, children
