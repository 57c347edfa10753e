"""The lines of a test that say what is wanted, for what is to be told about them."""

from __future__ import annotations

import inspect
import os
import sys
import warnings
from pathlib import Path
from types import CodeType
from typing import NamedTuple

from sigexplorer.capture.places import is_plumbing
from sigexplorer.errors import SigexplorerWarning

_OURS = f"{Path(__file__).parent.parent}{os.sep}"


class Line(NamedTuple):
    """Where something was asked for."""

    file: str
    number: int
    module: str


def current() -> Line:
    """Return the innermost line that is neither ours nor of what enters contexts for others."""
    frame = sys._getframe(1)  # noqa: SLF001 - as warnings itself does
    while frame.f_back is not None and (
        frame.f_code.co_filename.startswith(_OURS) or is_plumbing(frame.f_code.co_filename)
    ):
        frame = frame.f_back
    return Line(frame.f_code.co_filename, frame.f_lineno, str(frame.f_globals.get("__name__", "")))


def of_function(function: object) -> Line | None:
    """Return the line at which a function, with its decorators, begins; None where it has none."""
    found = inspect.unwrap(function) if callable(function) else function
    code = getattr(found, "__code__", None)
    if not isinstance(code, CodeType):
        return None
    return Line(code.co_filename, code.co_firstlineno, str(getattr(found, "__module__", "")))


def warn(message: str, line: Line) -> None:
    """Warn about a line, each time: what a line was warned of before is not asked."""
    warnings.warn_explicit(message, SigexplorerWarning, line.file, line.number, line.module)
