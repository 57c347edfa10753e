"""Python on a terminal."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from sigexplorer.show.text import safe

_LINE = 500  # characters


@dataclass(frozen=True, slots=True)
class Source:
    """Python, highlighted where there are colours; never wrapped or indented, so that it can be copied."""

    python: str

    def __rich_console__(self, console: Console, _options: ConsoleOptions) -> RenderResult:
        shown = "\n".join(safe(line, _LINE) for line in self.python.splitlines())
        text = Text(shown) if console.color_system is None else _highlighted(shown)
        text.rstrip()
        text.no_wrap, text.overflow = True, "ignore"
        yield text


def _highlighted(shown: str) -> Text:
    from rich.syntax import Syntax  # it brings the whole of Pygments along

    return Syntax(shown, "python", theme="ansi_dark", background_color="default").highlight(shown)
