"""Whether what ``--inject`` is to raise can be an exception, before anything runs; nothing is imported."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any

from sigexplorer.errors import UnknownNameError, UsageError

_EXCEPTION = "exception"


def check(name: str, path: Sequence[str]) -> None:
    """Raise where the dotted ``name`` leads to no exception, as far as sources on ``path`` say so.

    What they do not say is seen when it is to be raised.
    """
    module, _, last = name.rpartition(".")
    loaded = sys.modules.get(module)
    if loaded is not None and module.partition(".")[0] in sys.stdlib_module_names:
        _check_loaded(name, loaded, last)
        return
    tree = _source(module, path)
    if tree is None or _binds_by_name(tree):
        return
    bound, functions = _names(tree)
    if last not in bound and not bound & {"*", "__getattr__"}:
        raise UnknownNameError(_EXCEPTION, name, _qualified(module, _classes(tree)))
    if last in functions:
        raise _none(name)


def _check_loaded(name: str, module: ModuleType, last: str) -> None:
    held = vars(module)
    if last not in held:
        kinds = (each for each, kind in held.items() if _is_exception(kind))
        raise UnknownNameError(_EXCEPTION, name, _qualified(module.__name__, kinds))
    if not _is_exception(held[last]):
        raise _none(name)


def _is_exception(held: Any) -> bool:
    return isinstance(held, type) and issubclass(held, BaseException)


def _none(name: str) -> UsageError:
    return UsageError(f"'{name}' is no exception", "name a class of exceptions")


def _qualified(module: str, names: Iterable[str]) -> list[str]:
    return [f"{module}.{name}" for name in names]


def _source(module: str, path: Sequence[str]) -> ast.Module | None:
    """Return the source of a module, whose packages are looked into and not imported."""
    search: Any = list(path)
    spec = None
    parts = module.split(".")
    try:
        for end in range(1, len(parts) + 1):
            spec = PathFinder.find_spec(".".join(parts[:end]), search)
            if spec is None:
                return None
            search = spec.submodule_search_locations
        if spec is None or not isinstance(spec.loader, SourceFileLoader):
            return None
        return ast.parse(spec.loader.get_data(spec.loader.path))
    except Exception:  # noqa: BLE001 - whatever is on the path: it is then looked at later
        return None


#: What names may be bound with that stand in no statement.
_BINDERS = frozenset(
    {"globals", "locals", "vars", "setattr", "__setattr__", "__dict__", "exec", "eval", "modules"}
)


def _binds_by_name(tree: ast.Module) -> bool:
    """Whether a module names anything that may bind names of which its source says nothing."""
    return any(
        (isinstance(node, ast.Name) and node.id in _BINDERS)
        or (isinstance(node, ast.Attribute) and node.attr in _BINDERS)
        for node in ast.walk(tree)
    )


def _names(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Return every name that may be bound anywhere in a module, and those that are only functions."""
    bound: set[str] = set()
    functions: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            functions.add(node.name)
        elif isinstance(node, ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.alias):
            bound.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
    return bound | functions, functions - bound


def _classes(tree: ast.Module) -> list[str]:
    return [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
