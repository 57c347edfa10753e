"""Databases other than those of ``demo.settings``: made for one run, and removed after it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from sigexplorer.errors import DatabaseUrlError
from sigexplorer.playground import address
from sigexplorer.playground.databases import Databases, InMemory
from sigexplorer.playground.ending import undisturbed
from sigexplorer.playground.redirecting import ALIASES, Redirection

#: What SQLite puts beside a database, by the end of its name.
_BESIDE = ("-journal", "-wal", "-shm")


def databases_at(url: str) -> Databases:
    """Return the databases that ``url`` says, not made yet; a URL that cannot be meant is an error."""
    where = address.parse(url)
    if where.vendor == "sqlite":
        return SqliteFiles(where.name)
    from sigexplorer.playground.postgres import PostgresDatabases

    return PostgresDatabases(where)


class SqliteFiles(InMemory):
    """Two files that were not there before."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path  # empty: in a temporary folder
        self._redirection = Redirection()
        self._made: dict[Path, tuple[int, int]] = {}  # with what tells a file from another one there
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def open(self) -> None:
        """Make both files, none of which may be there, and their tables."""
        if self._made:
            return
        with undisturbed():
            if not self._path:
                self._folder = tempfile.TemporaryDirectory(prefix="sigexplorer-")
            path = Path(self._folder.name, "default.sqlite3") if self._folder else Path(self._path).absolute()
            files = {alias: path.with_name(path.name + ending) for alias, ending in ALIASES.items()}
            for file in files.values():
                _refuse_others(file)
                self._make(file)
            engine = "django.db.backends.sqlite3"
            self._redirection.lead(
                {alias: {"ENGINE": engine, "NAME": str(file)} for alias, file in files.items()}
            )
        super().open()

    def _make(self, file: Path) -> None:
        try:
            descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        except FileExistsError:
            raise DatabaseUrlError(
                f"'{file}' is there already, and left alone",
                "name a file that is not: it is made, and removed; another run may have this one, or a killed"
                " one have left it",
            ) from None
        except OSError as problem:
            raise DatabaseUrlError(
                f"cannot make '{file}': {problem.strerror}",
                "an absolute path has four slashes: sqlite:////tmp/file.sqlite3",
            ) from None
        made = os.fstat(descriptor)
        os.close(descriptor)
        self._made[file] = (made.st_dev, made.st_ino)

    def close(self) -> None:
        """Remove the files that were made, and what SQLite puts beside them."""
        with undisturbed():
            self._redirection.come_back()
            if self._pristine is not None:
                self._pristine.close()
                self._pristine = None
            for file, made in self._made.items():
                _remove(file, made)
            self._made.clear()
            if self._folder is not None:
                self._folder.cleanup()
                self._folder = None


def _remove(file: Path, made: tuple[int, int]) -> None:
    try:
        now = file.stat(follow_symlinks=False)
    except OSError:
        return
    if (now.st_dev, now.st_ino) != made:  # somebody has put another one in its place
        return
    for ending in ("", *_BESIDE):
        Path(f"{file}{ending}").unlink(missing_ok=True)


def _refuse_others(file: Path) -> None:
    """Raise where files of somebody's have the names that SQLite gives to those beside a database."""
    for ending in _BESIDE:
        beside = Path(f"{file}{ending}")
        if os.path.lexists(beside):
            raise DatabaseUrlError(
                f"'{beside}' is there already, and left alone",
                "name a file that has none beside it: SQLite makes them, and they are removed",
            )
