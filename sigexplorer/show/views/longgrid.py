"""A long table of a document as text in measured columns: Rich would need a millisecond for each row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rich.cells import chop_cells
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style

from sigexplorer.show.document import Grid
from sigexplorer.show.views.padding import GAP, rule, width_of

_GAP = " " * GAP

#: One line of a cell, and its style or none.
_Piece = tuple[str, Style | None]

#: Returns the style of the link that a line of a cell is, None where it is no place in a file.
Link = Callable[[str], Style | None]


class LongGrid:
    """A grid that looks as the short ones do; what is too wide goes on in the next line."""

    def __init__(self, grid: Grid, link: Link) -> None:
        self._grid = grid
        self._link = link

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        grid = self._grid
        natural = [
            max([len(title), *(width(row[place]) for row in grid.rows)])
            for place, title in enumerate(grid.columns)
        ]
        widths = _shrunk(natural, options.max_width)
        right = [title in grid.right for title in grid.columns]
        link: Link = self._link if console.color_system else lambda _: None
        head = [_folded(title, room, _plain) for title, room in zip(grid.columns, widths, strict=True)]
        yield from _lines(head, widths, right, Style(bold=True))
        yield Segment(f"{rule(widths)[: options.max_width]}\n")
        for number, row in enumerate(grid.rows):
            style = Style(color="red") if number in grid.wrong_rows else None
            style = Style(dim=True) if number in grid.dim_rows and style is None else style
            cells = [_folded(cell, room, link) for cell, room in zip(row, widths, strict=True)]
            yield from _lines(cells, widths, right, style)


def _shrunk(widths: list[int], available: int) -> list[int]:
    """Take from the widest columns what is too much."""
    while sum(widths) + len(_GAP) * (len(widths) - 1) > available and max(widths) > 1:
        widths[widths.index(max(widths))] -= 1
    return widths


def width(cell: str) -> int:
    """Return the columns of the longest line of a cell."""
    if "\n" not in cell:
        return width_of(cell)
    return max(map(width, cell.split("\n")))


def _plain(_line: str) -> None:
    return None


def _folded(cell: str, room: int, link: Link) -> list[_Piece]:
    """Return the lines of a cell, those that are too long in parts."""
    found: list[_Piece] = []
    for line in cell.split("\n"):
        parts = [line] if width(line) <= room else chop_cells(line, room)
        style = link(line)
        found += [(part, style) for part in parts]
    return found


def _lines(
    cells: Sequence[list[_Piece]], widths: Sequence[int], right: Sequence[bool], style: Style | None
) -> Iterator[Segment]:
    """Return the lines of one row."""
    for place in range(max(map(len, cells))):
        pieces = [cell[place] if place < len(cell) else ("", None) for cell in cells]
        shown = [
            (" " * (room - width(text)), text, own, to_right)
            for (text, own), room, to_right in zip(pieces, widths, right, strict=True)
        ]
        if not any(own for _, _, own, _ in shown):
            line = _GAP.join(
                f"{gap}{text}" if to_right else f"{text}{gap}" for gap, text, _, to_right in shown
            )
            yield Segment(f"{line.rstrip()}\n", style)
            continue
        for number, (gap, text, own, to_right) in enumerate(shown):
            between = _GAP if number else ""
            yield Segment(f"{between}{gap if to_right else ''}", style)
            yield Segment(text, own if style is None else style if own is None else style + own)
            yield Segment("" if to_right else gap, style)
        yield Segment("\n")
