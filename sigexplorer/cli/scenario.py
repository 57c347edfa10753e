"""``sigexplorer scenario``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

from sigexplorer.cli import facts, options
from sigexplorer.cli.declare import Argument
from sigexplorer.cli.scenarios import Wanted, write_list
from sigexplorer.errors import UsageError
from sigexplorer.playground.meant import plugin_names, plugins, split
from sigexplorer.playground.scenarios import SCENARIOS, Scenario, find

if TYPE_CHECKING:
    from sigexplorer.cli.present import Answer
    from sigexplorer.show.look import Look


def complete_scenario(incomplete: str) -> list[str]:
    """Return the scenarios that begin like this, for the shell."""
    names = [*(scenario.name for scenario in SCENARIOS), *plugin_names()]
    return [name for name in names if name.startswith(incomplete)]


def scenario(
    names: Annotated[
        list[str] | None,
        Argument(
            help="Ours by name, yours as FILE.py:NAME or module:NAME; none: list them.",
            complete=complete_scenario,
        ),
    ] = None,
    run_all: options.All = False,
    fact: facts.Proven = None,
    source: options.Source = False,
    listen: options.Listen = True,
    compare: options.Compare = False,
    database: options.Database = None,
    settings: options.Settings = None,
    pythonpath: options.PythonPath = None,
    demo: options.Demo = False,
    *,
    chosen: options.Chosen,
    part: options.Part,
    viewed: options.Viewed,
    no_keep: options.NoKeep = False,
    written: options.Written,
) -> int:
    """Run a scripted story, show its timeline, check its claims."""
    if not (names or run_all or fact or compare or database):
        return _list(written, ours=settings is None)
    look = options.look(chosen, part, viewed, sources=source)
    answer = options.answer(viewed, written, keep=not no_keep)
    if fact:
        facts.refuse_others(fact, names, settings, run_all=run_all, compare=compare)
        return facts.prove(fact, look, answer, options.one_database(database), listen=listen)
    where = options.one_database(database)
    wanted = Wanted(tuple(names or []), run_all, listen, compare, where, settings, pythonpath, demo)
    return _run(wanted, look, answer)


def is_own(name: str) -> bool:
    """Whether this is a scenario of the user's, by the form of its name or as an entry point."""
    return split(name) is not None or (
        all(name != ours.name for ours in SCENARIOS) and any(name == point.name for point in plugins())
    )


def _run(wanted: Wanted, look: Look, answer: Answer) -> int:
    if wanted.settings is not None or wanted.pythonpath is not None or any(map(is_own, wanted.names)):
        from sigexplorer.cli.own import answer_own

        return answer_own(wanted, look, answer)
    chosen = _scenarios(wanted.names, run_all=wanted.everything)
    if wanted.compare:
        return _compare(chosen, look, answer, wanted.database, everything=wanted.everything)
    from sigexplorer.cli.stories import Story, tell
    from sigexplorer.playground import runs

    stories = [
        Story(one.name, one.added, partial(runs.run_scenario, one, sources=look.sources), _next(one))
        for one in chosen
    ]
    place = runs.open_playground(listen=wanted.listen, database=wanted.database)
    return tell(stories, look, answer, place, everything=wanted.everything)


def _compare(
    wanted: list[Scenario], look: Look, answer: Answer, database: str | None, *, everything: bool
) -> int:
    from sigexplorer.cli.both_ways import compare
    from sigexplorer.show.filters import Filters

    if look.filters != Filters() or answer.counts:
        raise UsageError("--compare shows all that differs", "leave out what chooses signals, steps or rows")
    return compare(wanted, look, answer, database, brief=everything)


def _scenarios(names: Sequence[str], *, run_all: bool) -> list[Scenario]:
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
    for name in names:
        if all(one.name != name for one in SCENARIOS):  # some facts are called as their scenario is
            facts.hint_at(name)
    chosen = [find(name, plugin_names()) for name in dict.fromkeys(names)]
    for one in chosen:
        runs.check_version(one.name, one.added, django_version())
    return chosen


def _next(chosen: Scenario) -> str:
    """Return the scenario after ``chosen``, of those that this Django can run."""
    from sigexplorer.catalog.installed import django_version

    possible = [one.name for one in SCENARIOS if django_version() >= one.added]
    place = possible.index(chosen.name) + 1 if chosen.name in possible else 0
    return f"scenario {possible[place % len(possible)]}"


def _list(written: options.Written, *, ours: bool) -> int:
    """List the scenarios that come with us, if they are asked for, and those of plug-ins."""
    from sigexplorer.catalog.page import ANCIENT

    entries = [(one.name, one.summary, one.added) for one in SCENARIOS] if ours else []
    entries += [
        (one.name, f"of {one.dist.name if one.dist else '?'}: {one.value}", ANCIENT) for one in plugins()
    ]
    write_list(entries, written.format_name, written.output)
    return 0
