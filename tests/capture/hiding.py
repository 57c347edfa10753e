"""Secrets that are sent, and all that is written of them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from capturing import observing
from django.conf import UserSettingsHolder, settings
from django.dispatch import Signal

if TYPE_CHECKING:
    from sigexplorer.model import Trace

#: Something that is found again wherever it leaks to.
HIDDEN = "Tr0ub4dor-hidden-3"


@contextmanager
def overridden(**values: object) -> Iterator[None]:
    """Override settings without the signal of ``override_settings``, whose import connects receivers."""
    wrapped = settings._wrapped
    holder = UserSettingsHolder(wrapped)
    for name, value in values.items():
        setattr(holder, name, value)
    settings._wrapped = holder
    try:
        yield
    finally:
        settings._wrapped = wrapped


def written(trace: Trace) -> str:
    """Return everything that is in a trace, as text."""
    return json.dumps(dataclasses.asdict(trace), ensure_ascii=False)


def sent(signal: Signal | None = None, sender: object = None, /, **named: object) -> Trace:
    """Send a signal and return its trace."""
    with observing() as tracer:
        (signal or Signal()).send(sender, **named)
    return tracer.trace()
