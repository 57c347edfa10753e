"""What ``trace`` leaves where nothing was recorded, or cannot be read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from sigexplorer.cli.options import Written
from sigexplorer.cli.reporting import report
from sigexplorer.cli.wanted import Wanted
from sigexplorer.show.opening import trace_in
from sigexplorer.spool import presence

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", ["run.jsonl", "run.json", "run.txt"])
def test_of_nothing_an_empty_trace_is_written(
    tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Where nothing was sent a file has an empty trace, and not what another run has left in it."""
    file, folder = tmp_path / name, tmp_path / "run.spool"
    folder.mkdir()
    file.write_text("yesterday's")
    presence.enter(folder, os.getppid())
    report(folder, Wanted(written=Written(output=file), no_keep=True), "", "python 'x.py'")
    assert capfd.readouterr().err.startswith(
        "sigexplorer: no Django signals were sent\nsigexplorer: process "
    )
    assert not folder.exists()
    if name == "run.txt":
        assert "no dispatches to show" in file.read_text()
        return
    trace = trace_in(file)
    assert (trace.run.title, trace.run.complete, trace.dispatches) == ("python 'x.py'", False, ())
    assert "still ran" in trace.run.notes[0]


def test_a_damaged_record_is_not_taken_for_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A record that cannot be read is said to be so, and kept; the file of another run stays what it is."""
    file, folder = tmp_path / "run.jsonl", tmp_path / "run.spool"
    folder.mkdir()
    file.write_text("yesterday's")
    (folder / "1-1").write_text("no spool at all, whatever it is called")
    report(folder, Wanted(written=Written(output=file), no_keep=True), "")
    assert f"what was recorded is in '{folder}'" in capfd.readouterr().err
    assert (folder / "1-1").exists()
    assert file.read_text() == "yesterday's"
