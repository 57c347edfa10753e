"""``sigexplorer show``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from sigexplorer.cli import options
from sigexplorer.cli.declare import Argument, Option
from sigexplorer.errors import UsageError
from sigexplorer.show.text import safe

if TYPE_CHECKING:
    from sigexplorer.cli.present import Answer
    from sigexplorer.show.look import Look

File = Annotated[
    Path | None,
    Argument(help="A recording: .jsonl or .json; -: standard input.", metavar="FILE", readable=False),
]
Last = Annotated[bool, Option("--last", help="Show the most recent run again.")]
Schema = Annotated[
    bool, Option("--schema", help="Print the JSON Schema of a recording; '--schema diff': of diff -f json.")
]
Which = Annotated[
    str | None,
    Option("--trace", help="Which of several: its number or title, a glob.", metavar="WHICH"),
]


def show(
    file: File = None,
    last: Last = False,
    schema: Schema = False,
    which: Which = None,
    *,
    chosen: options.Chosen,
    part: options.Part,
    viewed: options.Viewed,
    written: options.Written,
) -> None:
    """Show a recorded trace again, in any view or format."""
    if schema:
        return _print_schema(file, written.output)
    look = options.look(chosen, part, viewed)
    return _show(_recorded(file, last=last), which, look, options.answer(viewed, written))


def _recorded(file: Path | None, *, last: bool) -> Path:
    if last and file is not None:
        raise UsageError("name a recording, or --last, not both")
    if not last and file is None:
        raise UsageError("name a recording, or --last", "trigger and scenario record with -o run.jsonl")
    if file is not None:
        return options.recorded(file)
    from sigexplorer.show import keep

    return keep.last()


def _show(file: Path, which: str | None, look: Look, answer: Answer) -> None:
    from sigexplorer.cli.present import present
    from sigexplorer.show.files import check_kept
    from sigexplorer.show.opening import opened
    from sigexplorer.show.source import Chosen

    if file.is_file():
        check_kept(answer.output, file)
    source, warning = opened(file)
    present(source if which is None else Chosen(source, which), look, answer)
    if warning():
        sys.stdout.flush()
        sys.stderr.write(f"sigexplorer: {safe(warning(), 1_000)}\n")


def _print_schema(file: Path | None, output: Path | None) -> None:
    from sigexplorer.cli.output import to_json, write
    from sigexplorer.show.schemas import schema_named

    write([to_json(schema_named("trace" if file is None else str(file)))], output)
