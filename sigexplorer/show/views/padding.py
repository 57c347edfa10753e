"""Lines of cells that stand below each other where nobody needs Rich for it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sigexplorer.show.views.piped import OnlyRichError

#: Columns of a terminal between two cells.
GAP = 2

#: Letters, signs, quotes, dashes and arrows that are one column wide wherever there are columns.
_NARROW = re.compile("[ -~\xa0-\xac\xae-\u02ff\u2010-\u2027\u2190-\u21ff]*")


def width_of(text: str) -> int:
    """Return how many columns of a terminal a line of text takes that is ``safe``."""
    if text.isascii() or _NARROW.fullmatch(text):
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    """Return cells in columns that are so wide, some on the right of theirs.

    Raises ``OnlyRichError`` where one does not fit.
    """
    padded = []
    for cell, width, on_right in zip(cells, widths, right, strict=True):
        room = width - width_of(cell)
        if room < 0 or (on_right and cell != cell.rstrip()):
            raise OnlyRichError
        padded.append(" " * room + cell if on_right else cell + " " * room)
    return (" " * GAP).join(padded).rstrip()


def rule(widths: Sequence[int]) -> str:
    """Return what stands below the titles of such columns."""
    return "\N{BOX DRAWINGS LIGHT HORIZONTAL}" * (sum(widths) + GAP * (len(widths) - 1))
