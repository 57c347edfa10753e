"""What a traced program may take away from its report: the standard error, and the rights of its file.

Both are kept from before it began. Standard library only, and little of it.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from sigexplorer.spool.common import aside


class Surroundings:
    """The standard error as it is when this is made, and what files may be made like.

    What we write goes there, whatever the program makes of it later: a file that it opens may get
    the number 2, and then holds its data; a log that it has put there is not where somebody waits
    for a report; and an object in ``sys.__stderr__`` may do anything with it. Where the standard
    error is out of reach by then, nothing is written.
    """

    def __init__(self, *, keep: bool = True) -> None:
        """Begin; without ``keep`` what the program closes is closed: whoever reads it waits for that."""
        self._mask = os.umask(0o077)
        os.umask(self._mask)
        self._errors = -1
        self._known_by: Any = None
        with suppress(OSError):  # it was closed from the start
            self._known_by = _identity(2)
            if keep:
                self._errors = aside(os.dup(2))
        if hasattr(
            os, "register_at_fork"
        ):  # a child may outlive us: who reads our errors waits for all of it
            os.register_at_fork(after_in_child=self._close)

    @contextmanager
    def again(self) -> Iterator[None]:
        """Let be inside what was when this began: also ``sys.__stderr__``, where that is another one."""
        mask, stream = os.umask(self._mask), getattr(sys, "__stderr__", None)
        errors = self._stream()
        sys.__stderr__ = errors  # type: ignore[misc, assignment]
        try:
            yield
        finally:
            os.umask(mask)
            with suppress(Exception):
                errors.flush()
            sys.__stderr__ = stream  # type: ignore[misc]

    def write(self, text: str) -> None:
        """Write to the standard error as it was, while the program goes on."""
        stream = self._stream()
        stream.write(text)
        stream.flush()

    def _stream(self) -> TextIO:
        stream = getattr(sys, "__stderr__", None)
        if type(stream) is io.TextIOWrapper and self._is_it(stream):
            return stream
        with suppress(OSError):
            if self._known_by == _identity(self._errors):
                return open(self._errors, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
        return io.StringIO()

    def _is_it(self, stream: TextIO) -> bool:
        try:
            return bool(self._known_by == _identity(stream.fileno()))
        except (OSError, ValueError):  # closed
            return False

    def _close(self) -> None:
        with suppress(OSError):
            if self._known_by == _identity(self._errors):
                os.close(self._errors)


def _identity(descriptor: int) -> tuple[int, int]:
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino
