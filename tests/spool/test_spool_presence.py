"""Which processes still run, or were killed, before they could tell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sigexplorer.errors import NothingRecordedError
from sigexplorer.project.children import State
from sigexplorer.project.tracing import Tracing
from sigexplorer.spool import presence
from sigexplorer.spool.files import SpoolFile
from sigexplorer.spool.reading import Spool
from sigexplorer.spool.taking import put_aside

if TYPE_CHECKING:
    from pathlib import Path

NEVER = 2**22 + 1  # more than there can be processes
RUN = {
    "title": "x", "listened": False, "started_at": "2026-11-21T00:00:00.000000Z", "began": 5, "since": 0,
    "process": 1, "parent": 0, "sigexplorer": "1", "django": "5.2", "python": "3.11",
}  # fmt: skip


def recorded(folder: Path) -> Spool:
    """Return the spool of a process that has come to its end."""
    file = SpoolFile(folder / "1-5")
    file.add("run", RUN)
    file.add("end", {"end": 9, "complete": True, "notes": ()})
    return Spool(folder)


def test_who_has_left_is_not_missed(tmp_path: Path) -> None:
    """A process that has told all is neither running nor killed, and neither is one that never joined."""
    presence.enter(tmp_path)
    assert presence.joined(tmp_path) != ((), ())
    for _ in range(2):
        presence.leave(tmp_path)
        assert presence.joined(tmp_path) == ((), ())
    presence.enter(tmp_path / "gone")
    assert recorded(tmp_path).run.complete


def test_a_worker_leaves_once(tmp_path: Path) -> None:
    """It has told all with its first answer, and with each after it: that costs no look at the disk."""
    tracing = Tracing(State(str(tmp_path)))
    for expected in (False, True):
        presence.enter(tmp_path)
        tracing._rest()
        assert any(tmp_path.iterdir()) is expected


@pytest.mark.parametrize(
    ("process", "note"), [(os.getppid(), "still ran"), (NEVER, "before it could say so")]
)
def test_a_process_without_an_end_makes_a_trace_incomplete(tmp_path: Path, process: int, note: str) -> None:
    """That a process still runs, or was killed before it recorded anything, is noted."""
    presence.enter(tmp_path, process)
    run = recorded(tmp_path).run
    assert not run.complete
    assert [note in each for each in run.notes] == [True]
    assert str(process) in run.notes[0] or process == NEVER


def test_a_process_that_nobody_has_asked_after_does_not_run(tmp_path: Path) -> None:
    """One that has ended, and whose parent has not waited for it, is over."""
    with subprocess.Popen([sys.executable, "-c", "pass"]) as child:
        presence.enter(tmp_path, child.pid)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert presence.joined(tmp_path) == ((), (child.pid,))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process was told")
def test_a_program_that_has_only_begun_is_noted(tmp_path: Path) -> None:
    """A Python that was told of the folder counts from its start, but for helpers of another one."""
    folder = tmp_path / "fö"
    folder.mkdir()
    told = {**os.environ, "TOLD": json.dumps({"folder": str(folder)})}
    code = "import sys; sys.stdin.read()"
    words = [[sys.executable, "-c", code], [sys.executable, "-c", f"import os; {code}"]]
    children = [subprocess.Popen(each, env=told, stdin=subprocess.PIPE) for each in words]  # noqa: S603 - Python
    presence.enter_started(folder, "TOLD", ["import os; "])
    assert presence.joined(folder)[0] == (children[0].pid,)
    for child in children:
        child.communicate()


def test_many_are_told_in_a_few_words() -> None:
    """A note names the first few processes, and says how many there are besides."""
    assert presence.told([7, 8, 9, 10, 11]).startswith("processes 7, 8, 9 and 2 more still ran")


def test_those_who_joined_are_no_obstacle(tmp_path: Path) -> None:
    """A folder in which nothing was recorded makes room for the next run, unless somebody still runs."""
    folder = tmp_path / "run.jsonl.spool"
    folder.mkdir()
    presence.enter(folder, os.getppid())
    with pytest.raises(FileExistsError):
        put_aside(folder)
    (folder / f"{os.getppid()}-here").unlink()
    presence.enter(folder, NEVER)
    with pytest.raises(NothingRecordedError):
        Spool(folder)
    assert put_aside(folder) is None
    assert not folder.exists()
