"""The sender of a registration, of which Django 5.2 keeps nothing but the id."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from sigexplorer.capture import words
from sigexplorer.capture.connections import Noted
from sigexplorer.capture.registry import Registration

UNKNOWN = "?"


class Senders:
    """The objects of the process that may be senders, by id; looked for when first needed."""

    def __init__(self) -> None:
        self._likely: dict[int, Any] | None = None
        self._by_id: dict[int, Any] | None = None

    def words(self, registration: Registration, event: Noted | None) -> str | None:
        """Name the sender of a registration; None where it is connected for every sender."""
        if registration.sender_id is None:
            return None
        if event is not None:
            return event.sender
        sender = self.thing(registration)
        return UNKNOWN if sender is None else words.sender(sender)

    def is_text(self, registration: Registration, event: Noted | None) -> bool:
        """Whether the sender is a text, which only the very same object matches."""
        if registration.sender_id is None:
            return False
        return for_text(event) if event is not None else type(self.thing(registration)) is str

    def thing(self, registration: Registration) -> Any:
        """Return the sender itself, or None where nothing has that id."""
        if registration.sender is not None or registration.sender_id is None:
            return registration.sender
        if self._likely is None:
            self._likely = {id(thing): thing for thing in _installed()}
        found = self._likely.get(registration.sender_id)
        if found is None:
            if self._by_id is None:  # to go through all modules takes longer than all else here
                self._by_id = {id(thing): thing for thing in _held()}
            found = self._by_id.get(registration.sender_id)
        return found


def for_text(event: Noted) -> bool:
    """Whether somebody connected for a text."""
    return event.sender_kind == "builtins.str"


def shown(sender: str | None, *, is_text: bool) -> str:
    """Return a sender as it is told: a text in quotes, which is not the model of that name."""
    return "every sender" if sender is None else f"'{sender}'" if is_text else sender


def _held() -> Iterator[Any]:
    """Yield what modules hold that can be a sender, and their names."""
    for name, module in sys.modules.copy().items():
        if issubclass(type(module), ModuleType):
            yield name
            for held in words.contents(module).values():
                if issubclass(type(held), type) or type(held) is str:
                    yield held


def _installed() -> Iterator[Any]:
    """Yield what mostly is a sender: models and apps."""
    from django.apps import apps

    if apps.ready:
        yield from apps.get_models(include_auto_created=True, include_swapped=True)
        yield from apps.get_app_configs()
