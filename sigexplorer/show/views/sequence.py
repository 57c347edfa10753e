"""Who called whom, as text: an arrow a line, indented under the call during which it was sent."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from sigexplorer.show.folding import timeline_of
from sigexplorer.show.look import Look
from sigexplorer.show.selection import Selection
from sigexplorer.show.sequence import Message, sequence, short
from sigexplorer.show.shortening import Cut, shorten
from sigexplorer.show.text import indent, safe, short_sender
from sigexplorer.show.views import heading

_NAME = 60  # characters of a name


def draw(shown: Selection, look: Look, _width: int) -> RenderableType:
    """Return the messages of what was selected, step by step."""
    timeline = timeline_of(shown, look)
    cut = shorten(timeline, shown, look.rows)
    return Group(heading.header(shown, timeline), *_parts(shown, cut, look))


def _parts(shown: Selection, cut: Cut, look: Look) -> Iterator[RenderableType]:
    for rows in (cut.before, cut.after):
        for part in sequence(shown.trace, rows) if rows else ():
            yield ""
            if part.title is not None:
                yield Text(safe(part.title, 200), style="bold cyan")
            yield Text("\n").join(_line(message, look) for message in part.messages) or Text(
                "  nothing was sent" if part.title else "", style="dim"
            )
        if rows is cut.before and cut.told:
            yield from ("", Text(cut.told, style="yellow"))


def _line(message: Message, look: Look) -> Text:
    text = Text(f"{indent(message.depth)}  {_name(message.sender, look)} -> ", style="default")
    dim = message.receiver is None
    text.append(_name(message.receiver, look) if message.receiver else "nobody", style="dim" if dim else "")
    text.append(f": {safe(message.signal, _NAME)} ", style="dim" if dim else "bold")
    about = safe(message.about, look.limit)
    text.append(about if look.verbose else short_sender(about), style="dim" if dim else "cyan")
    if message.times > 1:
        text.append(f" ×{message.times}")  # noqa: RUF001 - the contract's sign
    if message.error is not None:
        text.append(f" raised {safe(message.error, 300)}", style="red")
    elif message.outcome not in ("returned", "unheard", "bypass"):
        text.append(f" {message.outcome}", style="yellow")
    return text


def _name(name: str, look: Look) -> str:
    """Return what tells a name from others; all of it with -v."""
    shown = safe(name, 200)
    return shown if look.verbose else short(shown)
