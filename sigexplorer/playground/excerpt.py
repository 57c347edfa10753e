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

    Helpers are what the names in it mean: what defines them in the same file, and where what it imports
    comes from; what stands around it, such as a loop, is shown around it. None where there is no source:
    typed in, or run without it.
    """
    file = _read(caller.f_code.co_filename)
    if file is None:
        return None
    for node in ast.walk(file.tree):
        if isinstance(node, ast.With) and node.lineno <= caller.f_lineno < node.body[0].lineno:
            return _joined([*_helpers(file, node), _block(file, node)])
    return None


def _joined(parts: list[str]) -> str:
    """Return parts one below the other, those that go over several lines apart."""
    text = parts[0]
    for before, part in pairwise(parts):
        text += ("\n\n" if "\n" in before or "\n" in part else "\n") + part
    return text


def _block(file: _File, node: ast.With) -> str:
    text = file.text(node.body[0], node.end_lineno)
    source = "".join(file.lines)
    others = [item for item in node.items if not _is_step(item)]
    for items in [others, *_around(file.tree, node)]:
        if items:
            text = f"{_entered(items, source)}\n{textwrap.indent(text, '    ')}"
    return text


def _entered(items: list[ast.withitem] | ast.For, source: str) -> str:
    """Return the line, or the lines, with which what stands around a block begins."""
    if isinstance(items, ast.For):
        parts = (ast.get_source_segment(source, part) or "" for part in (items.target, items.iter))
        return f"for {' in '.join(parts)}:"
    others = [_written(item, source) for item in items]
    entered = ", ".join(others)
    if len(entered) > _LONG:
        entered = "(\n" + "".join(f"    {other},\n" for other in others) + ")"
    return f"with {entered}:"


def _around(tree: ast.AST, block: ast.With) -> Iterator[list[ast.withitem] | ast.For]:
    """Yield what is entered around a block in its function, and the loops, from the inside out."""
    found: list[list[ast.withitem] | ast.For] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and _holds(node, block):
            found.clear()  # of a function around it
        if node is not block and isinstance(node, ast.With | ast.For) and _holds(node, block):
            items = [] if isinstance(node, ast.For) else [one for one in node.items if not _is_of_step(one)]
            found.append(node if isinstance(node, ast.For) else items)
    return reversed(found)


def _is_of_step(item: ast.withitem) -> bool:
    """Whether it is something that the step does: it is written to be recorded, and not about signals."""
    return "step" in _names(item.context_expr)


def _written(item: ast.withitem, source: str) -> str:
    """Return a part of a ``with`` statement as it is written, on one line."""
    parts = [item.context_expr, *([item.optional_vars] if item.optional_vars else [])]
    return " as ".join(" ".join((ast.get_source_segment(source, part) or "").split()) for part in parts)


def _is_step(item: ast.withitem) -> bool:
    """Whether it is the step itself."""
    called = item.context_expr.func if isinstance(item.context_expr, ast.Call) else None
    return isinstance(called, ast.Name) and called.id == "step"


def _helpers(file: _File, block: ast.With) -> Iterator[str]:
    """Yield imports, definitions and values that the block needs, in the order of the file."""
    known = _known(file.tree, block)
    shown = _names(block).union(*map(_names_around, _around(file.tree, block)))
    wanted, found = set(shown), dict[int, ast.stmt]()
    while wanted:
        statement = known.get(wanted.pop())
        if statement is not None and statement.lineno not in found:
            found[statement.lineno] = statement
            if not isinstance(statement, ast.ImportFrom | ast.Import):
                wanted |= _names(statement)
    used = shown.union(*(_names(one) for one in found.values()))
    for _, statement in sorted(found.items()):
        if not isinstance(statement, ast.ImportFrom | ast.Import):
            yield file.text(statement)
            continue
        names = [ast.unparse(one) for one in statement.names if _named(one) in used]
        module = (
            f"from {'.' * statement.level}{statement.module or ''} "
            if isinstance(statement, ast.ImportFrom)
            else ""
        )
        yield f"{module}import {', '.join(names)}"


def _named(imported: ast.alias) -> str:
    return imported.asname or imported.name.partition(".")[0]


def _names_around(items: list[ast.withitem] | ast.For) -> set[str]:
    return _names(items.iter) if isinstance(items, ast.For) else set().union(*map(_names, items))


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
        own = {
            one.id for one in ast.walk(block) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
        }
        elsewhere = [
            (name, statement)
            for statement in _statements(scope, block, of_steps=True)  # what an earlier step has made
            for name in _defined(statement)
        ]
        for name, statement in (*elsewhere, *_given(module, scope)):
            if name not in own:
                known.setdefault(name, statement)
    return known


def _given(module: ast.Module, called: _Scope) -> Iterator[tuple[str, ast.stmt]]:
    """Yield what is made in the functions that call one, from which its arguments come."""
    for caller in module.body:
        others = isinstance(caller, ast.FunctionDef) and caller is not called
        if others and getattr(called, "name", None) in _names(caller):
            for one in _statements(caller, None):
                yield from ((name, one) for name in _defined(one))


def _statements(scope: ast.AST, block: ast.With | None, *, of_steps: bool = False) -> Iterator[ast.stmt]:
    """Yield the statements of a scope; of a function those before the block, or also of other steps."""
    for node in ast.iter_child_nodes(scope):
        if node is block:
            continue
        if isinstance(node, ast.With) and any(map(_is_step, node.items)):
            if block and of_steps and node.lineno < block.lineno:
                yield from _statements(node, block)
            continue
        if isinstance(node, ast.stmt) and not (block and _holds(node, block)):
            if block is None or isinstance(scope, ast.Module) or node.lineno < block.lineno:
                yield node
            if isinstance(node, _APART):
                continue
        elif isinstance(node, _APART):
            continue
        yield from _statements(node, block, of_steps=of_steps)


def _holds(node: ast.stmt, block: ast.With) -> bool:
    return node.lineno <= block.lineno <= (node.end_lineno or node.lineno)


def _defined(statement: ast.stmt) -> set[str]:
    """Return the names that a statement gives a meaning, unless that comes from a step."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.ImportFrom(names=names) | ast.Import(names=names):
            return {_named(one) for one in names} - {"Steps"}
        case ast.Assign() | ast.AnnAssign() if statement.value and "step" not in _names(statement.value):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            return {
                node.id
                for target in targets
                for node in ast.walk(target)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            }
    return set()


def _names(node: ast.AST) -> set[str]:
    """Return the names that are read in it."""
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
