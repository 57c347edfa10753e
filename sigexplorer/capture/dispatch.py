"""Observe ``Signal.send`` and its siblings from outside: connect nothing, wrap nothing.

The four send methods are replaced on the class by our own rendering of Django's loops,
because every other design is noticed: a wrapper adds a stack frame, wrapped receivers
appear in the responses, connected receivers switch Django's fast paths off. Beside
``registry`` this is the only file that knows Django's private dispatch names.

Source: ``django/dispatch/dispatcher.py`` of Django 5.2, 6.0 and 6.1.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from functools import partial
from time import perf_counter_ns as clock
from typing import Any

from asgiref.sync import AsyncToSync, async_to_sync
from django.dispatch import Signal, dispatcher

from sigexplorer.capture import lanes, overriding
from sigexplorer.capture.concurrent import all_responses, async_responses
from sigexplorer.capture.fingerprint import fingerprint
from sigexplorer.capture.flights import closed, opened, raised, returned, stopped, unheard
from sigexplorer.capture.hooks import Hooks, Replacement
from sigexplorer.capture.registry import run_parallel
from sigexplorer.capture.shapes import Shapes
from sigexplorer.capture.watch import Watch
from sigexplorer.capture.wrapping import wrapped
from sigexplorer.model import Method

NO_RECEIVERS = dispatcher.NO_RECEIVERS

_SEND = Shapes("send")
_SEND_ROBUST = Shapes("send_robust")
_ASEND = Shapes("asend")
_ASEND_ROBUST = Shapes("asend_robust")

# Django's four methods. The early return is Django's to the letter: it decides when a
# sender is hashed. Receivers are called from these very frames, so that the depth of the
# stack, and with it every ``stacklevel``, is Django's.


def send(self: Any, sender: Any, **named: Any) -> list[tuple[Any, Any]]:
    """Do what Django's ``Signal.send`` does, observed."""
    if not self.receivers or self.sender_receivers_cache.get(sender) is NO_RECEIVERS:
        unheard(_SEND, self, sender, named)
        return []
    sync_receivers, async_receivers = self._live_receivers(sender)
    lane = lanes.here.lane
    before = lane.open
    flight = opened(_SEND, lane, self, sender, named, sync_receivers, async_receivers)
    watch = Watch(lane, flight, sync_receivers, async_receivers) if async_receivers else None
    lane.open = flight
    responses: list[tuple[Any, Any]] = []
    try:
        for receiver in sync_receivers:
            response = receiver(signal=self, sender=sender, **named)
            responses.append((receiver, response))
            flight.append(clock())
            if response is not None:
                returned(flight, response)
        if watch is not None:
            responses.extend(async_to_sync(async_responses)(self, sender, named, watch))
    except BaseException as error:
        stopped(flight, error, len(sync_receivers))
        raise
    finally:
        lane.open = before
        closed(lane, flight, watch)
    return responses


def send_robust(self: Any, sender: Any, **named: Any) -> list[tuple[Any, Any]]:
    """Do what Django's ``Signal.send_robust`` does, observed."""
    if not self.receivers or self.sender_receivers_cache.get(sender) is NO_RECEIVERS:
        unheard(_SEND_ROBUST, self, sender, named)
        return []
    sync_receivers, async_receivers = self._live_receivers(sender)
    lane = lanes.here.lane
    before = lane.open
    flight = opened(_SEND_ROBUST, lane, self, sender, named, sync_receivers, async_receivers)
    watch = Watch(lane, flight, sync_receivers, async_receivers, robust=True) if async_receivers else None
    lane.open = flight
    responses: list[tuple[Any, Any]] = []
    try:
        for receiver in sync_receivers:
            try:
                response = receiver(signal=self, sender=sender, **named)
            except Exception as err:
                raised(flight, err)
                self._log_robust_failure(receiver, err)
                responses.append((receiver, err))
                flight.append(clock())
            else:
                responses.append((receiver, response))
                flight.append(clock())
                if response is not None:
                    returned(flight, response)
        if watch is not None:
            responses.extend(async_to_sync(async_responses)(self, sender, named, watch))
    except BaseException as error:
        stopped(flight, error, len(sync_receivers))
        raise
    finally:
        lane.open = before
        closed(lane, flight, watch)
    return responses


async def asend(self: Any, sender: Any, **named: Any) -> list[tuple[Any, Any]]:
    """Do what Django's ``Signal.asend`` does, observed."""
    if not self.receivers or self.sender_receivers_cache.get(sender) is NO_RECEIVERS:
        unheard(_ASEND, self, sender, named)
        return []
    sync_receivers, async_receivers = self._live_receivers(sender)
    lane = lanes.here.lane
    flight = opened(_ASEND, lane, self, sender, named, sync_receivers, async_receivers)
    watch = Watch(lane, flight, sync_receivers, async_receivers)
    return await all_responses(self, sender, named, watch)


async def asend_robust(self: Any, sender: Any, **named: Any) -> list[tuple[Any, Any]]:
    """Do what Django's ``Signal.asend_robust`` does, observed."""
    if not self.receivers or self.sender_receivers_cache.get(sender) is NO_RECEIVERS:
        unheard(_ASEND_ROBUST, self, sender, named)
        return []
    sync_receivers, async_receivers = self._live_receivers(sender)
    lane = lanes.here.lane
    flight = opened(_ASEND_ROBUST, lane, self, sender, named, sync_receivers, async_receivers)
    watch = Watch(lane, flight, sync_receivers, async_receivers, robust=True)
    return await all_responses(self, sender, named, watch)


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

_SHAPES = {shapes.method: shapes for shapes in (_SEND, _SEND_ROBUST, _ASEND, _ASEND_ROBUST)}


def notes() -> tuple[str, ...]:
    """Return what the reader of a trace must know of how it was observed."""
    return (
        () if rendered() else ("this Django's dispatch is not known: receivers have no times of their own",)
    )


def rendered() -> bool:
    """Whether those who observe now see the loops rendered here, and not a wrapper's view."""
    return all(
        entry.ours in _OURS.values()
        for entry in HOOKS.installed
        if entry.owner is Signal and entry.name in _OURS
    )


def _replacements() -> Iterable[Replacement]:
    lanes.renew()
    forget()
    family = KNOWN_SOURCES["gather" if run_parallel is None else "task group"]
    known = tuple(fingerprint(Signal.__dict__[name]) for name in _OURS) == family
    for name, ours in _OURS.items():
        yield Replacement(Signal, name, partial(_ours, ours) if known else partial(wrapped, _SHAPES[name]))
    yield Replacement(AsyncToSync, "__call__", _carrying)
    yield from overriding.replacements(_SHAPES)


def forget() -> None:
    """Look at every dispatch as at one of a new kind."""
    for shapes in _SHAPES.values():
        shapes.known.clear()


def _ours(ours: Any, found: Any) -> Any:
    """Take the place of ``found`` under its name, which profilers and tracebacks show."""
    for name in ("__module__", "__qualname__", "__doc__"):
        setattr(ours, name, getattr(found, name))
    return ours


def _carrying(found: Any) -> Callable[..., Any]:
    """Let what a sync receiver awaits in another thread know where it comes from."""

    @functools.wraps(found)
    def __call__(self: Any, *arguments: Any, **named: Any) -> Any:  # noqa: N807 - its name in tracebacks
        place = lanes.here.lane.open
        if place is None:
            return found(self, *arguments, **named)
        token = lanes.running.set(lanes.places(place))
        try:
            return found(self, *arguments, **named)
        finally:
            lanes.running.reset(token)

    return __call__


_NEW_ONES = overriding.NewOnes(_SHAPES)

HOOKS = Hooks(_replacements, _NEW_ONES.watch, _NEW_ONES.leave)
