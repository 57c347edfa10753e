"""Outlines of what was sent, kept in files beside a test: what changes is a failure, or a diff to review."""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import replace
from pathlib import Path

from sigexplorer.capture import words
from sigexplorer.errors import UsageError
from sigexplorer.model import Trace
from sigexplorer.show.files import write_file
from sigexplorer.show.outline import outline

__tracebackhide__ = True
__unittest = True  # the same for unittest

#: Where there is no --signals-update: rewrite outlines if this is set, and not to 0.
UPDATE = "SIGNALS_UPDATE"

_SUFFIX = ".outline.txt"
_NAME = re.compile(r"[\w.-]{1,100}")

#: What this process has rewritten, or left as it was because it is right.
_WRITTEN: set[Path] = set()

_HOW = f"--signals-update, or {UPDATE}=1,"


def hold(name: object, trace: Trace, test: Path, *, update: bool | None, everything: bool) -> None:
    """Hold that ``trace`` has the outline that is kept under ``name`` beside ``test``, or keep it."""
    if type(name) is not str or not _NAME.fullmatch(name) or name.startswith("."):
        told = name if type(name) is str else words.value(name)
        raise UsageError(f"'{told}' is no name for an outline", "letters, digits, '_', '-' and '.'")
    file = test.with_name(f"{test.stem}.{name}{_SUFFIX}")
    # By its own name, which is not the test's.
    seen = outline(replace(trace, run=replace(trace.run, title=name)), everything=everything)
    kept = file.read_text(encoding="utf-8") if file.is_file() else None
    updating = os.environ.get(UPDATE, "0") not in ("", "0") if update is None else update
    if updating:
        _write(name, file, kept, seen)
    elif kept == seen:
        return
    elif kept is None:
        raise AssertionError(f"no outline '{name}' is kept yet: {_HOW} writes {file.name}\n\n{seen}")
    else:
        raise AssertionError(_difference(name, file, kept, seen))


def _write(name: str, file: Path, kept: str | None, seen: str) -> None:
    """Keep an outline, unless this run has kept another one under that name."""
    if kept is not None and file.absolute() in _WRITTEN and kept != seen:
        raise AssertionError(
            f"the outline '{name}' was already written with other content in this run: "
            f"give each its own name\n\n{_diff(file, kept, seen)}"
        )
    _WRITTEN.add(file.absolute())
    if kept != seen:
        write_file(file, [seen])


def _difference(name: str, file: Path, kept: str, seen: str) -> str:
    told = _diff(file, kept, seen)
    return f"the outline '{name}' is not the one that is kept in {file.name} ({_HOW} rewrites it)\n\n{told}"


def _diff(file: Path, kept: str, seen: str) -> str:
    before, after = kept.splitlines(), seen.splitlines()
    return "\n".join(difflib.unified_diff(before, after, file.name, "what was sent", lineterm=""))
