"""A dispatch whose receivers may outlast its send: one with async receivers, or awaited itself."""

from __future__ import annotations

from collections.abc import Coroutine, Generator, Sequence
from inspect import CO_ITERABLE_COROUTINE
from time import perf_counter_ns as clock
from types import CoroutineType, GeneratorType
from typing import Any

from sigexplorer.capture import lanes, words
from sigexplorer.capture.lanes import STREAM, Lane, id_of, said
from sigexplorer.model import Outcome, Scalar
from sigexplorer.spool.rows import ENDS, ID, NOTES, OUTER, Called, Flight


class Watch:
    """One dispatch until nothing of it runs any more, which may be after its send has raised.

    The flight itself is the place of its sync receivers; each async one has its own.
    """

    __slots__ = ("async_calls", "claim", "flight", "lane", "robust", "sent", "sync_receivers", "sync_state")

    def __init__(
        self,
        lane: Lane,
        flight: Flight,
        sync_receivers: Sequence[Any],
        async_receivers: Sequence[Any],
        *,
        robust: bool = False,
    ) -> None:
        self.lane = lane  # of the thread that sent it
        self.flight = flight
        self.robust = robust
        self.sync_receivers = sync_receivers
        self.async_calls = [
            AsyncCall(self, position, receiver)
            for position, receiver in enumerate(async_receivers, len(sync_receivers))
        ]
        self.sync_state = ""  # of an asend: "", "waiting" for a thread, "running" in one
        self.sent = False  # the send has returned or raised
        self.claim = [None]  # popped, in one step, by whoever finishes it
        STREAM.pending[flight[ID]] = (lane.thread, flight)

    def stopped(self, error: BaseException) -> None:
        """Note what came out of the send."""
        notes = self.flight[NOTES] = self.flight[NOTES] or {}
        notes["error"] = said(error)

    def sync_ended(self) -> None:
        """Note that no sync receiver runs any more, which may be after ``asend`` raised."""
        self.sync_state = ""
        if self.sent:
            self.finish()

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


class AsyncCall(Coroutine[Any, Any, Any]):
    """The coroutine of one async receiver, stepped so that it is known what runs inside it.

    A plain context variable would do on Django 5.2 and 6.0, where every receiver has a
    context of its own; 6.1 runs them concurrently in a shared one.
    """

    __slots__ = (
        "__weakref__", "coroutine", "end", "error", "outcome", "pending", "place", "places", "position",
        "receiver", "result", "start", "watch",
    )  # fmt: skip

    coroutine: Any  # given by the dispatch loop as soon as it has called the receiver

    def __init__(self, watch: Watch, position: int, receiver: Any) -> None:
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

    def send(self, value: Any) -> Any:
        """Run the receiver to its next suspension."""
        return self._step(self.coroutine.send, value)

    def throw(self, *error: Any) -> Any:
        """Raise ``error`` where the receiver is suspended: how asyncio cancels."""
        return self._step(self.coroutine.throw, *error)

    def close(self) -> None:
        """End the receiver where it is."""
        try:
            self.coroutine.close()
        finally:
            if self.pending:
                self._ended("returned" if self.start else "skipped")

    def __await__(self) -> Generator[Any, Any, Any]:
        return self  # send, throw, close and next are all that await asks for

    def __iter__(self) -> AsyncCall:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def calling(self, receiver: Any, /, **named: Any) -> Any:
        """Call the receiver, which makes its coroutine and mostly does nothing else."""
        lane = lanes.here.lane
        before, lane.open = lane.open, self.place
        token = lanes.running.set(self.places)
        try:
            return receiver(**named)
        finally:
            lanes.running.reset(token)
            lane.open = before

    def _step(self, resume: Any, *arguments: Any) -> Any:
        self.start = self.start or clock()
        lane = lanes.here.lane
        before, lane.open = lane.open, self.place
        token = lanes.running.set(self.places)
        try:
            return resume(*arguments)
        except StopIteration as stop:
            self._returned(stop.value)
            raise
        except BaseException as error:
            self.error = said(error)
            self._ended("raised")
            raise
        finally:
            lanes.running.reset(token)
            lane.open = before

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
