"""Where the answer goes: standard output or a file, in the format that was asked for."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console, RenderableType

from sigexplorer.errors import OutputError, UsageError

#: Columns where nobody says how many: what a script reads must not be wrapped.
UNLIMITED = 10_000

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
    console = standard_output(stream)
    if output is None and console.is_terminal:
        console.print(drawing(console.width))
    else:
        write([_drawn(drawing, UNLIMITED if output else console.width)], output, stream)


def write(chunks: Iterable[str], output: Path | None, stream: TextIO | None = None) -> None:
    """Write text to a file, whole or not at all, or to ``stream``: standard output, if it is not said."""
    if output is None or str(output) == "-":
        (stream or sys.stdout).writelines(chunks)
    else:
        write_file(output, chunks)


def choose_format(format_name: str | None, output: Path | None, known: list[str]) -> str:
    """Return the format that was named, or that the suffix of the file says, or ``table``."""
    if format_name is not None:
        if format_name not in known:
            raise UsageError(f"unknown format '{format_name}'", f"one of {', '.join(sorted(set(known)))}")
        return format_name
    name = output.name.lower() if output is not None else ""
    for suffix in sorted(_SUFFIXES, key=len, reverse=True):
        if name.endswith(suffix):
            if _SUFFIXES[suffix] not in known:
                raise UsageError(
                    f"this command writes no '{suffix}'", f"it writes {', '.join(sorted(known))}"
                )
            return _SUFFIXES[suffix]
    plugin = name.rpartition(".")[2]
    if plugin in known and f".{plugin}" in name:
        return plugin
    if name and "." in name.lstrip(".") and not name.endswith(_PLAIN):
        raise UsageError(f"the suffix of '{output}' is no format", "name one with -f, or end it in .txt")
    return "table"


class _StandardOutput(Console):
    """A console whose reader may stop reading: that is no error, and ``cli.run`` ends quietly."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def standard_output(stream: TextIO | None = None) -> Console:
    """Return the console of standard output: no colour and no wrapping where nobody looks."""
    console = _StandardOutput(file=stream, highlight=False, markup=False, emoji=False)
    if not (stream or sys.stdout).isatty() and "COLUMNS" not in os.environ:
        console.width = UNLIMITED
    return console


def to_json(document: dict[str, Any]) -> str:
    """Return one JSON document."""
    return json.dumps(document, indent=2) + "\n"


def _drawn(drawing: Drawing, width: int) -> str:
    console = Console(
        record=True, file=io.StringIO(), width=width, highlight=False, markup=False, emoji=False,
        force_terminal=False, color_system=None,
    )  # fmt: skip
    console.print(drawing(width))
    return "".join(f"{line.rstrip()}\n" for line in console.export_text().splitlines())


def write_file(file: Path, chunks: Iterable[str]) -> None:
    """Write ``file`` whole or not at all; a device or a pipe is written to as it is."""
    write_bytes(file, (chunk.encode("utf-8") for chunk in chunks))


def write_bytes(file: Path, chunks: Iterable[bytes]) -> None:
    """Write ``file`` as ``write_file`` does, its encoding already chosen."""
    try:
        if file.exists() and not file.is_file():
            with file.open("wb") as stream:
                stream.writelines(chunks)
        else:
            _replace(file.resolve(), chunks)  # what a link leads to, so that it stays a link
    except BrokenPipeError:
        raise
    except OSError as problem:
        raise OutputError(f"cannot write '{file}': {problem.strerror or problem}") from problem


def _replace(target: Path, chunks: Iterable[bytes]) -> None:
    import tempfile

    mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:100]}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.writelines(chunks)
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
