"""Traces as an answer: in every view and every format, wherever they come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from sigexplorer.cli.output import draw, write
from sigexplorer.errors import UsageError
from sigexplorer.show import exporters, views
from sigexplorer.show.files import choose_format, is_format, is_replaced, whole
from sigexplorer.show.filters import Filters
from sigexplorer.show.look import Look
from sigexplorer.show.source import Source, filtered
from sigexplorer.show.views.piped import Together

if TYPE_CHECKING:
    from rich.console import RenderableType

#: Draws a view for a terminal of that many columns.
ViewDrawing = Callable[[str, int], "RenderableType"]


@dataclass(frozen=True, slots=True)
class Answer:
    """In what format an answer is wanted, and where."""

    format_name: str | None = None  # -f
    output: Path | None = None  # -o
    counts: bool = False  # -c
    keep: bool = False  # for show --last
    stream: TextIO | None = None  # where it goes without ``output``; None: standard output

    def chosen(self) -> str:
        """Return the view or format that is asked for; an unknown one, or two of them, is an error."""
        if self.counts and self.format_name not in (None, "summary"):
            raise UsageError(f"-c is -f summary: it cannot go with -f {self.format_name}")
        if self.counts and self.format_name is None and is_format(self.output):
            raise UsageError(
                f"-c writes text: it cannot go with -o '{self.output}'", "leave one out, or end it in .txt"
            )
        if self.counts:
            return "summary"
        known = [*views.VIEWS, *exporters.FORMATS]
        if self.format_name in known:  # nobody looks for plug-ins where none is meant
            return self.format_name or "table"
        if self.format_name is None and self.output is None:
            return "table"
        return choose_format(self.format_name, self.output, [*known, *exporters.names()])


def present(source: Source, look: Look, answer: Answer, drawing: ViewDrawing | None = None) -> None:
    """Write the traces of ``source``; ``drawing`` draws a view where more belongs around it."""
    chosen = answer.chosen()
    drawing = drawing or partial(_drawing, source, look)
    if chosen in views.VIEWS:
        draw(partial(drawing, chosen), answer.output, answer.stream)
    elif chosen == "svg":
        from sigexplorer.show.exporters.picture import picture

        write([picture(partial(drawing, "table"))], answer.output, answer.stream)
    elif look.filters == Filters() and (chunks := exporters.streamed(chosen, source, look)) is not None:
        write(chunks if is_replaced(answer.output) else whole(chunks), answer.output, answer.stream)
    else:
        kept = filtered(source, look.filters)
        # What is left was chosen; the patterns still say what is not folded, the step what has no heading.
        look = replace(look, filters=Filters(signals=look.filters.signals, step=look.filters.step))
        write(exporters.export(chosen, kept, look), answer.output, answer.stream)


def _drawing(source: Source, look: Look, view: str, width: int) -> RenderableType:
    parts: list[Any] = []
    for drawn in views.draw(view, source, look, width):
        parts += ["", ""] * bool(parts)
        parts.append(drawn)
    return Together(*parts)
