"""What was dispatched dies as if nobody had watched."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import weakref
from contextvars import Context, copy_context
from typing import Any

import pytest
from capturing import (
    METHODS,
    connect,
    observing,
    outcome,
    parents,
    raising,
    returning,
    send,
)
from django.dispatch import Signal, dispatcher

each_method = pytest.mark.parametrize("method", METHODS)
each_sync = pytest.mark.parametrize("method", METHODS[:2])


class Held:
    """Something that can be referred to weakly."""


@pytest.fixture
def _unlogged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep errors out of pytest's own log, which holds on to them."""
    monkeypatch.setattr(dispatcher.logger, "disabled", True)


@pytest.mark.usefixtures("_unlogged")
@each_method
@pytest.mark.parametrize("failing", [False, True], ids=["well", "failing"])
def test_nothing_is_kept_alive(method: str, *, failing: bool) -> None:
    """Arguments, answers, receivers and senders die as without us, though the trace goes on."""

    def one_send() -> list[weakref.ref[Any]]:
        signal, instance, answer, problem = Signal(), Held(), Held(), ValueError("no")
        sender = type("Passing", (), {})

        def receiver(**_named: object) -> Held:
            inner.send(instance, held=instance)
            return answer

        async def awaited(**_named: object) -> Held:
            await asyncio.sleep(0)
            if failing:
                raise problem
            return answer

        inner = Signal()
        connect(inner, returning("inner", answer), weak=False)
        connect(signal, receiver, awaited)
        if failing:
            problem.held = instance
        outcome(lambda: send(signal, method, sender, held=instance))
        problem.with_traceback(None)
        return [weakref.ref(thing) for thing in (signal, inner, instance, answer, sender, receiver, awaited)]

    with observing() as tracer:
        references = one_send()
        gc.collect()
        assert [reference() for reference in references] == [None] * 7
        assert len(tracer.trace().dispatches) == 2


@pytest.mark.usefixtures("_unlogged")
@each_sync
@pytest.mark.parametrize("failing", [False, True], ids=["well", "failing"])
def test_arguments_die_at_once(method: str, *, failing: bool) -> None:
    """The last reference to an argument is the caller's: no cycle of ours waits for the garbage collector."""
    signal = Signal()
    receiver = raising("receiver") if failing else returning("receiver")
    signal.connect(receiver)

    def one_send() -> weakref.ref[Held]:
        held = Held()
        with contextlib.suppress(ValueError):
            getattr(signal, method)(None, held=held)
        return weakref.ref(held)

    collecting = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        unobserved = one_send()()
        with observing():
            assert (one_send()() is None) is (unobserved is None)
        # Django's own frame of a failed send_robust() and the error in its responses hold each other.
        assert (unobserved is not None) is (failing and method == "send_robust")
    finally:
        if collecting:
            gc.enable()


@pytest.mark.usefixtures("_unlogged")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("failing", [False, True], ids=["well", "failing"])
def test_a_context_that_outlives_the_dispatch_keeps_nothing(method: str, *, failing: bool) -> None:
    """A copy of the context taken inside of a receiver holds nothing of the program afterwards."""
    contexts: list[Context] = []

    def one_send() -> list[weakref.ref[Any]]:
        signal, held, answer = Signal(), Held(), Held()
        sender = type("Passing", (), {})

        def receiver(**_named: object) -> Held:
            contexts.append(copy_context())
            return answer

        async def awaited(**_named: object) -> Held:
            contexts.append(copy_context())
            if failing:
                raise ValueError(answer)
            return answer

        connect(signal, receiver, awaited)
        outcome(lambda: send(signal, method, sender, held=held))
        return [weakref.ref(thing) for thing in (signal, held, answer, sender, receiver, awaited)]

    with observing():
        references = one_send()
        gc.collect()
        assert [reference() for reference in references] == [None] * 6
    assert len(contexts) == 2


@pytest.mark.parametrize("method", METHODS)
def test_what_a_copied_context_sends_later_has_no_parent(method: str) -> None:
    """Work that a receiver leaves behind is not inside of a dispatch that is over."""
    signal, later, contexts = Signal(), Signal(), []

    def receiver(**_named: object) -> None:
        contexts.append(copy_context())

    async def awaited(**_named: object) -> None:
        contexts.append(copy_context())

    connect(signal, receiver, awaited)
    with observing() as tracer:
        send(signal, method, name="over")
        for place, context in enumerate(contexts):
            context.run(later.send, None, name=f"later {place}")
    assert set(parents(tracer.trace()).values()) == {(None, None)}
