"""``sigexplorer trace``: its help, and its errors; what is right never comes here (see ``tracing``)."""

from __future__ import annotations

from typing import Annotated

import typer

from sigexplorer.cli import options

Command = Annotated[
    list[str] | None,
    typer.Argument(
        help="What you would type: manage.py migrate, pytest -k x, -m module.", metavar="-- COMMAND"
    ),
]
Follow = Annotated[bool, typer.Option("--follow", help="Trace every Python program that the command starts.")]
Init = Annotated[bool, typer.Option("--init", help="Record each pre_init and post_init, not their number.")]
Inject = Annotated[
    list[str] | None,
    typer.Option(
        "--inject",
        help="Let a receiver fail: RECEIVER:raise=TimeoutError:when=2, RECEIVER:delay=200ms.",
        metavar="FAULT",
    ),
]
LiveOption = Annotated[
    bool,
    typer.Option("--live", help="Print each outermost dispatch as it closes, and at the end the summary."),
]


def trace(
    command: Command = None,
    follow: Follow = False,
    init: Init = False,
    live: LiveOption = False,
    inject: Inject = None,
    listen: options.Listen = False,
    only: options.Only = None,
    sender: options.Sender = None,
    receiver: options.Receiver = None,
    failed: options.Failed = False,
    minimum: options.Minimum = None,
    depth: options.Depth = None,
    verbose: options.Verbose = False,
    limit: options.Limit = options.LIMIT,
    origins: options.Origins = False,
    rows: options.Rows = options.ROWS,
    counts: options.Counts = False,
    no_keep: options.NoKeep = False,
    format_name: options.Format = None,
    output: options.Output = None,
) -> None:
    """See what really fires while any command of yours runs."""
    from sigexplorer.cli.tracing import Wanted
    from sigexplorer.cli.tracing import trace as run

    wanted = Wanted(
        tuple(only or ()), sender, receiver, failed, minimum, depth, verbose, limit, origins, rows, counts,
        no_keep, format_name, output, listen, follow, init, live, tuple(inject or ()),
    )  # fmt: skip
    raise typer.Exit(run(wanted, command or []))
