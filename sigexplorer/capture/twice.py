"""Tell a dispatch that is seen a second time from another one that is sent inside of it.

What a wrapper has noted of a dispatch is given up where the method that it calls goes on to one
that is seen in full. What a receiver sends meanwhile, be it the same signal, is one of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any

from django.dispatch import dispatcher

from sigexplorer.capture import receivers
from sigexplorer.capture.classes import class_attribute
from sigexplorer.capture.lanes import SENDING, next_id
from sigexplorer.capture.registry import registrations
from sigexplorer.spool.rows import ID, NOTES, OUTER, Flight

#: Under this key a flight notes the id of its wrapper's frame, while that runs.
FRAME = "frame"


def seen_in_full(place: Flight, signal: Any) -> tuple[Flight | None, int]:
    """Give up what a wrapper has noted of a dispatch that is now seen as it is.

    Returns what is around that dispatch, and its id: what was sent before is part of it.
    """
    notes = place[NOTES] or {}
    if notes.get(SENDING) != id(signal) or (FRAME in notes and _is_of_receiver(notes[FRAME], signal)):
        return place, next_id()
    number, place[ID] = place[ID], 0
    return place[OUTER], number or next_id()


def _is_of_receiver(wrapper: int, signal: Any) -> bool:
    """Whether a receiver runs between a wrapper, by the id of its frame, and what is called now."""
    known = set(_codes(signal))
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and id(frame) != wrapper:
        code = frame.f_code
        if code in known or (frame.f_globals is vars(dispatcher) and not _is_ours(code)):
            return True
        frame = frame.f_back
    return frame is None  # in another thread or task, where methods do not go on


def _codes(signal: Any) -> Iterator[CodeType]:
    for one in registrations(signal):
        for layer in receivers.layers(one.receiver):
            code = getattr(layer, "__code__", None) if type(layer).__module__ == "builtins" else None
            call = class_attribute(type(layer), "__call__")
            yield from (held for held in (code, getattr(call, "__code__", None)) if type(held) is CodeType)


def _is_ours(code: CodeType) -> bool:
    return "_sigexplorer" in code.co_freevars
