"""Find and read Python files, whatever they are."""

from __future__ import annotations

import ast
import io
import os
import stat
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sigexplorer.errors import UsageError
from sigexplorer.findings import Unread

#: What is larger was not written by hand, and its syntax tree takes gigabytes.
LARGEST = 2_000_000  # bytes

#: Folders in which nobody's own code lies.
NOT_THEIRS = frozenset({"__pycache__", "node_modules", "site-packages", "build", "dist"})


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read and parsed."""

    path: Path
    shown: str  # from the current folder, with slashes
    within: tuple[str, ...]  # its folders and name, from the folder of its project
    module: str  # dotted
    is_package: bool  # an __init__.py
    text: str
    tree: ast.Module


def find(paths: Sequence[Path]) -> Iterator[tuple[str, str, Path]]:
    """Return every Python file under ``paths`` as it is reached, as it is really called, and by what.

    Each comes once. Links are followed, but no folder is entered twice: a link that leads to a folder above
    itself ends there. A path that does not exist is a ``UsageError``.
    """
    for path in paths:
        if not os.path.lexists(path) and not _is_hidden(path):
            raise UsageError(f"no such file or folder: '{path}'", "name a Python file or a folder of them")
    seen: set[str] = set()
    entered: set[str] = set()
    for path in paths:
        is_folder = os.path.isdir(path)  # noqa: PTH112 - pathlib raises where a folder above is shut
        found = in_folder(str(path), entered) if is_folder else [(str(path), os.path.realpath(path))]
        for file, real in found:
            if real not in seen:
                seen.add(real)
                yield file, real, path


def _is_hidden(path: Path) -> bool:
    """Whether nobody may say if there is such a file: a folder above it is shut."""
    try:
        os.lstat(path)
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return False


def in_folder(folder: str, entered: set[str], above: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Return the files of a folder, as they are reached and as they are really called."""
    real = os.path.realpath(folder)
    if real in above:
        yield folder, f"{above[-1]}/{folder}"  # a link in a circle: reading it says so
    if real in entered:
        return
    entered.add(real)
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        yield folder, real  # reading it says why it could not be
        return
    for entry in entries:
        path = entry.path.removeprefix("./")
        if _is_folder(entry):
            if entry.name not in NOT_THEIRS and not entry.name.startswith(".") and not _is_venv(entry):
                yield from in_folder(path, entered, (*above, real))
        elif entry.name.endswith(".py"):
            yield path, os.path.realpath(path) if entry.is_symlink() else f"{real}/{entry.name}"


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _is_venv(entry: os.DirEntry[str]) -> bool:
    return os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))  # noqa: PTH110, PTH118 - once a folder


def read(file: str, root: str, top: str = "") -> Source | Unread:
    """Read and parse one file of the project in ``root``, or say in a line why that cannot be done.

    Modules are imported from ``top``, where that is another folder.
    """
    shown = shown_path(file)
    try:
        text = _text(file)
        tree = ast.parse(text)
    except OSError as problem:
        return Unread(shown, f"cannot be read: {problem.strerror or type(problem).__name__}")
    except UnicodeDecodeError as problem:
        return Unread(shown, f"is no {problem.encoding} text: byte {problem.start}")
    except SyntaxError as problem:
        line = f" (line {problem.lineno})" if problem.lineno else ""
        return Unread(shown, f"syntax error: {problem.msg}{line}")
    except (RecursionError, MemoryError):  # the parser's own, often without a word
        return Unread(shown, "cannot be parsed: it is nested too deeply")
    except (ValueError, LookupError, OverflowError) as problem:
        return Unread(shown, f"cannot be parsed: {str(problem) or type(problem).__name__}")
    absolute = os.path.abspath(file)  # noqa: PTH100 - links keep their names
    start = f"{root.rstrip('/')}/"
    folder, _, name = absolute.rpartition("/")
    within = tuple(absolute.removeprefix(start).split("/")) if absolute.startswith(start) else (name,)
    package = _package(folder, top or root)
    is_package = name == "__init__.py"
    module = package if is_package else f"{package}.{name[:-3]}" if package else name.removesuffix(".py")
    return Source(Path(file), shown, within, module or name.removesuffix(".py"), is_package, text, tree)


def _text(file: str) -> str:
    """Return the text of a file; a ``ValueError`` where it cannot be source."""
    found = os.stat(file)  # noqa: PTH116 - a thousand times
    if stat.S_ISDIR(found.st_mode):
        os.scandir(file).close()  # says what is wrong with it
        raise ValueError("it is a link to a folder above itself")
    if not stat.S_ISREG(found.st_mode):
        raise ValueError("it is no file")
    if found.st_size > LARGEST:
        raise ValueError(f"it is too large, {found.st_size / 1e6:.1f} MB; the limit is {LARGEST / 1e6:.0f}")
    with open(file, "rb") as stream:  # noqa: PTH123 - as above
        return _decoded(stream.read())


def _decoded(content: bytes) -> str:
    """Decode as Python does: by the BOM, by the coding comment, else as UTF-8."""
    if b"\x00" in content:
        raise ValueError("it has NUL bytes")
    encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    text = content.decode(encoding)
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def shown_path(file: str) -> str:
    """Return a path as a reader here would type it, with slashes."""
    here = f"{_here()}/"
    return file.removeprefix(here).replace(os.sep, "/")


def _here() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - a thousand times
    except FileNotFoundError:  # a current folder that is gone
        return ""


@cache
def _package(folder: str, root: str) -> str:
    """Return the dotted name of a folder: its own and those above it as long as they have ``__init__.py``.

    A folder without one counts as a package where it lies below the folder of the project, unless
    it is one that modules are imported from: ``src``, or the place of a ``manage.py``.
    """
    parent, _, name = folder.rpartition("/")
    if not name:
        return ""
    if os.path.exists(f"{folder}/__init__.py"):  # noqa: PTH110 - once a folder
        above = _package(parent, folder if folder == root else root)
        return f"{above}.{name}" if above else name
    if folder == root or not folder.startswith(f"{root}/") or name == "src":
        return ""
    return "" if os.path.exists(f"{folder}/manage.py") else name  # noqa: PTH110 - as above
