"""A command as Typer takes it: what it declares, in Typer's words."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from sigexplorer.cli.declare import REQUIRED, Option, Parameter, gathered, parameters


def typed(command: Callable[..., int | None]) -> Callable[..., None]:
    """Return ``command`` for ``typer.Typer.command``; its exit code ends the process."""

    def run(**given: Any) -> None:
        code = command(**gathered(command, given))
        if code:
            raise typer.Exit(code)

    declared = [_parameter(each) for each in parameters(command)]
    run.__name__ = command.__name__
    run.__doc__ = command.__doc__
    run.__annotations__ = {each.name: each.annotation for each in declared}
    run.__signature__ = inspect.Signature(declared)  # type: ignore[attr-defined]
    return run


def _parameter(each: Parameter) -> inspect.Parameter:
    default = inspect.Parameter.empty if each.default is REQUIRED else each.default
    annotation = Annotated[each.annotation, _told(each)]  # type: ignore[name-defined]
    return inspect.Parameter(
        each.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


def _told(each: Parameter) -> Any:
    declared = each.declared
    common: dict[str, Any] = {
        "help": declared.help,
        "metavar": declared.metavar,
        "autocompletion": declared.complete,
    }
    if isinstance(declared, Option):
        return typer.Option(*declared.names, min=declared.least, **common)
    return typer.Argument(readable=declared.readable, **common)
