"""A dispatch of a class that calls its receivers itself, as far as it has come: see ``rewriting``.

Each call has a place of its own, which is what runs in its thread meanwhile; the flight has no
clocks of them, and all is put together once the dispatch is over.
"""

from __future__ import annotations

import sys
import threading
from types import CoroutineType
from typing import Any, NamedTuple

from sigexplorer.capture import altering, lanes, shapes, words
from sigexplorer.capture.clock import clock
from sigexplorer.capture.flights import closed, opened
from sigexplorer.capture.holding import Held, Receivers, Standing
from sigexplorer.capture.lanes import SENDING, STREAM, guarded, id_of, said
from sigexplorer.capture.listening import tracing_receiver
from sigexplorer.capture.registry import Registration
from sigexplorer.capture.watch import AsyncCall, Entered, put_back
from sigexplorer.spool.rows import ID, NOTES, ORIGIN, OUTER, SHAPE, START, Called, Flight


class Way(NamedTuple):
    """What is known of a method before it is called."""

    shapes: shapes.Shapes
    sends: bool  # to call it is to send, whoever hears that
    is_async: bool
    pauses: bool  # others may run while it does: it is async, or a generator
    yields: bool  # it is a generator
    sees_all: bool  # what it calls stands where we see it


class _Call:
    """A receiver that is called."""

    def __init__(self, sending: Sending, position: int) -> None:
        self.position = position
        flight = sending.flight
        start = sending.start
        told = {**(flight[NOTES] or {}), "calls": sending.told}
        self.place: Flight = [*flight[:NOTES], told, flight[ORIGIN], start] + [start] * position
        self.entered = Entered(self.place, lanes.places(self.place))
        self.start = start
        self.is_running = False  # not while its arguments are made

    def run(self) -> None:
        """Let it be what runs."""
        self.is_running = True
        self.entered.enter()
        self.start = clock()

    def leave(self) -> None:
        """Let what ran before be what runs."""
        self.is_running = False
        self.entered.leave()

    @property
    def queries(self) -> int:
        """Statements that it has run."""
        found: int = (self.place[NOTES] or {}).get("queries", {}).get(self.position, 0)
        return found

    def ended(self, outcome: Any, result: Any = None, error: str | None = None) -> Called:
        """Return what became of it."""
        self.place[OUTER] = id_of(self.place[OUTER])
        end = None if outcome == "unknown" else clock()
        return Called(self.start, end, outcome, result, error, self.queries)


class _Awaited(AsyncCall):
    """An async receiver, whose dispatch does not hold it: what nobody awaits goes as it would without us."""

    __slots__ = ("call",)

    def __init__(self, sending: Sending, call: _Call) -> None:
        super().__init__(sending, call.position, None)  # type: ignore[arg-type] # is told as a watch is
        self.call = call
        self.place = call.place
        self.places = lanes.places(call.place)

    def _ended(self, outcome: Any) -> None:
        self.end, self.outcome, self.pending = clock(), outcome, False
        guarded(self.watch.awaited, self)  # type: ignore[attr-defined] # as above

    def __del__(self) -> None:
        if self.pending:
            self._ended("unknown" if self.start else "skipped")


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
        self.told: dict[int, tuple[Any, ...]] = {}  # never changed, but replaced: others look at it
        self.called_ones = Receivers()  # in the order of the calls
        self.responses: list[Any] = []
        self.gone_through: list[list[Held]] = []
        self.raised_last = 0  # the id of the error that the last call has raised
        self.error: str | None = None
        self.stopped_by_call = False  # the error is that one, or comes of it
        self.asynchronous: dict[int, _Call] = {}  # that have not ended, by position
        self.finish: Any = lambda: None  # asked for by an async call that outlasts us
        self.entered: Entered | None = None  # while the method runs, where nothing else does meanwhile
        self.token: Any = None
        self.before: Sending | None = None
        self._named = named
        self.origin: Any = None  # the line that has sent it
        self.lane = lanes.here.lane
        self._open: dict[int, list[tuple[int, _Call | None]]] = {}  # by thread: what is being called
        self._standing = Standing(signal, sender)
        self._lock = threading.RLock()  # its receivers may be called in threads
        self._is_no_record = False

    def open(self) -> None:
        """Open the dispatch."""
        self._open_flight()
        if self.flight[ID]:
            self.flight[NOTES] = {**(self.flight[NOTES] or {}), SENDING: id(self.signal)}
        if not self.way.pauses:
            self.entered = Entered(self.flight, lanes.places(self.flight))

    def _open_flight(self) -> None:
        self.flight = opened(self.way.shapes, self.lane, self.signal, self.sender, self._named, (), ())
        if self.flight[ORIGIN] is not None:
            self.flight[ORIGIN] = self.origin
        self.start = self.flight.pop(START)
        self._is_no_record = not self.flight[ID]

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
        for _, call in reversed(self._open.pop(threading.get_ident(), ())):
            self._lost(call)
        if self.entered is not None:
            self.entered.leave()
        if self.token is not None:
            put_back(self.token)

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
        return self._standing.connected(thing)

    def registered(self, receiver: Any) -> Registration | None:
        """Return how a receiver is connected: for this sender, if it is so."""
        return self._standing.registered(receiver)

    def tell(self, position: int, called: Called) -> None:
        """Take note of what became of a receiver."""
        with self._lock:
            self.told = {**self.told, position: tuple(called)}
            if self.sent and self.flight[ID]:
                self.notes["calls"] = self.told

    # What the method is made to say.

    def calling(self, site: int, function: Any, certain: bool) -> Any:  # noqa: FBT001 - from the method
        """Take note of what is about to be called, and return it."""
        waiting = self._open.setdefault(threading.get_ident(), [])
        while waiting and waiting[-1][0] < 0 and waiting[-1][1] is not None and waiting[-1][1].is_running:
            self._lost(waiting.pop()[1])  # somebody else has taken its error
        call = None if self.sent else guarded(self._begun, function, certain)
        waiting.append((site, call))
        return function

    def about(self, site: int, argument: Any) -> Any:
        """Take note that the last of its arguments is there, and return that."""
        number, call = self._open.get(threading.get_ident(), [(0, None)])[-1]
        if number == site and call is not None:
            call.run()
        return argument

    def _begun(self, function: Any, certain: bool) -> _Call | None:  # noqa: FBT001 - as above
        found = self.connected(altering.original(function))
        if found is None or found.receiver is tracing_receiver:
            self.sees_all = self.sees_all and not certain  # the signal went elsewhere
            return None
        with self._lock:
            if not self.flight[ID] and not self._is_no_record:  # nobody was called before
                self._open_flight()
            (self.flight[NOTES] or {}).pop(SENDING, None)
            position = self.called_ones.add(found.receiver)
            if self.flight[ID]:
                self.flight[SHAPE] = shapes.and_then(self.flight[SHAPE], found.receiver, found)
            return _Call(self, position)

    def called(self, site: int, value: Any) -> Any:
        """Take note of what it returned; return that, or what is to be awaited in its place."""
        waiting = self._open.get(threading.get_ident(), [])
        if all(number != site for number, _ in waiting):
            return value
        number, call = waiting.pop()
        while number != site:
            self._lost(call)
            number, call = waiting.pop()
        if call is None or not call.is_running:
            return value
        if type(value) is CoroutineType and not self.way.is_async:
            self._lost(call)  # what runs it is out of our sight
            return value
        call.leave()
        if type(value) is CoroutineType:
            return guarded(self._awaited, call, value) or value
        guarded(self._note, call, "returned", value)
        return value

    def _awaited(self, call: _Call, value: Any) -> Any:
        stand_in = _Awaited(self, call)
        self.asynchronous[call.position] = call
        return stand_in.drive(value)

    def awaited(self, one: _Awaited) -> None:
        """Take note of what became of a receiver that was to be awaited."""
        self.asynchronous.pop(one.position, None)
        start = one.start or one.end
        end = None if one.outcome == "unknown" else one.end
        told = Called(start, end, one.outcome, one.result, one.error, one.call.queries)
        self.tell(one.position, told)
        self.finish()

    def _note(self, call: _Call, outcome: str, value: Any) -> None:
        if outcome == "raised":
            self.tell(call.position, call.ended("raised", error=said(value)))
            self.raised_last = id(value)
        else:
            self.tell(call.position, call.ended("returned", None if value is None else words.value(value)))
            self.raised_last = 0

    def _lost(self, call: _Call | None) -> None:
        """Take note that nobody knows what became of a call."""
        if call is not None and call.is_running:
            call.leave()
            guarded(self.tell, call.position, call.ended("unknown"))

    def lose(self) -> None:
        """Take note of calls that go on in other threads."""
        for waiting in list(self._open.values()):
            for _, call in list(waiting):
                if call is not None and call.is_running:
                    self.tell(call.position, call.ended("unknown"))

    def raised(self, sites: tuple[int, ...]) -> None:
        """Take note of the error that one of these calls has raised, or one that may run anywhere."""
        waiting = self._open.get(threading.get_ident(), [])
        while waiting and (waiting[-1][0] in sites or waiting[-1][0] < 0):
            number, call = waiting.pop()
            if call is None or not call.is_running:
                continue  # it was never called
            if number < 0 and not _came_by_expression(sys.exception()):
                self._lost(call)
            else:
                call.leave()
                guarded(self._note, call, "raised", sys.exception())

    def iterating(self, things: Any) -> Any:
        """Take note of what is gone through, which tells who was skipped."""
        if (type(things) is list or type(things) is tuple) and not self.sent:
            found = guarded(self._standing.among, things)
            if found:
                self.gone_through.append(found)
        return things

    def answered(self, responses: Any) -> Any:
        """Take note of what is returned: it may tell of receivers that were called out of our sight."""
        if self.depth == 1 and type(responses) is list:
            self.responses = responses
        elif self.depth == 1 and _may_run_later(responses):
            self.sees_all = False
        return responses


def _came_by_expression(error: BaseException | None) -> bool:
    """Whether an error came through a lambda or a generator expression."""
    traceback = error.__traceback__ if error is not None else None
    while traceback is not None:
        if traceback.tb_frame.f_code.co_name in ("<lambda>", "<genexpr>"):
            return True
        traceback = traceback.tb_next
    return False


def _may_run_later(responses: Any) -> bool:
    kind = type(responses)
    return any(words.class_attribute(kind, name) is not None for name in ("__next__", "__await__"))
