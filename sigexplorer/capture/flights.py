"""The beginning and the end of a dispatch, as its lane notes them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sigexplorer.capture import arguments, keeping, lanes, places, words
from sigexplorer.capture.clock import clock
from sigexplorer.capture.lanes import (
    STREAM,
    Lane,
    around,
    next_id,
    noted,
    position,
    said,
)
from sigexplorer.capture.twice import seen_in_full
from sigexplorer.capture.watch import Watch
from sigexplorer.spool.rows import ENDS, ID, NOTES, OUTER, Flight, Notes

if TYPE_CHECKING:
    from sigexplorer.capture.shapes import Known, Shapes

__all__ = [
    "STREAM", "Watch", "clock", "closed", "failed", "lanes", "next_id", "opened", "raised", "returned",
    "stopped", "unheard",
]  # fmt: skip


def opened(
    shapes: Shapes,
    lane: Lane,
    signal: Any,
    sender: Any,
    named: dict[str, Any],
    sync_receivers: Sequence[Any],
    async_receivers: Sequence[Any],
) -> Flight:
    """Note that a dispatch begins, and what it is sent with; never raises."""
    try:
        known = shapes.of(signal, sender, sync_receivers, async_receivers)
        if known.count is not None:
            known.count()
            return _unrecorded(lane.open if lanes.running.get() is None else around(lane))
        values, kept = _read(known, sender, named), None
        if values is None:
            values = arguments.quickly(named)
            kept = keeping.kept(signal, sender, named, values, known) if STREAM.keeping else None
        number = 0
        outer = lane.open if lanes.running.get() is None else around(lane)
        if outer is not None:
            if type(outer[OUTER]) is int:  # over: a Ctrl-C came as it was to be left
                outer = lane.open = None
            elif len(outer) < ENDS:
                outer, number = seen_in_full(outer, signal)
        origin = places.line(sys._getframe(2)) if STREAM.origins else None
        notes: Notes | None = {"callback": lane.callback} if lane.callback else None
        if known.passing is not None or kept is not None:
            notes = _more(notes, known.passing, kept)
        return [
            number or next_id(), known.number, outer, position(outer), lane.transactions, values, notes,
            origin, clock(),
        ]  # fmt: skip
    except RecursionError:  # whatever is called now fails again
        STREAM.exhausted += 1
    except Exception as fault:
        STREAM.failed(fault)
    return _unrecorded(lane.open)


def _read(known: Known, sender: Any, named: dict[str, Any]) -> Any:
    try:
        return known.read(sender, named)
    except KeyError:
        return None


def _unrecorded(outer: Flight | None) -> Flight:
    """Return what stands for a dispatch that is no record: what is sent in it is part of what is around."""
    return [0, None, outer, None, None, (), None, None, clock()]


def _more(notes: Notes | None, sender: str | None, kept: keeping.Originals | None) -> Notes:
    """Return notes with the words for a sender that does not last, and what is kept of the arguments."""
    told = {} if sender is None else {"sender": sender}
    return {**(notes or {}), **told, **({} if kept is None else {"kept": kept})}


def closed(lane: Lane, flight: Flight, watch: Watch | None) -> None:
    """Note that the send has returned or raised; its row is whole once nothing of it runs."""
    if watch is not None:
        watch.sent = True
        watch.finish()
        return
    outer = flight[OUTER]
    flight[OUTER] = 0 if outer is None else outer[ID]
    if flight[ID]:
        flights = lane.flights
        flights.append(flight)
        if outer is None and len(flights) > STREAM.batch:
            STREAM.drain_if_free()


def unheard(shapes: Shapes, signal: Any, sender: Any, named: dict[str, Any]) -> None:
    """Note a dispatch that reaches nobody."""
    lane = lanes.here.lane
    flight = opened(shapes, lane, signal, sender, named, (), ())
    closed(lane, flight, None)


def failed(shapes: Shapes, signal: Any, sender: Any, named: dict[str, Any], error: BaseException) -> None:
    """Note a dispatch that an error ended before its receivers were known."""
    lane = lanes.here.lane
    flight = opened(shapes, lane, signal, sender, named, (), ())
    stopped(flight, error, -1)
    closed(lane, flight, None)


def returned(flight: Flight, response: Any) -> None:
    """Note what the receiver that has just ended returned."""
    try:
        noted(flight, "results")[len(flight) - ENDS - 1] = words.value(response)
    except RecursionError:  # whatever is called now fails again
        STREAM.exhausted += 1
    except Exception as fault:
        STREAM.failed(fault)


def raised(flight: Flight, error: BaseException) -> None:
    """Note what the receiver that is running now raised."""
    try:
        noted(flight, "raised").setdefault(len(flight) - ENDS, said(error))
    except RecursionError:  # whatever is called now fails again
        STREAM.exhausted += 1
    except Exception as fault:
        STREAM.failed(fault)


def stopped(flight: Flight, error: BaseException, receivers: int) -> None:
    """Note what ended a send: mostly the receiver that was running, of so many sync ones."""
    try:
        now = clock()
        if len(flight) - ENDS < receivers:
            raised(flight, error)
            flight.append(now)
        if flight[NOTES] is None:
            flight[NOTES] = {}
        flight[NOTES]["error"] = said(error)
        flight[NOTES]["end"] = now
    except RecursionError:  # whatever is called now fails again
        STREAM.exhausted += 1
    except Exception as fault:
        STREAM.failed(fault)
