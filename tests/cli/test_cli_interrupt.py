"""Ctrl-C: exit 130, no traceback, what was captured shown, and everything put back."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from processes import Answer, python

if TYPE_CHECKING:
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

    def interrupted(*_arguments: Any, **_named: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Console, "print", interrupted)
    answer = story_cli(*arguments)
    assert answer.code == 130
    assert answer.err.strip() == ""
