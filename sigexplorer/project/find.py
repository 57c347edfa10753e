"""Find the Django project that is meant: by options, by the environment, by its ``manage.py``."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sigexplorer.errors import ProjectError

_VARIABLE = "DJANGO_SETTINGS_MODULE"


@dataclass(frozen=True, slots=True)
class Project:
    """A Django project that can be started."""

    settings: str  # the settings module
    folder: Path  # to import it from
    found_by: str  # in words


def find(settings: str | None, pythonpath: Path | None) -> Project:
    """Return the project of ``--settings``, else of the environment, else of the nearest ``manage.py``.

    Nothing of the project is run to find it. Raises ``ProjectError`` where there is none.
    """
    manage = nearest_manage()
    folder = pythonpath or (manage.parent if manage else here())
    if settings:
        return Project(settings, folder, "--settings")
    if os.environ.get(_VARIABLE):
        return Project(os.environ[_VARIABLE], folder, _VARIABLE)
    if manage is None:
        raise ProjectError(
            f"no Django project found: no --settings, no {_VARIABLE}, no manage.py in '{here()}' or above it",
            "name your settings with --settings, or look at the bundled project with --demo",
        )
    return Project(_settings_in(manage), folder, f"{manage}")


def here() -> Path:
    """Return the current folder."""
    try:
        return Path.cwd()
    except FileNotFoundError as problem:
        raise ProjectError(
            "the current folder is gone", "name the project's folder with --pythonpath"
        ) from problem


def nearest_manage() -> Path | None:
    """Return the ``manage.py`` in the current folder or the nearest above."""
    folder = here()
    for candidate in (folder, *folder.parents):
        try:
            if (candidate / "manage.py").is_file():
                return candidate / "manage.py"
        except OSError:  # a folder that we may not look into
            continue
    return None


def _settings_in(manage: Path) -> str:
    """Read the settings module that ``manage.py`` names, without running it."""
    try:
        tree = ast.parse(manage.read_bytes())
    except (OSError, SyntaxError, ValueError) as problem:
        raise ProjectError(
            f"'{manage}' cannot be read: {problem}", "name the settings with --settings"
        ) from problem
    named = list(dict.fromkeys(_named(tree)))
    if len(named) == 1:
        return named[0]
    what = f"names several settings modules: {', '.join(named)}" if named else "names no settings module"
    raise ProjectError(f"'{manage}' {what}", "name one with --settings")


def _named(tree: ast.Module) -> Iterator[str]:
    """Yield what ``DJANGO_SETTINGS_MODULE`` is set to in a program."""
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="setdefault") | ast.Name(id="setdefault"),
                args=[ast.Constant(value="DJANGO_SETTINGS_MODULE"), value],
            ):
                yield from _texts(value, constants)
            case ast.Assign(
                targets=[ast.Subscript(slice=ast.Constant(value="DJANGO_SETTINGS_MODULE"))], value=value
            ):
                yield from _texts(value, constants)


def _texts(value: ast.expr, constants: Mapping[str, object]) -> Iterator[str]:
    """Yield the texts that an expression may come to: its own, its constant's, its default's."""
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Name(id=name) if isinstance(constants.get(name), str):
            yield str(constants[name])
        case ast.Call(args=[_, default]):  # os.environ.get("DJANGO_SETTINGS", "mysite.settings")
            yield from _texts(default, constants)
        case ast.BoolOp(values=values):
            yield from _texts(values[-1], constants)
        case ast.IfExp(body=body, orelse=other):
            yield from _texts(body, constants)
            yield from _texts(other, constants)
