"""Where code stands: files relative to where they are imported from, never a machine's path."""

from __future__ import annotations

import os
import re
import sys
from bisect import bisect_right
from functools import lru_cache
from pathlib import Path
from types import CodeType, FrameType

import asgiref
import django

from sigexplorer.model import Origin
from sigexplorer.spool.rows import Line


def _roots(*files: str | None) -> tuple[str, ...]:
    """Return the folders of ``files`` as they are written and as links lead to them."""
    folders = [Path(file).parent for file in files if file]
    return tuple({f"{folder}{os.sep}" for path in folders for folder in (path, path.resolve())})


_OURS = _roots(__file__)
#: What starts a project, or runs a program, is not what causes anything in it.
_STARTERS = _roots(str(Path(__file__).parent.parent / "project" / "start.py"))
_DJANGO = _roots(django.__file__)
_DISPATCH = tuple(f"{folder}dispatch{os.sep}" for folder in _DJANGO)
_PLUMBING = (*_OURS, *_STARTERS, *_DJANGO, *_roots(asgiref.__file__))
_STANDARD_LIBRARY = _roots(os.__file__)


@lru_cache(maxsize=4096)
def short(filename: str) -> str:
    """Return ``filename`` relative to the longest entry of ``sys.path`` that holds it."""
    if filename.startswith("<"):
        return filename
    folders = {folder for entry in _entries() for folder in _spellings(entry)}
    within = [folder for folder in folders if filename.startswith(folder)]
    relative = filename[len(max(within, key=len)) :] if within else Path(filename).name
    shortened = relative.replace(os.sep, "/")
    if len(_FULL) >= _FILES:
        _FULL.pop(next(iter(_FULL)), None)
    _FULL[shortened] = filename
    return shortened


#: Where the files are that ``short`` was asked about: for links, which no record keeps.
_FULL: dict[str, str] = {}

_FILES = 10_000  # of those asked about last: a program may make code for ever


def full(shortened: str) -> str | None:
    """Return the file that ``short`` named so, or None."""
    return _FULL.get(shortened)


def without_folders(text: str) -> str:
    """Return ``text`` with the files in it told as ``short`` tells them."""
    return _folders(_entries()).sub("", text) if os.sep in text else text


@lru_cache(maxsize=4)
def _folders(entries: tuple[str, ...]) -> re.Pattern[str]:
    """Return what finds the folders that Python imports from in a text, the longest first."""
    folders = {folder for entry in entries for folder in _spellings(entry)} - {os.sep}
    written = "|".join(re.escape(folder) for folder in sorted(folders, key=len, reverse=True))
    return re.compile(rf"(?<![\w./\\-])(?:{written})" if written else r"(?!)")


def _entries() -> tuple[str, ...]:
    """Return what Python imports from: it passes over whatever else a program has put there."""
    return tuple(entry for entry in sys.path if type(entry) is str)


def _spellings(entry: str) -> tuple[str, ...]:
    return _spelled(entry, "" if os.path.isabs(entry) else str(Path.cwd()))  # noqa: PTH117 - of each file


@lru_cache(maxsize=1024)
def _spelled(entry: str, _folder: str) -> tuple[str, ...]:
    path = Path(entry or ".")
    return tuple(f"{str(folder).rstrip(os.sep)}{os.sep}" for folder in (path.absolute(), path.resolve()))


@lru_cache(maxsize=4096)
def is_plumbing(filename: str) -> bool:
    """Whether a file belongs to Django, asgiref, the standard library or to us."""
    if filename.startswith("<frozen"):
        return True
    if "site-packages" not in filename and filename.startswith(_STANDARD_LIBRARY):
        return True
    return filename.startswith(_PLUMBING)


def origin(frame: FrameType | None) -> Origin | None:
    """Return the innermost line outside Django that led to ``frame``, as ``line`` finds it."""
    found = line(frame)
    return None if found is None else Origin(*found)


def line(frame: FrameType | None) -> Line | None:
    """Return the innermost line outside Django that led to ``frame``.

    Where there is none, as in a thread of a server, it is the innermost line of Django's,
    or else of whatever is not ours.
    """
    of_django: FrameType | None = None
    of_others: FrameType | None = None
    while frame is not None:
        filename = frame.f_code.co_filename
        if filename.startswith(_STARTERS):
            break
        if not is_plumbing(filename):
            return _line(frame)
        if of_django is None and filename.startswith(_DJANGO) and not filename.startswith(_DISPATCH):
            of_django = frame
        if of_others is None and not filename.startswith((*_OURS, *_DISPATCH)):
            of_others = frame
        frame = frame.f_back
    last = of_django or of_others
    return _line(last) if last is not None else None


def _line(frame: FrameType) -> Line:
    code = frame.f_code
    number = _LINES.of(frame) if code.co_name == "<module>" else frame.f_lineno
    return short(code.co_filename), number, code.co_qualname


class _Lines:
    """The lines of the module that asked last.

    Python reads the table of a code object from its beginning each time it is asked for a
    line: a module that connects thousands of receivers would spend more on that than on all else.
    """

    def __init__(self) -> None:
        self._read: tuple[CodeType | None, list[int], list[int]] = (None, [], [])

    def of(self, frame: FrameType) -> int:
        """Return the line that a frame is at."""
        code, starts, numbers = self._read
        if code is not frame.f_code:
            code = frame.f_code
            table = [(start, number) for start, _, number in code.co_lines() if number is not None]
            starts, numbers = [start for start, _ in table], [number for _, number in table]
            self._read = (code, starts, numbers)
        place = bisect_right(starts, frame.f_lasti) - 1
        return numbers[place] if place >= 0 else frame.f_lineno


_LINES = _Lines()
