"""What a run that was killed has left is never shown as nothing, nor taken for nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sigexplorer.show import keep
from sigexplorer.show.filters import Filters
from sigexplorer.show.opening import opened
from sigexplorer.show.source import filtered
from sigexplorer.show.spooled import spooled
from sigexplorer.spool import latest, taking
from sigexplorer.spool.files import SpoolFile
from sigexplorer.spool.taking import put_aside, take


@pytest.fixture
def left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that a killed run has left, beside the file of an older one."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "run.jsonl.spool"
    folder.mkdir()
    file = SpoolFile(folder / "999999999-1")
    run = dict.fromkeys(("title", "started_at", "sigexplorer", "django", "python"), "x")
    numbers = dict.fromkeys(("began", "since", "process", "parent"), 0)
    file.add("run", {**run, **numbers, "listened": False})
    for older in (tmp_path / "run.jsonl", tmp_path / "cache" / "sigexplorer" / "last.jsonl"):
        older.parent.mkdir(parents=True, exist_ok=True)
        older.write_text("")
        os.utime(older, ns=(1, 1))
    return folder


def test_an_older_recording_names_the_newer_run_beside_it(left: Path, tmp_path: Path) -> None:
    """The file that was asked for is shown, and that a newer run has left something is said."""
    _, warning = opened(tmp_path / "run.jsonl")
    assert f"a newer run that did not come to its end is in '{left}'" in warning()
    os.utime(tmp_path / "run.jsonl")
    os.utime(left / "999999999-1", ns=(1, 1))
    assert "newer" not in opened(tmp_path / "run.jsonl")[1]()


def test_the_last_run_may_be_one_that_was_killed(left: Path) -> None:
    """It is what it has left, as long as that is there and nothing newer was kept."""
    kept = keep.file_of_last()
    assert keep.last() == kept
    latest.note(left)
    assert keep.last() == left
    os.utime(kept)
    os.utime(left / "999999999-1", ns=(1, 1))
    assert keep.last() == kept
    kept.unlink()
    assert keep.last() == left
    (left / "999999999-1").unlink()
    assert latest.left_behind(kept) is None


def test_a_story_that_has_not_begun_hides_no_other(tmp_path: Path) -> None:
    """Of several that were killed a step is looked for in those that had come to one."""
    run = dict.fromkeys(("title", "started_at", "sigexplorer", "django", "python"), "x")
    numbers = dict.fromkeys(("began", "since", "process", "parent"), 0)
    for number in (1, 2, 3):
        file = SpoolFile(tmp_path / f"999999999-{number}")
        file.add("run", {**run, **numbers, "listened": False, "stepped": True})
        if number < 3:
            file.add("steps", 1, [(0, None), (1, 1)], 0, [(1, "one", 0, 0, None, None)], [])
    found = filtered(spooled(tmp_path), Filters(step="1"))
    assert [[step.title for step in trace.steps] for trace in found] == [["one"], ["one"]]


def test_a_run_that_ends_leaves_what_another_has_noted(left: Path, tmp_path: Path) -> None:
    """The one that is still under way is the last again, and not one that was killed; so is one since."""
    file = left / "999999999-1"
    file.rename(left / f"{os.getppid()}-1")
    latest.note(left)
    inner = tmp_path / "inner.spool"
    latest.forget(inner, latest.note(inner))
    assert keep.last() == left
    latest.forget(inner, None)
    assert keep.last() == left
    (left / f"{os.getppid()}-1").rename(file)
    latest.forget(inner, latest.note(inner))
    assert keep.last() == keep.file_of_last()


def test_what_is_in_the_way_is_put_aside(left: Path) -> None:
    """It gets a name that is free; a folder in which nothing was recorded is removed."""
    aside = put_aside(left)
    assert aside == left.with_name("run.jsonl.1.spool")
    left.mkdir()
    SpoolFile(left / "999999999-1")
    assert put_aside(left) is None
    assert not left.exists()
    aside.rename(left)
    aside.mkdir()
    assert put_aside(left) == left.with_name("run.jsonl.2.spool")


def test_what_lies_in_the_way_of_a_note_is_not_followed(left: Path, tmp_path: Path) -> None:
    """A link that somebody left where it is written leads nowhere, and nothing else is left there."""
    cache, other = latest.cache_folder(), tmp_path / "other"
    other.write_text("mine")
    link = cache / f".last.folder.{os.getpid()}"
    link.symlink_to(other)
    latest.note(left)
    assert other.read_text() == "mine"
    assert keep.last() == left
    link.unlink()
    (cache / "last.folder").unlink()
    (cache / "last.folder").mkdir()
    latest.note(left)
    assert sorted(file.name for file in cache.iterdir()) == ["last.folder", "last.jsonl"]


@pytest.mark.parametrize("place", ["/proc/forbidden", ""])
def test_where_nothing_can_be_noted_nothing_is_said(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache folder that cannot be made is no reason to fail."""
    monkeypatch.setenv("XDG_CACHE_HOME", place)
    monkeypatch.setenv("HOME", "/proc/forbidden")
    latest.note(Path("run.spool"))
    assert latest.left_behind(Path("none")) is None


def test_of_several_runs_one_gets_the_folder(left: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that comes while another begins, or while it puts aside what a killed one left, is refused."""

    def refused(*_arguments: object) -> bool:
        with pytest.raises(FileExistsError, match="another run is writing to"):
            put_aside(left)
        return False

    with monkeypatch.context() as patch:
        patch.setattr(taking, "_is_written", refused)
        assert take(left) == left.with_name("run.jsonl.1.spool")
    assert [file.name for file in left.iterdir()] == [str(os.getpid())]
    (left / str(os.getpid())).rename(left / str(os.getppid()))
    with pytest.raises(FileExistsError, match="another run is writing to"):
        take(left)
    assert [file.name for file in left.iterdir()] == [str(os.getppid())]
    assert not list(left.parent.glob(".sigexplorer-*"))
