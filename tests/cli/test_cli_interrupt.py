"""Ctrl-C: exit 130, no traceback, what was captured shown, and everything put back."""

from __future__ import annotations

import json
import signal
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from processes import Answer, python

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Cli

#: A scenario in which somebody presses Ctrl-C in the second step.
INTERRUPTED = """
import os, signal, sys
from sigexplorer.cli.run import run
from sigexplorer.playground.boot import PLAYGROUND

PLAYGROUND.boot(listen=True)
from sigexplorer.playground.scenarios import saving
from blog.models import Tag

def interrupted(step):
    with step("the first step"):
        Tag.objects.create(name="django")
    with step("the second step"):
        Tag.objects.create(name="python")
        os.kill(os.getpid(), signal.SIGINT)
        Tag.objects.create(name="never")
    with step("the third step"):
        pass

saving.save_user = interrupted
code = run(sys.argv[1:])
from django.dispatch import Signal
from sigexplorer.capture.listening import tracing_receiver
from sigexplorer.capture.registry import registrations
from django.db.models.signals import pre_save
assert Signal.send.__module__ == "django.dispatch.dispatcher" and Signal.send.__qualname__ == "Signal.send"
assert not [one for one in registrations(pre_save) if one.receiver is tracing_receiver]
sys.exit(code)
"""


@cache
def interrupt(*arguments: str) -> Answer:
    """Run the command on a scenario that is interrupted."""
    return python(INTERRUPTED, *arguments, timeout=20)


@pytest.mark.parametrize("more", [[], ["-f", "json"], ["--no-listen"]], ids=" ".join)
def test_ctrl_c_is_exit_code_130(more: list[str]) -> None:
    """An interrupt ends with 130, without a traceback, and leaves Django as it was."""
    answer = interrupt("scenario", "save-user", *more)
    assert answer.code == 130, answer.err
    assert "Traceback" not in answer.err
    assert answer.err.count("\n") <= 3


def test_ctrl_c_shows_what_was_captured() -> None:
    """What was captured until then is shown, and that it is not everything."""
    answer = interrupt("scenario", "save-user")
    assert answer.code == 130
    for text in ("the first step", "the second step", "pre_save", "post_save", "blog.Tag"):
        assert text in answer.out
    assert "the third step" not in answer.out


def test_ctrl_c_leaves_a_trace_that_says_that_it_is_not_whole() -> None:
    """As JSON the trace has what was captured, and run.complete is false."""
    answer = interrupt("scenario", "save-user", "-f", "json")
    assert answer.code == 130
    document = json.loads(answer.out)
    assert document["run"]["complete"] is False
    assert [dispatch["name"] for dispatch in document["dispatches"]].count("post_save") == 2


#: What waits until what closed is on the disk, and is ended then.
ENDED = """
        import time
        size = lambda: sum(file.stat().st_size for file in Path("run.jsonl.spool").iterdir())
        for _ in range(2):
            before = size()
            while size() == before:
                Tag(name="again")
                time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_what_closed_before_a_kill_is_in_the_file_or_beside_it(
    number: signal.Signals, tmp_path: Path, cli: Cli
) -> None:
    """SIGTERM ends as Ctrl-C does, the file written first; after kill -9 ``show`` opens what is left."""
    program = INTERRUPTED.replace("        os.kill(os.getpid(), signal.SIGINT)\n", ENDED)
    program = "from pathlib import Path\n" + program.replace("signal.SIGINT", f"signal.{number.name}")
    arguments = ("scenario", "request", "save-user", "-o", "run.jsonl")
    answer = python(program, *arguments, cwd=tmp_path, timeout=20)
    assert answer.code == -number, answer.err
    left = [file.name for file in tmp_path.iterdir()]
    assert left == ["run.jsonl" if number == signal.SIGTERM else "run.jsonl.spool"]
    shown = cli("show", tmp_path / "run.jsonl", "-f", "json")
    one, other = json.loads(shown.out)["traces"]
    assert (one["run"]["complete"], other["run"]["complete"]) == (True, False)
    assert [step["title"] for step in other["steps"]] == ["the first step", "the second step"]
    saved = [each["step"] for each in other["dispatches"] if each["name"] == "post_save"]
    assert saved == [1, 2]
    assert [each["id"] for each in one["dispatches"]] == list(range(1, len(one["dispatches"]) + 1))


def test_what_is_noted_beside_the_file_is_what_the_file_says(
    story_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that a kill leaves tells the same steps, dispatches, bypasses and claims, in their order."""
    monkeypatch.setattr("shutil.rmtree", lambda *_arguments, **_named: None)
    story_cli("scenario", "rollback", "bulk-operations", "-o", tmp_path / "run.json")
    left = story_cli("show", tmp_path / "run.json.spool", "-f", "json")
    told, noted = json.loads((tmp_path / "run.json").read_text())["traces"], json.loads(left.out)["traces"]
    for one, other in zip(told, noted, strict=True):
        for kind in ("steps", "dispatches", "bypasses", "claims", "callbacks"):
            assert one[kind] == other[kind]
        assert one["run"]["queries"] == other["run"]["queries"]


def test_ctrl_c_between_scenarios_shows_those_that_ran() -> None:
    """Of several scenarios those before the interrupt are shown, and none after it runs."""
    answer = interrupt("scenario", "request", "save-user", "rollback")
    assert answer.code == 130
    assert "scenario request" in answer.out
    assert "scenario rollback" not in answer.out


@pytest.mark.parametrize(
    "arguments",
    [["list"], ["docs", "post_save"], ["scenario"], ["scenario", "save-user"], ["trigger", "--all"]],
    ids=" ".join,
)
def test_ctrl_c_anywhere_is_quiet(
    arguments: list[str], story_cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupt while the answer is made or drawn is 130 as well."""
    from rich.console import Console

    from sigexplorer.cli import output

    def interrupted(*_arguments: Any, **_named: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Console, "print", interrupted)
    monkeypatch.setattr(output, "write", interrupted)
    answer = story_cli(*arguments)
    assert answer.code == 130
    assert answer.err.strip() == ""
