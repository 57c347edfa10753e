"""``sigexplorer trace``: what it takes; what it does is in ``tracing``."""

from __future__ import annotations

from typing import Annotated

from sigexplorer.cli import options
from sigexplorer.cli.declare import Argument, Option

Command = Annotated[
    list[str] | None,
    Argument(help="What you would type: manage.py migrate, pytest -k x, -m module.", metavar="-- COMMAND"),
]
Follow = Annotated[bool, Option("--follow", help="Trace every Python program that the command starts.")]
Init = Annotated[bool, Option("--init", help="Record each pre_init and post_init, not their number.")]
LiveOption = Annotated[
    bool,
    Option("--live", help="Print each outermost dispatch as it closes, and at the end the summary."),
]


def trace(
    command: Command = None,
    follow: Follow = False,
    init: Init = False,
    live: LiveOption = False,
    listen: options.Listen = False,
    *,
    chosen: options.Chosen,
    viewed: options.Viewed,
    no_keep: options.NoKeep = False,
    written: options.Written,
) -> int:
    """See what really fires while any command of yours runs."""
    from sigexplorer.cli import tracing

    wanted = tracing.Wanted(chosen, viewed, written, no_keep, listen, follow, init, live)
    return tracing.trace(wanted, command or [])
