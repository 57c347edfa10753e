"""Observe a Django whose dispatch we do not know, or that somebody else has replaced.

The method that was found runs, and what it returns tells which receivers ran: their own
times and queries, and receivers whose error ended a send, stay unknown.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sigexplorer.capture.watch import Watch, close, running
from sigexplorer.model import Method

#: Opens a watch for (signal, sender, named, method).
Opener = Callable[[Any, Any, dict[str, Any], Method], Watch]


def wrapped(method: Method, open_watch: Opener, found: Any) -> Any:
    """Return ``found``, one of the four methods of ``Signal``, observed."""
    if method in {"asend", "asend_robust"}:

        @functools.wraps(found)
        async def asend(self: Any, sender: Any, **named: Any) -> Any:
            watch = open_watch(self, sender, named, method)
            with _closing(watch):
                responses = await found(self, sender, **named)
                _take(watch, responses)
                return responses

        return asend

    @functools.wraps(found)
    def send(self: Any, sender: Any, **named: Any) -> Any:
        watch = open_watch(self, sender, named, method)
        token = running.set((watch, UNKNOWN))
        try:
            with _closing(watch):
                responses = found(self, sender, **named)
                _take(watch, responses)
                return responses
        finally:
            running.reset(token)

    return send


#: The position of a receiver that cannot be told.
UNKNOWN = -1


def _take(watch: Watch, responses: Any) -> None:
    """Read the receivers from what was returned, if it has the form that Django gives it."""
    if type(responses) is not list or not all(type(pair) is tuple and len(pair) == 2 for pair in responses):  # noqa: PLR2004
        return
    watch.responses = list(responses)
    watch.sync_receivers = [receiver for receiver, _ in responses]
    watch.marks = watch.marks[:1] * (len(responses) + 1)
    if watch.method.endswith("robust"):
        for place, (_, response) in enumerate(responses):
            if issubclass(type(response), Exception):
                watch.raised[place] = response


@contextmanager
def _closing(watch: Watch) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        watch.error = error
        raise
    finally:
        close(watch)
