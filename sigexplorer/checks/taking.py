"""What a receiver takes out of its ``**kwargs`` without a look whether it is there."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sigexplorer.checks.bodies import is_caught
from sigexplorer.checks.facts import Ancestors, Function, key_taken

#: What stands for ``kwargs`` itself: ``"key" in kwargs.keys()``.
_VIEWS = ("keys", "items")
_FILLS = ("setdefault", "update")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_MISSING = frozenset({"KeyError", "LookupError", "Exception", "BaseException"})


def blindly_taken(function: Function) -> Iterator[tuple[str, ast.AST]]:
    """Return the keys that a function takes out of ``**kwargs``, and where.

    Left out are those that it asks for first, puts there itself, or of which it catches the
    ``KeyError``; and all of them where ``kwargs`` is given another value.
    """
    kwargs = function.node.args.kwarg.arg if function.node.args.kwarg is not None else ""
    if not function.taken or _is_given_anew(function, kwargs):
        return
    around = {id(node): above for node, above in function.steps}
    asked, filled = _asked(function, kwargs), _filled(function, kwargs)
    others = _of_others(function, kwargs)
    for key, node in function.taken:
        line = getattr(node, "lineno", 0)
        there = any(name in (key, None) and place <= line for name, place in filled)
        known = there or id(node) in others or _is_caught(node, around.get(id(node), ()))
        if not known and (_is_question(node) or not {key, None} & asked):
            yield key, node


def _is_question(node: ast.AST) -> bool:
    """Whether a key is taken so that ``None`` is the answer where it is missing."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get"


def _is_given_anew(function: Function, kwargs: str) -> bool:
    return any(
        isinstance(node, ast.Name) and node.id == kwargs and not isinstance(node.ctx, ast.Load)
        for node in function.every
    )


def _is_kwargs(node: ast.AST, kwargs: str) -> bool:
    """Whether this is ``kwargs``, or a view of it."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _VIEWS:
        node = node.func.value
    return isinstance(node, ast.Name) and node.id == kwargs


def _asked(function: Function, kwargs: str) -> set[str | None]:
    """Return the keys that conditions ask for; ``None`` among them where one looks at all of ``kwargs``."""
    found: set[str | None] = set()
    special: set[int] = set()
    for node in function.looked_at:
        key = key_taken(node, kwargs)
        if key is not None:
            found |= {key} if _is_question(node) else set()
            special |= {id(one) for one in ast.walk(node)}
        elif isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
            left, right = node.left, node.comparators[0]
            if isinstance(left, ast.Constant) and _is_kwargs(right, kwargs):
                found.add(str(left.value))
                special |= {id(one) for one in ast.walk(right)}
        elif isinstance(node, ast.Name):
            found |= {key for key, names in function.renamed.items() if node.id in names}
            if node.id == kwargs and id(node) not in special:
                found.add(None)
    return found


def _filled(function: Function, kwargs: str) -> list[tuple[str | None, int]]:
    """Return the keys that a function puts into ``kwargs``, and the lines; ``None`` for any key."""
    found: list[tuple[str | None, int]] = []
    for node in function.every:
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            if _is_kwargs(node.value, kwargs):
                literal = key_taken(node, kwargs)
                found.append((literal, node.lineno))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _FILLS:
            if not _is_kwargs(node.func.value, kwargs):
                continue
            first = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
            named = [one.arg for one in node.keywords]
            names = named if named and not node.args else [first if isinstance(first, str) else None]
            found += [(name, node.lineno) for name in names]
        elif isinstance(node, ast.AugAssign) and _is_kwargs(node.target, kwargs):
            found.append((None, node.lineno))
    return found


def _of_others(function: Function, kwargs: str) -> set[int]:
    """Return the nodes of functions inside whose own parameter has the name of ``kwargs``."""
    found: set[int] = set()
    for node in function.every:
        if isinstance(node, _FUNCTIONS) and kwargs in _parameters(node.args):
            found |= {id(one) for one in ast.walk(node)}
    return found


def _parameters(arguments: ast.arguments) -> set[str]:
    listed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return {one.arg for one in (*listed, arguments.vararg, arguments.kwarg) if one is not None}


def _is_caught(node: ast.AST, above: Ancestors) -> bool:
    """Whether a missing key is expected: the ``KeyError`` of a place is caught."""
    for one, below in zip(above, (*above[1:], node), strict=True):
        if isinstance(one, ast.Try) and below in one.body and any(map(_catches, one.handlers)):
            return True
        if isinstance(one, ast.With) and is_caught((one,)):
            return True
    return False


def _catches(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(one is None or getattr(one, "id", "") in _MISSING for one in kinds)
