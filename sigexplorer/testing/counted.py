"""Signals that a trace only counts: nothing is asked of it about them, and no glob hides them."""

from __future__ import annotations

from collections.abc import Collection

from sigexplorer.capture import receivers, registry
from sigexplorer.catalog.page import Page
from sigexplorer.errors import UsageError
from sigexplorer.model import Trace
from sigexplorer.project.inventory import all_signals
from sigexplorer.testing.wanted import Wanted, WantedSignal, pages_of

__tracebackhide__ = True


def check(signal: WantedSignal, sender: Wanted, arguments: Collection[str], trace: Trace) -> None:
    """Raise where what was only counted may be what is meant."""
    named = {page.name for page in _of_init(signal) if set(arguments) <= {one.name for one in page.arguments}}
    _check(signal, sender, named, trace)


def check_called(receiver: Wanted, signal: WantedSignal, sender: Wanted, trace: Trace) -> None:
    """Raise where a receiver may have been called by a signal that was only counted."""
    own = {page.path for page in _of_init(signal)}
    hearing = {
        named.name
        for named, one in all_signals()
        if named.path in own
        for each in registry.registrations(one)
        if each.receiver is not None and receiver.fits(receivers.words(each.receiver).name)
    }
    _check(signal, sender, hearing, trace)


def _check(signal: WantedSignal, sender: Wanted, names: set[str], trace: Trace) -> None:
    for one in trace.counted:
        if one.name in names and sender.fits(one.sender):
            raise UsageError(
                f"'{signal.text}' is '{one.name}', too, which is only counted",
                "record it with trace(init=True)",
            )


def _of_init(signal: WantedSignal) -> list[Page]:
    return [page for page in pages_of(signal)[0] if page.group == "init"]
