"""The options that mean the same for every command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sigexplorer import catalog
from sigexplorer.show import look
from sigexplorer.show.filters import Filters, parse_duration, parse_signals, parse_start
from sigexplorer.show.text import DEFAULT_LIMIT


def complete_signal(incomplete: str) -> list[str]:
    """Return the signals that begin like this, for the shell."""
    return [page.name for page in catalog.PAGES if page.name.startswith(incomplete)]


Format = Annotated[str | None, typer.Option("--format", "-f", help="How to write it.", metavar="FORMAT")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write there; the suffix chooses the format.", metavar="FILE"),
]
Only = Annotated[
    list[str] | None,
    typer.Option("-e", help="Signals to show: names, globs, %groups; ! leaves out.", metavar="PATTERN,..."),
]
Sender = Annotated[str | None, typer.Option("-S", help="Senders to show, a glob.", metavar="GLOB")]
Receiver = Annotated[str | None, typer.Option("-R", help="Receivers to show, a glob.", metavar="GLOB")]
Failed = Annotated[bool, typer.Option("-Z", help="Show only what failed.")]
Minimum = Annotated[
    str | None, typer.Option("--min", help="Show only what took as long, like 5ms.", metavar="TIME")
]
Depth = Annotated[
    int | None, typer.Option("--depth", min=1, help="Show so many levels of nesting.", metavar="N")
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show what is folded.")]
Limit = Annotated[int, typer.Option("-s", min=1, help="Characters of a value to show.", metavar="N")]
Origins = Annotated[bool, typer.Option("-k", help="Show who sent it.")]
Listen = Annotated[
    bool,
    typer.Option("--listen/--no-listen", help="Connect a receiver to every built-in signal, or only watch."),
]
Source = Annotated[bool, typer.Option("--source", help="Show the code that did it.")]
All = Annotated[bool, typer.Option("--all", help="Run every one of them.")]
Compare = Annotated[
    bool, typer.Option("--compare", help="Show what listening itself changes in signals and SQL.")
]
Database = Annotated[
    str | None,
    typer.Option("--database", help="Run it in a database that is made for it, and dropped.", metavar="URL"),
]
Settings = Annotated[
    str | None,
    typer.Option("--settings", help="Look at your project: its settings module.", metavar="MODULE"),
]
PythonPath = Annotated[
    Path | None, typer.Option("--pythonpath", help="The folder to import it from.", metavar="DIR")
]
Demo = Annotated[bool, typer.Option("--demo", help="Look at the bundled project.")]

Rows = Annotated[int, typer.Option("--rows", min=0, help="Rows to show; 0: all.", metavar="N")]
Start = Annotated[
    str | None,
    typer.Option("--from", help="Show from this row, or time, on: 1200, 1.5s.", metavar="START"),
]
Step = Annotated[
    str | None, typer.Option("--step", help="Show one step: its number or title, a glob.", metavar="STEP")
]
Counts = Annotated[bool, typer.Option("-c", help="Show the summary: same as -f summary.")]
NoKeep = Annotated[bool, typer.Option("--no-keep", help="Do not keep the run for show --last.")]

LIMIT = DEFAULT_LIMIT
ROWS = look.ROWS


def filters(
    only: list[str] | None,
    sender: str | None,
    receiver: str | None,
    minimum: str | None,
    depth: int | None,
    start: str | None = None,
    step: str | None = None,
    *,
    failed: bool,
) -> Filters:
    """Return the filters of a command; what cannot be meant is an error before anything runs."""
    first, from_ns = parse_start(start) if start else (0, 0)
    return Filters(
        signals=parse_signals(only or []),
        sender=sender,
        receiver=receiver,
        failed=failed,
        min_ns=parse_duration(minimum) if minimum else 0,
        depth=depth,
        first=first,
        from_ns=from_ns,
        step=step,
    )
