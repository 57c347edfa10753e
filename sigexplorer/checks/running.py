"""Put what the running project knows into words."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, MethodType
from typing import Any

from sigexplorer import catalog
from sigexplorer.capture import receivers, signals
from sigexplorer.capture.connections import NOTES, Noted
from sigexplorer.capture.holders import held_by_debug_alone
from sigexplorer.capture.listening import built_in, tracing_receiver
from sigexplorer.capture.places import full
from sigexplorer.capture.receivers import ReceiverWords
from sigexplorer.capture.registry import Registration, registrations
from sigexplorer.capture.words import class_attribute, class_path
from sigexplorer.checks.live import Live, LiveModel, LiveReceiver, SenderKind
from sigexplorer.project.inventory import swept


def look() -> Live:
    """Return the registrations, models and modules of the project that runs in this process."""
    from django.apps import apps
    from django.conf import settings

    models = apps.get_models(include_auto_created=True)
    classes = {id(base): base for model in models for base in model.__mro__}
    found = [(page.path, built_in(page)) for page in catalog.PAGES]
    found += [(named.path, signal) for named, signal in signals.custom()]
    found = [(path, signal) for path, signal in found if signal is not None]
    listening = [one for path, signal in found for one in _listening(path, signal, classes)]
    return Live(
        receivers=tuple(listening),
        models={model._meta.label.lower(): _model(model, models) for model in models},
        modules=_modules(),
        apps=frozenset(config.label for config in apps.get_app_configs()),
        configs=frozenset(class_path(type(config)) for config in apps.get_app_configs()),
        user_model=str(settings.AUTH_USER_MODEL),
    )


def _listening(path: str, signal: Any, classes: dict[int, Any]) -> Iterator[LiveReceiver]:
    """Yield the registrations of a signal, those that Django has swept away included."""
    standing = [one for one in registrations(signal) if one.receiver is not tracing_receiver]
    for one in standing:
        yield _receiver(path, one, classes)
    for event in swept(signal, standing):
        yield LiveReceiver(
            signal=path, receiver=event.receiver.name, file=_real(event.receiver), line=event.receiver.line,
            sender=event.sender, sender_path=None, is_abstract=False, dispatch_uid=event.dispatch_uid,
            weak=True, alive=False,
        )  # fmt: skip


def _receiver(path: str, one: Registration, classes: dict[int, Any]) -> LiveReceiver:
    event = NOTES.made(one.key)
    sender = one.sender if one.sender is not None else classes.get(one.sender_id or 0)
    words = receivers.words(one.receiver) if one.receiver is not None else event.receiver if event else None
    named = class_path(sender) if isinstance(sender, type) else None
    meta = getattr(sender, "_meta", None) if named else None
    code = _called(one.receiver)
    return LiveReceiver(
        signal=path,
        receiver=words.name if words else "?",
        file=_real(words),
        line=words.line if words else None,
        sender=None if one.sender_id is None else named or _text(event) or "?",
        sender_path=named,
        is_abstract=named is not None and (meta is None or bool(getattr(meta, "abstract", False))),
        dispatch_uid=None if one.dispatch_uid is None else str(one.dispatch_uid)[:200],
        weak=one.weak,
        alive=one.receiver is not None,
        bare=code is not None and words is not None and code.co_firstlineno == words.line,
        by_debug=held_by_debug_alone(one),
        sender_kind=_kind(event, classes),
    )


def _kind(event: Noted | None, classes: dict[int, Any]) -> SenderKind:
    """Say what a receiver was connected for, if it can be no sender of a model's signal."""
    if event is None or event.sender_kind == "builtins.str":
        return "text" if event is not None else "other"
    models = {class_path(one) for one in classes.values() if hasattr(one, "_meta")}
    return "instance" if event.sender_kind in models else "other"


def _text(event: Noted | None) -> str | None:
    return event.sender if event is not None and event.sender_kind == "builtins.str" else None


def _called(receiver: Any) -> CodeType | None:
    """Return the code that runs first when a receiver is called; None where nobody can tell."""
    function = receiver.__func__ if type(receiver) is MethodType else receiver
    if type(function) is not FunctionType:
        function = class_attribute(type(function), "__call__")
    return function.__code__ if type(function) is FunctionType else None


def _real(words: ReceiverWords | None) -> str | None:
    file = full(words.file) if words is not None and words.file else None
    return os.path.realpath(file) if file else None


def _model(model: Any, models: Any) -> LiveModel:
    derived = [other for other in models if other is not model and model in other.__bases__]
    return LiveModel(
        label=model._meta.label,
        path=class_path(model),
        is_proxy=bool(model._meta.proxy),
        derived=tuple(other._meta.label for other in derived),
        loses_fast_delete=_could_be_fast(model),
    )


def _could_be_fast(model: Any) -> bool:
    """Whether Django would delete the rows of a model in one statement if nobody listened."""
    if model._meta.parents or any(hasattr(one, "bulk_related_objects") for one in model._meta.private_fields):
        return False
    relations = [
        field
        for field in model._meta.get_fields(include_hidden=True)
        if field.auto_created and not field.concrete and (field.one_to_one or field.one_to_many)
    ]
    names = [getattr(getattr(one, "on_delete", None), "__name__", "DO_NOTHING") for one in relations]
    return all(name == "DO_NOTHING" or name.startswith("DB_") for name in names)


def _modules() -> dict[str, tuple[str, ...]]:
    """Return under which names each file was imported."""
    found: dict[str, list[str]] = {}
    for name, module in sys.modules.copy().items():
        file = vars(module).get("__file__") if type(module) is type(sys) else None
        if isinstance(file, str) and name != "__main__":
            found.setdefault(os.path.realpath(file), []).append(name)
    return {file: tuple(sorted(names)) for file, names in found.items()}
