"""The options that mean the same for every command, and those that go together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from sigexplorer.cli.declare import Option
from sigexplorer.errors import UsageError
from sigexplorer.show.text import DEFAULT_LIMIT, ROWS

if TYPE_CHECKING:
    from sigexplorer.cli.present import Answer
    from sigexplorer.show.filters import Filters
    from sigexplorer.show.look import Look


def one_database(urls: list[str] | None) -> str | None:
    """Return the URL that was given, if any; two are a question that has no answer."""
    if urls and len(urls) > 1:
        raise UsageError("--database is given twice", "all stories of a run are told in one place")
    return urls[0] if urls else None


def complete_signal(incomplete: str) -> list[str]:
    """Return the signals that begin like this, for the shell."""
    from sigexplorer import catalog

    return [name for name in catalog.NAMES if name.startswith(incomplete)]


Format = Annotated[str | None, Option("--format", "-f", help="How to write it.", metavar="FORMAT")]
Output = Annotated[
    Path | None, Option("--output", "-o", help="Write there; the suffix chooses the format.", metavar="FILE")
]
Only = Annotated[
    list[str] | None,
    Option("-e", help="Signals to show: names, globs, %groups; ! leaves out.", metavar="PATTERN,..."),
]
Sender = Annotated[str | None, Option("-S", help="Senders to show, a glob.", metavar="GLOB")]
Receiver = Annotated[str | None, Option("-R", help="Receivers to show, a glob.", metavar="GLOB")]
Failed = Annotated[bool, Option("-Z", help="Show only what failed.")]
Minimum = Annotated[
    str | None, Option("--min", help="Show only what took as long, like 5ms.", metavar="TIME")
]
Depth = Annotated[int | None, Option("--depth", least=1, help="Show so many levels of nesting.", metavar="N")]
Verbose = Annotated[bool, Option("--verbose", "-v", help="Show what is folded.")]
Limit = Annotated[int, Option("-s", least=1, help="Characters of a value to show.", metavar="N")]
Origins = Annotated[bool, Option("-k", help="Show who sent it.")]
Listen = Annotated[
    bool, Option("--listen/--no-listen", help="Connect a receiver to every built-in signal, or only watch.")
]
Source = Annotated[bool, Option("--source", help="Show the code that did it.")]
All = Annotated[bool, Option("--all", help="Run every one of them.")]
Compare = Annotated[bool, Option("--compare", help="Show what listening itself changes in signals and SQL.")]
Database = Annotated[
    list[str] | None,
    Option("--database", help="Run it in a database that is made for it, and dropped.", metavar="URL"),
]
Settings = Annotated[
    str | None, Option("--settings", help="Look at your project: its settings module.", metavar="MODULE")
]
PythonPath = Annotated[
    Path | None, Option("--pythonpath", help="The folder to import it from.", metavar="DIR")
]
Demo = Annotated[bool, Option("--demo", help="Look at the bundled project.")]

Rows = Annotated[int, Option("--rows", least=0, help="Rows to show; 0: all.", metavar="N")]
Start = Annotated[
    str | None, Option("--from", help="Show from this row, or time, on: 1200, 1.5s.", metavar="START")
]
Step = Annotated[
    str | None, Option("--step", help="Show one step: its number or title, a glob.", metavar="STEP")
]
Counts = Annotated[bool, Option("-c", help="Show the summary: same as -f summary.")]
NoKeep = Annotated[bool, Option("--no-keep", help="Do not keep the run for show --last.")]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which dispatches of a trace are wanted."""

    only: Only = None
    sender: Sender = None
    receiver: Receiver = None
    failed: Failed = False
    minimum: Minimum = None
    depth: Depth = None


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a trace is wanted."""

    start: Start = None
    step: Step = None


@dataclass(frozen=True, slots=True)
class Viewed:
    """How a trace is to be shown."""

    verbose: Verbose = False
    limit: Limit = DEFAULT_LIMIT
    origins: Origins = False
    rows: Rows = ROWS
    counts: Counts = False


@dataclass(frozen=True, slots=True)
class Written:
    """In what format an answer is wanted, and where."""

    format_name: Format = None
    output: Output = None


def recorded(file: Path) -> Path:
    """Return the file that a recording is in: ``-`` is what comes on standard input."""
    return Path("/dev/stdin") if str(file) == "-" else file


def filters(chosen: Chosen, part: Part) -> Filters:
    """Return the filters of a command; what cannot be meant is an error before anything runs."""
    from sigexplorer.show.filters import Filters, parse_duration, parse_signals, parse_start

    for name, pattern in (("-S", chosen.sender), ("-R", chosen.receiver)):
        if pattern is not None and pattern.startswith("!"):
            raise UsageError(f"{name} leaves nothing out: '{pattern}'", "only -e does, as in -e '!post_save'")
    first, from_ns = (0, 0) if part.start is None else parse_start(part.start)
    return Filters(
        signals=parse_signals(chosen.only or []),
        sender=chosen.sender,
        receiver=chosen.receiver,
        failed=chosen.failed,
        min_ns=0 if chosen.minimum is None else parse_duration(chosen.minimum),
        depth=chosen.depth,
        first=first,
        from_ns=from_ns,
        step=part.step,
    )


def look(chosen: Chosen, part: Part, viewed: Viewed, *, sources: bool = False) -> Look:
    """Return how a trace is to be shown; what cannot be meant is an error before anything runs."""
    from sigexplorer.show.look import Look

    return Look(
        filters(chosen, part), viewed.verbose, viewed.limit, viewed.origins, sources, rows=viewed.rows
    )


def answer(viewed: Viewed, written: Written, *, keep: bool = False) -> Answer:
    """Return in what view or format an answer is wanted, and where."""
    from sigexplorer.cli.present import Answer

    return Answer(written.format_name, written.output, counts=viewed.counts, keep=keep)
