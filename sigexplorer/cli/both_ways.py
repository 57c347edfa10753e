"""``scenario --compare``: what listening itself changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from sigexplorer.answers import BothWays
from sigexplorer.catalog.installed import django_version
from sigexplorer.cli.ending import Ending, entered
from sigexplorer.cli.output import emit, hint, to_json
from sigexplorer.cli.present import Answer
from sigexplorer.errors import DatabaseUrlError
from sigexplorer.playground import runs
from sigexplorer.playground.both_ways import run_both_ways
from sigexplorer.playground.scenarios import Scenario
from sigexplorer.show import both_ways
from sigexplorer.show.exporters import markdown
from sigexplorer.show.files import choose_format
from sigexplorer.show.look import Look
from sigexplorer.show.views import document

FORMATS = ["json", "markdown", "svg", "table"]

#: The exit code after Ctrl-C.
INTERRUPTED = 130


def compare(
    scenarios: Sequence[Scenario], look: Look, answer: Answer, database: str | None, *, brief: bool
) -> int:
    """Run each scenario only watching and listening, write the difference; 1 if a claim failed.

    With ``brief`` the timelines give way to one closing table, unless ``look`` is verbose.
    """
    choose_format(answer.format_name, answer.output, FORMATS)  # a wrong one ends here
    possible = [scenario for scenario in scenarios if django_version() >= scenario.added]
    compared: list[BothWays] = []
    with entered(runs.open_playground(listen=False, database=database), compared) as ending:
        compared += _compared(possible, ending)
    if not compared:
        raise ending.loss() or KeyboardInterrupt
    shown = both_ways.page(compared, everything=look.verbose, brief=brief)
    writers = {
        "json": lambda: to_json(both_ways.records(compared)),
        "markdown": lambda: markdown.write(shown),
    }
    emit(lambda width: document.render(shown, width), writers, answer.format_name, answer.output)
    ending.untried = len(possible) - len(compared)
    left = ending.tell()
    if ending.lost is None and len(compared) < len(possible):
        hint("interrupted: this is what there was so far")
        return INTERRUPTED
    return left or int(not all(both_ways.held(ways) for ways in compared))


def _compared(scenarios: Iterable[Scenario], ending: Ending) -> Iterator[BothWays]:
    """Compare each, up to one that is interrupted, of which nothing can be told."""
    for scenario in scenarios:
        try:
            ways = run_both_ways(scenario)
        except KeyboardInterrupt:  # before its first step
            return
        except DatabaseUrlError as problem:  # the server has gone
            ending.lost = problem
            return
        if not ways.listening.trace.run.complete:
            return
        yield ways
