"""The rules of the house that no linter knows."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "sigexplorer"
FILES = sorted(PACKAGE.rglob("*.py"))

#: What Django's dispatch keeps private.
PRIVATE = re.compile(
    r"_live_receivers|sender_receivers_cache|NO_RECEIVERS|NONE_ID|_make_id|_run_parallel|_dead_receivers"
)


def by_name(file: Path) -> str:
    """Return the name by which a test is told apart."""
    return file.relative_to(PACKAGE).as_posix()


def test_only_three_files_know_what_dispatch_keeps_private() -> None:
    """Django's private dispatch names stand where sends are observed or altered, and registrations read."""
    knowing = {by_name(file) for file in FILES if PRIVATE.search(file.read_text(encoding="utf-8"))}
    assert knowing == {"capture/altering.py", "capture/dispatch.py", "capture/registry.py"}


@pytest.mark.parametrize("file", FILES, ids=by_name)
def test_a_file_is_one_room(file: Path) -> None:
    """No file has more than 350 lines, and no function more than 40."""
    source = file.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 350
    functions = (
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    long = {
        node.name: length for node in functions if (length := (node.end_lineno or 0) - node.lineno + 1) > 40
    }
    assert long == {}


@pytest.mark.parametrize("file", FILES, ids=by_name)
def test_nobody_imports_click(file: Path) -> None:
    """Typer carries its own click; a separate one may not be there."""
    assert not re.search(r"^\s*(?:import|from) click\b", file.read_text(encoding="utf-8"), re.MULTILINE)
