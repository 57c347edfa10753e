"""The rows of a section of a timeline, as a table or as lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from sigexplorer.show.views.columns import NUMBERS
from sigexplorer.show.views.padding import GAP, line, rule
from sigexplorer.show.views.phrase import Phrase
from sigexplorer.show.views.piped import OnlyRichError, Piped

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult


class Table(Piped):
    """Rows whose columns are as wide as they are told to be; only the first of a timeline is ``named``."""

    def __init__(
        self, titles: Sequence[str], widths: Sequence[int], rows: Sequence[Sequence[Phrase]], *, named: bool
    ) -> None:
        self._titles = titles
        self._widths = widths
        self._rows = rows
        self._named = named

    def __rich__(self) -> RenderableType:
        """Return it as Rich draws it."""
        from rich import box, table

        drawn = table.Table(
            box=box.SIMPLE_HEAD, padding=(0, GAP - 1, 0, 0), pad_edge=False, show_edge=False,
            show_header=self._named,
        )  # fmt: skip
        for title, width in zip(self._titles, self._widths, strict=True):
            drawn.add_column(
                title, justify="right" if title in NUMBERS else "left", width=width, overflow="fold"
            )
        for row in self._rows:
            drawn.add_row(*row)
        return drawn

    def text(self) -> str | None:
        """Return its lines, None where Rich would break one."""
        try:
            return "".join(f"{told}\n" for told in self._lines())
        except OnlyRichError:
            return None

    def _lines(self) -> Iterator[str]:
        right = [title in NUMBERS for title in self._titles]
        if self._named:
            yield line(self._titles, self._widths, right)
            yield rule(self._widths)
        for row in self._rows:
            cells = (cell.plain.split("\n") for cell in row)
            for told in zip_longest(*cells, fillvalue=""):
                yield line(told, self._widths, right)


class Lines(Piped):
    """Lines of text that are written as they are."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines

    def __rich__(self) -> RenderableType:
        """Return them as Rich draws them."""
        return _Written(self._lines)

    def text(self) -> str:
        """Return them."""
        return "".join(f"{told.rstrip()}\n" for told in self._lines)


class _Written:
    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich.segment import Segment

        for told in self._lines:  # one by one: Rich looks for the ends of lines in each segment anew
            yield Segment(f"{told}\n")
