"""Async receivers: what may be awaited, cancelled and left in a context."""

from __future__ import annotations

import asyncio
import functools
import gc
import itertools
import threading
import types
import warnings
from collections.abc import Callable, Generator
from contextvars import ContextVar, copy_context
from typing import Any

import pytest
from asgiref.sync import markcoroutinefunction, sync_to_async
from capturing import (
    METHODS,
    TASK_GROUP,
    asynchronous,
    both,
    calls,
    comparable,
    connect,
    drained,
    observing,
    only,
    outcome,
    parents,
    raising,
    returning,
    send,
    unawaited,
)
from django.dispatch import Signal

from sigexplorer.capture.lanes import running

each_method = pytest.mark.parametrize("method", METHODS)
each_async = pytest.mark.parametrize("method", METHODS[2:])


class Later:
    """An awaitable that is no coroutine."""

    def __await__(self) -> Generator[None, None, str]:
        yield
        return "answer"


@types.coroutine
def old_style() -> Generator[None, None, str]:
    """Return a coroutine made of a generator."""
    yield
    return "answer"


def finished_future() -> asyncio.Future[str]:
    """Return a future that has its result."""
    future = asyncio.get_running_loop().create_future()
    future.set_result("answer")
    return future


def pending_future() -> asyncio.Future[str]:
    """Return a future that gets its result in the next turn of the loop."""
    future = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(future.set_result, "answer")
    return future


def failed_future() -> asyncio.Future[str]:
    """Return a future that has failed."""
    future = asyncio.get_running_loop().create_future()
    future.set_exception(ValueError("no"))
    return future


def marked(make: Callable[[], Any]) -> Callable[..., Any]:
    """Make a receiver that Django takes for a coroutine function and that returns anything."""

    def receiver(**_named: object) -> Any:
        return make()

    receiver.__qualname__ = "marked"
    return markcoroutinefunction(receiver)


@each_method
@pytest.mark.parametrize("make", [finished_future, pending_future, Later], ids=lambda make: make.__name__)
def test_awaitables_that_are_no_coroutines(method: str, make: Callable[[], Any]) -> None:
    """A receiver marked as a coroutine function may return any awaitable, and is recorded with its answer."""
    receiver, sibling = marked(make), asynchronous(returning("sibling", "too"))

    def story() -> list[tuple[Any, Any]]:
        signal = Signal()
        connect(signal, receiver, sibling)
        return send(signal, method)

    seen, trace = both(story)
    assert seen == [(receiver, "answer"), (sibling, "too")]
    assert calls(only(trace)) == [("marked", "returned"), ("sibling", "returned")]
    assert only(trace).calls[0].result == "answer"


@each_method
def test_a_future_that_has_failed(method: str) -> None:
    """The error of a future that a receiver returned is the receiver's error."""
    receiver = marked(failed_future)

    def story() -> tuple[Any, ...]:
        signal = Signal()
        signal.connect(receiver)
        return outcome(lambda: send(signal, method))

    seen, trace = both(story)
    assert (seen[0] == "returned") is method.endswith("robust")
    assert calls(only(trace)) == [("marked", "raised")]
    assert only(trace).calls[0].error == "ValueError: no"


@each_method
def test_a_coroutine_made_of_a_generator(method: str) -> None:
    """What Django makes of an old-style coroutine, it makes of it observed; the receiver did run."""
    receiver = marked(old_style)

    def story() -> tuple[Any, ...]:
        signal = Signal()
        signal.connect(receiver)
        return outcome(lambda: send(signal, method))

    with unawaited():
        seen, trace = both(story)
    assert seen[0] in ("returned", "raised")
    assert calls(only(trace)) == [("marked", seen[0])]


@each_method
def test_a_coroutine_function_that_returns_nothing_to_await(method: str) -> None:
    """An answer that cannot be awaited is asyncio's error, and the receiver did run."""
    receiver = marked(lambda: 5)

    def story() -> tuple[Any, ...]:
        signal = Signal()
        signal.connect(receiver)
        return outcome(lambda: send(signal, method))

    with unawaited():
        seen, trace = both(story)
    error = seen[1][0][1] if method.endswith("robust") else seen[1]
    assert error[0] is TypeError
    assert [name for _, name in calls(only(trace))] != ["skipped"]


@each_method
def test_what_a_coroutine_function_sends_before_its_first_step(method: str) -> None:
    """A receiver that works when it is called, before it is awaited, is the parent of what it sends there."""
    inner, outer = Signal(), Signal()

    def eager(name: str) -> Callable[..., Any]:
        def make() -> Later:
            inner.send(None, name=name)
            return Later()

        return marked(make)

    one, other = eager("by one"), eager("by other")
    connect(outer, returning("nobody"), one, other, weak=False)
    with observing() as tracer:
        send(outer, method, name="outer")
    assert parents(tracer.trace()) == {
        "outer": (None, None),
        "by one": ("outer", 1),
        "by other": ("outer", 2),
    }


@each_async
@pytest.mark.parametrize("swallowed", [False, True], ids=["raised", "swallowed"])
def test_cancelling_an_asend(method: str, *, swallowed: bool) -> None:
    """A cancelled asend cancels its receivers as Django does, and is recorded as cancelled."""

    def story() -> list[object]:
        log: list[object] = []
        signal = Signal()

        async def main() -> None:
            started = asyncio.Event()

            async def waiting(**_named: object) -> str:
                started.set()
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError as error:
                    log.append(("receiver", comparable(error)))
                    if not swallowed:
                        raise
                return "late"

            signal.connect(waiting)
            task = asyncio.create_task(getattr(signal, method)(None))
            await started.wait()
            task.cancel("enough")
            try:
                log.append(len(await task))
            except asyncio.CancelledError:
                log.append("cancelled")
            log.append(task.cancelled())
            await drained()

        asyncio.run(main())
        return log

    seen, trace = both(story)
    # A task group cancels its tasks without the message.
    assert seen[0] == ("receiver", (asyncio.CancelledError, [] if TASK_GROUP else ["enough"]))
    assert calls(only(trace)) == [("waiting", "returned" if swallowed else "raised")]
    assert (only(trace).error is not None) is (seen[1] == "cancelled")
    if not swallowed:
        assert only(trace).error.startswith("asyncio.exceptions.CancelledError")


@each_async
def test_cancelling_an_asend_that_waits_for_its_thread(method: str) -> None:
    """An asend cancelled before its sync receivers ran is recorded: as cancelled, with them skipped."""

    def story() -> list[object]:
        log: list[object] = []
        signal = Signal()
        go_on, busy = threading.Event(), threading.Event()

        def occupying() -> None:
            busy.set()
            assert go_on.wait(10)

        async def main() -> None:
            # One thread runs all sync receivers; while it is busy, those of the asend wait.
            occupied = asyncio.create_task(sync_to_async(occupying)())
            await asyncio.to_thread(busy.wait, 10)
            task = asyncio.create_task(getattr(signal, method)(None))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            task.cancel()
            (error,) = await asyncio.gather(task, return_exceptions=True)
            log.append(type(error))
            go_on.set()
            await occupied
            await drained()

        signal.connect(waiting)
        asyncio.run(main())
        return log

    waiting = returning("waiting")
    seen, trace = both(story)
    assert seen == [asyncio.CancelledError]
    assert calls(only(trace)) == [("waiting", "skipped")]
    assert only(trace).error.startswith("asyncio.exceptions.CancelledError")


@each_async
def test_waiting_for_the_thread_is_no_receivers_time(method: str) -> None:
    """Sync receivers of concurrent asends, which share one thread, are told one after the other."""

    def story() -> list[object]:
        signal = Signal()
        signal.connect(waiting)

        async def main() -> None:
            await asyncio.gather(*(getattr(signal, method)(number) for number in range(4)))

        asyncio.run(main())
        return []

    waiting = returning("waiting")
    _, trace = both(story)
    spans = sorted(
        (call.start_ns, call.start_ns + (call.duration_ns or 0))
        for dispatch in trace.dispatches
        for call in dispatch.calls
    )
    assert len(spans) == 4
    assert all(start >= end for (_, end), (start, _) in itertools.pairwise(spans))


@each_async
def test_siblings_that_wait_for_the_same_thread(method: str) -> None:
    """On 6.1 asgiref refuses the second of two concurrent receivers that need it: recorded as refused."""
    inner_receiver = returning("inner receiver")

    def story() -> list[object]:
        log: list[object] = []
        outer, inner = Signal(), Signal()

        def sibling(name: str) -> Callable[..., Any]:
            async def receiver(**_named: object) -> None:
                try:
                    log.append((name, await inner.asend(None, name=name)))
                except RuntimeError:
                    log.append((name, "refused"))

            return receiver

        inner.connect(inner_receiver)
        connect(outer, sibling("one"), sibling("other"), weak=False)
        send(outer, method, name="outer")
        return sorted(log, key=str)

    seen, trace = both(story)
    answered = [(inner_receiver, None)]
    assert seen == [("one", answered), ("other", "refused" if TASK_GROUP else answered)]
    found = parents(trace)
    assert found == {"outer": (None, None), "one": ("outer", 0), "other": ("outer", 1)}
    outcomes = {dispatch.argument("name"): calls(dispatch)[0][1] for dispatch in trace.dispatches[1:]}
    assert outcomes == {"one": "returned", "other": "skipped" if TASK_GROUP else "returned"}


@each_method
def test_context_variables_leak_as_in_django(method: str) -> None:
    """What a receiver sets is seen by siblings and by the caller where, and only where, Django shows it."""
    variable: ContextVar[str] = ContextVar("variable", default="nobody")

    def story() -> list[object]:
        log: list[object] = []
        signal = Signal()

        def sync(**_named: object) -> None:
            log.append(("sync", variable.get()))
            variable.set("sync")

        async def one(**_named: object) -> None:
            log.append(("one", variable.get()))
            variable.set("one")
            await asyncio.sleep(0)
            log.append(("one again", variable.get()))

        async def other(**_named: object) -> None:
            log.append(("other", variable.get()))
            variable.set("other")
            await asyncio.sleep(0)
            log.append(("other again", variable.get()))

        connect(signal, sync)
        copied = copy_context()
        copied.run(variable.set, "caller")
        if not method.startswith("a"):
            connect(signal, one, other)
            copied.run(send, signal, method)
            return [*log, copied.get(variable)]

        async def main() -> None:
            variable.set("caller")
            await getattr(signal, method)(None)  # the sync receiver alone: both at once is a race
            log.append(variable.get())
            variable.set("caller")
            signal.disconnect(sync)
            connect(signal, one, other)
            await getattr(signal, method)(None)
            log.append(variable.get())
            await drained()

        asyncio.run(main())
        return log

    seen, _ = both(story)
    assert seen[0] == ("sync", "caller")
    assert ("one again", "other" if TASK_GROUP else "one") in seen
    assert (seen[-1] == "other") is TASK_GROUP


@each_method
def test_our_own_context_variable_is_gone_afterwards(method: str) -> None:
    """After a dispatch, failed or not, the caller's context says that no receiver runs."""
    signal = Signal()
    receivers = (returning("sync"), asynchronous(returning("awaited")), asynchronous(raising("failing")))
    connect(signal, *receivers)
    left: list[object] = []

    async def main() -> None:
        await asyncio.gather(getattr(signal, method)(None), return_exceptions=True)
        await drained()
        left.append(running.get())

    with observing():
        if method.startswith("a"):
            asyncio.run(main())
        else:
            outcome(lambda: send(signal, method))
        left.append(running.get())
    assert set(left) == {None}


@each_method
def test_no_coroutine_is_left_that_django_would_await(method: str) -> None:
    """Failing sends warn of coroutines never awaited as often as Django's do, and no more."""
    narrow = asynchronous(returning("narrow"))

    async def strict(sender: object) -> None:
        """Take no ``signal``."""

    def story() -> list[int]:
        counts = []
        for receivers in (
            (narrow, marked(lambda: 5), narrow),
            (returning("sync"), narrow, strict, narrow),
            (raising("failing"), narrow),
            (narrow, asynchronous(raising("failing")), narrow),
            (narrow,),
        ):
            signal = Signal()
            connect(signal, *receivers, weak=False)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                if receivers == (narrow,) and not method.startswith("a"):
                    asyncio.run(in_a_loop(signal))
                else:
                    outcome(functools.partial(send, signal, method))
                gc.collect()
            counts.append(sum("never awaited" in str(warning.message) for warning in caught))
        return counts

    async def in_a_loop(signal: Signal) -> None:
        with pytest.raises(RuntimeError, match="event loop"):
            getattr(signal, method)(None)

    seen, _ = both(story)
    assert len(seen) == 5
