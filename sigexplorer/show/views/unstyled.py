"""The text of a document as Rich draws it where there are no colours and lines are as long as they like.

To import Rich and to draw with it takes longer than all else that a short answer needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from sigexplorer.show.document import CELL, Block, Bullets, Code, Commands, Document, Grid, Heading, Paragraph
from sigexplorer.show.text import safe
from sigexplorer.show.views.code import Source
from sigexplorer.show.views.padding import line, rule, width_of
from sigexplorer.show.views.piped import UNLIMITED, OnlyRichError


def text(document: Document, width: int) -> str | None:
    """Return what ``document`` reads as, None where only Rich can tell."""
    try:
        lines = list(_lines(document, width))
    except OnlyRichError:
        return None
    return "".join(f"{told.rstrip()}\n" for told in lines)


def _lines(document: Document, width: int) -> Iterator[str]:
    if width < UNLIMITED:
        raise OnlyRichError
    for place, block in enumerate(document):
        if place and not (isinstance(block, Heading) and block.level == 1):
            yield ""
        yield from _grid(block, width) if isinstance(block, Grid) else _block(block)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Heading(told) | Paragraph(told):
            yield safe(told, CELL)
        case Bullets(items):
            yield from _bullets(items)
        case Commands(commands):
            yield from _bullets(
                tuple(f"{command}: {does}" if does else command for command, does in commands)
            )
        case Code(python):
            yield from Source(python).text().splitlines()
        case _:
            raise OnlyRichError


def _bullets(items: tuple[str, ...]) -> Iterator[str]:
    if not items:
        raise OnlyRichError
    for item in items:
        yield f"- {safe(item, CELL)}"


def _grid(grid: Grid, width: int) -> Iterator[str]:
    """Yield the titles, a rule, and the lines of each row; a column is as wide as what is widest in it."""
    if not (grid.columns and grid.rows and all(title.isprintable() for title in grid.columns)):
        raise OnlyRichError
    rows = [[[safe(part, CELL) for part in cell.split("\n")] for cell in row] for row in grid.rows]
    rows.insert(0, [[title] for title in grid.columns])
    widths = [max(width_of(part) for cell in cells for part in cell) for cells in zip(*rows, strict=True)]
    below = rule(widths)
    if len(below) > width or not all(widths):
        raise OnlyRichError
    right = [title in grid.right for title in grid.columns]
    for row in rows:
        for told in zip_longest(*row, fillvalue=""):
            yield line(told, widths, right)
        if row is rows[0]:
            yield below
