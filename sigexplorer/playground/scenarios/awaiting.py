"""Async receivers: where the versions of Django differ."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextvars import ContextVar
from typing import Any

from asgiref.sync import async_to_sync

from sigexplorer.playground.props import connected
from sigexplorer.playground.shop.signals import order_paid, order_placed
from sigexplorer.playground.steps import Steps

#: As in any server: what one request sets is its own.
language: ContextVar[str] = ContextVar("language", default="en")


def async_order(step: Steps) -> None:
    """Send with asend(): sync beside async, one that fails, one that sets a context variable."""
    for part in (_sync_beside_async, _failing, _failing_twice, _context):
        with step.part():
            part(step)


def _sync_beside_async(step: Steps) -> None:
    loops: list[asyncio.AbstractEventLoop] = []
    threads: list[threading.Thread] = []
    begun: list[str] = []
    seen: list[list[str]] = []

    async def pack(**_kwargs: object) -> None:
        begun.append("pack")

    def write_bill(**_kwargs: object) -> None:
        threads.append(threading.current_thread())
        # When this returns, the loop has run whatever it had begun before.
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loops[0]).result(timeout=10)
        seen.append(list(begun))

    async def place_order() -> None:
        loops.append(asyncio.get_running_loop())
        await order_placed.asend(sender=None)

    with step("asend() with a sync and an async receiver"), connected(order_placed, pack, write_bill):
        asyncio.run(place_order())
    step.claim("both are called", sorted(step.called()), ["pack", "write_bill"], fact="sync-in-asend")
    step.claim(
        "the sync one in another thread",
        threads[0] is threading.main_thread(),
        expected=False,
        fact="sync-in-asend",
    )
    if step.django < (6, 1):
        step.claim("beside it the async one has begun", seen, [["pack"]], fact="sync-in-asend")
    else:
        step.claim("before the async one has begun", seen, [[]], fact="sync-in-asend")

    with step("asend() by async_to_sync()"), connected(order_placed, write_bill):
        loops.clear()
        threads.clear()
        async_to_sync(place_order)()
    told = "the sync one in the thread that waits, and the loop in another"
    step.claim(told, threads, [threading.main_thread()], fact="sync-in-asend")


async def _send_and_catch() -> str:
    """Send, name the class of what came out of it, and leave others the time to end."""
    try:
        await order_paid.asend(sender=None)
    except (ValueError, ExceptionGroup) as problem:
        raised = type(problem).__name__
    else:
        raised = "nothing"
    for _ in range(10):
        await asyncio.sleep(0)
    return raised


async def _ends_later(ended: list[str]) -> None:
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    ended.append("ship")


def _failing(step: Steps) -> None:
    ended: list[str] = []

    async def charge(**_kwargs: object) -> None:
        raise ValueError

    async def ship(**_kwargs: object) -> None:
        await _ends_later(ended)

    with step("asend() with one that fails and one that takes longer"), connected(order_paid, charge, ship):
        raised = asyncio.run(_send_and_catch())
    step.claim("the error comes out of asend()", raised, "ValueError", fact="async-cancel")
    if step.django < (6, 1):
        step.claim("the other one goes on, and ends", ended, ["ship"], fact="async-cancel")
    else:
        step.claim("the other one is cancelled", ended, [], fact="async-cancel")


def _failing_twice(step: Steps) -> None:
    async def charge(**_kwargs: object) -> None:
        raise ValueError

    async def ship(**_kwargs: object) -> None:
        raise ValueError

    with step("asend() with two that fail"), connected(order_paid, charge, ship):
        raised = asyncio.run(_send_and_catch())
    if step.django < (6, 1):
        step.claim("the first error comes out, alone", raised, "ValueError", fact="async-cancel")
    else:
        step.claim("they come out as a group", raised, "ExceptionGroup", fact="async-cancel")


def _context(step: Steps) -> None:
    seen: list[str] = []

    async def choose_language(**_kwargs: object) -> None:
        language.set("de")

    async def write_letter(**_kwargs: object) -> None:
        seen.append(language.get())

    async def place_order() -> str:
        await order_placed.asend(sender=None)
        return language.get()

    place: Coroutine[Any, Any, str] = place_order()
    with (
        step("set a context variable in an async receiver"),
        connected(order_placed, choose_language, write_letter),
    ):
        after = asyncio.run(place)
    if step.django < (6, 1):
        step.claim("it is the receiver's own", (seen, after), (["en"], "en"), fact="async-context")
    else:
        step.claim(
            "the next receiver sees it, and so does the sender",
            (seen, after),
            (["de"], "de"),
            fact="async-context",
        )
