"""The program as Typer knows it: its commands, their help, and what it says of words that are wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

import sigexplorer
from sigexplorer.cli.commands import COMMANDS
from sigexplorer.cli.typed import typed
from sigexplorer.errors import UsageError

# Typer's own base of usage errors: where it stands differs between Typer's versions.
_UsageError: Any = typer.BadParameter.__mro__[1]

app = typer.Typer(
    name="sigexplorer",
    help="See every Django signal: which exist, when they are sent, who receives them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Start with: sigexplorer scenario login-flow",
)

for _command in COMMANDS:
    app.command(_command.name, context_settings={"allow_interspersed_args": _command.interspersed})(
        typed(_command.load())
    )


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(sigexplorer.VERSION)
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


def main(words: Sequence[str]) -> int:
    """Let Typer read ``words`` and run what they ask for; what it objects to is a ``UsageError``."""
    command = typer.main.get_command(app)
    try:
        code = command.main(list(words) or ["--help"], prog_name="sigexplorer", standalone_mode=False)
    except typer.Abort:
        return 130
    except _UsageError as problem:
        context = getattr(problem, "ctx", None)
        message = problem.format_message().rstrip(".")
        where = context.command_path if context else "sigexplorer"
        if getattr(problem, "option_name", None) == "--debug":
            raise UsageError("--debug comes first", "sigexplorer --debug …") from problem
        raise UsageError(f"{message[:1].lower()}{message[1:]}", f"see {where} --help") from problem
    return code if isinstance(code, int) else 0
