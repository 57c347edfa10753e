"""A document, or traces, as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sigexplorer.show.document import Block, Bullets, Code, Commands, Document, Grid, Heading, Paragraph
from sigexplorer.show.text import safe

if TYPE_CHECKING:
    from sigexplorer.show.look import Look
    from sigexplorer.show.source import Source

_LIMIT = 2_000
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")


def export(source: Source, look: Look) -> Iterator[str]:
    """Yield each trace: its steps with their dispatches, its claims, its receivers in numbers."""
    from sigexplorer.show import report  # which few need who write a document

    for number, document in enumerate(report.reports(source, look)):
        yield "\n" * (number > 0)
        yield write(document)


def write(document: Document) -> str:
    """Return ``document`` as Markdown in which no text of it is markup."""
    return "\n\n".join(_block(block) for block in document) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"{'#' * level} {_escaped(text)}"
        case Paragraph(text):
            return _escaped(text)
        case Bullets(items):
            return "\n".join(f"- {_escaped(item)}" for item in items)
        case Grid(columns, rows):
            lines = [columns, tuple("---" for _ in columns), *rows]
            return "\n".join(_row(line, plain=number == 1) for number, line in enumerate(lines))
        case Commands(commands):
            return "\n".join(
                f"- `{command}`{f': {_escaped(does)}' if does else ''}" for command, does in commands
            )
        case Code(python):
            fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", python)), default=0))
            return f"{fence}python\n{python.rstrip()}\n{fence}"


def _row(cells: tuple[str, ...], *, plain: bool) -> str:
    return "| " + " | ".join(cell if plain else _cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    return ", ".join(_escaped(line) for line in text.split("\n") if line.strip())


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", safe(text, _LIMIT))
