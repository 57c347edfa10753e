"""``sigexplorer scenario`` for scenarios of one's own: in the user's project, in test databases."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from functools import partial

from sigexplorer.capture.listening import Listener
from sigexplorer.catalog.page import ANCIENT
from sigexplorer.cli.opening import open_project
from sigexplorer.cli.output import hint
from sigexplorer.cli.present import Answer
from sigexplorer.cli.scenarios import Wanted, write_list
from sigexplorer.cli.stories import Story, tell
from sigexplorer.errors import UsageError
from sigexplorer.playground import own, runs
from sigexplorer.playground.meant import plugins, split
from sigexplorer.playground.scenarios import SCENARIOS
from sigexplorer.show.look import Look
from sigexplorer.testing.steps import OwnSteps


def answer_own(wanted: Wanted, look: Look, answer: Answer) -> int:
    """Run, or list, scenarios of the user's, and return the exit code."""
    answer.chosen()  # a wrong one ends here, before the project is started
    listing = _check(wanted)
    listener = Listener()
    try:
        # What the project and the scenarios print is no part of our answer.
        with contextlib.redirect_stdout(sys.stderr):
            if wanted.listen and not listing:
                listener.connect()
            project = open_project(wanted.settings, wanted.pythonpath, demo=wanted.demo)
            chosen = _chosen(wanted, listing=listing)
        if listing:
            write_list(
                [(one.name, one.summary, ANCIENT) for one in chosen], answer.format_name, answer.output
            )
            if answer.chosen() == "table" and answer.output is None:
                hint(f"next: sigexplorer scenario {chosen[0].name}, or --all of them")
            return 0
        return _run(chosen, look, answer, _place(project.settings, listener), wanted)
    finally:
        listener.disconnect()


def _check(wanted: Wanted) -> bool:
    """Raise where the names cannot be meant together; return whether files are only to be listed."""
    ours = [name for name in wanted.names if any(name == one.name for one in SCENARIOS)]
    if ours:
        raise UsageError(
            f"'{ours[0]}' runs in the bundled project, and nowhere else",
            "leave --settings, --pythonpath and scenarios of your own out",
        )
    if wanted.compare or wanted.database is not None:
        raise UsageError(
            "--compare and --database are for scenarios of ours",
            "yours run once, in test databases of your project",
        )
    meant = [split(name) for name in wanted.names]
    places = [one for one in meant if one is not None and not one[1]]
    if places and len(places) < len(meant):
        raise UsageError(
            f"name a scenario in '{places[0][0]}'", f"sigexplorer scenario {places[0][0]} lists them"
        )
    if wanted.everything and len(places) < len(meant):
        raise UsageError("name scenarios, or --all of them but not both", "sigexplorer scenario lists them")
    if not wanted.names and not plugins():
        raise UsageError("no scenarios of yours are installed", "sigexplorer scenario FILE.py:NAME")
    return bool(places) and not wanted.everything


def _chosen(wanted: Wanted, *, listing: bool) -> list[own.Own]:
    if listing or wanted.everything:
        places = [place for place, _ in filter(None, map(split, dict.fromkeys(wanted.names)))]
        found = [one for place in places for one in own.scenarios_in(place)]
        return found if wanted.names else [own.find(point.name) for point in plugins()]
    known = [one.name for one in SCENARIOS]
    return [own.find(name, known) for name in dict.fromkeys(wanted.names)]


@contextlib.contextmanager
def _place(settings: str, listener: Listener) -> Iterator[None]:
    interactive = sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
    with (
        contextlib.redirect_stdout(sys.stderr),
        runs.open_testbed(settings, listener, interactive=interactive),
    ):
        yield


def _run(
    chosen: list[own.Own],
    look: Look,
    answer: Answer,
    place: contextlib.AbstractContextManager[None],
    wanted: Wanted,
) -> int:
    run = partial(runs.run_own, listened=wanted.listen, sources=look.sources, make=OwnSteps)
    stories = [Story(one.name, ANCIENT, partial(run, one), "show --last -f tree") for one in chosen]
    return tell(stories, look, answer, place, everything=wanted.everything)
