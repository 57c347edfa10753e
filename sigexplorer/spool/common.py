"""One file for those processes of a run that may no longer open their own: it is open from the start.

A program that begins as root may become another user, or move to another root of the file system:
servers do it in each of their workers. What they note then is appended here, each piece with the
file that it belongs to: its first line says what it is, its second whose, from where on, and how long.
A piece of a process, and not of a file, says that the process has told all that it had to tell.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from mmap import mmap

#: The first line of every file of a folder. /1: the first.
MAGIC = b"sigexplorer.spool/1\n"

_NAME = "common"

#: Programs are given the lowest numbers for what they open, and may tell them.
_HIGHEST, _LOWEST = 250, 150

_OPEN: list[_Open] = []


@dataclass(frozen=True, slots=True)
class _Open:
    """The file that this process keeps open, and what it is known by: a program may close it."""

    descriptor: int
    known_by: tuple[int, int]


def keep_open(folder: Path) -> None:
    """Open the file of a folder, for this process and those forked from it, where that may be of use."""
    if os.name != "posix" or os.geteuid() != 0 or _OPEN:
        return
    with suppress(OSError):
        descriptor = os.open(folder / _NAME, os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        found = os.fstat(descriptor)
        _OPEN.append(_Open(aside(descriptor), (found.st_dev, found.st_ino)))


def aside(descriptor: int) -> int:
    """Give an open file a number that no program expects for its own, and no child of it is given."""
    for number in range(_HIGHEST, _LOWEST, -1):
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):  # more than this process may have
                os.dup2(descriptor, number, inheritable=False)
                os.close(descriptor)
                return number
    return descriptor


def append(name: str, data: bytes = b"", offset: int = 0) -> bool:
    """Write what is to stand from ``offset`` to the end of the file ``name``; whether that was possible."""
    for file in _OPEN:
        piece = b"%s%s %d %d\n%s" % (MAGIC, name.encode(), offset, len(data), data)
        with suppress(OSError):
            return is_there() and os.write(file.descriptor, piece) == len(piece)
    return False


def is_there() -> bool:
    """Whether the file is open in this process, and still in its folder, wherever that is."""
    for file in _OPEN:
        with suppress(OSError):
            found = os.fstat(file.descriptor)
            return file.known_by == (found.st_dev, found.st_ino) and found.st_nlink > 0
    return False


@dataclass(frozen=True, slots=True)
class Joined:
    """A file of a process, and what stands of it in the common one: read like a path to all of it."""

    path: Path
    common: Path
    pieces: list[tuple[int, int, int]] = field(default_factory=list)  # from where on; position, length

    def __str__(self) -> str:
        return str(self.path)

    def add(self, offset: int, position: int, length: int) -> None:
        """Add a piece, which replaces what stood there and after it; not where one before it is missing."""
        if self.pieces and offset > self.size():
            return
        while self.pieces and self.pieces[-1][0] >= offset:
            self.pieces.pop()
        self.pieces.append((offset, position, length))

    def size(self) -> int:
        """Return how many bytes there are."""
        offset, _, length = self.pieces[-1]
        return offset + length

    def open(self, _mode: str = "rb") -> BinaryIO:
        """Open it to be read."""
        return io.BufferedReader(_Reader(self))


class _Reader(io.RawIOBase):
    """Reads the pieces one after the other."""

    def __init__(self, joined: Joined) -> None:
        own = [(joined.path, 0, joined.pieces[0][0])] if joined.pieces[0][0] else []
        self._left = [*own, *((joined.common, position, length) for _, position, length in joined.pieces)]
        self._left.reverse()
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while self._left:
            path, position, length = self._left.pop()
            with path.open("rb") as stream:
                stream.seek(position)
                data = stream.read(min(length, len(buffer)))
            if len(data) < length and data:
                self._left.append((path, position + len(data), length - len(data)))
            if data:
                buffer[: len(data)] = data
                self._read += len(data)
                return len(data)
        return 0

    def tell(self) -> int:
        return self._read


def parts(folder: Path) -> tuple[dict[str, Joined], set[int]]:
    """Return by its name each file that stands in the common one, and the processes that have told all."""
    from mmap import ACCESS_READ, mmap

    found: dict[str, Joined] = {}
    ended: set[int] = set()
    path = folder / _NAME
    with (
        suppress(OSError, ValueError),  # there is none, or nothing in it
        path.open("rb") as stream,
        mmap(stream.fileno(), 0, access=ACCESS_READ) as held,
    ):
        for name, offset, position, length in _pieces(held):
            if name.isdecimal():
                ended.add(int(name))
            else:
                found.setdefault(name, Joined(folder / name, path)).add(offset, position, length)
    return found, ended


def _pieces(held: mmap) -> Iterator[tuple[str, int, int, int]]:
    """Give the name of every piece that is whole, from where on it stands, its position and length.

    Where the disk was full one is cut off, in its data or before that, and others may follow it.
    """
    import re

    head = re.compile(rb"%s([\d-]+) (\d{1,18}) (\d{1,18})\n" % re.escape(MAGIC))
    found = head.match(held)
    while found is not None:
        name, offset, length = found[1].decode(), int(found[2]), int(found[3])
        position, end = found.end(), found.end() + length
        following = head.match(held, end) if end < len(held) else None
        whole = following is not None or end == len(held)
        if not whole:
            following = head.search(held, position)
            whole = end < len(held) and (following is None or following.start() >= end)
        if whole:
            yield name, offset, position, length
        found = following
