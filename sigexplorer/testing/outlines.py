"""What a test sends, with the file that the outlines of it are kept beside."""

from __future__ import annotations

from pathlib import Path

from sigexplorer.testing.recording import Traced

__tracebackhide__ = True


class Recording(Traced):
    """What a test sends, which knows the test's file."""

    _unbegun = ("the test method has not begun", "what setUp sends is not recorded")

    def __init__(self, title: str, file: Path, *, update: bool | None = None) -> None:
        super().__init__(title, origins=False)  # the lines that sent cost as much as all the rest
        self._file = file
        self._update = update
