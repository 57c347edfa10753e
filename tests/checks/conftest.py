"""Check a few lines of source."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from specimen_files import write_files

if TYPE_CHECKING:
    from sigexplorer.findings import Report

Checked = Callable[..., "Report"]


@pytest.fixture
def checked(tmp_path: Path) -> Checked:
    """Return a function that writes some source, checks it without a project and returns the report."""
    from sigexplorer.checks import checking
    from sigexplorer.checks.configuration import Configuration

    def run(text: str) -> Report:
        write_files(tmp_path, text)
        return checking.check(checking.read([tmp_path]), Configuration())

    return run
