"""Draw for a terminal without colour, as a string."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console

if TYPE_CHECKING:
    from rich.console import RenderableType

UNLIMITED = 10_000

#: Control characters, line breaks apart: none of them may reach a terminal.
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def drawn(drawing: RenderableType, width: int) -> str:
    """Return what a terminal so wide would show."""
    console = Console(
        file=io.StringIO(), width=width, color_system=None, highlight=False, markup=False, emoji=False
    )
    console.print(drawing)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text


def widest(text: str) -> int:
    """Return the columns of the longest line, without the spaces at its end."""
    return max((cell_len(line.rstrip()) for line in text.split("\n")), default=0)


def unwrapped(text: str) -> str:
    """Return ``text`` without any space, so that what was wrapped can be found."""
    return "".join(text.split())
