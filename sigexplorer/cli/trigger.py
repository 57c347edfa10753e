"""``sigexplorer trigger``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

from sigexplorer import catalog
from sigexplorer.cli import options
from sigexplorer.cli.declare import Argument
from sigexplorer.errors import UsageError

if TYPE_CHECKING:
    from sigexplorer.catalog import Page, Version
    from sigexplorer.cli.stories import Story


def trigger(
    signals: Annotated[
        list[str] | None, Argument(help="Signals to cause.", complete=options.complete_signal)
    ] = None,
    run_all: options.All = False,
    source: options.Source = False,
    listen: options.Listen = True,
    database: options.Database = None,
    *,
    chosen: options.Chosen,
    part: options.Part,
    viewed: options.Viewed,
    no_keep: options.NoKeep = False,
    written: options.Written,
) -> int:
    """Make each signal happen for real, and show it."""
    from sigexplorer.cli.stories import tell
    from sigexplorer.playground.runs import open_playground

    look = options.look(chosen, part, viewed, sources=source)
    wanted = _pages(signals or [], run_all=run_all)
    stories = [_story(page) for page in wanted]
    answer = options.answer(viewed, written, keep=not no_keep)
    place = open_playground(listen=listen, database=options.one_database(database))
    return tell(stories, look, answer, place, everything=run_all)


def _story(page: Page) -> Story:
    from sigexplorer.cli.stories import Story
    from sigexplorer.playground import runs

    return Story(
        page.name,
        page.added,
        partial(runs.run_trigger, page),
        f"docs {page.name}",
        frozenset({page.name}),
        partial(runs.trigger_source, page),
    )


def _pages(names: list[str], *, run_all: bool) -> list[Page]:
    if run_all == bool(names):
        raise UsageError("name signals, or --all of them but not both", "sigexplorer list shows their names")
    from sigexplorer.catalog.installed import django_version
    from sigexplorer.playground import runs

    version = django_version()
    if run_all:
        return list(catalog.PAGES)
    pages = list(dict.fromkeys(page for name in names for page in _meant(name, version)))
    for page in pages:
        runs.check_version(page.name, page.added, version)
    return pages


def _meant(name: str, version: Version) -> tuple[Page, ...]:
    """Return the signal of that name; of a glob or a %group those that this Django has."""
    if not set(name) & set("*?[%"):
        return (catalog.find(name),)
    return tuple(page for page in catalog.match(name) if page.exists_in(version))
