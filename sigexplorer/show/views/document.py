"""A document on a terminal, or where it is piped to: that needs nothing of Rich."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sigexplorer.show.views.piped import Piped

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sigexplorer.show.document import Document

#: Finds the file that a record calls so, or None.
Finder = Callable[[str], str | None]


class Drawn(Piped):
    """A document as it is to be drawn."""

    def __init__(self, document: Document, width: int, find_file: Finder | None) -> None:
        self._document = document
        self._width = width
        self._find_file = find_file

    def __rich__(self) -> RenderableType:
        """Return it as Rich draws it."""
        from sigexplorer.show.views.styled import render

        return render(self._document, self._width, self._find_file)

    def text(self) -> str | None:
        """Return its text where there are no colours and no links; None where only Rich can tell it."""
        from sigexplorer.show.views.unstyled import text

        return text(self._document, self._width)


def render(document: Document, width: int, find_file: Finder | None = None) -> Drawn:
    """Return ``document`` for a terminal ``width`` columns wide.

    With ``find_file`` each cell, or line of one, that is a ``file:line`` is a link to it.
    """
    return Drawn(document, width, find_file)
