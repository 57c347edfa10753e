"""Who listens to what, as documents and as lines for editors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from sigexplorer.model import ListedReceiver, Origin
from sigexplorer.show.document import Block, Document, Grid, Heading, Paragraph
from sigexplorer.show.text import plural, safe

_LINE = 2_000

#: Stands for a sender where every one is meant.
EVERY = "every sender"


def table(found: Sequence[ListedReceiver], width: int, *, verbose: bool) -> Document:
    """Return the registrations signal by signal, without Django's own unless ``verbose``."""
    shown = own(found, verbose=verbose)
    blocks: list[Block] = [Heading(_census(shown), level=1)]
    folded = len(found) - len(shown)
    if folded:
        blocks.append(
            Paragraph(f"{plural(folded, 'receiver')} of Django's own left out (-v shows them)", quiet=True)
        )
    for signal, rows in groupby(shown, key=lambda one: one.signal):
        blocks += [Heading(signal), grid(list(rows), width)]
    doomed = sum(one.by_debug for one in shown)
    if doomed:
        blocks.append(Paragraph(f"{plural(doomed, 'receiver')} {_DOOMED}"))
    return tuple(blocks)


_DOOMED = "held only by what DEBUG remembers: with DEBUG off, dead as soon as connected"


def own(found: Iterable[ListedReceiver], *, verbose: bool) -> list[ListedReceiver]:
    """Return the registrations that are not Django's, or all of them."""
    return [one for one in found if verbose or not one.stock]


def _census(shown: Sequence[ListedReceiver]) -> str:
    if not shown:
        return "no receivers"
    signals = len({one.signal for one in shown})
    return f"{plural(len(shown), 'receiver')} of {plural(signals, 'signal')}"


def grid(rows: Sequence[ListedReceiver], width: int) -> Grid:
    """Return registrations of one signal as a table, in call order."""
    dead = frozenset(number for number, row in enumerate(rows) if not row.alive)
    columns, cells = next((columns, cells) for least, columns, cells in _LAYOUTS if width >= least)
    return Grid(("#", *columns), tuple((str(row.order), *cells(row)) for row in rows), frozenset({"#"}), dead)


def _wide(row: ListedReceiver) -> tuple[str, ...]:
    cells = (row.receiver, place(row), row.sender_written or EVERY, at(row.connected_at), how(row))
    return tuple(safe(cell, _LINE) for cell in cells)


def _narrow(row: ListedReceiver) -> tuple[str, ...]:
    return (
        _lines(row.receiver, place(row)),
        _lines(row.sender_written or EVERY, at(row.connected_at), how(row)),
    )


def _stacked(row: ListedReceiver) -> tuple[str, ...]:
    return ("\n".join(_narrow(row)),)


#: From how many columns on, under which titles, what is written.
_LAYOUTS: tuple[tuple[int, tuple[str, ...], Callable[[ListedReceiver], tuple[str, ...]]], ...] = (
    (140, ("receiver", "defined at", "sender", "connected at", "how"), _wide),
    (70, ("receiver, defined at", "sender, connected at"), _narrow),
    (0, ("receiver, defined at; sender, connected at",), _stacked),
)


def _lines(*texts: str) -> str:
    return "\n".join(safe(text, _LINE) for text in texts if text)  # a name must not begin a line of its own


def place(receiver: ListedReceiver) -> str:
    """Return ``file:line`` of a receiver, empty for one without Python source."""
    return "" if receiver.file is None else f"{receiver.file}:{receiver.line}"


def at(origin: Origin | None) -> str:
    """Return ``file:line`` of an origin, empty where there is none."""
    return "" if origin is None else f"{origin.file}:{origin.line}"


def how(receiver: ListedReceiver) -> str:
    """Say what is special about a registration: nothing, mostly."""
    said = [
        "" if receiver.alive else "dead",
        "only while DEBUG is on" if receiver.by_debug else "",
        "async" if receiver.is_async else "",
        "" if receiver.weak else "strong",
        "" if receiver.dispatch_uid is None else f"dispatch_uid {receiver.dispatch_uid}",
    ]
    return ", ".join(text for text in said if text)


def lines(
    found: Sequence[ListedReceiver], *, verbose: bool, full: Callable[[str], str | None] = lambda file: file
) -> str:
    """Return ``path:line: signal receiver`` for each registration, for editors to jump to.

    ``full`` returns the path by which an editor opens a file, where it knows one.
    """
    names = Counter(name for name, _ in {(one.name, one.signal) for one in found})
    return "".join(
        f"{safe(_jump(one, full), _LINE)}: {safe(_signal(one, names), _LINE)} {safe(one.receiver, _LINE)}\n"
        for one in own(found, verbose=verbose)
    )


def _signal(receiver: ListedReceiver, names: Counter[str]) -> str:
    """Return what is enough to know a signal by: of Django's the name, if no other one has it."""
    is_known = receiver.signal.startswith("django.") and names[receiver.name] == 1
    return receiver.name if is_known else receiver.signal


def _jump(receiver: ListedReceiver, full: Callable[[str], str | None]) -> str:
    """Return where to go: a receiver without Python source is found where it was connected."""
    if receiver.file is not None:
        return f"{full(receiver.file) or receiver.file}:{receiver.line}"
    connected = receiver.connected_at
    return "?:0" if connected is None else f"{full(connected.file) or connected.file}:{connected.line}"
