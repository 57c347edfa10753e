"""Senders that last, told apart where several go by one name: two local classes, two of one label."""

from __future__ import annotations

import weakref
from typing import Any

from sigexplorer.capture.lanes import STREAM

#: By the words for a sender, in the order in which they were met.
_met: dict[str, list[weakref.ref[Any]]] = {}

#: By these words and the id of the sender: its place there.
_places: dict[tuple[str, int], int] = {}


def number(told: str | None, sender: Any) -> int:
    """Return which of those that go by these words a sender is, from 0; 0 where all is only written."""
    if sender is None or told is None or not STREAM.in_memory:
        return 0
    met = _met.setdefault(told, [])
    known = _places.get((told, id(sender)))
    if known is not None and met[known]() is sender:
        return known
    # No lock, as for shapes: where two threads are here at once, one sender has two places.
    reference = weakref.ref(sender)
    met.append(reference)
    place = len(met) - 1
    while met[place] is not reference:
        place -= 1
    _places[told, id(sender)] = place
    return place


def reference(told: str | None, place: int) -> weakref.ref[Any] | None:
    """Return a reference to the sender at that place; None for the sender None."""
    met = _met.get(told or "", ())
    return met[place] if place < len(met) else None
