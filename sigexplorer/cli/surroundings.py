"""What a traced program may take away from its report: the standard error, and the rights of its file.

Both are kept from before it began. Standard library only, and little of it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from sigexplorer.spool.common import aside


class Surroundings:
    """The standard error of this process, which the program may close, and what files may be made like."""

    def __init__(self) -> None:
        self._mask = os.umask(0o077)
        os.umask(self._mask)
        self._errors = -1
        self._known_by: Any = None
        with suppress(OSError):  # it was closed from the start
            self._errors = aside(os.dup(2))
            self._known_by = _identity(self._errors)
        if hasattr(
            os, "register_at_fork"
        ):  # a child may outlive us: who reads our errors waits for all of it
            os.register_at_fork(after_in_child=self._close)

    @contextmanager
    def again(self) -> Iterator[None]:
        """Let be inside what was when this began: also ``sys.__stderr__``, where it is closed."""
        mask, stream = os.umask(self._mask), sys.__stderr__
        again = None if _is_open(stream) else self._open()
        if again is not None:
            sys.__stderr__ = again  # type: ignore[misc, assignment]
        try:
            yield
        finally:
            os.umask(mask)
            if again is not None:
                with suppress(OSError):
                    again.flush()
                sys.__stderr__ = stream  # type: ignore[misc]

    def _open(self) -> TextIO | None:
        with suppress(OSError):
            if self._known_by == _identity(self._errors):
                return open(self._errors, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
        return None

    def _close(self) -> None:
        with suppress(OSError):
            if self._known_by == _identity(self._errors):
                os.close(self._errors)


def _identity(descriptor: int) -> tuple[int, int]:
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino


def _is_open(stream: TextIO | None) -> bool:
    try:
        return stream is not None and bool(os.fstat(stream.fileno()))
    except (OSError, ValueError):
        return False
