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
_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages", "build", "dist"})


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read and parsed."""

    path: Path
    shown: str  # from the current folder, with slashes
    within: tuple[str, ...]  # its folders and name, from the folder that was named
    module: str  # dotted
    is_package: bool  # an __init__.py
    text: str
    tree: ast.Module


def find(paths: Sequence[Path]) -> Iterator[tuple[str, str]]:
    """Return every Python file under ``paths`` with the folder it was looked for in, each once.

    Links are followed, but no folder is entered twice: a link that leads to a folder above
    itself ends there. A path that does not exist is a ``UsageError``.
    """
    for path in paths:
        if not path.exists() and not path.is_symlink():
            raise UsageError(f"no such file or folder: '{path}'", "name a Python file or a folder of them")
    seen: set[str] = set()
    entered: set[str] = set()
    for path in paths:
        if path.is_dir():
            found, root = _in_folder(str(path), entered), str(path)
        else:
            found, root = iter([(str(path), os.path.realpath(path))]), str(path.parent)
        for file, real in found:
            if real not in seen:
                seen.add(real)
                yield file, root


def _in_folder(folder: str, entered: set[str]) -> Iterator[tuple[str, str]]:
    """Return the files of a folder, as they are reached and as they are really called."""
    real = os.path.realpath(folder)
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
            if entry.name not in _SKIPPED and not entry.name.startswith(".") and not _is_venv(entry):
                yield from _in_folder(path, entered)
        elif entry.name.endswith(".py"):
            yield path, os.path.realpath(path) if entry.is_symlink() else f"{real}/{entry.name}"


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle
        return False


def _is_venv(entry: os.DirEntry[str]) -> bool:
    return os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))  # noqa: PTH110, PTH118 - once a folder


def read(file: str, root: str) -> Source | Unread:
    """Read and parse one file, or say in a line why that cannot be done."""
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
    top = f"{root.rstrip('/')}/"
    within = tuple((file.removeprefix(top) if file.startswith(top) else file).split("/"))
    if root == "." or not file.startswith("/"):
        within = within if root == "." or file.startswith(top) else within[-1:]
    folder, _, name = file.rpartition("/")
    package = _package(os.path.abspath(folder), os.path.abspath(root))  # noqa: PTH100 - links keep their names
    is_package = name == "__init__.py"
    module = package if is_package else f"{package}.{name[:-3]}" if package else name.removesuffix(".py")
    return Source(Path(file), shown, within, module or name.removesuffix(".py"), is_package, text, tree)


def _text(file: str) -> str:
    """Return the text of a file; a ``ValueError`` where it cannot be source."""
    found = os.stat(file)  # noqa: PTH116 - a thousand times
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

    A folder without one counts as a package where it lies below the folder that was named.
    """
    parent, _, name = folder.rpartition("/")
    if not name:
        return ""
    if os.path.exists(f"{folder}/__init__.py"):  # noqa: PTH110 - once a folder
        above = _package(parent, folder if folder == root else root)
        return f"{above}.{name}" if above else name
    return name if folder != root and folder.startswith(f"{root}/") else ""
