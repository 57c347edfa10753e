"""What ``trace`` leaves where nothing was recorded, or cannot be read."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from sigexplorer.cli.options import Chosen, Written
from sigexplorer.cli.reporting import report
from sigexplorer.cli.tracing import Session, _report
from sigexplorer.cli.wanted import Wanted
from sigexplorer.project.tracing import Tracing
from sigexplorer.show import keep
from sigexplorer.show.opening import trace_in
from sigexplorer.spool import presence
from sigexplorer.spool.files import SpoolFile

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


def test_what_could_not_be_kept_stays_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """After a name that nobody sent the record is there, also where show --last cannot have it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    keep.file_of_last().mkdir(parents=True)
    folder = tmp_path / "run.spool"
    folder.mkdir()
    file = SpoolFile(folder / "1-5")
    told = dict.fromkeys(("title", "sigexplorer", "django", "python"), "x")
    numbers = dict.fromkeys(("began", "since", "process", "parent"), 0)
    file.add("run", {**told, **numbers, "listened": False, "started_at": "2026-11-21T00:00:00.000000Z"})
    file.add("end", {"end": 9, "complete": True})
    report(folder, Wanted(Chosen(only=["payd"])), "")
    assert capfd.readouterr().err.endswith(
        f"what was recorded is in '{folder}' (sigexplorer show {folder})\n"
    )
    assert folder.is_dir()


def test_a_program_that_may_read_nothing_any_more_is_asked_for_no_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """As another user it cannot even import what a report needs: that is not tried, and why is said."""
    session = Session(Wanted(), ("x.py",), tmp_path)

    def refused(_folder: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "listdir", refused)
        patch.setitem(sys.modules, "sigexplorer.cli.reporting", None)
        _report(session, Tracing(session.state), flush=True, hear=lambda: None)
    why = "the program may no longer read what it noted: Permission denied"
    assert capfd.readouterr().err.startswith(f"sigexplorer: no report can be made, {why}; what was recorded")
