"""Observe a Django whose dispatch we do not know, or that somebody else has replaced.

The method that was found runs, and what it returns tells which receivers ran: their own
times and queries, and receivers whose error ended a send, stay unknown.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter_ns as clock
from typing import TYPE_CHECKING, Any

from sigexplorer.capture import altering, lanes, words
from sigexplorer.capture.flights import closed, opened, stopped
from sigexplorer.capture.lanes import SENDING, STREAM, said
from sigexplorer.spool.rows import NOTES, SHAPE, START, Called, Flight

if TYPE_CHECKING:
    from sigexplorer.capture.shapes import Shapes


def wrapped(shapes: Shapes, found: Any) -> Any:
    """Return ``found``, one of the four methods of ``Signal``, observed."""
    if shapes.method in {"asend", "asend_robust"}:

        @functools.wraps(found)
        async def asend(self: Any, sender: Any, **named: Any) -> Any:
            with _observed(shapes, self, sender, named) as answered:
                token = lanes.running.set(lanes.places(answered.flight))
                try:
                    responses = await found(self, sender, **named)
                finally:
                    lanes.running.reset(token)
                answered(responses)
                return responses

        return asend

    @functools.wraps(found)
    def send(self: Any, sender: Any, **named: Any) -> Any:
        with _observed(shapes, self, sender, named) as answered:
            lane = lanes.here.lane
            before, lane.open = lane.open, answered.flight
            token = lanes.running.set(lanes.places(answered.flight))
            try:
                responses = found(self, sender, **named)
            finally:
                lanes.running.reset(token)
                lane.open = before
            answered(responses)
            return responses

    return send


class _Answered:
    """A dispatch of which nothing is known but how it begins and ends.

    While it is under way its flight is one shorter than others, so that the receiver that
    runs has the position -1: nobody knows which it is.
    """

    def __init__(self, shapes: Shapes, signal: Any, sender: Any, flight: Flight) -> None:
        self.flight = flight
        self._told = (shapes, signal, sender)
        self._start = flight.pop(START)
        flight[NOTES] = {**(flight[NOTES] or {}), SENDING: id(signal)}

    def __call__(self, responses: Any) -> None:
        """Read the receivers from what was returned, if it has the form that Django gives it."""
        if type(responses) is not list or not all(
            type(pair) is tuple and len(pair) == 2  # noqa: PLR2004
            for pair in responses
        ):
            return
        shapes, signal, sender = self._told
        try:
            called = {place: tuple(self._called(pair[1])) for place, pair in enumerate(responses)}
            receivers = altering.whole(signal, sender, [receiver for receiver, _ in responses])
            known = shapes.find(signal, sender, receivers, ())
        except Exception as fault:
            STREAM.failed(fault)
        else:
            self.flight[SHAPE] = known.number
            self.flight[NOTES] = {**(self.flight[NOTES] or {}), "calls": called}

    def _called(self, response: Any) -> Called:
        start = self._start
        if self._told[0].method.endswith("robust") and issubclass(type(response), Exception):
            return Called(start, start, "raised", None, said(response), 0)
        return Called(start, start, "returned", words.value(response), None, 0)

    def ended(self) -> None:
        """Make it a flight like others."""
        self.flight.append(self._start)
        notes = {key: held for key, held in self.flight[NOTES].items() if key != SENDING}
        self.flight[NOTES] = {**notes, "end": clock()}


@contextmanager
def _observed(shapes: Shapes, signal: Any, sender: Any, named: dict[str, Any]) -> Iterator[_Answered]:
    lane = lanes.here.lane
    answered = _Answered(shapes, signal, sender, opened(shapes, lane, signal, sender, named, (), ()))
    try:
        yield answered
    except BaseException as error:
        stopped(answered.flight, error, -1)
        raise
    finally:
        answered.ended()
        closed(lane, answered.flight, None)
