"""Columns that are as wide in every table of a timeline, and fit the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sigexplorer.show.folding import Row, Timeline
from sigexplorer.show.look import Look
from sigexplorer.show.places import stacked
from sigexplorer.show.views import cells
from sigexplorer.show.views.padding import GAP, width_of
from sigexplorer.show.views.phrase import Phrase

_LEAST = 10  # no column that may shrink gets narrower
_TIGHT = 60  # columns of a terminal with no room for process and thread beside the rest
_READABLE = 50  # a word longer than this may be broken

#: Columns whose cells stand on the right.
NUMBERS = frozenset({"#", "at ms", "SQL"})


@dataclass(frozen=True, slots=True)
class Layout:
    """The titles of the columns, and what makes a row's cells for them."""

    titles: tuple[str, ...]
    to_cells: Callable[[Row, Look], list[Phrase]]
    roomy: frozenset[str] = frozenset()  # columns in which no word may be broken


_WIDE = Layout(
    ("#", "at ms", "signal", "sender", "arguments", "receivers", "SQL"),
    cells.wide,
    roomy=frozenset({"arguments", "receivers"}),
)
_NARROW = Layout(("#", "at ms", "signal, sender", "arguments, receivers", "SQL"), cells.narrow)

#: Process and thread stand after the time, where there are several.
_WHERE = 2

#: The rows of each section, as cells, and the titles and widths of their columns.
Drawn = tuple[list[list[list[Phrase]]], tuple[str, ...], list[int]]


def draw(timeline: Timeline, look: Look, available: int) -> Drawn:
    """Return the cells of every section: a column for each thing where there is room for it."""
    for layout in (_WIDE, _NARROW):
        titles = list(layout.titles)
        place = timeline.where if available >= _TIGHT else ""
        if place:  # of a narrow one the first word: the process stands over its thread
            titles.insert(_WHERE, place.partition(",")[0] if layout is _NARROW else place)
        drawn = [[_cells(layout, row, look, place) for row in section.rows] for section in timeline.sections]
        natural = _natural(titles, [row for rows in drawn for row in rows])
        widths = fitted(titles, natural, available)
        if not any(
            widths[place] < _longest_word(drawn, place)
            for place, title in enumerate(titles)
            if title in layout.roomy
        ):
            break
    return drawn, tuple(titles), widths


def _cells(layout: Layout, row: Row, look: Look, title: str) -> list[Phrase]:
    """Return the cells of a row, with its process and thread where the column ``title`` tells of them."""
    told = layout.to_cells(row, look)
    if title:
        told.insert(
            _WHERE, Phrase(stacked(row.where, title) if layout is _NARROW else row.where, style="dim")
        )
    elif row.where:
        told[-2] = Phrase.joined("\n", filter(None, (told[-2], Phrase(f"in {row.where}", style="dim"))))
    return told


def _longest_word(drawn: list[list[list[Phrase]]], place: int) -> int:
    words = (word for rows in drawn for row in rows for word in row[place].plain.split())
    return min(_READABLE, max(map(len, words), default=0))


def _natural(titles: Sequence[str], rows: list[list[Phrase]]) -> list[int]:
    return [
        max([len(title), *(width_of(line) for row in rows for line in row[place].plain.split("\n"))])
        for place, title in enumerate(titles)
    ]


def fitted(titles: Sequence[str], natural: list[int], available: int) -> list[int]:
    """Take from the widest columns what is too much."""
    widths = list(natural)
    texts = [place for place, title in enumerate(titles) if title not in NUMBERS]
    excess = sum(widths) + GAP * len(titles) - available
    while excess > 0:
        widest = max(texts, key=widths.__getitem__)
        others = [widths[place] for place in texts if place != widest]
        step = min(excess, max(1, widths[widest] - max(others)))
        if widths[widest] - step < _LEAST:
            break
        widths[widest] -= step
        excess -= step
    return widths
