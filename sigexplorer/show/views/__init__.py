"""A trace, or a document, on a terminal."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sigexplorer.show.look import Look
    from sigexplorer.show.selection import Selection
    from sigexplorer.show.source import Source

    Drawing = Callable[[Selection, Look, int], RenderableType]

#: The views of a trace.
VIEWS = ("table", "tree", "summary", "coverage", "sequence")

#: Where a view is drawn that is not in the module of its name.
_MODULES = {"table": "timeline"}

WIDE = 120  # columns from which on a table has one for each thing


def draw(view: str, source: Source, look: Look, width: int) -> list[RenderableType]:
    """Return one drawing of each trace in ``source`` for a terminal ``width`` columns wide."""
    wide = width >= WIDE
    if view == "summary":
        from sigexplorer.show.profiling import profiles
        from sigexplorer.show.summary_page import summary
        from sigexplorer.show.views import document

        return [document.render(summary(profile, wide=wide), width) for profile in profiles(source, look)]
    if view == "coverage":
        from sigexplorer.show.coverage import coverages
        from sigexplorer.show.coverage_page import coverage
        from sigexplorer.show.views import document

        return [document.render(coverage(found, wide=wide), width) for found in coverages(source, look)]
    from sigexplorer.show.selecting import select

    # Each is a module with one function; nothing is imported that is not drawn.
    drawing: Drawing = import_module(f"sigexplorer.show.views.{_MODULES.get(view, view)}").draw
    return [drawing(selection, look, width) for selection in select(source, look)]
