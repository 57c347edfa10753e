"""Classes of signals that call their receivers themselves: what their methods are made to ask us.

A dispatch is what one of the four methods is called for, and any other that passes the signal
on to receivers, such as pretix's ``send_chained``. Helpers of such a method are part of it.
"""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Sequence
from time import perf_counter_ns as clock
from typing import Any

from sigexplorer.capture import altering, lanes, places, rewriting, shapes, words
from sigexplorer.capture.lanes import STREAM, guarded, id_of, said
from sigexplorer.capture.receivers import is_same, listeners
from sigexplorer.capture.rewriting import Source
from sigexplorer.capture.sending import Sending, Way
from sigexplorer.spool.rows import ID, OUTER, SHAPE, Called

_PAUSES = (
    inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR | inspect.CO_ITERABLE_COROUTINE
)


def observed(source: Source, asked: shapes.Shapes, *, sends: bool, sees_all: bool) -> Any:
    """Return a method of a project's own with our notes."""
    flags = source.found.__code__.co_flags
    way = Way(
        shapes=asked,
        sends=sends and not flags & (inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR),
        is_async=bool(flags & inspect.CO_COROUTINE),
        pauses=bool(flags & _PAUSES),
        sees_all=sees_all,
    )
    return rewriting.rewritten(source, sys.modules[__name__], way)


class _Here(threading.local):
    """What this thread sends now."""

    sending: Sending | None = None


_here = _Here()

# What the methods ask.


def begun(way: Way, called_with: tuple[Any, Any, Any, Any]) -> Sending:
    """Take note that a method is called; return who is to be told of what it does."""
    signal, pairs, rest, more = called_with
    before = _here.sending
    if before is not None and not (way.sends or way.pauses) and _is_part(before, signal):
        before.depth += 1
        return before
    named = {**dict(pairs), **(more or {})}
    sender = named.pop(_sender(pairs, named), rest[0] if rest else None)
    sending = Sending(way, signal, sender, named)
    sending.before = before
    if way.sends:
        frame = sys._getframe(2) if STREAM.origins else None
        guarded(sending.open, places.line(frame) if frame else None)
    if not way.pauses:
        _here.sending = sending
    return sending


def _sender(pairs: Sequence[tuple[str, Any]], named: dict[str, Any]) -> str:
    return pairs[0][0] if pairs and "sender" not in named else "sender"


def _is_part(sending: Sending, signal: Any) -> bool:
    return sending.signal is signal and not sending.is_calling


def stopped(sending: Sending | None) -> None:
    """Take note of the error that comes out of a method."""
    if sending is not None and sending.depth == 1:
        guarded(_stopped, sending, sys.exception())


def _stopped(sending: Sending, error: BaseException) -> None:
    sending.error = said(error)
    causes = {id(error), id(error.__cause__), id(error.__context__)}
    sending.stopped_by_call = sending.raised_last in causes


def over(sending: Sending | None) -> None:
    """Take note that a method is over, and make the row of its dispatch."""
    if sending is None:
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
    _add_responses(sending)
    if not sending.receivers and not sending.sees_all:
        _add(sending, [(one.receiver, "unknown", None) for one in listeners(sending.signal, sending.sender)])
    if sending.error is not None and sending.stopped_by_call:
        _add(sending, [(one, "skipped", None) for one in _skipped(sending)])
    _mark_muted(sending)
    if any(call.pending for call in sending.asynchronous):
        STREAM.pending[sending.flight[ID]] = (sending.lane.thread, sending.flight)
        sending.finish = lambda: _finish(sending)
    else:
        _close(sending)


def _finish(sending: Sending) -> None:
    if not any(call.pending for call in sending.asynchronous):
        sending.finish = lambda: None
        STREAM.pending.pop(sending.flight[ID], None)
        sending.notes["end"] = clock()
        _close(sending)


def _close(sending: Sending) -> None:
    for call in sending.asynchronous:
        sending.told[call.position] = call.called()
        call.place[OUTER] = id_of(call.place[OUTER])
    sending.notes["calls"] = {position: tuple(call) for position, call in sending.told.items()}
    sending.asynchronous = []
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
        sending.told[len(sending.receivers)] = Called(start, end, outcome, result, error, 0)
        sending.receivers.append(receiver)
        flight[SHAPE] = shapes.and_then(flight[SHAPE], receiver, sending.registered(receiver))


def _add_responses(sending: Sending) -> None:
    robust = sending.way.shapes.robust
    added = []
    for pair in sending.responses:
        if type(pair) is tuple and len(pair) == 2:  # noqa: PLR2004
            given, response = altering.original(pair[0]), pair[1]
            if _is_among(sending.receivers, given):
                continue
            found = sending.connected(given)
            if found is not None and not _is_among(sending.receivers, found.receiver):
                raised = robust and issubclass(type(response), Exception)
                added.append((found.receiver, "raised" if raised else "returned", response))
    _add(sending, added)
    sending.responses = []


def _is_among(receivers: Sequence[Any], receiver: Any) -> bool:
    return any(is_same(one, receiver) for one in receivers)


def _skipped(sending: Sending) -> list[Any]:
    """Return who comes after the receiver that raised: in what was gone through, or else of all."""
    last, called = sending.receivers[-1], sending.receivers
    for things in reversed(sending.gone_through):
        known = (sending.connected(altering.original(thing)) for thing in things)
        found = [one.receiver for one in known if one is not None]
        if _is_among(found, last):
            place = max(number for number, one in enumerate(found) if is_same(one, last))
            return [one for one in found[place + 1 :] if not _is_among(called, one)]
    every = (one.receiver for one in listeners(sending.signal, sending.sender))
    return [one for one in every if not _is_among(called, one)]


def _mark_muted(sending: Sending) -> None:
    whole = altering.whole(sending.signal, sending.sender, sending.receivers)
    if type(whole) is not altering.Altered:
        return
    sending.flight[SHAPE] = shapes.with_muted(sending.flight[SHAPE], sending.registered, whole)
