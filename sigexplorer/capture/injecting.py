"""Faults on purpose: a receiver that raises, or is late."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from typing import Any

from sigexplorer.capture.altering import AsyncStandIn, Rule, StandIn, original

#: What an exception says that is made of a class.
MESSAGE = "injected by sigexplorer"

#: How a sync receiver is late, and an async one.
wait = time.sleep
wait_asynchronously = asyncio.sleep

#: Whether a rule is about a receiver that is sent a signal by a sender: signal, sender, receiver.
Meant = Callable[[Any, Any, Any], bool]


class Fault(Rule):
    """Lets the receivers that are meant wait, and then raise, at each call or only at one of them.

    ``make`` makes what is raised; ``when`` is the number of a call, from 1, or is asked
    with the arguments of each.
    """

    def __init__(
        self,
        meant: Meant,
        make: Callable[[], BaseException | None] | None,
        delay: float = 0,
        when: int | Callable[..., bool] | None = None,
    ) -> None:
        super().__init__()
        self.calls = 0  # that it met
        self._meant = meant
        self.make = make
        self._delay = delay  # seconds
        self._when = when
        self._next = itertools.count(1).__next__

    def stand_in(self, signal: Any, sender: Any, receiver: Any, *, is_async: bool) -> Any:
        """Return what fails in place of the receiver, or None."""
        itself = original(receiver)
        if not self._meant(signal, sender, itself):
            return None
        others = () if itself is receiver else receiver.rules
        return (AsyncStandIn if is_async else StandIn)(itself, (*others, self))

    def wait(self) -> None:
        """Be late, before a sync receiver runs."""
        if self._delay:
            wait(self._delay)

    async def asynchronously_wait(self) -> None:
        """Be late, before an async receiver runs."""
        if self._delay:
            await wait_asynchronously(self._delay)

    def fail(self) -> None:
        """Raise what is to be raised, if anything."""
        __tracebackhide__ = True
        error = self.make() if self.make is not None else None
        if error is not None:
            raise error

    def is_due(self, named: dict[str, Any]) -> bool:
        """Count a call, and return whether it is one that is meant."""
        if self.ended:
            return False
        number = self.calls = self._next()
        when = self._when
        due = when is None or (number == when if isinstance(when, int) else bool(when(**named)))
        self.met = self.met or due
        return due


def maker(raises: BaseException | type[BaseException]) -> Callable[[], BaseException]:
    """Return what makes the exception: that one, or a new one of the class each time.

    ``TypeError`` where the class cannot be made of a message, nor of nothing.
    """
    if isinstance(raises, BaseException):
        return lambda: raises
    try:
        raises(MESSAGE)
    except TypeError:
        raises()
        return raises
    return lambda: raises(MESSAGE)
