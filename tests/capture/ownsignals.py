"""Classes of signals as projects write them: they call their receivers themselves."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from operator import attrgetter
from typing import Any

from django.dispatch import Signal
from django.dispatch.dispatcher import NO_RECEIVERS

Response = tuple[Any, Any]


class Plugin(Signal):
    """Sends to those of its receivers whose plugin is switched on, by name: what pretix does."""

    def __init__(self) -> None:
        super().__init__()
        self.off: set[str] = set()

    def _is_active(self, receiver: Any) -> bool:
        return receiver.__name__ not in self.off

    def _sorted(self, sender: object) -> list[Any]:
        return sorted(self._live_receivers(sender)[0], key=attrgetter("__name__"))

    def send(self, sender: object, **named: Any) -> list[Response]:
        """Send, if the sender may."""
        if sender == "nobody":
            raise LookupError(sender)
        responses: list[Response] = []
        if not self.receivers or self.sender_receivers_cache.get(sender) is NO_RECEIVERS:
            return responses
        for receiver in self._sorted(sender):
            if self._is_active(receiver):
                response = receiver(signal=self, sender=sender, **named)
                responses.append((receiver, response))
        return responses

    def send_robust(self, sender: object, **named: Any) -> list[Response]:
        """Send, and keep the errors."""
        responses: list[Response] = []
        for receiver in self._sorted(sender):
            if self._is_active(receiver):
                try:
                    response = receiver(signal=self, sender=sender, **named)
                except Exception as err:  # noqa: BLE001 - what Django does
                    responses.append((receiver, err))
                else:
                    responses.append((receiver, response))
        return responses

    def send_chained(self, sender: object, chain_kwarg_name: str, **named: Any) -> Any:
        """Give each receiver what the one before it returned."""
        response = named.get(chain_kwarg_name)
        if not self.receivers or self.sender_receivers_cache.get(sender) is NO_RECEIVERS:
            return response
        for receiver in self._sorted(sender):
            if self._is_active(receiver):
                named[chain_kwarg_name] = response
                response = receiver(signal=self, sender=sender, **named)
        return response


class Mixed:
    """Has what a class of signals is mixed with."""

    def send(self: Any, sender: object, **named: Any) -> list[Response]:
        """Send, by a helper."""
        return [(one, self._fire(one, sender, named)) for one in self._live_receivers(sender)[0]]

    def _fire(self, receiver: Any, sender: object, named: dict[str, Any]) -> Any:
        with suppress(KeyError):
            return receiver(signal=self, sender=sender, **named)
        return "suppressed"


class Exotic(Mixed, Signal):
    """Sends in all the other ways that there are."""

    __answer = "mangled"

    def first(self, sender: object, **named: Any) -> Any:
        """Return what the first one answers that answers anything."""
        answers = (
            one(**{"signal": self, "sender": sender} | named) for one in self._live_receivers(sender)[0]
        )
        return next((answer for answer in answers if answer is not None), self.__answer)

    def one_by_one(self, sender: object, **named: Any) -> Iterator[Response]:
        """Yield each response as it comes."""
        for receiver in self._live_receivers(sender)[0]:
            yield receiver, receiver(signal=self, sender=sender, **named)

    async def asend(self, sender: object, **named: Any) -> list[Response]:
        """Send to async receivers one after the other, and to the others before."""
        sync, asynchronous = self._live_receivers(sender)
        responses = [(one, one(signal=self, sender=sender, **named)) for one in sync]
        for receiver in asynchronous:
            answer = await receiver(signal=self, sender=sender, **named)
            responses.append((receiver, answer))
        return responses

    async def asend_robust(self, sender: object, **named: Any) -> list[Response]:
        """Send to all async receivers at once."""
        _, asynchronous = self._live_receivers(sender)
        answers = await asyncio.gather(
            *(one(signal=self, sender=sender, **named) for one in asynchronous), return_exceptions=True
        )
        return list(zip(asynchronous, answers, strict=True))


class Threaded(Signal):
    """Calls its receivers in threads."""

    def send(self, sender: object, **named: Any) -> list[Response]:
        """Send to all of them at once."""

        def call(receiver: Any) -> Response:
            return receiver, receiver(signal=self, sender=sender, **named)

        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(call, self._live_receivers(sender)[0]))


def somewhere_else(receiver: Any, **named: Any) -> Any:
    """Call a receiver."""
    return receiver(**named)


def kept(method: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a method, so that its source is not what runs."""

    @functools.wraps(method)
    def around(self: Any, *given: Any, **named: Any) -> Any:
        return method(self, *given, **named)

    return around


class Elsewhere(Signal):
    """Calls its receivers where nobody looks."""

    def send(self, sender: object, **named: Any) -> list[Response]:
        """Send, and say who answered what."""
        receivers = self._live_receivers(sender)[0]
        return [(one, somewhere_else(one, signal=self, sender=sender, **named)) for one in receivers]

    @kept
    def send_robust(self, sender: object, **named: Any) -> Any:
        """Send, and say nothing."""
        for receiver in self._live_receivers(sender)[0]:
            somewhere_else(receiver, signal=self, sender=sender, **named)
