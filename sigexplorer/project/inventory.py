"""Which signals there are in this process, and who listens."""

from __future__ import annotations

from collections.abc import Iterable

import django

from sigexplorer.capture import receivers, signals
from sigexplorer.capture.listening import built_in, tracing_receiver
from sigexplorer.capture.registry import registrations
from sigexplorer.catalog.installed import django_version, sends
from sigexplorer.catalog.page import ANCIENT, Page, Version, dotted
from sigexplorer.model import ListedSignal, Origin


def built_in_signals(pages: Iterable[Page]) -> list[ListedSignal]:
    """Return the signals of ``pages``, those that the installed Django lacks included."""
    version = django_version()
    return [_listed(page, version) for page in pages]


def custom_signals() -> list[ListedSignal]:
    """Return the signals that the project and its packages define."""
    return [_custom(path, signal) for path, signal in signals.custom()]


def _listed(page: Page, version: Version) -> ListedSignal:
    signal = built_in(page)
    total, stock = _count(signal)
    return ListedSignal(
        signal=page.path,
        name=page.name,
        group=page.group,
        arguments=tuple(argument.name for argument in page.arguments_in(version)),
        sender=page.sender,
        documented=page.documented,
        added=dotted(page.added) if page.added != ANCIENT else None,
        sent_by=tuple(Origin(send.file, send.line, send.function) for send in sends(page))
        if page.exists_in(version)
        else (),
        receivers=total,
        receivers_django=stock,
        exists=page.exists_in(version),
    )


def _custom(path: str, signal: object) -> ListedSignal:
    total, stock = _count(signal)
    name = path.rpartition(".")[2]
    return ListedSignal(path, name, "custom", (), None, False, None, (), total, stock)


def _count(signal: object) -> tuple[int, int]:
    """Return how many live receivers a signal has but ours, and how many are Django's own."""
    if signal is None:
        return 0, 0
    live = [
        receivers.words(registration.receiver).name
        for registration in registrations(signal)
        if registration.receiver is not None and registration.receiver is not tracing_receiver
    ]
    return len(live), sum(name.startswith("django.") for name in live)


def django_release() -> str:
    """Return the version of the Django that runs, such as ``5.2.19``."""
    return django.get_version()
