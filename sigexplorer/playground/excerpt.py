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
        apart = not before.startswith("#") and ("\n" in before or "\n" in part)
        text += ("\n\n" if apart else "\n") + part
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
    """Yield imports, definitions and values that the block needs: of the module, then of its function."""
    found, used = _needed(file, block)
    ordered = sorted(found.items(), key=lambda one: (one[1].col_offset > 0, one[0]))
    for _, statement in ordered:
        if not isinstance(statement, ast.ImportFrom | ast.Import):
            yield file.text(statement)
            continue
        names = [ast.unparse(one) for one in statement.names if _named(one) in used]
        module = f"from {statement.module} " if isinstance(statement, ast.ImportFrom) else ""
        yield f"{module}import {', '.join(names)}"
    if any(statement.col_offset and not isinstance(statement, _MADE) for statement in found.values()):
        yield IN_STEP
    if "step.unheard()" in "".join(file.lines[block.lineno - 1 : block.body[0].lineno - 1]):
        yield UNHEARD


#: What stands for itself, and not for what was done before.
_MADE = (ast.ImportFrom, ast.Import, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

#: Above what a step does, where something that was done before is shown.
IN_STEP = "# in this step:"

#: Above what a step does that goes on from where the one before began, and what was made for that.
GOING_ON = "# after the step above:"

UNHEARD = "# step.unheard() takes sigexplorer's own receivers away, so that nobody listens but what is here"


def _needed(file: _File, block: ast.With) -> tuple[dict[int, ast.stmt], set[str]]:
    """Return the statements that the block needs by their lines, and the names that are used."""
    known = _known(file.tree, block)
    used = _names(block).union(*map(_names_around, _around(file.tree, block)))
    found = dict[int, ast.stmt]()
    wanted = set(used)
    while wanted:
        statement = known.get(wanted.pop())
        new = [statement] if statement is not None else []
        if not wanted:
            new += _effects(file.tree, block, found, used)
        for one in new:
            if one.lineno not in found:
                found[one.lineno] = one
                if not isinstance(one, ast.ImportFrom | ast.Import):
                    wanted |= _names(one)
                    used |= _names(one)
    return found, used


def _effects(tree: ast.Module, block: ast.With, found: dict[int, ast.stmt], used: set[str]) -> list[ast.stmt]:
    """Return what was done before the block, in its function, with what it uses."""
    made = set().union(*(_defined(one) for one in found.values() if one.col_offset and not _is_import(one)))
    functions = [one for one in tree.body if isinstance(one, ast.FunctionDef) and _holds(one, block)]
    before = [one for function in functions for one in _statements(function, block)]
    return [one for one in before if "step" not in _names(one) and _is_effect(one, made, used)]


def _is_effect(statement: ast.stmt, made: set[str], used: set[str]) -> bool:
    match statement:
        case ast.FunctionDef(decorator_list=[_, *_] as decorators):
            return any(_names(one) & used for one in decorators)
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="connect" | "disconnect"))):
            return bool(_names(statement) & used)
        case ast.Expr(value=ast.Call()):
            return bool(_names(statement) & made)
        case ast.Assign(targets=[ast.Attribute()]):
            return bool(_names(statement) & used)
        case ast.Assign(value=ast.Call(func=ast.Attribute(attr="create")) as value):
            return bool(_names(value) & made)
    return False


def _is_import(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom | ast.Import)


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
