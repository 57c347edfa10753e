"""The one file of those processes that may no longer open their own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sigexplorer.spool import common, presence
from sigexplorer.spool.files import SpoolFile, frames, packed
from sigexplorer.spool.reading import Spool

RUN = {
    "title": "", "listened": False, "started_at": "", "began": 0, "since": 0, "process": 1, "parent": 0,
    "sigexplorer": "", "django": "", "python": "",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of a process that is root's, at least as far as it is told."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(common, "_OPEN", [])
    (tmp_path / "spool").mkdir()
    common.keep_open(tmp_path / "spool")
    return tmp_path / "spool"


def test_a_record_goes_on_where_its_file_is_out_of_reach(folder: Path) -> None:
    """What is written then is read with what was before, over what an interrupted write has left."""
    own = SpoolFile(folder / "1-5")
    own.add("run", RUN)
    presence.enter(folder)
    away = folder.rename(folder.with_name("away"))
    own.write(packed("half"), own.size)
    own.add("so far", {"queries": 3})
    other = SpoolFile(folder / "2-6")
    other.add("run", {**RUN, "process": 2, "parent": 1})
    other.add("end", {"end": 9, "complete": True})
    own.add("end", {"end": 9, "complete": True})
    presence.leave(folder)
    away.rename(folder)
    found, _ = common.parts(folder)
    assert [kind for kind, *_ in frames(found["1-5"])] == ["run", "so far", "end"]
    assert [kind for kind, *_ in frames(found["2-6"])] == ["run", "end"]
    assert Spool(folder).run.complete


def test_a_common_file_that_was_cut_off_is_read_up_to_there(folder: Path) -> None:
    """Whatever byte its last piece ends at, every piece before it is read."""
    for kind in ("run", "end"):
        common.append("1-5", packed(kind), 8 * (kind == "end"))
    file = folder / "common"
    whole = file.read_bytes()
    lengths = []
    for length in range(len(whole) + 1):
        file.write_bytes(whole[:length])
        found, _ = common.parts(folder)
        lengths.append(len(found["1-5"].pieces) if found else 0)
    assert sorted(set(lengths)) == [0, 1, 2]
    assert lengths == sorted(lengths)


def test_a_piece_that_was_cut_off_costs_no_other(folder: Path) -> None:
    """Whatever byte one ends at, as the disk was full, what stands before it is read, and what follows."""
    pieces = []
    for name in ("1-5", "2-6", "3-7"):
        common.append(name, common.MAGIC + packed("run"))
        common.append(name, common.MAGIC)
        common.append(name, packed("run", name), len(common.MAGIC))
        pieces.append((folder / "common").read_bytes())
        (folder / "common").write_bytes(b"")
    before, cut, after = pieces
    for length in range(len(cut)):
        (folder / "common").write_bytes(before + cut[:length] + after)
        found, _ = common.parts(folder)
        assert [list(frames(found[name])) for name in ("1-5", "3-7")] == [[("run", "1-5")], [("run", "3-7")]]
        assert [list(frames(one)) for one in (found.get("2-6"),) if one] in ([], [[("run",)]], [[]])


def test_a_number_that_is_another_file_is_not_written_to(folder: Path, tmp_path: Path) -> None:
    """A program may close what is open and be given our number; what cannot be written then is an error."""
    file = SpoolFile(folder / "1-5")
    (kept,) = common._OPEN
    theirs = os.open(tmp_path / "theirs", os.O_CREAT | os.O_WRONLY)
    os.dup2(theirs, kept.descriptor)
    folder.rename(folder.with_name("away"))
    with pytest.raises(FileNotFoundError):
        file.add("run", RUN)
    os.close(theirs)
    os.close(kept.descriptor)
    assert (tmp_path / "theirs").read_bytes() == b""
