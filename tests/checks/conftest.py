"""Check a few lines of source."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sigexplorer.findings import Report

Checked = Callable[..., "Report"]


def write_files(folder: Path, text: str, unnamed: str = "blog/receivers.py") -> None:
    """Write the files that ``text`` is made of: each begins with a line ``# file: path``."""
    parts: dict[str, list[str]] = {}
    name = unnamed
    for line in text.split("\n"):
        found = re.fullmatch(r"# file: (\S+)", line)
        if found:
            name = found[1]
        if found or line.strip() or name in parts:
            parts.setdefault(name, [])
        if not found and name in parts:
            parts[name].append(line)
    for path, lines in parts.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        (file.parent / "__init__.py").touch()
        file.write_text("\n".join(lines), encoding="utf-8")


@pytest.fixture
def checked(tmp_path: Path) -> Checked:
    """Return a function that writes some source, checks it without a project and returns the report."""
    from sigexplorer.checks import checking
    from sigexplorer.checks.configuration import Configuration

    def run(text: str) -> Report:
        write_files(tmp_path, text)
        return checking.check(checking.read([tmp_path]), Configuration())

    return run
