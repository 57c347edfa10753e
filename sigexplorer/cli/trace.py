"""``sigexplorer trace``: what it takes; what it does is in ``tracing``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from sigexplorer.cli import options
from sigexplorer.cli.declare import Argument, Option
from sigexplorer.cli.plain import read
from sigexplorer.cli.wanted import Wanted
from sigexplorer.errors import SigexplorerError
from sigexplorer.project.program import Prepared
from sigexplorer.project.tracing import stay_importable

Command = Annotated[
    list[str] | None,
    Argument(help="What you would type: manage.py migrate, pytest -k x, -m module.", metavar="-- COMMAND"),
]
Follow = Annotated[bool, Option("--follow", help="Trace every Python program that the command starts.")]
Init = Annotated[bool, Option("--init", help="Record each pre_init and post_init, not their number.")]
Inject = Annotated[
    list[str] | None,
    Option(
        "--inject",
        help="Let a receiver fail: RECEIVER:raise=TimeoutError:when=2, RECEIVER:delay=200ms.",
        metavar="FAULT",
    ),
]
LiveOption = Annotated[
    bool,
    Option("--live", help="Print each outermost dispatch as it closes, and at the end the summary."),
]


def trace(
    command: Command = None,
    follow: Follow = False,
    init: Init = False,
    live: LiveOption = False,
    inject: Inject = None,
    listen: options.Listen = False,
    *,
    chosen: options.Chosen,
    viewed: options.Viewed,
    no_keep: options.NoKeep = False,
    written: options.Written,
) -> int:
    """See what really fires while any command of yours runs."""
    from sigexplorer.cli import tracing

    wanted = Wanted(chosen, viewed, written, no_keep, listen, follow, init, live, inject)
    return tracing.go(*tracing.prepared(wanted, command or []))


def main(words: Sequence[str]) -> Prepared | int:
    """Begin to trace the program that ``words`` ask for, without Typer, and return it, or an exit code.

    It is run by whoever called, with nothing of ours below it on the stack.
    """
    from sigexplorer.cli import tracing

    try:
        given = read(trace, words, interspersed=False)
        if given is None:
            return _explained(words)
        line = given.pop("command") or ()
        session, program = tracing.prepared(Wanted(**given), line)
    except SigexplorerError:
        return _explained(words)  # comes to the same problem, and says so
    if program is None:
        return tracing.go(session, None)
    tracing.begin(session)
    return Prepared(program, stay_importable)


def _explained(words: Sequence[str]) -> int:
    from sigexplorer.cli.run import run as explain

    return explain(["trace", *words])
