"""Blocks around a step: those that are no guard, because what stands in them runs each time."""

from __future__ import annotations

import ast

from sigexplorer.checks.bodies import MANAGERS
from sigexplorer.checks.facts import Ancestors, Function
from sigexplorer.checks.names import chain, resolve

#: Contexts in which everything runs, and that catch nothing.
_TRANSPARENT = frozenset(
    {
        "contextlib.closing",
        "contextlib.nullcontext",
        "django.db.connection.cursor",
        "django.db.transaction.atomic",
        "django.utils.timezone.override",
        "django.utils.translation.override",
    }
)
#: What catches a ``RecursionError``.
_CATCH = frozenset({"RecursionError", "RuntimeError", "Exception", "BaseException"})
_BLOCKS = (ast.With, ast.AsyncWith, ast.For, ast.AsyncFor, ast.Try, ast.TryStar)


def transparent(
    function: Function, node: ast.AST, above: Ancestors, *, in_loop: bool
) -> frozenset[int] | None:
    """Return the ids of the blocks around a step; None where one may keep it from running for ever.

    ``in_loop``: nothing need be asked of the loop around it.
    """
    found: set[int] = set()
    for one, below in zip(above, (*above[1:], node), strict=True):
        if isinstance(one, _BLOCKS):
            if not (in_loop and isinstance(one, ast.For | ast.AsyncFor)) and not _runs(function, one, below):
                return None
            found.add(id(one))
    return frozenset(found)


def _runs(function: Function, block: ast.AST, below: ast.AST) -> bool:
    """Whether what stands at a place in a block runs each time."""
    if isinstance(block, ast.With):
        return all(_is_transparent(function, item.context_expr) for item in block.items)
    if isinstance(block, ast.For):
        return below is block.iter or (below in block.body and _has_members(block.iter))
    if isinstance(block, ast.Try):
        return below in block.finalbody or (below in block.body and _raises_on(block, below))
    return False


def _is_transparent(function: Function, node: ast.expr) -> bool:
    called = resolve(node.func, function.scope) if isinstance(node, ast.Call) else None
    if called == "contextlib.suppress" and isinstance(node, ast.Call):
        return not any(isinstance(one, ast.Starred) or chain(one)[-1] in _CATCH for one in node.args)
    return called in _TRANSPARENT


def _has_members(node: ast.expr) -> bool:
    """Whether a loop surely runs, or once there is any row: not where it looks for what is left to do."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return bool(node.elts)
    names = chain(node)
    if names == ["range"] and isinstance(node, ast.Call):
        return _counts(node.args)
    return len(names) == 3 and names[1] in MANAGERS and names[2] == "all"  # noqa: PLR2004 - Model.objects.all


def _counts(limits: list[ast.expr]) -> bool:
    """Whether a range of these is known, and not empty."""
    numbers = [one.value for one in limits if isinstance(one, ast.Constant) and type(one.value) is int]
    known = len(numbers) == len(limits)
    try:
        return known and bool(range(*numbers))
    except (TypeError, ValueError):  # none, or too many, or steps of 0
        return False


def _raises_on(block: ast.Try, below: ast.AST) -> bool:
    """Whether a ``RecursionError`` leaves a ``try``, and nothing before the step may have left its body."""
    if not block.handlers:
        return True
    before = block.body[: block.body.index(below)] if isinstance(below, ast.stmt) else block.body
    sets = all(
        isinstance(one, ast.Assign) and all(isinstance(target, ast.Attribute) for target in one.targets)
        for one in before
    )
    return sets and not any(_catches(one) for one in block.handlers)


def _catches(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    if not any(one is None or chain(one)[-1] in _CATCH for one in kinds):
        return False
    last = handler.body[-1]
    return not (isinstance(last, ast.Raise) and not any(_leaves(one) for one in handler.body[:-1]))


def _leaves(node: ast.AST) -> bool:
    return any(isinstance(one, ast.Return | ast.Continue | ast.Break) for one in ast.walk(node))
