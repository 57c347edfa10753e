"""Receivers of delete signals: what they cost, and what they must not do."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sigexplorer.checks.listeners import Listener
from sigexplorer.checks.project import Project
from sigexplorer.checks.rule import Hit, at_listener, at_receiver, rule
from sigexplorer.checks.rules.instances import is_renewed
from sigexplorer.checks.saving import saves_of


@rule("SX045", "error")
def saves_deleted(project: Project) -> Iterator[Hit]:
    """The receiver saves the instance that is being deleted.

    In ``post_delete`` the row is gone: ``save()`` inserts it again. In ``pre_delete`` it
    writes a row that is deleted a moment later.

    Leave the instance alone; write what must stay to another model.
    """
    for receiver in project.on("pre_delete", "post_delete"):
        function = receiver.function
        if receiver.names - {"pre_delete", "post_delete"} or is_renewed(function):
            continue
        for call, _ in saves_of(function):
            what = (
                "inserts the deleted row again"
                if "post_delete" in receiver.names
                else "saves a row that is being deleted"
            )
            yield at_receiver(receiver, f"{function.name} {what}", call, among=("pre_delete", "post_delete"))


@rule("SX029", "warning")
def loses_fast_paths(project: Project) -> Iterator[Hit]:
    """A receiver without sender switches fast paths off for every model.

    Without receivers of ``pre_delete`` and ``post_delete`` Django deletes rows in one
    statement; with one it loads every row first, in every cascade. So do through rows of
    every many-to-many field with ``m2m_changed``. A receiver of every model pays for all of
    them.

    With the running project: the models that are affected, by name.

    Name the senders; ``sigexplorer check --settings ...`` lists the models that are affected.
    """
    for listener in project.listeners:
        names = listener.names & {"pre_delete", "post_delete", "m2m_changed"}
        if names and listener.catches_all and not listener.file.is_test:
            affected = _affected(project) if names - {"m2m_changed"} else ""
            message = f"{listener.name} hears {min(names)} of every model: none has its fast path{affected}"
            yield at_listener(listener, message)


def _affected(project: Project) -> str:
    if project.live is None:
        return ""
    affected = [one for one in project.live.models.values() if one.loses_fast_delete]
    affected.sort(key=lambda one: (one.path.startswith("django."), one.label))  # one's own first
    labels = [one.label for one in affected]
    rest = f" and {len(labels) - 5} more" if len(labels) > 5 else ""  # noqa: PLR2004 - enough to know which
    return f" any more ({', '.join(labels[:5])}{rest})" if labels else ""


@rule("SX030", "note")
def loses_fast_delete(project: Project) -> Iterator[Hit]:
    """A receiver of delete or m2m signals switches the fast path of its model off.

    With a receiver of ``pre_delete`` or ``post_delete`` Django loads each row before it
    deletes it, also in the cascades that lead to the model. With one of ``m2m_changed`` it
    looks up the rows in between that exist before it adds others.

    Leave it if the receiver is needed; a constraint of the database or a regular job may do as well.
    """
    for listener in project.listeners:
        names = listener.names & {"pre_delete", "post_delete", "m2m_changed"}
        sender = listener.connection.sender
        if not names or listener.catches_all or sender is None or listener.file.is_test:
            continue
        model = _models(project, listener, sender)
        if names == {"m2m_changed"}:
            message = f"{listener.name} makes {model} lose the fast add: known rows are looked up first"
        else:
            message = f"{listener.name} makes {model} lose the fast delete: each row is loaded first"
        yield at_listener(listener, message)


def _models(project: Project, listener: Listener, sender: ast.expr) -> str:
    """Return the models that a sender stands for, in words."""
    raw = listener.connection
    if listener.sender_text or not isinstance(sender, ast.Name):
        return listener.sender_text or ast.unparse(sender)[:60]
    loops = [
        one.iter
        for one in raw.ancestors
        if isinstance(one, ast.For) and getattr(one.target, "id", None) == sender.id
    ]
    if loops:
        written = loops[-1].elts if isinstance(loops[-1], ast.Tuple | ast.List | ast.Set) else []
        return _listed([ast.unparse(one)[:60] for one in written]) or "each model of its loop"
    if raw.scope.lookup(sender.id) or listener.sender or not raw.scope.parent:
        return sender.id
    running = project.running.get(listener.function, ()) if listener.function else ()
    known = {live.sender for live in running if live.sender and live.signal in listener.signals}
    return _listed(sorted(known)) or "its senders"


def _listed(names: list[str]) -> str:
    rest = f" and {len(names) - 3} more" if len(names) > 3 else ""  # noqa: PLR2004 - enough to know which
    return ", ".join(names[:3]) + rest
