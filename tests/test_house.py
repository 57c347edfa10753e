"""The rules of the house that no linter knows."""

from __future__ import annotations

import ast
import re
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "sigexplorer"
FILES = sorted(PACKAGE.rglob("*.py"))

#: What Django's dispatch keeps private.
PRIVATE = re.compile(
    r"_live_receivers|sender_receivers_cache|NO_RECEIVERS|NONE_ID|_make_id|_run_parallel|_dead_receivers"
)


def by_name(file: Path) -> str:
    """Return the name by which a file is told apart."""
    return file.relative_to(PACKAGE).as_posix()


def test_only_two_files_know_what_dispatch_keeps_private() -> None:
    """Django's private dispatch names stand where sends are altered, and registrations read."""
    knowing = {by_name(file) for file in FILES if PRIVATE.search(file.read_text(encoding="utf-8"))}
    assert knowing == {"capture/altering.py", "capture/registry.py"}


def test_a_file_is_one_room() -> None:
    """No file has more than 350 lines, and no function more than 40."""
    too_long = {}
    for file in FILES:
        source = file.read_text(encoding="utf-8")
        too_long[by_name(file)] = len(source.splitlines()) - 350
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                too_long[f"{by_name(file)}: {node.name}"] = (node.end_lineno or 0) - node.lineno + 1 - 40
    assert {name: more for name, more in too_long.items() if more > 0} == {}


def test_nobody_imports_click() -> None:
    """Typer carries its own click; a separate one may not be there."""
    click = re.compile(r"^\s*(?:import|from) click\b", re.MULTILINE)
    assert [by_name(file) for file in FILES if click.search(file.read_text(encoding="utf-8"))] == []
