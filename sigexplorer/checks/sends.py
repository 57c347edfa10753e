"""With which arguments a signal of the project's own is sent."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sigexplorer.checks.facts import File, Noted
from sigexplorer.checks.project import Project, short


def sent_with(project: Project, path: str) -> set[str] | None:
    """Return the arguments of all sends of a signal; None where not every send can be seen."""
    if path not in project.signals or not project.is_whole:
        return None
    names: set[str] = set()
    found = False
    for file in project.files:
        for noted, call, base in _sends(file):
            is_ours = project.resolve(base, noted.scope, file) == path
            if not is_ours and not _may_be_any(base):
                continue
            if _is_open(call):
                return None
            found = found or is_ours
            names |= {one.arg for one in call.keywords if one.arg}
    return names if found and not _is_handed_on(project, path) else None


def _sends(file: File) -> Iterator[tuple[Noted, ast.Call, ast.expr]]:
    for noted in file.sends:
        call = noted.node
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            yield noted, call, call.func.value


def _may_be_any(base: ast.expr) -> bool:
    """Whether a send is that of a signal which is looked up: ``getattr(signals, name)``, ``table[name]``."""
    return isinstance(base, ast.Call | ast.Subscript)


def _is_open(call: ast.Call) -> bool:
    """Whether nobody can say what a call passes."""
    return any(one.arg is None for one in call.keywords) or any(
        isinstance(one, ast.Starred) for one in call.args
    )


def _is_handed_on(project: Project, path: str) -> bool:
    """Whether a signal is used as a value anywhere, and so may be sent under another name."""
    name = short(path)
    ending = f".{name}"
    for file in project.files:
        values = (one for one in file.values if one.endswith(ending))
        if any(project.follow(one) == path for one in values):
            return True
        if not file.is_deep and not file.is_package and _names(project, file, path):
            return True
    return False


def _names(project: Project, file: File, path: str) -> bool:
    """Whether a file whose functions were not looked into has a signal among its names, or its module."""
    module, _, name = path.rpartition(".")
    if not (file.imports & {module, path} or any(one.endswith(f".{name}") for one in file.imports)):
        return False
    used = f".{name}"
    by_name = any(project.follow(one) == path for one in file.scope.names.values())
    return by_name or any(used in line for line in file.lines)
