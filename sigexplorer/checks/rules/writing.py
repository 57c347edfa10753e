"""Writes that by design send no signal."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

from sigexplorer.checks.bodies import is_class_of, model_before
from sigexplorer.checks.facts import File, Function, Noted
from sigexplorer.checks.listeners import Receiver
from sigexplorer.checks.names import USER_MODEL, chain
from sigexplorer.checks.project import Project, short
from sigexplorer.checks.rule import Hit, rule

_SAVES = {"pre_save", "post_save"}


@rule("SX049", "note")
def bypasses_receivers(project: Project) -> Iterator[Hit]:
    """Rows are written without the save signals that receivers wait for.

    ``update()``, ``bulk_create()`` and ``bulk_update()`` send no ``pre_save`` and no
    ``post_save``: what the receivers of the model keep up to date does not notice.

    Do by hand what the receivers do, or save one by one; ``# sigexplorer: ignore[SX049]`` where it is meant.
    """
    heard: dict[str, list[Receiver]] = defaultdict(list)
    for receiver in project.receivers:
        for listener in receiver.listeners:
            if listener.names & _SAVES and listener.sender and not listener.file.is_test:
                heard[_model(project, listener.sender)].append(receiver)
    for file in project.files:
        if file.is_test or file.is_migration:
            continue
        for noted in file.writes:
            model = _written(project, file, noted)
            receivers = heard.get(model or "", [])
            if receivers and not _inside(noted, receivers):
                names = ", ".join(sorted({one.function.name for one in receivers})[:3])
                assert isinstance(noted.node, ast.Call)  # noqa: S101 - only calls are noted there
                message = (
                    f"{names} not called: {chain(noted.node)[-1]}() of {short(model)} sends no save signal"
                )
                path = receivers[0].function.path
                yield Hit(file, noted.node, message, path, "django.db.models.signals.post_save")


def _model(project: Project, sender: str) -> str:
    if sender in (USER_MODEL, "auth.User") and project.user_model() in (None, "auth.User"):
        return "django.contrib.auth.models.User"
    if sender not in project.classes and sender.count(".") == 1:
        named = [
            one.path
            for one in project.by_name.get(short(sender).lower(), ())
            if one.name == short(sender) and project.is_model(one.path)
        ]
        return named[0] if len(named) == 1 else sender
    return sender


def _written(project: Project, file: File, noted: Noted) -> str | None:
    """Return the model whose manager the chain begins with."""
    own = model_before(noted.node)
    around = next((one for one in file.functions if one.scope is noted.scope), None)
    if around is not None and is_class_of(around, own):
        return _sender(project, around)
    names = chain(noted.node)
    managers = [
        place for place, name in enumerate(names) if name in ("objects", "_default_manager", "_base_manager")
    ]
    if not managers or managers[0] == 0 or names[0] == "":
        return None
    node: ast.AST = noted.node
    while not (
        isinstance(node, ast.Attribute) and node.attr in ("objects", "_default_manager", "_base_manager")
    ):
        node = getattr(node, "func", None) or getattr(node, "value", None) or ast.Constant(None)
        if isinstance(node, ast.Constant):
            return None
    path = project.resolve(node.value, noted.scope, file)
    return _model(project, path) if path else None


def _sender(project: Project, function: Function) -> str | None:
    """Return the model of a receiver's instance, where it has one sender."""
    senders = next((one.senders for one in project.receivers if one.function is function), frozenset())
    return _model(project, *senders) if len(senders) == 1 else None


def _inside(noted: Noted, receivers: list[Receiver]) -> bool:
    """Whether a receiver of the model itself writes so, in order not to be called again."""
    return any(receiver.function.node in noted.ancestors for receiver in receivers)
