"""Async receivers, and event loops in sync ones."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sigexplorer.checks.bodies import OF_INSTANCES, RUNNING, awaited, evaluated_queries
from sigexplorer.checks.names import chain, resolve
from sigexplorer.checks.project import MODEL_SIGNALS, Project, short
from sigexplorer.checks.rule import Hit, at_receiver, rule

#: Signals of Django's that are sent by ``send()`` alone.
_SENT_ONLY = MODEL_SIGNALS | {
    "django.db.models.signals.class_prepared",
    "django.db.models.signals.pre_migrate",
    "django.db.models.signals.post_migrate",
    "django.db.backends.signals.connection_created",
    "django.test.signals.template_rendered",
}


@rule("SX060", "warning")
def async_by_send(project: Project) -> Iterator[Hit]:
    """An async receiver of a signal that only ``send()`` sends.

    ``send()`` starts an event loop for the async receivers and waits for it, so nothing is
    gained; called where a loop is running already, as in an async view, it raises
    ``RuntimeError``.

    Write a sync receiver, or send the signal with ``asend()``.
    """
    sent = _own_sends(project)
    for receiver in project.receivers:
        if not receiver.function.is_async or receiver.function.file.is_test:
            continue
        for path in sorted(receiver.signals):
            methods = sent.get(path, set())
            only_send = path in _SENT_ONLY or (
                bool(methods) and not any(one.startswith("asend") for one in methods)
            )
            if only_send:
                yield at_receiver(
                    receiver, f"{receiver.function.name} is async, but {short(path)} is only sent by send()"
                )
                break


def _own_sends(project: Project) -> dict[str, set[str]]:
    """Return by which methods the checked code sends its own signals."""
    found: dict[str, set[str]] = {}
    for file in project.files:
        for noted in file.sends:
            call = noted.node
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                path = project.resolve(call.func.value, noted.scope, file)
                if path in project.signals:
                    found.setdefault(path, set()).add(call.func.attr)
    return found


@rule("SX061", "error")
def sync_orm(project: Project) -> Iterator[Hit]:
    """An async receiver uses the ORM synchronously.

    An async receiver runs in an event loop, where Django refuses sync queries:
    ``SynchronousOnlyOperation``.

    Use the ``a...`` methods (``aget``, ``asave``, ``async for``), or ``sync_to_async``.
    """
    for receiver in project.receivers:
        function = receiver.function
        if not function.is_async:
            continue
        for node, above in evaluated_queries(function):
            if awaited(above) or _is_async_method(node):
                continue
            yield at_receiver(receiver, f"{function.name} is async and runs a sync query", node)
            break


def _is_async_method(node: ast.AST) -> bool:
    name = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
    return name.startswith("a") and name[1:] in RUNNING | OF_INSTANCES


@rule("SX062", "warning")
def runs_a_loop(project: Project) -> Iterator[Hit]:
    """The receiver starts an event loop.

    ``asyncio.run()`` raises ``RuntimeError`` where a loop is running already: in every async
    view that sends the signal, and always in an async receiver.

    Make the receiver async, or use ``asgiref.sync.async_to_sync``.
    """
    for receiver in project.receivers:
        function = receiver.function
        for call, _ in function.calls:
            path = resolve(call.func, function.scope) or ""
            if path == "asyncio.run" or chain(call.func)[-1] == "run_until_complete":
                yield at_receiver(
                    receiver, f"{function.name} starts an event loop, which fails where one is running", call
                )
