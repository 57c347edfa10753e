"""The Python of a step: its block, and what is named there and was written for it."""

from __future__ import annotations

import ast
import linecache
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from types import FrameType

#: Comments that tell a linter or a type checker something, and nobody else.
_FOR_TOOLS = re.compile(r"  # (?:noqa|type: ignore|fmt:)[^\n]*")

#: Characters of what one line can take.
_LONG = 80

_Scope = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef

#: What has a scope of its own.
_APART = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


@dataclass(frozen=True, slots=True)
class _File:
    """A file of Python."""

    tree: ast.Module
    lines: tuple[str, ...]

    def text(self, node: ast.stmt, last: int | None = None) -> str:
        """Return a statement as it is written, its decorators with it; ``last`` may be a later line."""
        start = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
        text = textwrap.dedent("".join(self.lines[start - 1 : last or node.end_lineno])).rstrip()
        return _FOR_TOOLS.sub("", text)


def _read(name: str) -> _File | None:
    linecache.checkcache(name)
    return _parsed("".join(linecache.getlines(name)))


@lru_cache(maxsize=1)
def _parsed(source: str) -> _File | None:
    try:
        return _File(ast.parse(source), tuple(source.splitlines(keepends=True))) if source else None
    except SyntaxError:
        return None


def excerpt(caller: FrameType) -> str | None:
    """Return the body of the ``with`` statement that ``caller`` is entering, and what else it takes.

    Helpers are what the names in it mean, as far as that is defined in the same file, and where what it
    imports from the same package comes from. None where there is no source: typed in, or run without it.
    """
    file = _read(caller.f_code.co_filename)
    if file is None:
        return None
    for node in ast.walk(file.tree):
        if isinstance(node, ast.With) and node.lineno <= caller.f_lineno < node.body[0].lineno:
            package = str(caller.f_globals.get("__name__", "")).partition(".")[0]
            return _joined([*_helpers(file, node, package), _block(file, node)])
    return None


def _joined(parts: list[str]) -> str:
    """Return parts one below the other, those that go over several lines apart."""
    text = parts[0]
    for before, part in pairwise(parts):
        text += ("\n\n" if "\n" in before or "\n" in part else "\n") + part
    return text


def _block(file: _File, node: ast.With) -> str:
    body = file.text(node.body[0], node.end_lineno)
    source = "".join(file.lines)
    others = [_written(item, source) for item in node.items if not _is_step(item)]
    if not others:
        return body
    entered = ", ".join(others)
    if len(entered) > _LONG:
        entered = "(\n" + "".join(f"    {other},\n" for other in others) + ")"
    return f"with {entered}:\n{textwrap.indent(body, '    ')}"


def _written(item: ast.withitem, source: str) -> str:
    """Return a part of a ``with`` statement as it is written, on one line."""
    parts = [item.context_expr, *([item.optional_vars] if item.optional_vars else [])]
    return " as ".join(" ".join((ast.get_source_segment(source, part) or "").split()) for part in parts)


def _is_step(item: ast.withitem) -> bool:
    """Whether it is the step itself."""
    called = item.context_expr.func if isinstance(item.context_expr, ast.Call) else None
    return isinstance(called, ast.Name) and called.id == "step"


def _helpers(file: _File, block: ast.With, package: str) -> Iterator[str]:
    """Yield imports, definitions and values that the block needs, in the order of the file."""
    known = _known(file.tree, block)
    wanted, found = _names(block), dict[int, ast.stmt]()
    while wanted:
        statement = known.get(wanted.pop())
        if statement is not None and statement.lineno not in found:
            found[statement.lineno] = statement
            if not isinstance(statement, ast.ImportFrom):
                wanted |= _names(statement)
    used = _names(block).union(*(_names(one) for one in found.values()))
    for _, statement in sorted(found.items()):
        if not isinstance(statement, ast.ImportFrom):
            yield file.text(statement)
        elif (statement.module or "").partition(".")[0] == package:
            names = [ast.unparse(one) for one in statement.names if (one.asname or one.name) in used]
            yield f"from {statement.module} import {', '.join(names)}"


def _known(module: ast.Module, block: ast.With) -> dict[str, ast.stmt]:
    """Return by name what the block can see: of the file, and of the functions around it."""
    around: list[_Scope] = [
        node
        for node in ast.walk(module)
        if isinstance(node, _Scope) and (isinstance(node, ast.Module) or _holds(node, block))
    ]
    known: dict[str, ast.stmt] = {}
    for scope in sorted(around, key=lambda node: getattr(node, "lineno", 0)):
        arguments = [] if isinstance(scope, ast.Module) else ast.walk(scope.args)
        for argument in arguments:
            if isinstance(argument, ast.arg):
                known.pop(argument.arg, None)  # whoever calls says what it is
        for statement in _statements(scope, block):
            known.update(dict.fromkeys(_defined(statement), statement))
    return known


def _statements(scope: ast.AST, block: ast.With) -> Iterator[ast.stmt]:
    """Yield the statements of a scope; of a function those before the block, and not of other steps."""
    for node in ast.iter_child_nodes(scope):
        if isinstance(node, ast.With) and (node is block or any(map(_is_step, node.items))):
            continue
        if isinstance(node, ast.stmt) and not _holds(node, block):
            if isinstance(scope, ast.Module) or node.lineno < block.lineno:
                yield node
            if isinstance(node, _APART):
                continue
        elif isinstance(node, _APART):
            continue
        yield from _statements(node, block)


def _holds(node: ast.stmt, block: ast.With) -> bool:
    return node.lineno <= block.lineno <= (node.end_lineno or node.lineno)


def _defined(statement: ast.stmt) -> set[str]:
    """Return the names that a statement gives a meaning, unless that comes from a step."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.ImportFrom(names=names):
            return {one.asname or one.name for one in names} - {"Steps"}
        case ast.Assign() | ast.AnnAssign() if statement.value and "step" not in _names(statement.value):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}
    return set()


def _names(node: ast.AST) -> set[str]:
    """Return the names that are read in it."""
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
