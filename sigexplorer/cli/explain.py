"""``sigexplorer explain``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

from sigexplorer.cli import options
from sigexplorer.cli.declare import Argument, Option
from sigexplorer.errors import UsageError

if TYPE_CHECKING:
    from sigexplorer.answers import Explained, What

_OPERATIONS = ("save", "delete", "m2m", "init")

#: From this width on each thing has a column of its own.
WIDE = 150


def _complete_operation(incomplete: str) -> list[str]:
    return [name for name in _OPERATIONS if name.startswith(incomplete)]


def explain(
    model: Annotated[str, Argument(help="A model, such as blog.Post.", metavar="MODEL")],
    operation: Annotated[
        str | None,
        Option(
            "--on",
            help="Only this: save, delete, m2m or init.",
            metavar="OPERATION",
            complete=_complete_operation,
        ),
    ] = None,
    format_name: options.Format = None,
    output: options.Output = None,
    settings: options.Settings = None,
    pythonpath: options.PythonPath = None,
    demo: options.Demo = False,
) -> None:
    """Show everything that would run, in order, before it runs."""
    from sigexplorer.cli.opening import open_project
    from sigexplorer.project import explain as explaining
    from sigexplorer.project.models import find_model, label

    chosen = _operation(operation)
    open_project(settings, pythonpath, demo=demo)
    found = find_model(model)
    _show(label(found), explaining.explain(found, chosen), format_name, output)


def _operation(name: str | None) -> What | None:
    if name is not None and name not in _OPERATIONS:
        takes = "--on takes one of save, delete, m2m and init; all of them are explained without it"
        raise UsageError(f"nothing is called '{name}' on a model", takes)
    return cast("What | None", name)


def _show(label: str, explained: list[Explained], format_name: str | None, output: Path | None) -> None:
    from sigexplorer.capture.places import full
    from sigexplorer.cli.output import emit, to_json
    from sigexplorer.show import explaining
    from sigexplorer.show.exporters import markdown
    from sigexplorer.show.views import document

    writers = {
        "json": lambda: to_json(explaining.dump(label, explained)),
        "markdown": lambda: markdown.write(explaining.document(explained, wide=True)),
    }
    emit(
        lambda width: document.render(explaining.document(explained, wide=width >= WIDE), width, full),
        writers,
        format_name,
        output,
    )
