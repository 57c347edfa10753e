"""Which call of which dispatch sent another: through threads, tasks and concurrent receivers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from capturing import (
    METHODS,
    TASK_GROUP,
    asynchronous,
    connect,
    drained,
    observing,
    only,
    parents,
    returning,
    send,
)
from django.dispatch import Signal

from sigexplorer.capture import lanes
from sigexplorer.capture.watch import Watch

each_method = pytest.mark.parametrize("method", METHODS)
each_async = pytest.mark.parametrize("method", METHODS[2:])


def test_threads_do_not_mix() -> None:
    """Eight threads that send at once get ids of their own, and each nested dispatch its own parent."""
    outer, inner = Signal(), Signal()
    barrier = threading.Barrier(8)

    def receiver(*, name: str, **_named: object) -> None:
        inner.send(None, name=f"{name} inside")

    nobody = returning("nobody")
    connect(outer, nobody, receiver)

    def work(thread: int) -> None:
        barrier.wait()
        for number in range(500):
            outer.send(None, name=f"{thread}/{number}")

    with observing() as tracer:
        threads = [threading.Thread(target=work, args=(number,), name=f"t{number}") for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    trace = tracer.trace()
    assert [dispatch.id for dispatch in trace.dispatches] == list(range(1, 8001))
    found = parents(trace)
    assert len(found) == 8000
    for name, parent in found.items():
        assert parent == ((name.removesuffix(" inside"), 1) if name.endswith(" inside") else (None, None))
    assert all(dispatch.thread == f"t{dispatch.argument('name')[0]}" for dispatch in trace.dispatches)


@each_method
def test_nested_dispatches_have_the_call_that_sent_them(method: str) -> None:
    """Sync and async receivers are the parents of what they send, by their index among the calls."""
    outer, inner = Signal(), Signal()

    def sync(**_named: object) -> None:
        inner.send(None, name="by sync")

    async def awaited(**_named: object) -> None:
        await inner.asend(None, name="by awaited")
        inner.send_robust(None, name="by awaited, sync")

    connect(outer, returning("nobody"), awaited, sync, weak=False)
    with observing() as tracer:
        send(outer, method, name="outer")
        inner.send(None, name="after")
    assert parents(tracer.trace()) == {
        "outer": (None, None),
        "by sync": ("outer", 1),
        "by awaited": ("outer", 2),
        "by awaited, sync": ("outer", 2),
        "after": (None, None),
    }


@pytest.mark.parametrize("heard", [False, True], ids=["unheard", "heard"])
def test_nesting_through_threads_and_tasks(*, heard: bool) -> None:
    """The bridges of asgiref, asyncio's tasks and to_thread() carry the receiver that sends along."""
    outer, inner = Signal(), Signal()
    if heard:
        connect(inner, nobody)

    def sync(**_named: object) -> None:
        async_to_sync(inner.asend)(None, name="async_to_sync")
        inner.send(None, name="after async_to_sync")

    async def awaited(**_named: object) -> None:
        await sync_to_async(inner.send)(None, name="sync_to_async")
        await sync_to_async(inner.send, thread_sensitive=False)(None, name="free thread")
        await asyncio.to_thread(inner.send, None, name="to_thread")
        await asyncio.create_task(inner.asend(None, name="task"))
        await asyncio.gather(inner.asend(None, name="gather"), deeper())
        inner.send(None, name="after gather")

    async def deeper() -> None:
        await sync_to_async(async_to_sync(inner.asend))(None, name="there and back")

    connect(outer, sync, awaited)
    with observing() as tracer:
        outer.send(None, name="outer")
        asyncio.run(awaited_send(outer))
    expected = {
        "async_to_sync": 0,
        "after async_to_sync": 0,
        "sync_to_async": 1,
        "free thread": 1,
        "to_thread": 1,
        "task": 1,
        "gather": 1,
        "there and back": 1,
        "after gather": 1,
    }
    trace = tracer.trace()
    for dispatch in trace.dispatches:
        name = dispatch.argument("name")
        assert dispatch.parent_call == expected.get(name), name
        assert (dispatch.parent is None) is name.startswith("outer"), name
    roots = [dispatch.id for dispatch in trace.dispatches if dispatch.parent is None]
    assert sorted(roots * len(expected)) == sorted(
        dispatch.parent for dispatch in trace.dispatches if dispatch.parent is not None
    )


def nobody(**_named: object) -> None:
    """Do nothing."""


async def awaited_send(signal: Signal) -> None:
    """Send from async code."""
    await signal.asend(None, name="outer, awaited")


@each_method
def test_concurrent_siblings_send_for_themselves(method: str) -> None:
    """Async receivers that take turns each stay the parent of what they send, deeper levels included."""
    outer, middle, inner = Signal(), Signal(), Signal()

    def sibling(name: str, turns: int) -> Callable[..., Any]:
        async def receiver(**_named: object) -> None:
            for turn in range(turns):
                await middle.asend(None, name=f"{name}{turn}")
                await asyncio.sleep(0)
                inner.send(None, name=f"{name}{turn} again")

        return receiver

    async def relay(*, name: str, **_named: object) -> None:
        await asyncio.sleep(0)
        inner.send(None, name=f"{name} deeper")

    siblings = [sibling(name, turns) for name, turns in (("a", 3), ("b", 5), ("c", 2))]
    connect(outer, *siblings)
    connect(middle, relay)
    with observing() as tracer:
        send(outer, method, name="outer")
    expected: dict[object, tuple[object, int | None]] = {"outer": (None, None)}
    for index, (name, turns) in enumerate((("a", 3), ("b", 5), ("c", 2))):
        for turn in range(turns):
            expected[f"{name}{turn}"] = expected[f"{name}{turn} again"] = ("outer", index)
            expected[f"{name}{turn} deeper"] = (f"{name}{turn}", 0)
    assert parents(tracer.trace()) == expected


@each_async
def test_a_dispatch_belongs_to_the_thread_that_sent_it(method: str) -> None:
    """The thread of a record is the sender's, wherever the last receiver happens to end."""
    signal = Signal()
    go_on = threading.Event()

    def patient(**_named: object) -> None:
        assert go_on.wait(10)

    async def failing(**_named: object) -> None:
        await asyncio.sleep(0)
        raise ValueError("no")

    async def main() -> None:
        result = asyncio.gather(getattr(signal, method)(None), return_exceptions=True)
        if not TASK_GROUP and method == "asend":
            await result  # the sync receiver is still in its thread
        go_on.set()
        await result
        await drained()

    connect(signal, patient, failing)
    with observing() as tracer:
        asyncio.run(main())
    assert only(tracer.trace()).thread == threading.current_thread().name


def test_a_dispatch_that_two_threads_end_is_told_once() -> None:
    """The thread of the sync receivers and the loop may end a dispatch at once: one of them tells of it."""
    lane = lanes.here.lane
    watch = Watch(lane, [1, 0, None, None, None, (), None, None, 1], (), ())
    watch.sent = True

    class Slow(list[None]):
        """A claim that lets another thread come to the same end at the worst moment."""

        def pop(self, *_place: Any) -> None:
            """Be overtaken the first time."""
            if not self.overtaken:
                self.overtaken = True
                other = threading.Thread(target=watch.finish)
                other.start()
                other.join()
            super().pop()

        overtaken = False

    watch.claim = Slow([None])
    told = len(lane.flights)
    watch.finish()
    assert len(lane.flights) == told + 1
    lane.flights.clear()


@each_method
def test_the_parts_of_a_dispatch_lie_within_it(method: str) -> None:
    """Each call begins and ends within its dispatch, and one sync call after the other."""
    signal = Signal()
    receivers = [returning("a"), returning("b"), asynchronous(returning("c"))]
    connect(signal, *receivers)
    with observing() as tracer:
        send(signal, method)
    dispatch = only(tracer.trace())
    assert dispatch.start_ns >= 0
    for call in dispatch.calls:
        assert dispatch.start_ns <= call.start_ns
        assert call.duration_ns >= 0
        assert call.start_ns + call.duration_ns <= dispatch.start_ns + dispatch.duration_ns
    first, second, _ = dispatch.calls
    assert first.start_ns + first.duration_ns <= second.start_ns
