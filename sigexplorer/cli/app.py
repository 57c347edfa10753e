"""The commands, one file each."""

from __future__ import annotations

from typing import Annotated

import typer

import sigexplorer
from sigexplorer.cli import (
    check,
    diff,
    docs,
    explain,
    listing,
    lock,
    receivers,
    scenario,
    show,
    trace,
    trigger,
    why,
)

app = typer.Typer(
    name="sigexplorer",
    help="See every Django signal: which exist, when they are sent, who receives them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: sigexplorer scenario login-flow",
)

app.command("list")(listing.list_signals)
app.command("docs")(docs.docs)
app.command("trigger")(trigger.trigger)
app.command("scenario")(scenario.scenario)
app.command("trace", context_settings={"allow_interspersed_args": False})(trace.trace)
app.command("show")(show.show)
app.command("diff")(diff.diff)
app.command("receivers")(receivers.receivers)
app.command("explain")(explain.explain)
app.command("why")(why.why)
app.command("lock")(lock.lock)
app.command("check")(check.check)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sigexplorer {sigexplorer.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    _debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error; comes first.")
    ] = False,
) -> None:
    """Options of every command; ``--debug`` is taken out before Typer sees it."""
