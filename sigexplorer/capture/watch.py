"""A dispatch whose receivers may outlast its send: one with async receivers, or awaited itself."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator, Sequence
from contextlib import suppress
from inspect import CO_ITERABLE_COROUTINE
from types import CoroutineType, GeneratorType
from typing import Any

from sigexplorer.capture import lanes, words
from sigexplorer.capture.clock import clock
from sigexplorer.capture.frames import unseen
from sigexplorer.capture.lanes import STREAM, Lane, id_of, said
from sigexplorer.model import Outcome, Scalar
from sigexplorer.spool.rows import ENDS, ID, NOTES, OUTER, Called, Flight


class Watch:
    """One dispatch until nothing of it runs any more, which may be after its send has raised.

    The flight itself is the place of its sync receivers; each async one has its own.
    """

    __slots__ = (
        "async_calls", "claim", "entered", "flight", "lane", "robust", "sent", "sync_receivers", "sync_state",
        "uncalled",
    )  # fmt: skip

    def __init__(
        self,
        lane: Lane,
        flight: Flight,
        sync_receivers: Sequence[Any],
        async_receivers: Sequence[Any],
        robust: bool = False,  # noqa: FBT001, FBT002 - from the loops
    ) -> None:
        self.lane = lane  # of the thread that sent it
        self.flight = flight
        self.robust = robust
        self.sync_receivers = sync_receivers
        self.async_calls = [
            AsyncCall(self, position, receiver)
            for position, receiver in enumerate(async_receivers, len(sync_receivers))
        ]
        self.uncalled = self.async_calls[:]
        self.entered: Entered | None = None  # while a receiver is called to make its coroutine
        self.sync_state = ""  # of an asend: "", "waiting" for a thread, "running" in one
        self.sent = False  # the send has returned or raised
        self.claim = [None]  # popped, in one step, by whoever finishes it
        if flight[ID]:
            STREAM.pending[flight[ID]] = (lane.thread, flight)

    def stopped(self, error: BaseException) -> None:
        """Note what came out of the send."""
        self.not_called(error)
        notes = self.flight[NOTES] = self.flight[NOTES] or {}
        notes["error"] = said(error)

    def sync_sending(self, sync_send: Callable[[], Coroutine[Any, Any, Any]]) -> Coroutine[Any, Any, Any]:
        """Return what is to be awaited in place of ``sync_send()``: it knows that a thread is asked for."""
        if not self.sync_receivers:
            return sync_send()
        waiting: Any = self._waiting(sync_send)
        waiting.__qualname__ = type(sync_send).__call__.__qualname__
        return waiting  # type: ignore[no-any-return]

    async def _waiting(self, sync_send: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        self.sync_state = "waiting"
        try:
            return await sync_send()
        except BaseException as error:
            unseen(error)
            raise
        finally:
            if self.sync_state == "waiting":  # cancelled before a thread was free
                self._sync_is_over()

    def sync_begins(self) -> Entered:
        """Note that the sync receivers are about to be called, in this thread."""
        self.sync_state = "running"
        notes = self.flight[NOTES] = self.flight[NOTES] or {}
        notes["begun"] = clock()  # what it has waited for the thread is no receiver's time
        return Entered(self.flight, lanes.places(self.flight))

    def sync_ended(self, entered: Entered) -> None:
        """Note that no sync receiver runs any more, which may be after ``asend`` raised."""
        entered.leave()
        self._sync_is_over()

    def _sync_is_over(self) -> None:
        self.sync_state = ""
        if self.sent:
            self.finish()

    def calling(self, receiver: Any) -> AsyncCall | None:
        """Note that the program calls an async receiver, which mostly does nothing but make its coroutine."""
        for number, call in enumerate(self.uncalled):
            if call.receiver is receiver:
                del self.uncalled[number]
                self.entered = Entered(call.place, call.places, call)
                self.entered.enter()
                return call
        return None  # all is over

    def called(self, call: AsyncCall | None, awaitable: Any) -> Any:
        """Take what calling the receiver gave; return what is to be awaited in its place."""
        if call is None or self.entered is None:
            return awaitable
        self.entered.leave()
        self.entered = None
        return call.drive(awaitable)

    def not_called(self, error: BaseException) -> None:
        """Note what calling a receiver raised, if one is being called."""
        entered, self.entered = self.entered, None
        if entered is None or entered.call is None:
            return
        entered.leave()
        if not self.robust:
            for other in self.async_calls:
                other.pending = False  # none of them will ever run
        entered.call.failed(error)

    def finish(self) -> None:
        """Make the row, if the send is over and none of its receivers runs any more."""
        if self.sync_state or any(call.pending for call in self.async_calls):
            return
        try:
            self.claim.pop()
        except IndexError:  # another thread was first
            return
        try:
            self._note_calls()
        except Exception as fault:
            STREAM.failed(fault)
        flight = self.flight
        outer = id_of(flight[OUTER])
        for place in (flight, *(call.place for call in self.async_calls)):
            place[OUTER] = outer
        self.async_calls, self.sync_receivers = [], ()  # they hold each other, and the program's objects
        if flight[ID]:
            self.lane.flights.append(flight)
        STREAM.pending.pop(flight[ID], None)

    def _note_calls(self) -> None:
        notes = self.flight[NOTES] = self.flight[NOTES] or {}
        notes["end"] = clock()
        if self.async_calls:
            notes["calls"] = {call.position: tuple(call.called()) for call in self.async_calls}


class Entered:
    """What runs in this thread and context, and what ran there before.

    It is entered inside of a ``try`` whose end leaves it, because a Ctrl-C may come at any time.
    """

    __slots__ = ("before", "call", "lane", "place", "places", "token", "within")

    def __init__(self, place: Flight, places: Any, call: AsyncCall | None = None) -> None:
        self.place = lanes.recorded(place)
        self.places = places
        self.call = call
        self.lane = lanes.here.lane
        self.before = self.lane.open
        self.within = lanes.running.get()
        self.token: Any = None

    def enter(self) -> None:
        """Let it be what runs."""
        self.lane.open = self.place
        STREAM.carrying = True
        self.token = lanes.running.set(self.places)

    def leave(self) -> None:
        """Let it be as it was."""
        self.lane.open = self.before
        if self.token is not None:
            put_back(self.token)
        elif lanes.running.get() is not self.within:
            lanes.running.set(self.within)


def put_back(token: Any) -> None:
    """Let ``running`` be what it was, unless what has set it ends in another context."""
    with suppress(ValueError):
        lanes.running.reset(token)


class AsyncCall(Coroutine[Any, Any, Any]):
    """The coroutine of one async receiver, stepped so that it is known what runs inside it.

    A plain context variable would do on Django 5.2 and 6.0, where every receiver has a
    context of its own; 6.1 runs them concurrently in a shared one.
    """

    __slots__ = (
        "__weakref__", "coroutine", "end", "error", "outcome", "pending", "place", "places", "position",
        "receiver", "result", "start", "watch",
    )  # fmt: skip

    def __init__(self, watch: Watch, position: int, receiver: Any) -> None:
        self.coroutine: Any = None  # until the receiver was called
        self.watch = watch
        self.position = position
        self.receiver = receiver
        self.place = [*watch.flight[:ENDS], *(0 for _ in range(position))]
        self.place[NOTES] = None
        self.places = lanes.places(self.place)
        self.start = self.end = 0
        self.pending = False  # it was called and has not ended
        self.outcome: Outcome = "skipped"
        self.result: Scalar = None
        self.error: str | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.coroutine, name)  # what somebody who looks at a task wants to know of it

    def __repr__(self) -> str:
        return repr(self.coroutine)

    @property  # type: ignore[misc] # only isinstance() asks for it
    def __class__(self) -> Any:
        """Be taken for a coroutine by ``inspect``."""
        return type(self.coroutine)

    def drive(self, awaitable: Any) -> Any:
        """Take what calling the receiver gave; return what is to be awaited in its place."""
        kind = type(awaitable)
        if kind is CoroutineType or (
            kind is GeneratorType and awaitable.gi_code.co_flags & CO_ITERABLE_COROUTINE
        ):
            self.coroutine = awaitable
        elif hasattr(kind, "__await__"):
            self.coroutine = _awaited(awaitable)
        else:
            self.start = clock()
            self._returned(awaitable)
            return awaitable  # asyncio's own error is the right one
        self.pending = True
        return self

    def send(self, value: Any = None, *error: Any) -> Any:
        """Run the receiver to its next suspension."""
        self.start = self.start or clock()
        entered = Entered(self.place, self.places)
        try:
            entered.enter()
            if error:
                return self.coroutine.throw(*error)
            return self.coroutine.send(value)
        except StopIteration as stop:
            self._returned(stop.value)
            raise
        except BaseException as raised:
            unseen(raised)
            self.error = said(raised)
            self._ended("raised")
            raise
        finally:
            entered.leave()

    # A warning of the receiver's about whoever called it passes over frames that Python says
    # are its own: it is told of what awaits the receiver, as it would be without us.
    send.__code__ = send.__code__.replace(co_filename="<frozen importlib._bootstrap>")
    __next__ = send

    def throw(self, *error: Any) -> Any:
        """Raise ``error`` where the receiver is suspended: how asyncio cancels."""
        try:
            return self.send(None, *error)
        except BaseException as raised:
            unseen(raised)
            raise

    def close(self) -> None:
        """End the receiver where it is."""
        try:
            self.coroutine.close()
        except BaseException as raised:
            unseen(raised)
            raise
        finally:
            if self.pending:
                self._ended("returned" if self.start else "skipped")

    def __await__(self) -> Generator[Any, Any, Any]:
        return self  # send, throw, close and next are all that await asks for

    def __iter__(self) -> AsyncCall:
        return self

    def failed(self, error: BaseException) -> None:
        """Note that calling the receiver raised."""
        self.start = self.start or clock()
        self.error = said(error)
        self._ended("raised")

    def _returned(self, value: Any) -> None:
        self.result = None if value is None else words.value(value)
        self._ended("returned")

    def _ended(self, outcome: Outcome) -> None:
        self.end, self.outcome, self.pending = clock(), outcome, False
        if self.watch.sent:
            self.watch.finish()

    def called(self) -> Called:
        """Return what became of it."""
        queries = (self.place[NOTES] or {}).get("queries", {}).get(self.position, 0)
        if self.outcome == "skipped":
            now = self.watch.flight[-1]
            return Called(now, now, "skipped", None, None, 0)
        return Called(self.start, self.end, self.outcome, self.result, self.error, queries)


async def _awaited(awaitable: Any) -> Any:
    return await awaitable
