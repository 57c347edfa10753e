"""One dispatch while it is under way, and where in the tree of dispatches we are."""

from __future__ import annotations

from collections.abc import Coroutine, Generator, Iterable
from contextvars import ContextVar
from time import perf_counter_ns as clock
from types import CoroutineType
from typing import Any, NamedTuple

from sigexplorer.model import Method, Outcome

#: The receiver that is running: a ``Watch`` stands for the sync receiver at its
#: ``position``, an ``AsyncCall`` for one coroutine. Set only while user code runs in it,
#: because Django 6.1 shares one context among concurrent receivers.
running: ContextVar[Watch | AsyncCall | None] = ContextVar("sigexplorer_running", default=None)


class SeenCall(NamedTuple):
    """What became of one receiver; holds live objects, so it is put into words at once."""

    receiver: Any
    start: int  # clock()
    end: int
    outcome: Outcome
    value: Any  # what was returned, or the exception
    queries: int
    is_async: bool


class Watch:
    """One dispatch under observation.

    ``marks`` are clock readings: the start, then one as each sync receiver ends, so that
    n receivers cost n + 1 readings. ``responses`` is the very list that Django's caller
    gets. Live objects are let go when the watch is finished.
    """

    __slots__ = (
        "async_calls", "error", "finished", "marks", "method", "named", "notes", "parent", "parent_position",
        "queries", "raised", "responses", "sender", "sent", "signal", "sync_receivers", "sync_running",
    )  # fmt: skip

    def __init__(
        self,
        signal: Any,
        sender: Any,
        named: dict[str, Any],
        method: Method,
        sync_receivers: list[Any],
        async_receivers: Iterable[Any],
    ) -> None:
        self.signal = signal
        self.sender = sender
        self.named = named
        self.method = method
        self.sync_receivers = sync_receivers
        self.async_calls = [
            AsyncCall(self, position, receiver)
            for position, receiver in enumerate(async_receivers, len(sync_receivers))
        ]
        self.responses: list[tuple[Any, Any]] = []
        self.raised: dict[int, BaseException] = {}  # by position among the sync receivers
        self.queries: dict[int, int] = {}  # by position among all receivers
        self.error: BaseException | None = None
        self.sync_running = False  # another thread is in our sync receivers
        self.sent = False  # the send has returned or raised
        self.finished = False
        self.notes: list[tuple[Any, Any]] = []  # each observer with what it noted at the opening
        self.parent, self.parent_position = here()
        self.marks = [clock()]

    @property
    def position(self) -> int:
        """The place of the sync receiver that is running now."""
        return len(self.marks) - 1

    @property
    def receivers(self) -> list[Any]:
        """Every receiver, sync before async, as Django calls them."""
        return self.sync_receivers + [call.receiver for call in self.async_calls]

    @property
    def waiting(self) -> bool:
        """Whether receivers are still running, which may outlast a failed ``asend``."""
        return self.sync_running or any(call.running for call in self.async_calls)

    def seen_calls(self) -> list[SeenCall]:
        """Say what became of every receiver, in the order in which Django calls them."""
        return [self._seen_sync(place) for place in range(len(self.sync_receivers))] + [
            call.seen(self.queries.get(call.position, 0), self.marks[-1]) for call in self.async_calls
        ]

    def _seen_sync(self, place: int) -> SeenCall:
        receiver, marks = self.sync_receivers[place], self.marks
        queries = self.queries.get(place, 0)
        if place + 1 >= len(marks):
            return SeenCall(receiver, marks[-1], marks[-1], "skipped", None, 0, False)
        if place in self.raised:
            return SeenCall(
                receiver, marks[place], marks[place + 1], "raised", self.raised[place], queries, False
            )
        value = self.responses[place][1] if place < len(self.responses) else None
        return SeenCall(receiver, marks[place], marks[place + 1], "returned", value, queries, False)

    def stopped(self, error: BaseException) -> None:
        """Note what ended the send: mostly the sync receiver at ``position``."""
        self.error = error
        if self.position < len(self.sync_receivers):
            self.raised[self.position] = error
            self.marks.append(clock())

    def sync_ended(self) -> None:
        """Note that no sync receiver runs any more, which may be after ``asend`` raised."""
        self.sync_running = False
        if self.sent:
            finish(self)

    def answered(self, responses: list[tuple[Any, Any]]) -> None:
        """Take the receivers from what an unknown Django's method returned."""
        self.responses = responses
        self.sync_receivers = [receiver for receiver, _ in responses]
        self.marks = [self.marks[0]] + [clock()] * len(responses)

    def let_go(self) -> None:
        """Drop every live object: a context that outlives us must keep nothing alive."""
        self.finished = True
        if self.parent is not None and not self.parent.finished:
            count(self.parent, self.parent_position, sum(self.queries.values()))
        self.signal = self.sender = self.error = self.parent = None
        self.named, self.raised, self.notes = {}, {}, []
        self.sync_receivers, self.async_calls, self.responses = [], [], []


class AsyncCall(Coroutine[Any, Any, Any]):
    """The coroutine of one async receiver, stepped so that ``running`` is right inside it.

    A plain context variable would do on Django 5.2 and 6.0, where every receiver has a
    context of its own; 6.1 runs them concurrently in a shared one.
    """

    __slots__ = (
        "__weakref__",
        "coroutine",
        "end",
        "outcome",
        "position",
        "receiver",
        "start",
        "value",
        "watch",
    )

    coroutine: Coroutine[Any, Any, Any]  # given by the dispatch loop as soon as it has called the receiver

    def __init__(self, watch: Watch, position: int, receiver: Any) -> None:
        self.watch = watch
        self.position = position
        self.receiver = receiver
        self.start = self.end = 0
        self.outcome: Outcome = "skipped"
        self.value: Any = None

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self.start != 0 and self.end == 0

    def drive(self, awaitable: Any) -> Any:
        """Take what calling the receiver gave; return what is to be awaited in its place."""
        if isinstance(awaitable, CoroutineType):
            self.coroutine = awaitable
        elif hasattr(type(awaitable), "__await__"):
            self.coroutine = _awaited(awaitable)
        else:
            return awaitable  # asyncio's own error is the right one
        return self

    def send(self, value: Any) -> Any:
        """Run the receiver to its next suspension."""
        return self._step(self.coroutine.send, value)

    def throw(self, *error: Any) -> Any:
        """Raise ``error`` where the receiver is suspended: how asyncio cancels."""
        return self._step(self.coroutine.throw, *error)

    def close(self) -> None:
        """End the receiver where it is."""
        self.coroutine.close()
        if self.running:
            self._ended("returned", None)

    def __await__(self) -> Generator[Any, Any, Any]:
        return self  # send, throw, close and next are all that await asks for

    def __iter__(self) -> AsyncCall:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def _step(self, resume: Any, *arguments: Any) -> Any:
        self.start = self.start or clock()
        token = running.set(self)
        try:
            return resume(*arguments)
        except StopIteration as stop:
            self._ended("returned", stop.value)
            raise
        except BaseException as error:
            self._ended("raised", error)
            raise
        finally:
            running.reset(token)

    def _ended(self, outcome: Outcome, value: Any) -> None:
        self.end, self.outcome, self.value = clock(), outcome, value
        if self.watch.sent:
            finish(self.watch)

    def seen(self, queries: int, now: int) -> SeenCall:
        """Say what became of the receiver; one still running is shown up to ``now``."""
        start = self.start or now
        outcome: Outcome = "returned" if self.running else self.outcome
        return SeenCall(self.receiver, start, self.end or now, outcome, self.value, queries, True)


async def _awaited(awaitable: Any) -> Any:
    return await awaitable


def here() -> tuple[Watch | None, int]:
    """Return the dispatch whose receiver is running now, and the receiver's position."""
    at = running.get()
    if at is None:
        return None, 0
    watch = at if type(at) is Watch else at.watch  # type: ignore[union-attr]
    return (None, 0) if watch.finished else (watch, at.position)


def count_query() -> None:
    """Count one SQL statement for the receiver that is running now."""
    watch, position = here()
    if watch is not None:
        count(watch, position, 1)


def count(watch: Watch, position: int, queries: int) -> None:
    """Count ``queries`` SQL statements for the receiver at ``position`` of ``watch``."""
    if queries:
        watch.queries[position] = watch.queries.get(position, 0) + queries


def close(watch: Watch) -> None:
    """Note that the send itself has returned or raised."""
    watch.sent = True
    finish(watch)


def finish(watch: Watch) -> None:
    """Hand a dispatch over to its observers, once nothing of it runs any more."""
    if watch.finished or watch.waiting:
        return
    for observer, note in watch.notes:
        try:
            observer.closed(watch, note)
        except Exception as fault:
            observer.failed(fault)
    watch.let_go()
