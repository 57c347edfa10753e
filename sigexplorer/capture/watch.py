"""One dispatch while it is under way, and where in the tree of dispatches we are."""

from __future__ import annotations

from collections.abc import Coroutine, Generator, Iterable
from contextvars import ContextVar
from inspect import CO_ITERABLE_COROUTINE
from time import perf_counter_ns as clock
from types import CoroutineType, GeneratorType
from typing import Any, NamedTuple

from sigexplorer.model import Method, Outcome

#: The receiver that is running, as a dispatch and the receiver's position in it. Set only
#: while the receiver runs, because Django 6.1 shares one context among concurrent ones.
running: ContextVar[tuple[Watch, int] | None] = ContextVar("sigexplorer_running", default=None)


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
        "async_calls", "claim", "end", "error", "finished", "marks", "method", "named", "notes", "parent",
        "parent_position", "queries", "raised", "responses", "sender", "sent", "signal", "sync_receivers",
        "sync_state",
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
        self.sync_state = ""  # of an asend: "", "waiting" for a thread, "running" in one
        self.sent = False  # the send has returned or raised
        self.end = 0  # when it did
        self.finished = False
        self.claim = [None]  # popped, in one step, by whoever finishes it
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
        return bool(self.sync_state) or any(call.pending for call in self.async_calls)

    def seen_calls(self) -> list[SeenCall]:
        """Say what became of every receiver, in the order in which Django calls them."""
        return [self._seen_sync(place) for place in range(len(self.sync_receivers))] + [
            call.seen(self.queries.get(call.position, 0), self.marks[-1]) for call in self.async_calls
        ]

    def _seen_sync(self, place: int) -> SeenCall:
        receiver, marks = self.sync_receivers[place], self.marks
        queries = self.queries.get(place, 0)
        if place + 1 >= len(marks):
            return SeenCall(receiver, marks[-1], marks[-1], "skipped", None, 0, is_async=False)
        start, end = marks[place], marks[place + 1]
        if place in self.raised:
            return SeenCall(receiver, start, end, "raised", self.raised[place], queries, is_async=False)
        value = self.responses[place][1] if place < len(self.responses) else None
        return SeenCall(receiver, start, end, "returned", value, queries, is_async=False)

    def stopped(self, error: BaseException) -> None:
        """Note what ended the send: mostly the sync receiver at ``position``."""
        self.error = error
        if self.position < len(self.sync_receivers):
            self.raised.setdefault(self.position, error)
            self.marks.append(clock())

    def sync_ended(self) -> None:
        """Note that no sync receiver runs any more, which may be after ``asend`` raised."""
        self.sync_state = ""
        if self.sent:
            finish(self)

    def let_go(self) -> None:
        """Drop every live object: a context that outlives us must keep nothing alive."""
        for call in self.async_calls:
            call.let_go()
        self.signal = self.sender = self.error = None
        self.named, self.raised, self.notes = {}, {}, []
        self.sync_receivers, self.async_calls, self.responses = [], [], []


class AsyncCall(Coroutine[Any, Any, Any]):
    """The coroutine of one async receiver, stepped so that ``running`` is right inside it.

    A plain context variable would do on Django 5.2 and 6.0, where every receiver has a
    context of its own; 6.1 runs them concurrently in a shared one.
    """

    __slots__ = (
        "__weakref__", "coroutine", "end", "outcome", "pending", "position", "receiver", "start",
        "value", "watch",
    )  # fmt: skip

    coroutine: Any  # given by the dispatch loop as soon as it has called the receiver

    def __init__(self, watch: Watch, position: int, receiver: Any) -> None:
        self.watch = watch
        self.position = position
        self.receiver = receiver
        self.start = self.end = 0
        self.pending = False  # it was called and has not ended
        self.outcome: Outcome = "skipped"
        self.value: Any = None

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
            self._ended("returned", awaitable)
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
                self._ended("returned" if self.start else "skipped", None)

    def __await__(self) -> Generator[Any, Any, Any]:
        return self  # send, throw, close and next are all that await asks for

    def __iter__(self) -> AsyncCall:
        return self

    def __next__(self) -> Any:
        return self.send(None)

    def _step(self, resume: Any, *arguments: Any) -> Any:
        self.start = self.start or clock()
        token = running.set((self.watch, self.position))
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
        self.end, self.outcome, self.value, self.pending = clock(), outcome, value, False
        if self.watch.sent:
            finish(self.watch)

    def failed(self, error: BaseException) -> None:
        """Note that the receiver could not even be called."""
        self.start = clock()
        self._ended("raised", error)

    def let_go(self) -> None:
        """Drop what belongs to the program; the coroutine has ended."""
        self.receiver = self.value = None

    def seen(self, queries: int, now: int) -> SeenCall:
        """Say what became of the receiver; one still running is shown up to ``now``."""
        start = self.start or now
        outcome: Outcome = "returned" if self.pending and self.start else self.outcome
        end = self.end or max(start, now)
        return SeenCall(self.receiver, start, end, outcome, self.value, queries, is_async=True)


async def _awaited(awaitable: Any) -> Any:
    return await awaitable


def here() -> tuple[Watch | None, int]:
    """Return the dispatch whose receiver is running now, and the receiver's position.

    What outlives its receiver, such as a task that it started, belongs to the nearest
    dispatch around it that is still under way.
    """
    at = running.get()
    if at is None:
        return None, 0
    watch: Watch | None
    watch, position = at
    while watch is not None and watch.finished:
        position, watch = watch.parent_position, watch.parent
    return watch, position


def count_query() -> None:
    """Count one SQL statement for the receiver that is running now, and for those around it."""
    watch, position = here()
    while watch is not None:
        watch.queries[position] = watch.queries.get(position, 0) + 1
        position, watch = watch.parent_position, watch.parent


def close(watch: Watch) -> None:
    """Note that the send itself has returned or raised."""
    watch.end = clock()
    watch.sent = True
    finish(watch)


def finish(watch: Watch) -> None:
    """Hand a dispatch over to its observers, once nothing of it runs any more."""
    if watch.waiting:
        return
    try:
        watch.claim.pop()
    except IndexError:  # another thread was first
        return
    watch.finished = True
    for observer, note in watch.notes:
        try:
            observer.closed(watch, note)
        except Exception as fault:
            observer.failed(fault)
    watch.let_go()
