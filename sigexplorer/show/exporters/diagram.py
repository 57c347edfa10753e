"""Who called whom, as Mermaid sequence diagrams."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sigexplorer.show.folding import timeline_of
from sigexplorer.show.look import Look
from sigexplorer.show.selecting import select
from sigexplorer.show.sequence import Message, Part, sequence, short
from sigexplorer.show.shortening import shorten
from sigexplorer.show.source import Source
from sigexplorer.show.text import safe

#: Everything else has a meaning somewhere in Mermaid or in HTML, and becomes an entity.
_PLAIN = re.compile(r"[^A-Za-z0-9_ .,:=()*/+-]")
_KEYWORD = re.compile(r"\bend\b", re.IGNORECASE)

_LONGEST = 120  # characters of a text


def export(source: Source, look: Look) -> Iterator[str]:
    """Yield one diagram; several traces stand in it one after the other.

    Of a long trace it has the first and the last part, as the views in the terminal do.
    """
    yield "sequenceDiagram\n"
    names: dict[str, str] = {}
    lines: list[str] = []
    selections = select(source, look)
    for shown in selections:
        timeline = timeline_of(shown, look)
        cut = shorten(timeline, shown, look.rows)
        first = len(lines)
        for rows in (cut.before, cut.after):
            for part in sequence(shown.trace, rows) if rows else ():
                lines += _part(part, names)
            if rows is cut.before and cut.told:
                lines.append(f"    Note over {_name(names, '')}: {_text(cut.told)}\n")
        if len(selections) > 1:
            lines.insert(first, f"    Note over {_name(names, '')}: {_text(shown.trace.run.title)}\n")
    for name, number in names.items():
        yield f"    participant {number} as {_text(short(name) or 'trace')}\n"
    yield from lines


def _part(part: Part, names: dict[str, str]) -> Iterator[str]:
    if part.title is not None and part.messages:
        yield f"    Note over {_name(names, part.messages[0].sender)}: {_text(part.title)}\n"
    for message in part.messages:
        sender = _name(names, message.sender)
        if message.receiver is None:
            told = "" if message.outcome == "bypass" else " unheard"
            yield f"    Note over {sender}: {_message(message)}{told}\n"
        else:
            arrow = "-x" if message.error is not None or message.outcome != "returned" else "->>"
            yield f"    {sender}{arrow}{_name(names, message.receiver)}: {_message(message)}\n"


def _message(message: Message) -> str:
    times = f" x{message.times}" if message.times > 1 else ""
    error = f" raised {message.error}" if message.error is not None else ""
    outcome = (
        f" {message.outcome}"
        if not error and message.outcome in ("skipped", "muted", "unknown", "discarded")
        else ""
    )
    return _text(f"{message.signal} {message.about}{times}{outcome}{error}")


def _name(names: dict[str, str], of: str) -> str:
    return names.setdefault(of, f"p{len(names) + 1}")


def _text(text: str) -> str:
    """Return a text of which Mermaid takes every character as it is."""
    shown = _PLAIN.sub(lambda found: f"#{ord(found[0])};", safe(text, _LONGEST))
    return _KEYWORD.sub(lambda found: f"#{ord(found[0][0])};{found[0][1:]}", shown) or "#8203;"
