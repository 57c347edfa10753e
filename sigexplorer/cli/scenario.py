"""``sigexplorer scenario``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

from sigexplorer.cli import options
from sigexplorer.cli.declare import Argument
from sigexplorer.errors import UsageError
from sigexplorer.playground.scenarios import SCENARIOS, Scenario, find

if TYPE_CHECKING:
    from sigexplorer.cli.present import Answer
    from sigexplorer.show.look import Look


def complete_scenario(incomplete: str) -> list[str]:
    """Return the scenarios that begin like this, for the shell."""
    return [scenario.name for scenario in SCENARIOS if scenario.name.startswith(incomplete)]


def scenario(
    names: Annotated[
        list[str] | None, Argument(help="Scenarios; none: list them.", complete=complete_scenario)
    ] = None,
    run_all: options.All = False,
    source: options.Source = False,
    listen: options.Listen = True,
    compare: options.Compare = False,
    database: options.Database = None,
    *,
    chosen: options.Chosen,
    part: options.Part,
    viewed: options.Viewed,
    no_keep: options.NoKeep = False,
    written: options.Written,
) -> int:
    """Run a scripted story, show its timeline, check its claims."""
    if not (names or run_all or compare or database is not None):
        return _list(written)
    look = options.look(chosen, part, viewed, sources=source)
    answer = options.answer(viewed, written, keep=not no_keep)
    run = _compare if compare else partial(_tell, listen=listen)
    return run(_scenarios(names or [], run_all=run_all), look, answer, database, everything=run_all)


def _tell(
    wanted: list[Scenario],
    look: Look,
    answer: Answer,
    database: str | None,
    *,
    listen: bool,
    everything: bool,
) -> int:
    from sigexplorer.cli.stories import Story, tell
    from sigexplorer.playground import runs

    stories = [
        Story(
            chosen.name,
            chosen.added,
            partial(runs.run_scenario, chosen, sources=look.sources),
            _next(chosen),
        )
        for chosen in wanted
    ]
    return tell(stories, look, answer, listen=listen, everything=everything, database=database)


def _compare(
    wanted: list[Scenario], look: Look, answer: Answer, database: str | None, *, everything: bool
) -> int:
    from sigexplorer.cli.both_ways import compare
    from sigexplorer.show.filters import Filters

    if look.filters != Filters() or answer.counts:
        raise UsageError("--compare shows all that differs", "leave out what chooses signals, steps or rows")
    return compare(wanted, look, answer, database, brief=everything)


def _scenarios(names: list[str], *, run_all: bool) -> list[Scenario]:
    from sigexplorer.catalog.installed import django_version
    from sigexplorer.playground import runs

    if run_all:
        if names:
            raise UsageError(
                "name scenarios, or --all of them but not both", "sigexplorer scenario lists them"
            )
        return list(SCENARIOS)
    if not names:
        raise UsageError("name scenarios, or --all of them", "sigexplorer scenario lists them")
    chosen = [find(name) for name in dict.fromkeys(names)]
    for one in chosen:
        runs.check_version(one.name, one.added, django_version())
    return chosen


def _next(chosen: Scenario) -> str:
    """Return the scenario after ``chosen``, of those that this Django can run."""
    from sigexplorer.catalog.installed import django_version

    possible = [one.name for one in SCENARIOS if django_version() >= one.added]
    place = possible.index(chosen.name) + 1 if chosen.name in possible else 0
    return f"scenario {possible[place % len(possible)]}"


def _list(written: options.Written) -> int:
    from sigexplorer.catalog.installed import django_version
    from sigexplorer.catalog.page import ANCIENT, dotted
    from sigexplorer.cli.output import emit, to_json
    from sigexplorer.show import pages
    from sigexplorer.show.exporters import markdown
    from sigexplorer.show.views import document

    shown = pages.scenarios([(one.name, one.summary, one.added) for one in SCENARIOS], django_version())
    records = [
        {
            "name": one.name,
            "summary": one.summary,
            "added": dotted(one.added) if one.added != ANCIENT else None,
        }
        for one in SCENARIOS
    ]
    writers = {
        "json": lambda: to_json({"schema": "sigexplorer.scenario/1", "scenarios": records}),
        "markdown": lambda: markdown.write(shown),
    }
    emit(lambda width: document.render(shown, width), writers, written.format_name, written.output)
    return 0
