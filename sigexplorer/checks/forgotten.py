"""Objects that connect a method of their own, and that nobody holds."""

from __future__ import annotations

import ast
import re
import sys

from sigexplorer.checks.facts import Class, Connection, File, Function, Noted
from sigexplorer.checks.project import Project

_DEEPEST = 10  # bases of bases

_IMPORT = re.compile(r"\s*(?:from|import)\b")


def forgotten(project: Project, raw: Connection) -> str:
    """Return the class whose objects connect ``self.method`` and are let go at once; empty for others.

    Surely so is a class that is only ever made in a statement of its own, ``Listener()`` or
    ``Listener().start()``, and that hands ``self`` to nobody while it is.
    """
    target = raw.target
    around = next((one for one in raw.file.functions if one.scope is raw.scope), None)
    if not isinstance(target, ast.Attribute) or around is None or not around.in_class or raw.file.is_test:
        return ""
    first = next(iter(around.parameters), "")
    found = project.classes.get(f"{raw.file.module}.{around.owner.qualname}")
    if found is None or not (isinstance(target.value, ast.Name) and target.value.id == first):
        return ""
    if not is_of_object(project, found.path, target.attr):
        return ""
    if target.attr not in found.methods or not _is_simple(found) or _hands_itself_on(around, first):
        return ""
    made = [(file, one) for file in project.files for one in file.dropped if _made(one) == found.name]
    made = [(file, one) for file, one in made if _path(project, file, one) == found.path]
    if not made or any(not _runs(one, around.name) for _, one in made):
        return ""
    places = {(file.shown, one.node.lineno) for file, one in made}
    return "" if _is_used_elsewhere(project, found, places) else found.name


def is_of_object(project: Project, path: str | None, name: str, depth: int = 0) -> bool:
    """Whether a method of a class goes with its object: a class holds its class and static methods."""
    found = project.classes.get(path or "")
    if found is None or depth > _DEEPEST:
        return depth > 0  # of a base that is not here: most methods do
    if name not in found.methods:
        return all(is_of_object(project, project.follow(base), name, depth + 1) for base in found.bases)
    method = project.function(f"{found.path}.{name}", found.file, sys.maxsize)
    decorators = method.node.decorator_list if method is not None else []
    return not any(getattr(one, "id", "") in ("classmethod", "staticmethod") for one in decorators)


def constructed(node: ast.Call) -> ast.Call:
    """Return ``Thing()`` of ``Thing()`` and of ``Thing().method()``."""
    inner = node.func.value if isinstance(node.func, ast.Attribute) else None
    return inner if isinstance(inner, ast.Call) else node


def _made(noted: Noted) -> str:
    assert isinstance(noted.node, ast.Call)  # noqa: S101 - only calls are noted there
    called = constructed(noted.node).func
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def _path(project: Project, file: File, noted: Noted) -> str | None:
    assert isinstance(noted.node, ast.Call)  # noqa: S101 - only calls are noted there
    return project.resolve(constructed(noted.node).func, noted.scope, file)


def _runs(noted: Noted, method: str) -> bool:
    """Whether the statement runs that method, which connects."""
    node = noted.node
    assert isinstance(node, ast.Call)  # noqa: S101 - only calls are noted there
    if constructed(node) is node:
        return method == "__init__"
    return method == "__init__" or (isinstance(node.func, ast.Attribute) and node.func.attr == method)


def _is_simple(found: Class) -> bool:
    """Whether no base, metaclass or decorator may hold what is made of a class."""
    lines = found.file.lines
    decorated = found.line > 1 and lines[found.line - 2].lstrip().startswith("@")
    written = lines[found.line - 1].partition(":")[0]
    return not decorated and set(found.bases) <= {"object"} and "=" not in written


def _hands_itself_on(function: Function, first: str) -> bool:
    """Whether ``self`` goes anywhere but into its own attributes and into what connects."""
    for node, above in function.steps:
        if not isinstance(node, ast.Name) or node.id != first:
            continue
        member = above[-1] if above else None
        user = next((one for one in reversed(above[:-1]) if not isinstance(one, ast.keyword)), None)
        if not isinstance(member, ast.Attribute):
            return True
        connects = isinstance(user, ast.Call) and getattr(user.func, "attr", "") == "connect"
        if isinstance(member.ctx, ast.Load) and not connects:
            return True
    return any(first in _names(inner) for inner in _inner(function))


def _inner(function: Function) -> list[ast.AST]:
    return [
        node
        for node, _ in function.steps
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef)
    ]


def _names(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _is_used_elsewhere(project: Project, found: Class, places: set[tuple[str, int]]) -> bool:
    """Whether the name of a class stands anywhere but where it is defined, imported and made."""
    word = re.compile(rf"\b{re.escape(found.name)}\b")
    for file in project.files:
        for number, line in enumerate(file.lines, 1):
            if found.name not in line or not word.search(line.partition("#")[0]):
                continue
            defined = file is found.file and number == found.line
            if not defined and (file.shown, number) not in places and not _IMPORT.match(line):
                return True
    return False
