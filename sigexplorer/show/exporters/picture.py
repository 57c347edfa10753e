"""What a terminal would show, as a picture."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console, Group, RenderableType

from sigexplorer.model import Trace
from sigexplorer.show.look import Look
from sigexplorer.show.selection import selected
from sigexplorer.show.views import timeline

#: Columns of a picture.
WIDTH = 110

#: Rich's picture without the fonts that it would load from elsewhere.
_FORMAT = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)

#: Draws for a terminal of that many columns.
Drawing = Callable[[int], RenderableType]


def export(traces: Sequence[Trace], look: Look) -> str:
    """Return the timelines of ``traces`` as one SVG."""
    return picture(
        lambda width: Group(*(timeline.draw(selected(trace, look), look, width) for trace in traces))
    )


def picture(drawing: Drawing) -> str:
    """Return what ``drawing`` draws as SVG."""
    console = Console(
        record=True, file=io.StringIO(), width=WIDTH, highlight=False, markup=False, emoji=False,
        force_terminal=True, color_system="truecolor",
    )  # fmt: skip
    console.print(drawing(console.width))
    return console.export_svg(title="sigexplorer", code_format=_FORMAT)
