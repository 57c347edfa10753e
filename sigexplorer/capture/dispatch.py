"""Observe ``Signal.send`` and its siblings from outside: connect nothing, wrap nothing.

The four send methods are replaced on the class by our own rendering of Django's loops,
because every other design is noticed: a wrapper adds a stack frame, wrapped receivers
appear in the responses, connected receivers switch Django's fast paths off. This file and
``registry``, which reads who is connected, are the only ones that know Django's private
dispatch names.

Source: ``django/dispatch/dispatcher.py`` of Django 5.2, 6.0 and 6.1.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from time import perf_counter_ns as clock
from typing import Any, Protocol

from asgiref.sync import async_to_sync, sync_to_async
from django.dispatch import Signal, dispatcher

from sigexplorer.capture.fingerprint import fingerprint
from sigexplorer.capture.hooks import Failing, Hooks, Replacement
from sigexplorer.capture.watch import AsyncCall, Watch, close, running
from sigexplorer.capture.wrapping import wrapped
from sigexplorer.model import Method

NO_RECEIVERS = dispatcher.NO_RECEIVERS

#: Django 6.1 runs async receivers in a task group, earlier ones gather them.
_run_parallel: Callable[..., Any] | None = getattr(dispatcher, "_run_parallel", None)


class DispatchObserver(Failing, Protocol):
    """Whoever wants to see every dispatch of the process."""

    def opened(self, watch: Watch) -> Any:
        """Note what must be noted before the first receiver runs."""

    def closed(self, watch: Watch, note: Any) -> None:
        """Take what became of the dispatch; ``note`` is what ``opened`` returned."""


def _open(
    signal: Any,
    sender: Any,
    named: dict[str, Any],
    method: Method,
    sync_receivers: list[Any] | None = None,
    async_receivers: Iterable[Any] = (),
) -> Watch:
    watch = Watch(signal, sender, named, method, sync_receivers or [], async_receivers)
    watch.notes = HOOKS.tell(lambda observer: observer.opened(watch))
    watch.marks[0] = clock()
    return watch


# Django's four methods. The early return is Django's to the letter: it decides when a
# sender is hashed. Receivers are called from these very frames, so that the depth of the
# stack, and with it every ``stacklevel``, is Django's.


def send(self: Any, sender: Any, **named: Any) -> list[tuple[Any, Any]]:
    """Do what Django's ``Signal.send`` does, observed."""
    if not self.receivers or self.sender_receivers_cache.get(sender) is NO_RECEIVERS:
        close(_open(self, sender, named, "send"))
        return []
    sync_receivers, async_receivers = self._live_receivers(sender)
    watch = _open(self, sender, named, "send", sync_receivers, async_receivers)
    responses, marks = watch.responses, watch.marks
    token = running.set((watch, 0))
    try:
        for receiver in sync_receivers:
            response = receiver(signal=self, sender=sender, **named)
            responses.append((receiver, response))
            marks.append(clock())
            running.set((watch, len(responses)))
        if async_receivers:
            responses.extend(async_to_sync(_async_responses)(self, sender, named, watch))
    except BaseException as error:
        watch.stopped(error)
        raise
    finally:
        running.reset(token)
        close(watch)
    return responses


def send_robust(self: Any, sender: Any, **named: Any) -> list[tuple[Any, Any]]:
    """Do what Django's ``Signal.send_robust`` does, observed."""
    if not self.receivers or self.sender_receivers_cache.get(sender) is NO_RECEIVERS:
        close(_open(self, sender, named, "send_robust"))
        return []
    sync_receivers, async_receivers = self._live_receivers(sender)
    watch = _open(self, sender, named, "send_robust", sync_receivers, async_receivers)
    responses, marks = watch.responses, watch.marks
    token = running.set((watch, 0))
    try:
        for receiver in sync_receivers:
            try:
                response = receiver(signal=self, sender=sender, **named)
            except Exception as err:
                watch.raised[len(responses)] = err
                self._log_robust_failure(receiver, err)
                responses.append((receiver, err))
            else:
                responses.append((receiver, response))
            marks.append(clock())
            running.set((watch, len(responses)))
        if async_receivers:
            responses.extend(async_to_sync(_async_responses)(self, sender, named, watch))
    except BaseException as error:
        watch.stopped(error)
        raise
    finally:
        running.reset(token)
        close(watch)
    return responses


async def asend(self: Any, sender: Any, **named: Any) -> list[tuple[Any, Any]]:
    """Do what Django's ``Signal.asend`` does, observed."""
    if not self.receivers or self.sender_receivers_cache.get(sender) is NO_RECEIVERS:
        close(_open(self, sender, named, "asend"))
        return []
    sync_receivers, async_receivers = self._live_receivers(sender)
    watch = _open(self, sender, named, "asend", sync_receivers, async_receivers)
    return await _all_responses(self, sender, named, watch, _sync_responses)


async def asend_robust(self: Any, sender: Any, **named: Any) -> list[tuple[Any, Any]]:
    """Do what Django's ``Signal.asend_robust`` does, observed."""
    if not self.receivers or self.sender_receivers_cache.get(sender) is NO_RECEIVERS:
        close(_open(self, sender, named, "asend_robust"))
        return []
    sync_receivers, async_receivers = self._live_receivers(sender)
    watch = _open(self, sender, named, "asend_robust", sync_receivers, async_receivers)
    return await _all_responses(self, sender, named, watch, _sync_responses_robust)


async def _all_responses(
    self: Any,
    sender: Any,
    named: dict[str, Any],
    watch: Watch,
    sync_group: Callable[..., list[tuple[Any, Any]]],
) -> list[tuple[Any, Any]]:
    async def sync_send() -> list[tuple[Any, Any]]:
        if not watch.sync_receivers:
            return []
        watch.sync_state = "waiting"
        try:
            return await sync_to_async(sync_group)(self, sender, named, watch)
        finally:
            if watch.sync_state == "waiting":  # cancelled before a thread was free
                watch.sync_ended()

    responses: list[tuple[Any, Any]]
    try:
        if _run_parallel is None:
            responses, async_responses = await asyncio.gather(
                sync_send(), asyncio.gather(*_awaitables(self, sender, named, watch))
            )
        else:
            responses = await sync_send()
            async_responses = await _run_parallel(*_awaitables(self, sender, named, watch))
        responses.extend(
            (call.receiver, answer) for call, answer in zip(watch.async_calls, async_responses, strict=True)
        )
    except BaseException as error:
        watch.error = error
        raise
    finally:
        close(watch)
    return responses


def _sync_responses(self: Any, sender: Any, named: dict[str, Any], watch: Watch) -> list[tuple[Any, Any]]:
    """Call the sync receivers of an ``asend``, in the thread that asgiref chose."""
    watch.sync_state = "running"
    responses, marks = watch.responses, watch.marks
    token = running.set((watch, 0))
    try:
        for receiver in watch.sync_receivers:
            response = receiver(signal=self, sender=sender, **named)
            responses.append((receiver, response))
            marks.append(clock())
            running.set((watch, len(responses)))
    except BaseException as error:
        watch.stopped(error)
        raise
    finally:
        running.reset(token)
        watch.sync_ended()
    return responses


def _sync_responses_robust(
    self: Any, sender: Any, named: dict[str, Any], watch: Watch
) -> list[tuple[Any, Any]]:
    """Call the sync receivers of an ``asend_robust``, in the thread that asgiref chose."""
    watch.sync_state = "running"
    responses, marks = watch.responses, watch.marks
    token = running.set((watch, 0))
    try:
        for receiver in watch.sync_receivers:
            try:
                response = receiver(signal=self, sender=sender, **named)
            except Exception as err:
                watch.raised[len(responses)] = err
                self._log_robust_failure(receiver, err)
                responses.append((receiver, err))
            else:
                responses.append((receiver, response))
            marks.append(clock())
            running.set((watch, len(responses)))
    except BaseException as error:
        watch.stopped(error)
        raise
    finally:
        running.reset(token)
        watch.sync_ended()
    return responses


async def _async_responses(
    self: Any, sender: Any, named: dict[str, Any], watch: Watch
) -> list[tuple[Any, Any]]:
    together = asyncio.gather if _run_parallel is None else _run_parallel
    answers = await together(*_awaitables(self, sender, named, watch))
    return [(call.receiver, answer) for call, answer in zip(watch.async_calls, answers, strict=True)]


def _awaitables(self: Any, sender: Any, named: dict[str, Any], watch: Watch) -> Iterator[Any]:
    """Call each async receiver, as late as Django does, and step what it returns."""
    robust = watch.method.endswith("robust")
    for call in watch.async_calls:
        if robust:
            yield _caught(self, sender, named, call)
            continue
        token = running.set((watch, call.position))
        try:
            awaitable = call.receiver(signal=self, sender=sender, **named)
        except BaseException as error:
            call.failed(error)
            for other in watch.async_calls:
                other.pending = False  # none of them will ever run
            raise
        finally:
            running.reset(token)
        yield call.drive(awaitable)


async def _caught(self: Any, sender: Any, named: dict[str, Any], call: AsyncCall) -> Any:
    receiver = call.receiver
    try:
        token = running.set((call.watch, call.position))
        try:
            awaitable = receiver(signal=self, sender=sender, **named)
        except BaseException as error:
            call.failed(error)
            raise
        finally:
            running.reset(token)
        return await call.drive(awaitable)
    except Exception as err:
        self._log_robust_failure(receiver, err)
        return err


#: The four methods whose loops are rendered above, by fingerprint: of Django 5.2 and 6.0,
#: which gather async receivers, and of 6.1, which runs them in a task group. Any other
#: source is wrapped, not replaced. In the order of ``_OURS``.
KNOWN_SOURCES = {
    "gather": ("e3eb98e2a46612e6", "cf6e3ce479f5b830", "c5083f8f2f135454", "7879c5a36e9ea1ad"),
    "task group": ("88c4c833bd90f93e", "c41b4228192f95f0", "a2f54dda602b4bf6", "e1c4b6773a41b3c2"),
}

_OURS: dict[Method, Any] = {
    "send": send,
    "send_robust": send_robust,
    "asend": asend,
    "asend_robust": asend_robust,
}


def rendered() -> bool:
    """Whether those who observe now see the loops rendered here, and not a wrapper's view."""
    return all(entry.ours in _OURS.values() for entry in HOOKS.installed)


def _replacements() -> Iterable[Replacement]:
    family = KNOWN_SOURCES["gather" if _run_parallel is None else "task group"]
    known = tuple(fingerprint(Signal.__dict__[name]) for name in _OURS) == family
    for name, ours in _OURS.items():
        yield Replacement(Signal, name, partial(_ours, ours) if known else partial(wrapped, name, _open))


def _ours(ours: Any, found: Any) -> Any:
    """Take the place of ``found`` under its name, which profilers and tracebacks show."""
    for name in ("__module__", "__qualname__", "__doc__"):
        setattr(ours, name, getattr(found, name))
    return ours


HOOKS: Hooks[DispatchObserver] = Hooks(_replacements)
