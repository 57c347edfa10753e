"""Where the answer goes: standard output or a file, in the format that was asked for."""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType

from sigexplorer.errors import OutputError, UnknownNameError, UsageError

#: Columns where nobody says how many: what a script reads must not be wrapped.
UNLIMITED = 10_000

#: Columns of a picture.
PICTURE = 110

_SUFFIXES = {
    ".jsonl": "jsonl",
    ".json": "json",
    ".html": "html",
    ".svg": "svg",
    ".md": "markdown",
    ".mmd": "mermaid",
    ".csv": "csv",
    ".chrome.json": "chrome",
    ".otlp.json": "otlp",
}

#: Draws for a terminal of that many columns.
Drawing = Callable[[int], RenderableType]

#: Makes the text of a file.
Writer = Callable[[], str]


def emit(
    drawing: Drawing, writers: Mapping[str, Writer], format_name: str | None, output: Path | None
) -> None:
    """Write an answer: as a drawing (``table``, ``svg``) or by the writer of that format."""
    chosen = choose_format(format_name, output, [*writers, "table", "svg"])
    if chosen == "table" and output is None:
        console = standard_output()
        console.print(drawing(console.width))
        return
    text = _drawn(drawing, chosen) if chosen in ("table", "svg") else writers[chosen]()
    if output is None:
        sys.stdout.write(text)
    else:
        write_file(output, text)


def choose_format(format_name: str | None, output: Path | None, known: list[str]) -> str:
    """Return the format that was named, or that the suffix of the file says, or ``table``."""
    if format_name is not None:
        if format_name not in known:
            raise UnknownNameError("format", format_name, known)
        return format_name
    name = output.name.lower() if output is not None else ""
    for suffix in sorted(_SUFFIXES, key=len, reverse=True):
        if name.endswith(suffix):
            if _SUFFIXES[suffix] not in known:
                raise UsageError(
                    f"this command writes no '{suffix}'", f"it writes {', '.join(sorted(known))}"
                )
            return _SUFFIXES[suffix]
    return "table"


class _StandardOutput(Console):
    """A console whose reader may stop reading: that is no error, and ``cli.run`` ends quietly."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def standard_output() -> Console:
    """Return the console of standard output: no colour and no wrapping where nobody looks."""
    console = _StandardOutput(highlight=False, markup=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = UNLIMITED
    return console


def to_json(document: dict[str, Any]) -> Writer:
    """Return a writer of one JSON document."""
    return lambda: json.dumps(document, indent=2) + "\n"


def to_json_lines(records: list[dict[str, Any]]) -> Writer:
    """Return a writer of one JSON record a line."""
    return lambda: "".join(json.dumps(record) + "\n" for record in records)


def _drawn(drawing: Drawing, chosen: str) -> str:
    width = UNLIMITED if chosen == "table" else PICTURE
    console = Console(
        record=True, file=io.StringIO(), width=width, highlight=False, markup=False, emoji=False,
        force_terminal=chosen == "svg", color_system="truecolor" if chosen == "svg" else None,
    )  # fmt: skip
    console.print(drawing(width))
    return console.export_svg(title="sigexplorer") if chosen == "svg" else console.export_text()


def write_file(file: Path, text: str) -> None:
    """Write ``file`` whole or not at all; a device or a pipe is written to as it is."""
    try:
        if file.exists() and not file.is_file():
            file.write_text(text, encoding="utf-8")
        else:
            _replace(file.resolve(), text)  # what a link leads to, so that it stays a link
    except BrokenPipeError:
        raise
    except OSError as problem:
        raise OutputError(f"cannot write '{file}': {problem.strerror or problem}") from problem


def _replace(target: Path, text: str) -> None:
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:100]}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(temporary).chmod(mode)
        Path(temporary).replace(target)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def hint(text: str) -> None:
    """Say what to try next, beside the answer and never in it."""
    sys.stdout.flush()
    Console(stderr=True, highlight=False, markup=False, emoji=False).print(f"\n{text}", style="dim")
