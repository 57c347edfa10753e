"""Every trigger and scenario that the installed Django can run, and how to run them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sigexplorer.catalog import PAGES, find
from sigexplorer.catalog.installed import django_version
from sigexplorer.playground import scenarios
from sigexplorer.show.filters import NOISE
from sigexplorer.show.outline import outline

if TYPE_CHECKING:
    from sigexplorer.catalog import Version
    from sigexplorer.model import Trace

VERSION = django_version()


@dataclass(frozen=True, slots=True)
class Story:
    """A trigger or a scenario."""

    kind: str  # "trigger" or "scenario"
    name: str
    added: Version  # the Django it needs at least

    @property
    def title(self) -> str:
        """The name of its golden file."""
        return f"{self.kind}-{self.name}"


#: The stories of every supported Django.
ALL = [Story("scenario", one.name, one.added) for one in scenarios.SCENARIOS] + [
    Story("trigger", page.name, page.added) for page in PAGES
]

#: Those that the installed Django can run.
STORIES = [story for story in ALL if story.added <= VERSION]
SCENARIOS = [story for story in STORIES if story.kind == "scenario"]
TRIGGERS = [story for story in STORIES if story.kind == "trigger"]


def play(story: Story, *, listen: bool = True, sources: bool = False) -> Trace:
    """Run a story now; ``sources`` are noted of the steps of a scenario."""
    from sigexplorer.playground import runs

    with runs.open_playground(listen=listen):
        if story.kind == "trigger":
            return runs.run_trigger(find(story.name))
        return runs.run_scenario(scenarios.find(story.name), sources=sources)


def outline_of(story: Story, trace: Trace) -> str:
    """Return the outline of a story; what a trigger was asked for is listed, not counted."""
    return outline(trace, everything=story.kind == "trigger" and story.name in NOISE)


#: Signals of which Django's receivers stand in another order where a process has imported other things
#: before, or has counted queries.
_UNSETTLED = ("request_started", "request_finished", "setting_changed")


def settled(told: str) -> str:
    """Return an outline with the receivers of ``_UNSETTLED`` in the order of their names."""
    return "".join(map(_settled, told.splitlines(keepends=True)))


def _settled(line: str) -> str:
    sent, arrow, called = line.partition(" -> ")
    if not line.lstrip().startswith(_UNSETTLED):
        return line
    return f"{sent}{arrow}{'; '.join(sorted(called.rstrip().split('; ')))}\n"


#: Runs every story, forward and again or only backward, and prints their outlines of each time.
IN_ORDER = """
import json, sys
sys.path[:0] = sys.argv[3:]
from stories import STORIES, outline_of, play
rounds = [STORIES, STORIES] if sys.argv[1] == "forward" else [STORIES[::-1]]
listen = sys.argv[2] == "listen"
told = [{story.title: outline_of(story, play(story, listen=listen)) for story in some} for some in rounds]
print(json.dumps(told))
"""


@cache
def outlines(order: str, mode: str) -> list[dict[str, str]]:
    """Return by title the outlines of all stories, run in a new process: of each time that they ran there."""
    here = Path(__file__).resolve().parent
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", IN_ORDER, order, mode, str(here.parents[1]), str(here)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rounds: list[dict[str, str]] = json.loads(done.stdout)
    return rounds


@cache
def played(story: Story) -> Trace:
    """Return the trace of a story that has run listening, in this process, at least once."""
    return play(story, sources=True)
