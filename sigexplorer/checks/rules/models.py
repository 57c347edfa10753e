"""Senders of model signals: names that no model has, instances, the wrong user model."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache

from sigexplorer.checks.labels import known_models
from sigexplorer.checks.listeners import Listener
from sigexplorer.checks.names import chain
from sigexplorer.checks.project import MODEL_SIGNALS, Project, short
from sigexplorer.checks.registered import connected_for
from sigexplorer.checks.rule import Hit, at_listener, rule
from sigexplorer.errors import nearest

_OF_MODELS = frozenset(short(path) for path in MODEL_SIGNALS)


@rule("SX024", "error")
def lazy_typo(project: Project) -> Iterator[Hit]:
    """No model has the name that is the sender.

    ``"app.Model"`` is looked up once such a model is loaded. A name that no model has is
    kept waiting for ever, without a word.

    From source alone only the apps that were read are known; with the running project all of them.

    Correct the name; use the class where the import allows it.
    """
    for listener in project.listeners:
        text = listener.sender_text
        if text is None or not listener.names & _OF_MODELS:
            continue
        label, dot, name = text.partition(".")
        if not dot or "." in name or not name.isidentifier():
            message = f"{listener.name} is not connected: '{text}' is not of the form 'app.Model'"
            yield at_listener(listener, message, listener.connection.sender)
            continue
        if text.lower() == "auth.user" and is_swapped(project):
            continue  # SX027 says so
        known = known_models(project, label)
        if known and name.lower() not in {one.lower() for one in known} and not name.startswith("Historical"):
            near = _nearest(name, tuple(known))
            message = f"{listener.name} never runs: no model is called '{text}' (nearest: {near})"
            yield at_listener(listener, message, listener.connection.sender)


@lru_cache(maxsize=100)
def _nearest(name: str, known: tuple[str, ...]) -> str:
    """Return the names most like ``name``; the same mistake is often made more than once."""
    return ", ".join(nearest(name, known))


@rule("SX026", "error")
def instance_as_sender(project: Project) -> Iterator[Hit]:
    """The sender is an instance of a model.

    Model signals are sent by classes. An instance never is the sender, and one that is not
    saved cannot even be hashed.

    With the running project: instances that the source does not show.

    Connect to the class, and compare ``instance`` in the receiver.
    """
    told = set()
    for listener in project.listeners:
        sender = listener.connection.sender
        if sender is None or listener.live is not None or not listener.names & _OF_MODELS:
            continue
        call = project.made(sender, listener.connection.scope, listener.file)
        made = call is not None and (
            project.is_model(project.resolve(call.func, listener.connection.scope, listener.file))
            or (chain(call)[-1] in ("get", "create", "first", "last") and "objects" in chain(call))
        )
        named = isinstance(sender, ast.Name) and sender.id == "instance" and _is_given(listener)
        named = named or (isinstance(sender, ast.Attribute) and chain(sender)[-2:] == ["request", "user"])
        own = isinstance(sender, ast.Name) and sender.id == "self" and _in_model(project, listener)
        if made or named or own:
            text = ast.unparse(sender)[:60]
            message = f"{listener.name} never runs: {text} is an instance, and senders are classes"
            yield at_listener(listener, message, sender)
            told.add(listener.function)
    for function, live in connected_for(project.running, "instance"):
        if function not in told and live.signal in MODEL_SIGNALS:
            message = f"{function.called} never runs: its sender is an instance, and senders are classes"
            yield Hit(function.file, function, message, function.path, live.signal)
            told.add(function)


def _is_given(listener: Listener) -> bool:
    """Whether ``instance`` is a parameter of the function that connects."""
    scope = listener.connection.scope
    around = next((one for one in listener.file.functions if one.scope is scope), None)
    return around is not None and "instance" in around.parameters


def _in_model(project: Project, listener: Listener) -> bool:
    scope = listener.connection.scope
    owner = scope.parent
    return (
        owner is not None and owner.is_class and project.is_model(f"{listener.file.module}.{owner.qualname}")
    )


def is_swapped(project: Project) -> bool:
    """Whether the project has a user model of its own."""
    return (project.user_model() or "auth.User").lower() != "auth.user"


@rule("SX027", "error")
def swapped_user(project: Project) -> Iterator[Hit]:
    """The sender is ``auth.User``, but the project has a user model of its own.

    With ``AUTH_USER_MODEL`` set to another model, ``django.contrib.auth.models.User`` has no
    table and is never saved.

    ``AUTH_USER_MODEL`` is looked for in the files that are checked, or taken from the running project.

    Use ``sender=settings.AUTH_USER_MODEL`` for model signals, ``get_user_model()`` for others.
    """
    if not is_swapped(project):
        return
    model = project.user_model()
    for listener in project.listeners:
        is_stock = (
            listener.sender == "django.contrib.auth.models.User"
            or (listener.sender_text or "").lower() == "auth.user"
        )
        if is_stock and not listener.file.is_test:
            message = f"{listener.name} never runs: the user model is '{model}', not auth.User"
            yield at_listener(listener, message, listener.connection.sender)
