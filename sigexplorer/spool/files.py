"""Rows on the disk while a program runs: a file per process, appended to and never rewritten.

A file is a first line that says what it is, and frames: four bytes of length and a pickle
of atoms. What was written stays readable when the process is killed: only a frame that
was cut off is lost. Nothing but atoms is read back, whoever wrote the file.
"""

from __future__ import annotations

import errno
import io
import os
import pickle
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from sigexplorer.errors import RecordingError
from sigexplorer.spool import common
from sigexplorer.spool.common import MAGIC

#: What the name of a folder of such files ends in.
SUFFIX = ".spool"

#: Not for the children of a program, and with bytes as they are.
_PLAIN = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)

_LENGTH = struct.Struct(">I")
_LONGEST = 1 << 28  # bytes of a frame


class SpoolFile:
    """The file of this process, which nobody else writes to, in a folder that is there.

    What is written counts from the moment that whoever writes has noted where it ends: what a
    write that was interrupted has left there is written over.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = len(MAGIC)
        self._apart = False  # whether what is written now stands in the common file
        self.write(MAGIC, 0, os.O_CREAT | os.O_EXCL)

    def add(self, kind: str, *content: Any) -> None:
        """Append a frame; it survives the process from now on."""
        frame = packed(kind, *content)
        self.write(frame, self.size)
        self.size += len(frame)

    def write(self, data: bytes, offset: int, flags: int = 0) -> None:
        """Write what is to stand from ``offset`` to the end."""
        if self._apart:
            if not common.append(self.path.name, data, offset):
                raise OSError(errno.EBADF, "the program has closed the record, and may open none")
            return
        try:
            # Opened anew each time: a program may close every file that is open, and be given our number.
            descriptor = os.open(self.path, flags | os.O_WRONLY | _PLAIN, 0o600)
        except OSError:  # the process may be another user's by now
            self._apart = common.append(self.path.name, data, offset)
            if self._apart:
                return
            raise
        try:
            if flags & os.O_CREAT and hasattr(os, "fchmod"):
                os.fchmod(descriptor, 0o600)  # whatever the program has said of the files that it makes
            os.ftruncate(descriptor, offset)
            os.lseek(descriptor, offset, os.SEEK_SET)
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
        finally:
            os.close(descriptor)


def packed(kind: str, *content: Any) -> bytes:
    """Return a frame; ``PicklingError`` where there is anything but atoms in it."""
    buffer = io.BytesIO()
    pickler = _OfAtoms(buffer, 5)
    pickler.fast = True  # nothing in a frame refers to itself
    pickler.dump((kind, *content))
    return _LENGTH.pack(buffer.tell()) + buffer.getvalue()


class _OfAtoms(pickle.Pickler):
    """Writes atoms and what holds them; anything else is a fault of ours."""

    def reducer_override(self, thing: Any, /) -> NoReturn:
        raise pickle.PicklingError(f"{type(thing).__name__} is no atom")


class _Atoms(pickle.Unpickler):
    """Reads atoms and what holds them, and nothing that could run code."""

    def find_class(self, module: str, name: str, /) -> NoReturn:
        raise pickle.UnpicklingError(f"{module}.{name} is no atom")


def frames(path: Path | common.Joined) -> Iterator[tuple[Any, ...]]:
    """Return the frames of a file up to its end, or to the one that was cut off.

    Raises ``RecordingError`` where it is none of ours, or damaged.
    """
    with path.open("rb") as stream:
        head = stream.read(len(MAGIC))
        if head != MAGIC[: len(head)]:
            raise RecordingError(f"'{path}' is no spool of sigexplorer's")
        if len(head) < len(MAGIC):  # it is being made: what comes now would be read as a frame
            return
        while (frame := _frame(path, stream)) is not None:
            yield frame


def _frame(path: Path | common.Joined, stream: BinaryIO) -> tuple[Any, ...] | None:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    data = stream.read(length) if length <= _LONGEST else b""
    if len(data) < length <= _LONGEST:
        return None
    try:
        found = _Atoms(io.BytesIO(data)).load()
    except Exception as problem:
        raise RecordingError(f"'{path}' is damaged at byte {stream.tell() - length}") from problem
    if type(found) is not tuple or not found or type(found[0]) is not str:
        raise RecordingError(f"'{path}' is damaged at byte {stream.tell() - length}")
    return found
