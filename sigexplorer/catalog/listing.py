"""A page as one line of a list of signals."""

from __future__ import annotations

from dataclasses import dataclass

from sigexplorer.catalog.page import ANCIENT, Page, Version, dotted


@dataclass(frozen=True, slots=True)
class ListedSignal:
    """A signal that exists, or will from a newer Django on, and how many listen to it."""

    signal: str  # dotted path
    name: str
    group: str
    arguments: tuple[str, ...]
    sender: str | None  # in words; None for a signal that is not Django's
    documented: bool
    added: str | None  # the Django that has it first, where the oldest supported one lacks it
    receivers: int  # live registrations, all in all
    receivers_django: int  # Django's own among them
    exists: bool = True  # in the installed Django


def listed_page(page: Page, version: Version, receivers: int, stock: int) -> ListedSignal:
    """Return a built-in signal as that Django has it, with how many receivers it has, and of Django's own."""
    return ListedSignal(
        signal=page.path,
        name=page.name,
        group=page.group,
        arguments=tuple(argument.name for argument in page.arguments_in(version)),
        sender=page.sender,
        documented=page.documented,
        added=dotted(page.added) if page.added != ANCIENT else None,
        receivers=receivers,
        receivers_django=stock,
        exists=page.exists_in(version),
    )


def custom(path: str, name: str, receivers: int, stock: int) -> ListedSignal:
    """Return a signal that is not Django's."""
    return ListedSignal(path, name, "custom", (), None, False, None, receivers, stock)
