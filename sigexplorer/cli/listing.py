"""``sigexplorer list``."""

from __future__ import annotations

from dataclasses import asdict
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sigexplorer.cli import options
from sigexplorer.errors import UnknownNameError, UsageError
from sigexplorer.model import ListedSignal

if TYPE_CHECKING:
    from sigexplorer.catalog import Page


#: From this width on, what is imported and what is sent have columns of their own.
_WIDE = 140


def list_signals(
    pattern: Annotated[str | None, typer.Argument(help="A name, glob, group or part of a name.")] = None,
    format_name: options.Format = None,
    output: options.Output = None,
    settings: options.Settings = None,
    pythonpath: options.PythonPath = None,
) -> None:
    """List the signals that exist, who sends them, how many listen."""
    from sigexplorer.cli.output import emit, to_json
    from sigexplorer.show import pages
    from sigexplorer.show.exporters import markdown
    from sigexplorer.show.views import document

    django, signals = _signals(pattern, settings, pythonpath)
    writers = {
        "json": lambda: to_json(
            {"schema": "sigexplorer.list/1", "signals": [_record(signal) for signal in signals]}
        ),
        "markdown": lambda: markdown.write(pages.listing(signals, django, wide=True)),
    }
    emit(
        lambda width: document.render(pages.listing(signals, django, wide=width >= _WIDE), width),
        writers,
        format_name,
        output,
    )


def _signals(
    pattern: str | None, settings: str | None, pythonpath: Path | None
) -> tuple[str, list[ListedSignal]]:
    """Start a project and return Django's version and the signals that match."""
    from sigexplorer import catalog
    from sigexplorer.project import inventory

    pages = catalog.PAGES if pattern is None else _built_in(pattern)
    if settings is None:
        if pythonpath is not None:
            raise UsageError("--pythonpath goes with --settings")
        from sigexplorer.playground.boot import PLAYGROUND

        PLAYGROUND.boot(listen=False)
    else:
        from sigexplorer.cli.opening import open_project

        open_project(settings, pythonpath, demo=False)
    custom = [signal for signal in inventory.custom_signals() if pattern is None or _means(pattern, signal)]
    if pattern is not None and not pages and not custom:
        pages = catalog.match(pattern)  # raises, with what is nearest
    return inventory.django_release(), [*inventory.built_in_signals(pages), *custom]


def _built_in(pattern: str) -> tuple[Page, ...]:
    from sigexplorer import catalog

    try:
        return catalog.match(pattern)
    except UnknownNameError:
        return ()  # it may still be a signal of the project


def _means(pattern: str, signal: ListedSignal) -> bool:
    if pattern.removeprefix("%") == "custom":
        return True
    bare = pattern.casefold()
    return (
        bare in signal.name.casefold() or fnmatchcase(signal.name, bare) or fnmatchcase(signal.signal, bare)
    )


def _record(signal: ListedSignal) -> dict[str, Any]:
    return {
        **asdict(signal),
        "arguments": list(signal.arguments),
        "sent_by": [asdict(origin) for origin in signal.sent_by],
    }
