"""Tell a function that we know from one that does something else, by its source."""

from __future__ import annotations

import ast
import functools
import hashlib
import linecache
import textwrap
from types import CodeType
from typing import Any


def fingerprint(function: Any) -> str:
    """Hash what ``function`` does: its source without docstring, comments, annotations and white space."""
    code = getattr(function, "__code__", None)
    return _of(code, code.co_filename) if isinstance(code, CodeType) else ""


@functools.cache
def _of(code: CodeType, file: str) -> str:  # code of another file may be equal
    lines = linecache.getlines(file)[code.co_firstlineno - 1 : _last_line(code)]
    try:
        (function,) = ast.parse(textwrap.dedent("".join(lines))).body
    except (SyntaxError, ValueError):
        return ""
    text = ast.unparse(_Bare().visit(function))
    return hashlib.sha256("".join(text.split()).encode()).hexdigest()[:16]


class _Bare(ast.NodeTransformer):
    """Takes away what is of no effect."""

    def visit_FunctionDef(self, node: Any) -> Any:
        """Take away docstrings, and what is said of a function's result."""
        if ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
        node.returns = None
        return self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - named as the nodes are

    def visit_arg(self, node: ast.arg) -> ast.arg:
        """Take away what is said of an argument."""
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        """Take away what is said of a variable."""
        if node.value is None:
            return ast.Pass()
        return ast.Assign([node.target], node.value, lineno=node.lineno)


def _last_line(code: CodeType) -> int:
    own = max((line for _, _, line in code.co_lines() if line), default=code.co_firstlineno)
    return max([own, *(_last_line(const) for const in code.co_consts if isinstance(const, CodeType))])
