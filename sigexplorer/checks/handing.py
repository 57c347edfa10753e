"""What a receiver hands to a thread or to a background task."""

from __future__ import annotations

import ast

from sigexplorer.checks.bodies import is_argument
from sigexplorer.checks.facts import Function
from sigexplorer.checks.names import resolve

TASKS = frozenset({"delay", "apply_async", "enqueue", "send_task"})
_STARTS = TASKS | {"delay_on_commit"}
#: Kinds that no model is.
_PLAIN = frozenset({"list", "tuple", "dict", "set", "str", "bytes", "int", "QuerySet"})


def handed_over(node: ast.AST, function: Function) -> tuple[str, list[ast.expr]]:
    """Return what a call or ``work.s(instance).delay`` hands to a thread or to a background task."""
    starts = isinstance(node, ast.Attribute) and node.attr in _STARTS
    if isinstance(node, ast.Attribute) and starts:
        signatures = [one for one in ast.walk(node.value) if isinstance(one, ast.Call) and _is_signature(one)]
        given = [inner for one in signatures for inner in _arguments(one)]
        return "background task", [*given, *(inner for one in given for inner in _members(one))]
    if not isinstance(node, ast.Call):
        return "", []
    given = _arguments(node)
    if resolve(node.func, function.scope) in ("threading.Thread", "threading.Timer"):
        return "thread", [inner for one in given for inner in _members(one)]
    if isinstance(node.func, ast.Attribute) and node.func.attr in _STARTS:
        return "background task", [*given, *(inner for one in given for inner in _members(one))]
    if any(isinstance(one, ast.Attribute) and one.attr in TASKS for one in given[:1]):
        return "background task", given[1:]  # partial(task.delay, instance)
    return "", []


def _arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(one.value for one in call.keywords)]


def _is_signature(call: ast.Call) -> bool:
    """Whether this is ``work.s(...)`` of Celery, or what is short for."""
    return isinstance(call.func, ast.Attribute) and call.func.attr in ("s", "si", "signature", "subtask")


def where_no_model(function: Function, names: frozenset[str]) -> set[int]:
    """Return the nodes where the instance is a list or the like: some send their own objects as one."""
    return {
        id(inner)
        for node in function.every
        if isinstance(node, ast.If) and _is_plain(function, node.test, names)
        for statement in node.body
        for inner in ast.walk(statement)
    }


def _is_plain(function: Function, test: ast.expr, names: frozenset[str]) -> bool:
    """Whether this is ``type(instance) is list`` or ``isinstance(instance, (list, tuple))``."""
    kinds: list[ast.expr] = []
    asked: ast.expr | None = None
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is | ast.Eq | ast.In):
        call, kinds = test.left, test.comparators[:1]
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "type" and len(call.args) == 1:
            asked = call.args[0]
    elif isinstance(test, ast.Call) and getattr(test.func, "id", "") == "isinstance" and len(test.args) > 1:
        asked, kinds = test.args[0], test.args[1:]
    if asked is None or not is_argument(function, asked, "instance", names):
        return False
    named = [
        inner for one in kinds for inner in (one.elts if isinstance(one, ast.Tuple | ast.List) else [one])
    ]
    return all(getattr(one, "id", "") in _PLAIN for one in named)


def _members(node: ast.expr) -> list[ast.expr]:
    """Return what a list, tuple or dict that is written out holds."""
    if isinstance(node, ast.List | ast.Tuple):
        return node.elts
    return node.values if isinstance(node, ast.Dict) else []
