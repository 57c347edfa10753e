"""The text of a document as Rich draws it where there are no colours and lines are as long as they like.

To import Rich and to draw with it takes longer than all else that a short answer needs.
"""

from __future__ import annotations

from collections.abc import Iterator

from sigexplorer.show.document import Block, Bullets, Code, Commands, Document, Grid, Heading, Paragraph
from sigexplorer.show.text import safe
from sigexplorer.show.views.code import Source
from sigexplorer.show.views.phrase import columns
from sigexplorer.show.views.piped import OnlyRichError

_CELL = 2_000  # characters, as on a terminal
_GAP = "  "
_READABLE = 5_000  # columns: on less than that what is long goes on in the next line


def text(document: Document, width: int) -> str | None:
    """Return what ``document`` reads as, None where only Rich can tell."""
    try:
        lines = list(_lines(document, width))
    except OnlyRichError:
        return None
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _lines(document: Document, width: int) -> Iterator[str]:
    if width < _READABLE:
        raise OnlyRichError
    for place, block in enumerate(document):
        if place and not (isinstance(block, Heading) and block.level == 1):
            yield ""
        yield from _grid(block, width) if isinstance(block, Grid) else _block(block)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Heading(told) | Paragraph(told):
            yield safe(told, _CELL)
        case Bullets(items):
            yield from _bullets(items)
        case Commands(commands):
            yield from _bullets(
                tuple(f"{command}: {does}" if does else command for command, does in commands)
            )
        case Code(python):
            yield from Source(python).text().splitlines() or [""]
        case _:
            raise OnlyRichError


def _bullets(items: tuple[str, ...]) -> Iterator[str]:
    if not items:
        raise OnlyRichError
    for item in items:
        yield f"- {safe(item, _CELL)}"


def _grid(grid: Grid, width: int) -> Iterator[str]:
    """Yield the titles, a rule, and the lines of each row; a column is as wide as what is widest in it."""
    if not (grid.columns and grid.rows and all(title.isprintable() for title in grid.columns)):
        raise OnlyRichError
    rows = [[[safe(line, _CELL) for line in cell.split("\n")] for cell in row] for row in grid.rows]
    rows.insert(0, [[title] for title in grid.columns])
    widths = [
        max(map(columns, (line for cell in cells for line in cell))) for cells in zip(*rows, strict=True)
    ]
    rule = sum(widths) + len(_GAP) * (len(widths) - 1)
    if rule > width or not all(widths):
        raise OnlyRichError
    right = [title in grid.right for title in grid.columns]
    for row in rows:
        for place in range(max(map(len, row))):
            found = [cell[place] if place < len(cell) else "" for cell in row]
            yield _GAP.join(map(_padded, found, widths, right))
        if row is rows[0]:
            yield "─" * rule


def _padded(line: str, width: int, right: bool) -> str:  # noqa: FBT001 - for each column
    blanks = " " * (width - columns(line))
    if not right:
        return line + blanks
    if line != line.rstrip():
        raise OnlyRichError
    return blanks + line
