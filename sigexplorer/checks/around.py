"""The project around the files that were named: what is known of them stands there too."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from sigexplorer.checks.files import NOT_THEIRS, in_folder

#: By these files the folder of a project is known.
_MARKS = ("manage.py", "pyproject.toml")

#: More files around than these are not read: somebody's home, or every project of a company.
MOST = 5_000


def root_of(named: Path) -> str:
    """Return the folder of the project that a file or folder belongs to.

    That is the nearest folder with a ``manage.py`` or ``pyproject.toml``, as far as the
    installed package or the virtual environment that it lies in; else its outermost package;
    else its own folder.
    """
    path = os.path.abspath(named)  # noqa: PTH100 - links keep their names
    folder = path if os.path.isdir(path) else os.path.dirname(path)  # noqa: PTH112, PTH120 - as in files
    for one in _upwards(folder):
        if any(os.path.exists(f"{one}/{name}") for name in _MARKS):  # noqa: PTH110
            return one
    while os.path.exists(f"{folder}/__init__.py") and os.path.dirname(folder) != folder:  # noqa: PTH110, PTH120
        package, folder = folder, os.path.dirname(folder)  # noqa: PTH120
        if not os.path.exists(f"{folder}/__init__.py"):  # noqa: PTH110
            return package
    return folder


def _upwards(folder: str) -> Iterator[str]:
    for one in (folder, *map(str, Path(folder).parents)):
        name = one.rpartition("/")[2]
        if name in NOT_THEIRS or os.path.exists(f"{one}/pyvenv.cfg"):  # noqa: PTH110
            return
        yield one


def top_of(named: Path, root: str) -> str:
    """Return the folder that modules are imported from.

    That of a ``manage.py``, if the project has one there; else a folder that was named and is no package.
    """
    path = os.path.abspath(named)  # noqa: PTH100 - as above
    is_top = os.path.isdir(path) and not os.path.exists(f"{path}/__init__.py")  # noqa: PTH110, PTH112
    return path if is_top and not os.path.exists(f"{root}/manage.py") else root  # noqa: PTH110


def is_seen(named: Path) -> bool:
    """Whether all there is to know is read with a path: a folder is taken to hold it."""
    return os.path.isdir(named) or is_project(root_of(named))  # noqa: PTH112


def is_project(root: str) -> bool:
    """Whether a folder holds all there is to know of the files below it."""
    return any(os.path.exists(f"{root}/{name}") for name in (*_MARKS, "__init__.py"))  # noqa: PTH110


def files_around(paths: Sequence[Path], seen: set[str]) -> list[tuple[str, str]] | None:
    """Return the other files of the projects of ``paths``, each with the folder of its project.

    ``seen`` are the real paths of those that are known already. None where they are too many.
    """
    found: list[tuple[str, str]] = []
    entered: set[str] = set()
    for root in dict.fromkeys(root_of(path) for path in paths):
        if not is_project(root):
            continue
        for file, real in in_folder(root, entered):
            if real not in seen:
                seen.add(real)
                found.append((file, root))
            if len(found) > MOST:
                return None
    return found
