"""Where the answer goes: standard output or a file, in the format that was asked for."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console, RenderableType

from sigexplorer.errors import OutputError, UsageError

#: Columns where nobody says how many: what a script reads must not be wrapped.
UNLIMITED = 10_000

#: Columns of a picture.
PICTURE = 110

#: Rich's picture without the fonts that it would load from elsewhere.
_PICTURE_FORMAT = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)

_SUFFIXES = {
    ".jsonl": "jsonl",
    ".json": "json",
    ".html": "html",
    ".svg": "svg",
    ".md": "markdown",
    ".mmd": "mermaid",
    ".csv": "csv",
    ".sarif": "sarif",
    ".chrome.json": "chrome",
    ".otlp.json": "otlp",
}

#: Files that get what a terminal would show.
_PLAIN = (".txt", ".log")

#: Draws for a terminal of that many columns.
Drawing = Callable[[int], RenderableType]

#: Makes the text of a file.
Writer = Callable[[], str]


def emit(
    drawing: Drawing, writers: Mapping[str, Writer], format_name: str | None, output: Path | None
) -> None:
    """Write an answer: as a drawing (``table``, ``svg``) or by the writer of that format."""
    chosen = choose_format(format_name, output, [*writers, "table", "svg"])
    console = standard_output()
    if chosen == "table" and output is None and console.is_terminal:
        console.print(drawing(console.width))
        return
    if chosen in ("table", "svg"):
        text = _drawn(drawing, chosen, UNLIMITED if output else console.width)
    else:
        text = writers[chosen]()
    if output is None or str(output) == "-":
        sys.stdout.write(text)
    else:
        write_file(output, text)


def choose_format(format_name: str | None, output: Path | None, known: list[str]) -> str:
    """Return the format that was named, or that the suffix of the file says, or ``table``."""
    if format_name is not None:
        if format_name not in known:
            raise UsageError(f"unknown format '{format_name}'", f"one of {', '.join(sorted(known))}")
        return format_name
    name = output.name.lower() if output is not None else ""
    for suffix in sorted(_SUFFIXES, key=len, reverse=True):
        if name.endswith(suffix):
            if _SUFFIXES[suffix] not in known:
                raise UsageError(
                    f"this command writes no '{suffix}'", f"it writes {', '.join(sorted(known))}"
                )
            return _SUFFIXES[suffix]
    if name and "." in name.lstrip(".") and not name.endswith(_PLAIN):
        raise UsageError(f"the suffix of '{output}' is no format", "name one with -f, or end it in .txt")
    return "table"


class _StandardOutput(Console):
    """A console whose reader may stop reading: that is no error, and ``cli.run`` ends quietly."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def standard_output() -> Console:
    """Return the console of standard output: no colour and no wrapping where nobody looks."""
    console = _StandardOutput(highlight=False, markup=False, emoji=False)
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        console.width = UNLIMITED
    return console


def to_json(document: dict[str, Any]) -> str:
    """Return one JSON document."""
    return json.dumps(document, indent=2) + "\n"


def to_json_lines(records: Iterable[dict[str, Any]]) -> str:
    """Return one JSON record a line."""
    return "".join(json.dumps(record) + "\n" for record in records)


def _drawn(drawing: Drawing, chosen: str, width: int) -> str:
    picture = chosen == "svg"
    console = Console(
        record=True, file=io.StringIO(), width=PICTURE if picture else width, highlight=False, markup=False,
        emoji=False, force_terminal=picture, color_system="truecolor" if picture else None,
    )  # fmt: skip
    console.print(drawing(console.width))
    if picture:
        return console.export_svg(title="sigexplorer", code_format=_PICTURE_FORMAT)
    return "".join(f"{line.rstrip()}\n" for line in console.export_text().splitlines())


def write_file(file: Path, text: str) -> None:
    """Write ``file`` whole or not at all; a device or a pipe is written to as it is."""
    write_bytes(file, text.encode("utf-8"))


def write_bytes(file: Path, content: bytes) -> None:
    """Write ``file`` as ``write_file`` does, its encoding already chosen."""
    try:
        if file.exists() and not file.is_file():
            file.write_bytes(content)
        else:
            _replace(file.resolve(), content)  # what a link leads to, so that it stays a link
    except BrokenPipeError:
        raise
    except OSError as problem:
        raise OutputError(f"cannot write '{file}': {problem.strerror or problem}") from problem


def _replace(target: Path, content: bytes) -> None:
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:100]}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
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
    with contextlib.suppress(SystemExit, OSError):  # nobody reads it: no loss
        Console(stderr=True, highlight=False, markup=False, emoji=False).print(f"\n{text}", style="dim")
