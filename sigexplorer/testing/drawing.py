"""A trace as text, on a stream or in a file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console, Group, RenderableType

from sigexplorer.errors import UnknownNameError, UsageError
from sigexplorer.model import Trace
from sigexplorer.show import exporters, views
from sigexplorer.show.document import Document
from sigexplorer.show.files import choose_format, write_file
from sigexplorer.show.look import Look
from sigexplorer.show.source import InMemory
from sigexplorer.show.text import DEFAULT_LIMIT
from sigexplorer.show.views import document

__tracebackhide__ = True

#: Columns of a view that stands in a message.
WIDTH = 110


def show(
    trace: Trace,
    view: str,
    file: TextIO | None,
    width: int | None,
    *,
    verbose: bool = False,
    origins: bool = False,
    limit: int = DEFAULT_LIMIT,
) -> None:
    """Print a view to ``file``, or to the standard output."""
    look = Look(verbose=verbose, limit=limit, origins=origins)
    console = Console(file=file, width=width, highlight=False, markup=False, emoji=False)
    console.print(*_drawn(trace, view, look, console.width))


def drawn(shown: Document, width: int) -> str:
    """Return a document as plain text."""
    return _plain([document.render(shown, width)], width)


def text(trace: Trace, view: str = "table", width: int = WIDTH, look: Look | None = None) -> str:
    """Return a view as plain text."""
    return _plain(_drawn(trace, view, look or Look(), width), width)


def _plain(parts: Sequence[RenderableType], width: int) -> str:
    stream = io.StringIO()
    console = Console(
        file=stream, width=width, highlight=False, markup=False, emoji=False, force_terminal=False,
        color_system=None,
    )  # fmt: skip
    console.print(*parts)
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())


def _drawn(trace: Trace, view: str, look: Look, width: int) -> list[Group]:
    if view not in views.VIEWS:
        raise UnknownNameError("view", view, views.VIEWS)
    return [Group(*views.draw(view, InMemory([trace]), look, width))]


def save(trace: Trace, file: Path, format_name: str | None) -> None:
    """Write a trace in the format that is named, or that the suffix of ``file`` chooses."""
    try:
        chosen = choose_format(format_name, file, [*views.VIEWS, *exporters.names()])
    except UsageError as problem:
        if format_name is not None:
            raise
        hint = "end it in .html, .jsonl, .md, .svg, .csv or .txt, or name one with format_name="
        raise UsageError(problem.message, hint) from None
    if chosen in views.VIEWS:
        write_file(file, [text(trace, chosen)])
    else:
        write_file(file, exporters.export(chosen, [trace], Look()))
