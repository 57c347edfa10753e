"""A page as one line of a list of signals."""

from __future__ import annotations

from sigexplorer.catalog.page import ANCIENT, Page, Version, dotted
from sigexplorer.model import ListedSignal


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
