"""Signals whose class has a say in which receivers a send reaches: what is not called may be its choice."""

from __future__ import annotations

from collections.abc import Collection

from sigexplorer.model import CHOOSES, OTHERS

_MOST = 20

#: The paths of those that were sent: no more than are told, and then how many there were beside.
_SENT: dict[str, None] = {}


def note(path: str) -> None:
    """Take note that such a signal was sent."""
    if path not in _SENT and len(_SENT) <= _MOST:
        _SENT[path] = None


def forget() -> None:
    """Begin anew."""
    _SENT.clear()


def notes(among: Collection[str] | None = None) -> tuple[str, ...]:
    """Return what the reader of a trace, or of one of these signals alone, must know of it."""
    found = [path for path in list(_SENT) if among is None or path in among]
    if not found:
        return ()
    return (f"{CHOOSES}{', '.join(found[:_MOST])}{OTHERS if len(found) > _MOST else ''}",)
