"""A document on a terminal, drawn by Rich."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.style import Style
from rich.table import Table
from rich.text import Text

from sigexplorer.show.document import CELL, Block, Bullets, Code, Commands, Document, Grid, Heading, Paragraph
from sigexplorer.show.text import safe
from sigexplorer.show.views.code import Source
from sigexplorer.show.views.longgrid import LongGrid
from sigexplorer.show.views.piped import UNLIMITED

_READABLE = 100  # columns of a line of prose


if TYPE_CHECKING:
    from sigexplorer.show.views.document import Finder

#: What a text looks like that is a place in the source, and nothing else.
_PLACE = re.compile(r"(?P<file>[^\s:][^:\n]*):(?P<line>\d+)")


def render(document: Document, width: int, find_file: Finder | None = None) -> RenderableType:
    """Return ``document`` for a terminal ``width`` columns wide."""
    parts: list[RenderableType] = []
    draw = _long if sum(len(block.rows) for block in document if isinstance(block, Grid)) > _LONG else _grid
    for block in document:
        if parts and not (isinstance(block, Heading) and block.level == 1):
            parts.append("")
        parts.append(draw(block, find_file) if isinstance(block, Grid) else _block(block, width))
    return Group(*parts)


_LONG = 300  # rows in all, from which on Rich's tables take too long


def _block(block: Block, width: int) -> RenderableType:
    match block:
        case Heading(text, level):
            return Text(safe(text, CELL), style="bold" if level == 1 else "bold cyan")
        case Paragraph(text, quiet):
            return _prose(Text(safe(text, CELL), style="dim" if quiet else ""), width)
        case Bullets(items):
            return _prose(_bullets(items), width)
        case Grid():
            return _grid(block)
        case Commands(commands):
            return _bullets(tuple(f"{command}: {does}" if does else command for command, does in commands))
        case Code(python):
            return Source(python)


def _prose(text: RenderableType, width: int) -> RenderableType:
    # Long lines are hard to read on a wide screen; what is piped stays on one line.
    return Padding(text, (0, max(0, width - _READABLE), 0, 0)) if _READABLE < width < UNLIMITED else text


def _bullets(items: tuple[str, ...]) -> RenderableType:
    table = Table.grid(padding=(0, 1, 0, 0))
    for item in items:
        table.add_row("-", Text(safe(item, CELL), overflow="fold"))
    return table


def _grid(grid: Grid, find_file: Finder | None = None) -> RenderableType:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for title in grid.columns:
        table.add_column(title, justify="right" if title in grid.right else "left", overflow="fold")
    for number, row in enumerate(grid.rows):
        style = "red" if number in grid.wrong_rows else "dim" if number in grid.dim_rows else ""
        table.add_row(*(_cell(cell, style, find_file) for cell in row))
    return table


def _cell(text: str, style: str, find_file: Finder | None) -> Text:
    return Text("\n").join(_line(line, style, find_file) for line in text.split("\n"))


def _line(line: str, style: str, find_file: Finder | None) -> Text:
    drawn = Text(safe(line, CELL), style=style)
    link = _link(line, find_file)
    if link is not None:
        drawn.stylize(link)
    return drawn


def _link(line: str, find_file: Finder | None) -> Style | None:
    place = _PLACE.fullmatch(line) if find_file else None
    file = find_file(place["file"]) if find_file and place else None
    return Style(link=f"file://{quote(file)}#{place['line']}") if file is not None and place else None


def _long(grid: Grid, find_file: Finder | None = None) -> RenderableType:
    rows = tuple(
        tuple("\n".join(safe(line, CELL) for line in cell.split("\n")) for cell in row) for row in grid.rows
    )
    return LongGrid(replace(grid, rows=rows), lambda line: _link(line, find_file))
