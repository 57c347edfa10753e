"""``sigexplorer show``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from sigexplorer.cli import options
from sigexplorer.errors import UsageError
from sigexplorer.show.look import Look
from sigexplorer.show.text import safe

File = Annotated[
    Path | None, typer.Argument(help="A recording: .jsonl or .json.", metavar="FILE", readable=False)
]
Last = Annotated[bool, typer.Option("--last", help="Show the most recent run again.")]
Schema = Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of a recording.")]
Which = Annotated[
    str | None,
    typer.Option("--trace", help="Which of several: its number or title, a glob.", metavar="WHICH"),
]

#: What -f, -o and -c say.
_Wanted = tuple[str | None, Path | None, bool]


def show(
    file: File = None,
    last: Last = False,
    schema: Schema = False,
    which: Which = None,
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
    format_name: options.Format = None,
    output: options.Output = None,
) -> None:
    """Show a recorded trace again, in any view or format."""
    if schema:
        return _print_schema(file, output)
    filters = options.filters(only, sender, receiver, minimum, depth, start, step, failed=failed)
    look = Look(filters, verbose, limit, origins, rows=rows)
    return _show(_recorded(file, last=last), which, look, (format_name, output, counts))


def _recorded(file: Path | None, *, last: bool) -> Path:
    if last == (file is not None):
        raise UsageError("name a recording, or --last", "trigger and scenario record with -o run.jsonl")
    if file is not None:
        return file
    from sigexplorer.show import keep

    return keep.last()


def _show(file: Path, which: str | None, look: Look, wanted: _Wanted) -> None:
    from sigexplorer.cli.present import Answer, present
    from sigexplorer.show.opening import opened
    from sigexplorer.show.source import Chosen

    source, warning = opened(file)
    present(source if which is None else Chosen(source, which), look, Answer(*wanted))
    if warning():
        sys.stdout.flush()
        sys.stderr.write(f"sigexplorer: {safe(warning(), 1_000)}\n")


def _print_schema(file: Path | None, output: Path | None) -> None:
    from sigexplorer.cli.output import to_json, write
    from sigexplorer.show.schemas import trace_schema

    if file is not None:
        raise UsageError("--schema is the same for every recording: name no file")
    write([to_json(trace_schema())], output)
