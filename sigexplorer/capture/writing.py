"""Write statements of ours around those of a method, where no traceback tells them from its own."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from types import CodeType
from typing import Any


def statements(
    text: str,
    place: ast.AST,
    theirs: Sequence[ast.stmt] = (),
    names: Mapping[str, ast.expr] | None = None,
) -> list[ast.stmt]:
    """Return statements of ours that stand at ``place``, with theirs HERE, and what stands for names."""
    names = names or {}
    for held in names.values():
        placed(held, place)
    return _Filled(names, theirs).visit(placed(ast.parse(text), place)).body  # type: ignore[no-any-return]


def expression(text: str, theirs: ast.expr) -> ast.expr:
    """Return an expression of ours that stands where theirs does, which is HERE in it."""
    tree = placed(ast.parse(text, mode="eval"), theirs)
    return _Filled({"HERE": theirs}, ()).visit(tree).body  # type: ignore[no-any-return]


def placed(tree: Any, place: ast.AST) -> Any:
    """Let all of a tree stand at ``place``."""
    for node in ast.walk(tree):
        ast.copy_location(node, place)
    return tree


def renamed(code: CodeType, full_name: Callable[[str], str]) -> CodeType:
    """Give a code, and those in it, other full names."""
    held = (renamed(each, full_name) if isinstance(each, CodeType) else each for each in code.co_consts)
    return code.replace(co_qualname=full_name(code.co_qualname), co_consts=tuple(held))


class _Filled(ast.NodeTransformer):
    """Puts something in the place of names."""

    def __init__(self, names: Mapping[str, ast.expr], theirs: Sequence[ast.stmt]) -> None:
        self._names = names
        self._theirs = theirs

    def visit_Expr(self, node: ast.Expr) -> Any:
        """Replace a statement."""
        match node.value:
            case ast.Name("HERE") if "HERE" not in self._names:
                return list(self._theirs)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> Any:
        """Replace an expression."""
        return self._names.get(node.id, node)
