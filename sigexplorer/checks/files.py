"""Find and read Python files, whatever they are."""

from __future__ import annotations

import ast
import io
import os
import tokenize
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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


def find(paths: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """Return every Python file under ``paths`` with the folder it was looked for in, each once.

    Links are followed, but no folder is entered twice: a link that leads to a folder above
    itself ends there. A path that does not exist is a ``UsageError``.
    """
    for path in paths:
        if not path.exists() and not path.is_symlink():
            raise UsageError(f"no such file or folder: '{path}'", "name a Python file or a folder of them")
    seen: set[Path] = set()
    for path in paths:
        found = _in_folder(path, set()) if path.is_dir() else iter([path])
        for file in found:
            real = Path(os.path.realpath(file))
            if real not in seen:
                seen.add(real)
                yield file, path if path.is_dir() else path.parent


def _in_folder(folder: Path, entered: set[str]) -> Iterator[Path]:
    real = os.path.realpath(folder)
    if real in entered:
        return
    entered.add(real)
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        yield folder  # reading it says why it could not be
        return
    for entry in entries:
        if _is_folder(entry):
            if entry.name not in _SKIPPED and not entry.name.startswith(".") and not _is_venv(entry):
                yield from _in_folder(Path(entry.path), entered)
        elif entry.name.endswith(".py"):
            yield Path(entry.path)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link in a circle
        return False


def _is_venv(entry: os.DirEntry[str]) -> bool:
    return os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))  # noqa: PTH110, PTH118 - once a folder


def read(file: Path, root: Path) -> Source | Unread:
    """Read and parse one file, or say in a line why that cannot be done."""
    shown = shown_path(file)
    try:
        size = file.stat().st_size
        if not file.is_file():
            return Unread(shown, "is no file")
        if size > LARGEST:
            return Unread(shown, f"too large: {size / 1_000_000:.1f} MB, the limit is {LARGEST // 1_000_000}")
        text = _decoded(file.read_bytes())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes are another linter's business
            tree = ast.parse(text)
    except OSError as problem:
        return Unread(shown, f"cannot be read: {problem.strerror or type(problem).__name__}")
    except UnicodeDecodeError as problem:
        return Unread(shown, f"is no {problem.encoding} text: byte {problem.start}")
    except SyntaxError as problem:
        line = f" (line {problem.lineno})" if problem.lineno else ""
        return Unread(shown, f"syntax error: {problem.msg}{line}")
    except (ValueError, RecursionError, MemoryError, OverflowError) as problem:  # NUL bytes, nesting
        return Unread(shown, f"cannot be parsed: {problem or type(problem).__name__}")
    within = file.relative_to(root).parts if file.is_relative_to(root) else (file.name,)
    return Source(file, shown, within, _module(file, root), file.name == "__init__.py", text, tree)


def _decoded(content: bytes) -> str:
    """Decode as Python does: by the BOM, by the coding comment, else as UTF-8."""
    if b"\x00" in content:
        raise ValueError("it has NUL bytes")
    encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    return io.IncrementalNewlineDecoder(None, translate=True).decode(content.decode(encoding))


def shown_path(file: Path) -> str:
    """Return a path as a reader here would type it."""
    try:
        return (
            Path(os.path.relpath(file)).as_posix()
            if file.is_absolute() and _is_below(file)
            else file.as_posix()
        )
    except (ValueError, FileNotFoundError):  # another drive; a current folder that is gone
        return file.as_posix()


def _is_below(file: Path) -> bool:
    return file.is_relative_to(Path.cwd())


def _module(file: Path, root: Path) -> str:
    """Return the dotted name by which a file is imported, told by the ``__init__.py`` above it."""
    names = [] if file.name == "__init__.py" else [file.stem]
    folder = Path(os.path.abspath(file)).parent  # noqa: PTH100 - links stay what they are called
    top = Path(os.path.abspath(root))  # noqa: PTH100 - as above
    while (folder / "__init__.py").exists() and folder.name:
        names.append(folder.name)
        folder = folder.parent
    while len(names) < 2 and folder != top and folder.is_relative_to(top):  # noqa: PLR2004 - a package without it
        names.append(folder.name)
        folder = folder.parent
    return ".".join(reversed(names)) or file.stem
