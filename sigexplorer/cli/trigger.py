"""``sigexplorer trigger``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from sigexplorer import catalog
from sigexplorer.catalog.installed import django_version
from sigexplorer.catalog.page import Page, Version
from sigexplorer.cli import options
from sigexplorer.errors import UsageError
from sigexplorer.show.look import Look

if TYPE_CHECKING:
    from sigexplorer.cli.stories import Story


def trigger(
    signals: Annotated[
        list[str] | None, typer.Argument(help="Signals to cause.", autocompletion=options.complete_signal)
    ] = None,
    run_all: options.All = False,
    source: options.Source = False,
    listen: options.Listen = True,
    database: options.Database = None,
    only: options.Only = None,
    sender: options.Sender = None,
    receiver: options.Receiver = None,
    failed: options.Failed = False,
    minimum: options.Minimum = None,
    depth: options.Depth = None,
    start: options.Start = None,
    step: options.Step = None,
    verbose: options.Verbose = False,
    limit: options.Limit = options.LIMIT,
    origins: options.Origins = False,
    rows: options.Rows = options.ROWS,
    counts: options.Counts = False,
    no_keep: options.NoKeep = False,
    format_name: options.Format = None,
    output: options.Output = None,
) -> None:
    """Make each signal happen for real, and show it."""
    from sigexplorer.cli.present import Answer
    from sigexplorer.cli.stories import tell

    filters = options.filters(only, sender, receiver, minimum, depth, start, step, failed=failed)
    look = Look(filters, verbose, limit, origins, source, rows=rows)
    wanted = _pages(signals or [], run_all=run_all)
    stories = [_story(page) for page in wanted]
    answer = Answer(format_name, output, counts=counts, keep=not no_keep)
    raise typer.Exit(tell(stories, look, answer, listen=listen, everything=run_all, database=database))


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
