"""Outlines of what a test sent, kept in files beside it: what changes is a failure, or a diff to review."""

from __future__ import annotations

import difflib
import os
import re
from dataclasses import replace
from pathlib import Path

from sigexplorer.errors import UsageError
from sigexplorer.show.files import write_file
from sigexplorer.show.outline import outline
from sigexplorer.testing.recording import Traced

__tracebackhide__ = True
__unittest = True  # the same for unittest

#: Where there is no --signals-update: rewrite outlines if this is set, and not to 0.
UPDATE = "SIGNALS_UPDATE"

_SUFFIX = ".outline.txt"
_NAME = re.compile(r"[\w.-]{1,100}")


class Recording(Traced):
    """What a test sends, which knows the test's file."""

    def __init__(self, title: str, file: Path, *, update: bool | None = None) -> None:
        super().__init__(title, origins=False)  # the lines that sent cost as much as all the rest
        self._file = file
        self._update = os.environ.get(UPDATE, "0") not in ("", "0") if update is None else update

    def assert_outline(self, name: str, *, everything: bool = False) -> None:
        """Hold that what was sent so far has the outline that is kept under ``name`` beside the test.

        With ``--signals-update`` it is kept from now on; ``everything`` includes the init signals.
        """
        if not _NAME.fullmatch(name) or name.startswith("."):
            raise UsageError(f"'{name}' is no name for an outline", "letters, digits, '_', '-' and '.'")
        file = self._file.with_name(f"{self._file.stem}.{name}{_SUFFIX}")
        trace = self.trace  # by its own name, which is not the test's
        seen = outline(replace(trace, run=replace(trace.run, title=name)), everything=everything)
        kept = file.read_text(encoding="utf-8") if file.is_file() else None
        if kept == seen:
            return
        if self._update:
            write_file(file, [seen])
        elif kept is None:
            raise AssertionError(f"no outline '{name}' is kept yet: {_HOW} writes {file.name}\n\n{seen}")
        else:
            raise AssertionError(_difference(name, file, kept, seen))


_HOW = f"--signals-update, or {UPDATE}=1,"


def _difference(name: str, file: Path, kept: str, seen: str) -> str:
    before, after = kept.splitlines(), seen.splitlines()
    told = "\n".join(difflib.unified_diff(before, after, file.name, "what was sent", lineterm=""))
    return f"the outline '{name}' is not the one that is kept in {file.name} ({_HOW} rewrites it)\n\n{told}"
