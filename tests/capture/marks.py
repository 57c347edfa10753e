"""Signals sent here and there in transactions, and what their records say of these."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from capturing import observing
from django.db import transaction
from django.dispatch import Signal

#: Its name since Django 6.1.
savepoint = getattr(transaction, "savepoint_create", transaction.savepoint)


class Marks:
    """A signal sent here and there, and what its records say of the transaction."""

    def __init__(self) -> None:
        self.signal = Signal()

    def send(self, name: str, using: str | None = "default") -> None:
        """Send, for the database of that alias, or for none in particular."""
        named = {} if using is None else {"using": using}
        self.signal.send(None, name=name, **named)


Story = Callable[[Marks], None]


def told(story: Story) -> dict[object, tuple[bool, bool]]:
    """Return for each dispatch of a story whether it was in a transaction, and whether that was undone."""
    with observing() as tracer:
        story(Marks())
    return {
        each.argument("name"): (each.in_transaction, each.rolled_back)
        for each in tracer.trace().dispatches
        if each.group == "custom"
    }


OUTSIDE, KEPT, UNDONE = (False, False), (True, False), (True, True)


class StopError(Exception):
    """What ends a transaction in these tests."""


@contextmanager
def failing(**options: Any) -> Iterator[None]:
    """Begin an atomic block that fails at its end, and go on after it."""
    with contextlib.suppress(StopError), transaction.atomic(**options):
        yield
        raise StopError
