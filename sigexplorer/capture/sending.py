"""A dispatch of a class that calls its receivers itself, as far as it has come: see ``rewriting``.

Each call has a place of its own, which is what runs in its thread meanwhile; the flight has no
clocks of them, and all is put together once the dispatch is over.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from time import perf_counter_ns as clock
from types import CoroutineType
from typing import Any, NamedTuple

from sigexplorer.capture import altering, lanes, shapes, words
from sigexplorer.capture.flights import closed, opened
from sigexplorer.capture.lanes import SENDING, STREAM, guarded, id_of, said
from sigexplorer.capture.listening import tracing_receiver
from sigexplorer.capture.receivers import is_same, layers
from sigexplorer.capture.registry import Registration, registrations
from sigexplorer.capture.watch import AsyncCall, Entered
from sigexplorer.spool.rows import ID, NOTES, ORIGIN, OUTER, SHAPE, START, Called, Flight


class Way(NamedTuple):
    """What is known of a method before it is called."""

    shapes: shapes.Shapes
    sends: bool  # to call it is to send, whoever hears that
    is_async: bool
    pauses: bool  # others may run while it does: it is async, or a generator
    sees_all: bool  # what it calls stands where we see it


class _Call:
    """A receiver that is called."""

    def __init__(self, sending: Sending, position: int) -> None:
        self.position = position
        flight = sending.flight
        told = {**(flight[NOTES] or {}), "calls": {place: tuple(one) for place, one in sending.told.items()}}
        start = sending.start
        self.place: Flight = [*flight[:NOTES], told, flight[ORIGIN], start, *(start for _ in range(position))]
        self.entered = Entered(self.place, lanes.places(self.place))
        self.start = start

    def ended(self, outcome: Any, result: Any = None, error: str | None = None) -> Called:
        """Return what became of it."""
        queries = (self.place[NOTES] or {}).get("queries", {}).get(self.position, 0)
        self.place[OUTER] = id_of(self.place[OUTER])
        return Called(self.start, clock(), outcome, result, error, queries)


class Sending:
    """One dispatch, from its method's beginning to its end; or none, if that calls nobody."""

    def __init__(self, way: Way, signal: Any, sender: Any, named: dict[str, Any]) -> None:
        self.way = way
        self.signal = signal
        self.sender = sender
        self.depth = 1  # methods of its class that are at work for it
        self.sent = False
        self.sees_all = way.sees_all
        self.flight: Flight = [0]
        self.start = clock()
        self.told: dict[int, Called] = {}
        self.receivers: list[Any] = []  # in the order of the calls
        self.responses: list[Any] = []
        self.gone_through: list[Sequence[Any]] = []
        self.raised_last = 0  # the id of the error that the last call has raised
        self.error: str | None = None
        self.stopped_by_call = False  # the error is that one, or comes of it
        self.asynchronous: list[AsyncCall] = []
        self.finish: Any = lambda: None  # asked for by an async call that outlasts us
        self.entered: Entered | None = None  # while the method runs, where nothing else does meanwhile
        self.token: Any = None
        self.before: Sending | None = None
        self._named = named
        self._origin: Any = None
        self.lane = lanes.here.lane
        self._open: dict[int, list[tuple[int, _Call | None]]] = {}  # by thread: what is being called
        self._live: list[Registration] | None = None

    def open(self, origin: Any) -> None:
        """Open the dispatch, with the line that has sent it."""
        self._origin = origin
        self._open_flight()
        if self.flight[ID]:
            self.flight[NOTES] = {**(self.flight[NOTES] or {}), SENDING: id(self.signal)}
        if not self.way.pauses:
            self.entered = Entered(self.flight, lanes.places(self.flight))

    def _open_flight(self) -> None:
        self.flight = opened(self.way.shapes, self.lane, self.signal, self.sender, self._named, (), ())
        if self.flight[ORIGIN] is not None:
            self.flight[ORIGIN] = self._origin
        self.start = self.flight.pop(START)

    def enter(self) -> None:
        """Let it be what runs."""
        if self.depth > 1 or not self.flight[ID]:
            return
        if self.entered is not None:
            self.entered.enter()
        elif self.way.is_async:
            STREAM.carrying = True
            self.token = lanes.running.set(lanes.places(self.flight))

    def leave(self) -> None:
        """Let it be as it was."""
        if self.entered is not None:
            self.entered.leave()
        if self.token is not None:
            lanes.running.reset(self.token)

    def close(self) -> None:
        """Make a row of what was noted."""
        closed(self.lane, self.flight, None)

    @property
    def notes(self) -> dict[str, Any]:
        """Return the notes of its flight, to be added to."""
        if self.flight[NOTES] is None:
            self.flight[NOTES] = {}
        return self.flight[NOTES]  # type: ignore[no-any-return]

    @property
    def is_calling(self) -> bool:
        """Whether a receiver runs in this thread."""
        return any(call is not None for _, call in self._open.get(threading.get_ident(), ()))

    def connected(self, thing: Any) -> Registration | None:
        """Return how something is connected to this signal, or what it wraps, as others wrap receivers."""
        found = self.registered(thing)
        if found is None and self.signal.receivers:
            found = next(filter(None, map(self.registered, layers(thing))), None)
        return found

    def registered(self, receiver: Any) -> Registration | None:
        """Return how a receiver is connected: for this sender, if it is so."""
        if self._live is None:
            self._live = registrations(self.signal)
            own = id(self.sender)
            self._live.sort(key=lambda one: one.sender_id is not None and one.sender_id != own)
        for one in self._live:
            if one.receiver is receiver or is_same(one.receiver, receiver):
                return one
        return None

    # What the method is made to say.

    def calling(self, site: int, function: Any, certain: bool) -> Any:  # noqa: FBT001 - from the method
        """Take note of what is about to be called, and return it."""
        call: _Call | None = guarded(self._begun, function, certain)
        self._open.setdefault(threading.get_ident(), []).append((site, call))
        if call is not None:
            call.entered.enter()
            call.start = clock()
        return function

    def _begun(self, function: Any, certain: bool) -> _Call | None:  # noqa: FBT001 - as above
        found = self.connected(altering.original(function))
        if found is None or found.receiver is tracing_receiver:
            self.sees_all = self.sees_all and not certain  # the signal went elsewhere
            return None
        if not self.flight[ID]:  # nobody was called before
            self._open_flight()
        (self.flight[NOTES] or {}).pop(SENDING, None)
        position = len(self.receivers)
        self.receivers.append(found.receiver)
        if self.flight[ID]:
            self.flight[SHAPE] = shapes.and_then(self.flight[SHAPE], found.receiver, found)
        return _Call(self, position)

    def called(self, site: int, value: Any) -> Any:
        """Take note of what it returned; return that, or what is to be awaited in its place."""
        waiting = self._open.get(threading.get_ident(), [])
        while waiting:
            number, call = waiting.pop()
            if call is not None:
                call.entered.leave()
                if self.way.is_async and type(value) is CoroutineType:
                    return guarded(self._awaited, call, value) or value
                guarded(self._note, call, "returned", value)
            if number == site:
                break
        return value

    def _awaited(self, call: _Call, value: Any) -> Any:
        stand_in = AsyncCall(self, call.position, self.receivers[call.position])  # type: ignore[arg-type]
        stand_in.place = call.place
        stand_in.places = lanes.places(call.place)
        self.asynchronous.append(stand_in)
        return stand_in.drive(value)

    def _note(self, call: _Call, outcome: str, value: Any) -> None:
        if outcome == "raised":
            self.told[call.position] = call.ended("raised", error=said(value))
            self.raised_last = id(value)
        else:
            self.told[call.position] = call.ended("returned", None if value is None else words.value(value))
            self.raised_last = 0

    def raised(self, sites: tuple[int, ...]) -> None:
        """Take note of the error that one of these calls has raised."""
        waiting = self._open.get(threading.get_ident(), [])
        while waiting and waiting[-1][0] in sites:
            _, call = waiting.pop()
            if call is not None:
                call.entered.leave()
                guarded(self._note, call, "raised", sys.exception())

    def iterating(self, things: Any) -> Any:
        """Take note of what is gone through, which tells who was skipped."""
        if type(things) is list or type(things) is tuple:
            self.gone_through.append(things)
        return things

    def answered(self, responses: Any) -> Any:
        """Take note of what is returned: it may tell of receivers that were called out of our sight."""
        if self.depth == 1 and type(responses) is list:
            self.responses = responses
        return responses
