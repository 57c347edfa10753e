"""The benchmarks run, and say what they found in the form they promise; nothing here is timed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.measuring import Row

ROOT = Path(__file__).resolve().parents[2]


def benchmarks(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the benchmarks as small as they get, without peers."""
    command = [sys.executable, "-m", "benchmarks", "--rounds", "1", "--scale", "40", *words]
    return subprocess.run(  # noqa: S603 - our own program
        [*command, "--peers", str(ROOT / "no such folder")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """Return what the benchmarks of dispatches say, and those of the peers, which are not there."""
    parts = ("dispatches", "peers", "receivers", "tests")
    done = benchmarks("--json", *(word for part in parts for word in ("--only", part)))
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.slow
def test_each_row_has_its_goal_and_what_was_reached(document: dict[str, Any]) -> None:
    """A row says what is compared, each pair, the median and whether the goal is met."""
    assert document["schema"] == "sigexplorer.benchmarks/1"
    names = [row["name"] for row in document["rows"]]
    assert names[:3] == ["0 receivers", "1 receivers", "5 receivers"]
    assert names[-3] == "comments, which nobody hears"
    for row in document["rows"]:
        assert row["low"] <= row["reached"] <= row["high"]
        assert row["ok"] == (None if row["goal"] is None else row["reached"] <= row["goal"])
        assert row["unit"] in ("times", "MiB")


@pytest.mark.slow
def test_the_workload_is_the_same_untraced_and_traced(document: dict[str, Any]) -> None:
    """Tracing changes neither how many SQL statements there are nor how many dispatches."""
    same = [row for row in document["rows"] if row["name"].startswith(("SQL statements", "dispatches"))]
    assert [row["reached"] for row in same] == [1.0, 1.0], same


@pytest.mark.slow
def test_figures_come_with_the_machine_and_the_versions(document: dict[str, Any]) -> None:
    """Whoever quotes a figure finds what belongs to it."""
    assert {"system", "processor", "cpus"} <= document["machine"].keys()
    assert {"sigexplorer", "python", "django", "typer", "rich"} <= document["versions"].keys()
    assert document["rounds"] == 1


@pytest.mark.slow
def test_absent_peers_are_skipped_by_name(document: dict[str, Any]) -> None:
    """Without their environment what needs the peers is skipped, with what to do about it."""
    assert [one["part"] for one in document["skipped"]] == ["receivers", "peers"]
    assert all("--install-peers" in one["why"] for one in document["skipped"])


def test_the_table_says_the_same() -> None:
    """For people it is a table, and a missed goal is an error only for whoever says so."""
    done = benchmarks("--only", "receivers", "--strict")
    assert done.returncode == 0, done.stderr
    assert "reached" in done.stdout
    assert "skipped: receivers: no environment with the peers" in done.stdout
    assert benchmarks("--only", "nothing").returncode == 1


@pytest.mark.parametrize(
    ("goal", "bound", "reached", "slower"),
    [
        (1.0, None, 1.1, True),
        (1.0, None, 1.0, False),
        (1.0, 1.2, 1.1, False),  # the goal is missed, as ever
        (1.0, 1.2, 1.3, True),
        (None, None, 9.0, False),
        (1.0, 1.2, None, False),
    ],
)
def test_what_has_become_slower_is_told_from_a_goal_that_is_missed(
    goal: float | None, bound: float | None, reached: float | None, slower: object
) -> None:
    """A row with a bound of its own is held to that, so that CI fails when something becomes slower."""
    row = Row("group", "name", goal, () if reached is None else (reached,), bound=bound)
    assert row.is_slower is slower
