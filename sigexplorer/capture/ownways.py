"""Classes of signals that call their receivers themselves: what their methods are made to ask us.

A dispatch is what one of the four methods is called for, and any other that passes the signal
on to receivers, such as pretix's ``send_chained``. Helpers of such a method are part of it.
"""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Sequence
from types import FrameType
from typing import Any

from django.dispatch import Signal

from sigexplorer.capture import altering, lanes, places, rewriting, shapes, words
from sigexplorer.capture.clock import clock
from sigexplorer.capture.deaf import DEAF, Deaf
from sigexplorer.capture.lanes import STREAM, guarded, said
from sigexplorer.capture.receivers import is_same, listeners
from sigexplorer.capture.sending import Sending, Way
from sigexplorer.capture.sources import Source
from sigexplorer.spool.rows import ID, SHAPE, Called

_PAUSES = (
    inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR | inspect.CO_ITERABLE_COROUTINE
)


def observed(source: Source, asked: shapes.Shapes, *, sends: bool, sees_all: bool) -> Any:
    """Return a method of a project's own with our notes."""
    flags = source.found.__code__.co_flags
    way = Way(
        shapes=asked,
        sends=sends and not flags & (inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR),
        is_async=bool(flags & (inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR)),
        pauses=bool(flags & _PAUSES),
        yields=bool(flags & (inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR)),
        sees_all=sees_all,
    )
    return rewriting.rewritten(source, sys.modules[__name__], way)


class _Here(threading.local):
    """What this thread sends now."""

    sending: Sending | None = None


_here = _Here()

# What the methods ask.


def begun(way: Way, called_with: tuple[Any, Any, Any, Any]) -> Sending | Deaf:
    """Take note that a method is called; return who is to be told of what it does."""
    signal, pairs, rest, more = called_with
    if not issubclass(type(signal), Signal):
        return DEAF
    before = _here.sending
    if before is not None and not (way.sends or way.pauses) and _is_part(before, signal):
        before.depth += 1
        return before
    named = {**dict(pairs), **(more or {})}
    sender = named.pop(_sender(pairs, named), rest[0] if rest else None)
    sending = Sending(way, signal, sender, named)
    sending.before = before
    if STREAM.origins:
        sending.origin = guarded(_caller, sys._getframe(1))
    if way.sends:
        guarded(sending.open)
    if not way.pauses:
        _here.sending = sending
    return sending


def _caller(frame: FrameType) -> Any:
    return None if frame.f_back is None else places.line(frame.f_back)


def _sender(pairs: Sequence[tuple[str, Any]], named: dict[str, Any]) -> str:
    return pairs[0][0] if pairs and "sender" not in named else "sender"


def _is_part(sending: Sending, signal: Any) -> bool:
    return sending.signal is signal and not sending.is_calling


def stopped(sending: Sending | Deaf | None) -> None:
    """Take note of the error that comes out of a method."""
    if isinstance(sending, Sending) and sending.depth == 1:
        guarded(_stopped, sending, sys.exception())


def _stopped(sending: Sending, error: BaseException) -> None:
    if sending.way.yields and type(error) is GeneratorExit:
        return  # nobody wants more of it
    sending.error = said(error)
    causes = {id(error), id(error.__cause__), id(error.__context__)}
    sending.stopped_by_call = sending.raised_last in causes


def over(sending: Sending | Deaf | None) -> None:
    """Take note that a method is over, and make the row of its dispatch."""
    if not isinstance(sending, Sending):
        return
    sending.depth -= 1
    if sending.depth:
        return
    if not sending.way.pauses:
        _here.sending = sending.before
    sending.leave()
    sending.sent = True
    guarded(_end, sending)


def _end(sending: Sending) -> None:
    if not sending.flight[ID]:
        return  # nobody was called, or it is seen in full elsewhere
    sending.flight.append(sending.start)
    sending.notes.pop(lanes.SENDING, None)
    sending.notes["end"] = clock()
    if sending.error is not None:
        sending.notes["error"] = sending.error
    sending.lose()
    _add_responses(sending)
    if not sending.called_ones and not sending.sees_all:
        _add(sending, [(one.receiver, "unknown", None) for one in listeners(sending.signal, sending.sender)])
    if sending.error is not None and sending.stopped_by_call:
        _add(sending, [(one, "skipped", None) for one in _skipped(sending)])
    _mark_muted(sending)
    if not sending.asynchronous:
        _close(sending)
        return
    sending.notes["calls"] = sending.told
    STREAM.pending[sending.flight[ID]] = (sending.lane.thread, sending.flight)
    claim = [None]  # popped, in one step, by whoever finishes it
    sending.finish = lambda: _finish(sending, claim)
    sending.finish()


def _finish(sending: Sending, claim: list[None]) -> None:
    if sending.asynchronous or not claim:
        return
    try:
        claim.pop()
    except IndexError:  # another thread was first
        return
    sending.finish = _nothing
    STREAM.pending.pop(sending.flight[ID], None)
    sending.notes["end"] = clock()
    _close(sending)


def _nothing() -> None:
    pass


def _close(sending: Sending) -> None:
    sending.notes["calls"] = sending.told
    sending.close()


def _add(sending: Sending, calls: Sequence[tuple[Any, Any, Any]]) -> None:
    """Add receivers of which nobody saw when they were called, or that never were."""
    flight = sending.flight
    for receiver, outcome, response in calls:
        end, result, error = None, None, None
        if outcome == "raised":
            error = said(response)
        elif outcome == "returned":
            result = None if response is None else words.value(response)
        elif outcome == "skipped":
            end = sending.notes["end"]
        start = sending.start if end is None else end
        position = sending.called_ones.add(receiver)
        sending.tell(position, Called(start, end, outcome, result, error, 0))
        flight[SHAPE] = shapes.and_then(flight[SHAPE], receiver, sending.registered(receiver))


def _add_responses(sending: Sending) -> None:
    robust = sending.way.shapes.robust
    added = []
    for pair in sending.responses:
        if type(pair) is tuple and len(pair) == 2:  # noqa: PLR2004
            given, response = altering.original(pair[0]), pair[1]
            if given in sending.called_ones:
                continue
            found = sending.connected(given)
            if found is not None and found.receiver not in sending.called_ones:
                raised = robust and issubclass(type(response), Exception)
                added.append((found.receiver, "raised" if raised else "returned", response))
    _add(sending, added)
    sending.responses = []


def _skipped(sending: Sending) -> list[Any]:
    """Return who comes after the receiver that raised: in what was gone through, or else of all."""
    called = sending.called_ones
    last = called.last() if called else None
    for things in reversed(sending.gone_through):
        found = [one.receiver() for one in things]
        places = [number for number, one in enumerate(found) if is_same(one, last)]
        if places:
            return [one for one in found[places[-1] + 1 :] if one is not None and one not in called]
    every = (one.receiver for one in listeners(sending.signal, sending.sender))
    return [one for one in every if one not in called]


def _mark_muted(sending: Sending) -> None:
    whole = altering.whole(sending.signal, sending.sender, sending.called_ones.all())
    if type(whole) is not altering.Altered:
        return
    sending.flight[SHAPE] = shapes.with_muted(sending.flight[SHAPE], sending.registered, whole)
