"""Observe a Django whose dispatch we do not know, or that somebody else has replaced.

The method that was found runs, and what it returns tells which receivers ran: their own
times and queries, and receivers whose error ended a send, stay unknown.
"""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any

from django.dispatch import Signal

from sigexplorer.capture import altering, lanes, words
from sigexplorer.capture.clock import clock
from sigexplorer.capture.flights import closed, opened, stopped
from sigexplorer.capture.frames import unseen
from sigexplorer.capture.lanes import SENDING, STREAM, said
from sigexplorer.capture.receivers import listeners
from sigexplorer.capture.twice import FRAME
from sigexplorer.capture.watch import Entered, put_back
from sigexplorer.spool.rows import ID, NOTES, SHAPE, START, Called, Flight

if TYPE_CHECKING:
    from sigexplorer.capture.shapes import Shapes


def wrapped(shapes: Shapes, found: Any) -> Any:
    """Return ``found``, one of the four methods of ``Signal``, observed."""
    return (_wrapped_async if shapes.method.startswith("a") else _wrapped_sync)(shapes, found)


def is_wrapper(method: Any) -> bool:
    """Whether a method that stands on a class is one of these."""
    return getattr(method, "__globals__", None) is globals()


def _wrapped_sync(shapes: Shapes, found: Any) -> Any:
    @functools.wraps(found)
    def send(self: Any, /, *given: Any, **named: Any) -> Any:
        if not issubclass(type(self), Signal):  # it has the method of something mixed in
            return found(self, *given, **named)
        answered = _Answered(shapes, self, *_sent_with(given, named))
        entered = Entered(answered.flight, lanes.places(answered.flight))
        try:
            entered.enter()
            responses = found(self, *given, **named)
            answered(responses)
        except BaseException as error:
            unseen(error)
            stopped(answered.flight, error, -1)
            raise
        else:
            return responses
        finally:
            entered.leave()
            answered.ended()

    return send


def _wrapped_async(shapes: Shapes, found: Any) -> Any:
    @functools.wraps(found)
    async def asend(self: Any, /, *given: Any, **named: Any) -> Any:
        if not issubclass(type(self), Signal):
            return await found(self, *given, **named)
        answered = _Answered(shapes, self, *_sent_with(given, named))
        token = None
        try:
            lanes.STREAM.carrying = True
            token = lanes.running.set(lanes.places(answered.flight))
            responses = await found(self, *given, **named)
            answered(responses)
        except BaseException as error:
            unseen(error)
            stopped(answered.flight, error, -1)
            raise
        else:
            return responses
        finally:
            if token is not None:
                put_back(token)
            answered.ended()

    return asend


def _sent_with(given: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return the sender, and the arguments that have names."""
    if given:
        return given[0], named
    return named.get("sender"), {name: held for name, held in named.items() if name != "sender"}


class _Answered:
    """A dispatch of which nothing is known but how it begins and ends.

    While it is under way its flight is one shorter than others, so that the receiver that
    runs has the position -1: nobody knows which it is.
    """

    def __init__(self, shapes: Shapes, signal: Any, sender: Any, named: dict[str, Any]) -> None:
        self._lane = lanes.here.lane
        self.flight: Flight = opened(shapes, self._lane, signal, sender, named, (), ())
        self._told = (shapes, signal, sender)
        self._start = self.flight.pop(START)
        self.flight[NOTES] = {**(self.flight[NOTES] or {}), SENDING: id(signal), FRAME: id(sys._getframe(1))}
        self._answered = False

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
            self._answered = True

    def _tell_unknown(self) -> None:
        """Tell of those that it may have called."""
        shapes, signal, sender = self._told
        receivers = [one.receiver for one in listeners(signal, sender)]
        if receivers:
            start = self._start
            self.flight[SHAPE] = shapes.find(signal, sender, receivers, ()).number
            unknown = tuple(Called(start, None, "unknown", None, None, 0))
            notes = self.flight[NOTES] or {}
            self.flight[NOTES] = {**notes, "calls": dict.fromkeys(range(len(receivers)), unknown)}

    def _called(self, response: Any) -> Called:
        start = self._start
        if self._told[0].method.endswith("robust") and issubclass(type(response), Exception):
            return Called(start, None, "raised", None, said(response), 0)
        return Called(start, None, "returned", words.value(response), None, 0)

    def ended(self) -> None:
        """Make it a flight like others, and close it."""
        if self.flight[ID] and not self._answered:
            lanes.guarded(self._tell_unknown)
        self.flight.append(self._start)
        notes = {key: held for key, held in self.flight[NOTES].items() if key not in (SENDING, FRAME)}
        self.flight[NOTES] = {**notes, "end": clock()}
        closed(self._lane, self.flight, None)
