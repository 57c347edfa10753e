"""Where the answer goes: standard output or a file, in the format that was asked for."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from sigexplorer.show.files import choose_format, write_file
from sigexplorer.show.views.piped import UNLIMITED, Piped

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

#: Draws for a terminal of that many columns.
Drawing = Callable[[int], "RenderableType"]

#: Makes the text of a file, whole or in chunks.
Writer = Callable[[], str | Iterable[str]]


def emit(
    drawing: Drawing, writers: Mapping[str, Writer], format_name: str | None, output: Path | None
) -> None:
    """Write an answer: as a drawing (``table``, ``svg``) or by the writer of that format."""
    chosen = choose_format(format_name, output, [*writers, "table", "svg"])
    if chosen == "svg":
        from sigexplorer.show.exporters.picture import picture

        write([picture(drawing)], output)
    elif chosen == "table":
        draw(drawing, output)
    else:
        text = writers[chosen]()
        write([text] if isinstance(text, str) else text, output)


def draw(drawing: Drawing, output: Path | None, stream: TextIO | None = None) -> None:
    """Write a drawing: with colours on a terminal, as plain text elsewhere."""
    if output is None and _may_be_looked_at(stream or sys.stdout):
        console = standard_output(stream)
        if console.is_terminal:
            console.print(drawing(console.width))
            return
        drawn, width = drawing(console.width), console.width
    else:
        drawn, width = drawing(UNLIMITED), UNLIMITED
        plain = drawn.text() if isinstance(drawn, Piped) else None
        if plain is not None:
            write([plain], output, stream)
            return
    write([_drawn(drawn, width)], output, stream)


#: What tells Rich how wide a terminal is, and that there is one.
_VARIABLES = ("COLUMNS", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE")


def _may_be_looked_at(stream: TextIO) -> bool:
    return stream.isatty() or any(name in os.environ for name in _VARIABLES)


def write(chunks: Iterable[str], output: Path | None, stream: TextIO | None = None) -> None:
    """Write text to a file, whole or not at all, or to ``stream``: standard output, if it is not said."""
    if output is None or str(output) == "-":
        (stream or sys.stdout).writelines(chunks)
    else:
        write_file(output, chunks)


def standard_output(stream: TextIO | None = None) -> Console:
    """Return the console of standard output: no colour and no wrapping where nobody looks."""
    from sigexplorer.cli.console import StandardOutput

    console = StandardOutput(file=stream, highlight=False, markup=False, emoji=False)
    if not (stream or sys.stdout).isatty() and "COLUMNS" not in os.environ:
        console.width = UNLIMITED
    return console


def to_json(document: dict[str, Any]) -> str:
    """Return one JSON document."""
    return json.dumps(document, indent=2) + "\n"


def _drawn(drawn: RenderableType, width: int) -> str:
    from rich.console import Console

    console = Console(
        record=True, file=io.StringIO(), width=width, highlight=False, markup=False, emoji=False,
        force_terminal=False, color_system=None,
    )  # fmt: skip
    console.print(drawn)
    return "".join(f"{line.rstrip()}\n" for line in console.export_text().splitlines())


def hint(text: str) -> None:
    """Say what to try next, beside the answer and never in it."""
    sys.stdout.flush()
    with contextlib.suppress(SystemExit, OSError):  # nobody reads it: no loss
        if not _may_be_looked_at(sys.stderr):
            sys.stderr.write(f"\n{text}\n")
            return
        from rich.console import Console

        Console(stderr=True, highlight=False, markup=False, emoji=False).print(f"\n{text}", style="dim")
