"""Python on a terminal, or where it is piped to: that needs nothing of Rich."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sigexplorer.show.text import safe
from sigexplorer.show.views.piped import Piped

if TYPE_CHECKING:
    from rich.console import RenderableType

_LINE = 500  # characters


class Source(Piped):
    """Python, highlighted where there are colours; not indented; what is too long goes on below."""

    def __init__(self, python: str) -> None:
        self._shown = "\n".join(safe(line, _LINE) for line in python.splitlines()).rstrip()

    def __rich__(self) -> RenderableType:
        """Return it as Rich draws it."""
        from sigexplorer.show.views.highlighted import Highlighted

        return Highlighted(self._shown)

    def text(self) -> str:
        """Return its lines."""
        return "".join(f"{line.rstrip()}\n" for line in self._shown.split("\n"))
