"""Python on a terminal, drawn by Rich."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from rich.cells import chop_cells
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text


@dataclass(frozen=True, slots=True)
class Highlighted:
    """Python that is safe to show, highlighted where there are colours; what is too long goes on below."""

    shown: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        text = Text(self.shown) if console.color_system is None else _highlighted(self.shown)
        mark = "> " if options.ascii_only else "↪ "
        text = Text("\n").join(
            part for line in text.split("\n") for part in _fitting(line, options.max_width, mark)
        )
        text.no_wrap, text.overflow = True, "ignore"
        yield text


def _fitting(line: Text, width: int, mark: str) -> list[Text]:
    """Return a line in parts that are no wider than that, all but the first with a mark before them."""
    if line.cell_len <= width or width <= len(mark) * 2:
        return [line]
    pieces = chop_cells(line.plain, width - len(mark))
    ends = accumulate(map(len, pieces[:-1]))
    first, *others = line.divide(ends)
    return [first, *(Text.assemble((mark, "dim"), other) for other in others)]


def _highlighted(shown: str) -> Text:
    from rich.syntax import Syntax  # it brings the whole of Pygments along

    return Syntax(shown, "python", theme="ansi_dark", background_color="default").highlight(shown)
