"""A trace, or a document, on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sigexplorer.show.look import Look
    from sigexplorer.show.source import Source

#: The views of a trace.
VIEWS = ("table", "tree", "summary", "coverage", "sequence")

_WIDE = 120  # columns from which on a table has one for each thing


def draw(view: str, source: Source, look: Look, width: int) -> list[RenderableType]:
    """Return one drawing of each trace in ``source`` for a terminal ``width`` columns wide."""
    from sigexplorer.show.views import document

    wide = width >= _WIDE
    if view == "summary":
        from sigexplorer.show.profile import profiles
        from sigexplorer.show.summary_page import summary

        return [document.render(summary(profile, wide=wide), width) for profile in profiles(source, look)]
    if view == "coverage":
        from sigexplorer.show.coverage import coverages
        from sigexplorer.show.coverage_page import coverage

        return [document.render(coverage(found, wide=wide), width) for found in coverages(source, look)]
    from sigexplorer.show.selection import select
    from sigexplorer.show.views import sequence, timeline, tree

    drawing = {"table": timeline.draw, "tree": tree.draw, "sequence": sequence.draw}[view]
    return [drawing(selection, look, width) for selection in select(source, look)]
