"""The parts of Django's dispatch that await: what the four methods do with async receivers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from time import perf_counter_ns as clock
from typing import Any

from asgiref.sync import sync_to_async

from sigexplorer.capture import lanes
from sigexplorer.capture.flights import closed, raised, returned, stopped
from sigexplorer.capture.registry import run_parallel
from sigexplorer.capture.watch import AsyncCall, Watch

Responses = list[tuple[Any, Any]]


async def all_responses(signal: Any, sender: Any, named: dict[str, Any], watch: Watch) -> Responses:
    """Do what ``asend`` and ``asend_robust`` do once they know the receivers."""

    async def sync_send() -> Responses:
        if not watch.sync_receivers:
            return []
        watch.sync_state = "waiting"
        group = _sync_responses_robust if watch.robust else _sync_responses
        try:
            return await sync_to_async(group)(signal, sender, named, watch)
        finally:
            if watch.sync_state == "waiting":  # cancelled before a thread was free
                watch.sync_ended()

    calls = watch.async_calls
    try:
        if run_parallel is None:
            responses, answers = await asyncio.gather(
                sync_send(), asyncio.gather(*_awaitables(signal, sender, named, watch))
            )
        else:
            responses = await sync_send()
            answers = await run_parallel(*_awaitables(signal, sender, named, watch))
        responses.extend((call.receiver, answer) for call, answer in zip(calls, answers, strict=True))
    except BaseException as error:
        watch.stopped(error)
        raise
    finally:
        closed(watch.lane, watch.flight, watch)
    return responses


def _sync_responses(signal: Any, sender: Any, named: dict[str, Any], watch: Watch) -> Responses:
    """Call the sync receivers of an ``asend``, in the thread that asgiref chose."""
    flight, lane = watch.flight, lanes.here.lane
    watch.sync_state = "running"
    responses: Responses = []
    before, lane.open = lane.open, flight
    token = lanes.running.set(lanes.places(flight))
    receivers = watch.sync_receivers
    try:
        for receiver in receivers:
            response = receiver(signal=signal, sender=sender, **named)
            responses.append((receiver, response))
            flight.append(clock())
            if response is not None:
                returned(flight, response)
    except BaseException as error:
        stopped(flight, error, len(receivers))
        raise
    finally:
        lanes.running.reset(token)
        lane.open = before
        watch.sync_ended()
    return responses


def _sync_responses_robust(signal: Any, sender: Any, named: dict[str, Any], watch: Watch) -> Responses:
    """Call the sync receivers of an ``asend_robust``, in the thread that asgiref chose."""
    flight, lane = watch.flight, lanes.here.lane
    watch.sync_state = "running"
    responses: Responses = []
    before, lane.open = lane.open, flight
    token = lanes.running.set(lanes.places(flight))
    receivers = watch.sync_receivers
    try:
        for receiver in receivers:
            try:
                response = receiver(signal=signal, sender=sender, **named)
            except Exception as err:
                raised(flight, err)
                signal._log_robust_failure(receiver, err)
                responses.append((receiver, err))
                flight.append(clock())
            else:
                responses.append((receiver, response))
                flight.append(clock())
                if response is not None:
                    returned(flight, response)
    except BaseException as error:
        stopped(flight, error, len(receivers))
        raise
    finally:
        lanes.running.reset(token)
        lane.open = before
        watch.sync_ended()
    return responses


async def async_responses(signal: Any, sender: Any, named: dict[str, Any], watch: Watch) -> Responses:
    """Do what ``send`` and ``send_robust`` do with async receivers."""
    calls = watch.async_calls
    together = asyncio.gather if run_parallel is None else run_parallel
    answers = await together(*_awaitables(signal, sender, named, watch))
    return [(call.receiver, answer) for call, answer in zip(calls, answers, strict=True)]


def _awaitables(signal: Any, sender: Any, named: dict[str, Any], watch: Watch) -> Iterator[Any]:
    """Call each async receiver, as late as Django does, and step what it returns."""
    for call in watch.async_calls:
        if watch.robust:
            yield _caught(signal, sender, named, call)
            continue
        try:
            awaitable = call.calling(call.receiver, signal=signal, sender=sender, **named)
        except BaseException as error:
            call.failed(error)
            for other in watch.async_calls:
                other.pending = False  # none of them will ever run
            raise
        yield call.drive(awaitable)


async def _caught(signal: Any, sender: Any, named: dict[str, Any], call: AsyncCall) -> Any:
    receiver = call.receiver
    try:
        try:
            awaitable = call.calling(receiver, signal=signal, sender=sender, **named)
        except BaseException as error:
            call.failed(error)
            raise
        return await call.drive(awaitable)
    except Exception as err:
        signal._log_robust_failure(receiver, err)
        return err
