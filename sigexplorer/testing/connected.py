"""Who is connected now, without any trace."""

from __future__ import annotations

from collections.abc import Iterator

from django.dispatch import Signal

from sigexplorer.capture.listening import tracing_receiver
from sigexplorer.capture.receivers import in_call_order
from sigexplorer.capture.registry import Registration, registrations
from sigexplorer.capture.senders import Senders
from sigexplorer.capture.signals import words
from sigexplorer.errors import UsageError, nearest
from sigexplorer.model import ListedReceiver
from sigexplorer.project.inventory import all_receivers, all_signals, receivers_of
from sigexplorer.show.text import safe
from sigexplorer.testing.senders import ids_of, wanted_sender
from sigexplorer.testing.wanted import (
    EVERY,
    EVERY_SIGNAL,
    Wanted,
    WantedSignal,
    wanted_receiver,
    wanted_signal,
)

__tracebackhide__ = True


def assert_connected(
    receiver: object, signal: Signal | str | None = None, sender: object = ...
) -> list[ListedReceiver]:
    """Hold that a receiver is connected now, and return its registrations.

    With a sender: for that one, or for every sender.
    """
    wanted, of = wanted_receiver(receiver), wanted_signal(signal)
    by = wanted_sender(sender, [EVERY_SIGNAL if sender is None else of])  # None is every sender
    found = connected(wanted, of, by)
    if found:
        return found
    live = [one for one in all_receivers() if one.alive]
    own = [one for one in live if wanted.fits(one.receiver)]
    where = "" if of is EVERY_SIGNAL else f" to {safe(of.text)}"
    whose = "" if by is EVERY else f" for {safe(by.text)}"
    lines = [f"{safe(wanted.text, 200)} is not connected{where}{whose}"]
    lines += [f"  it is connected {_told(one)}" for one in own]
    there = [one for one in live if of is not EVERY_SIGNAL and of.fits(one.signal, one.name, "")]
    if not own:
        near = nearest(wanted.text, {one.receiver for one in there or live if not one.stock})
        lines += [f"  nearest: {', '.join(map(safe, near))}"] if near else []
    lines += [f"  {safe(one.name)} has {safe(one.receiver)} {_for(one)}" for one in there]
    raise AssertionError("\n".join(lines))


def check_can_be_called(receiver: Wanted, of: WantedSignal, sender: Wanted) -> None:
    """Raise where a receiver is not connected, so that nothing that is sent can call it."""
    if not connected(receiver, of, sender):
        where = "" if of is EVERY_SIGNAL else f" to {of.text}"
        whose = "" if sender is EVERY else f" for {sender.text}"
        raise UsageError(
            f"'{receiver.text}' is not connected{where}{whose}: nothing calls it",
            "assert that it was not called while it is connected",
        )


def connected(receiver: Wanted, of: WantedSignal, sender: Wanted) -> list[ListedReceiver]:
    """Return the registrations of a receiver for a signal and a sender."""
    return [
        one
        for one, registration in _registered(of)
        if one.alive and receiver.fits(one.receiver) and _is_for(registration, one, sender)
    ]


def _registered(of: WantedSignal) -> Iterator[tuple[ListedReceiver, Registration]]:
    """Yield who is connected to a signal."""
    senders = Senders()
    for named, signal in [(words(of.thing), of.thing)] if of.thing is not None else all_signals():
        if of.thing is not None or of.fits(named.path, named.name, named.group):
            standing = in_call_order(
                one for one in registrations(signal) if one.receiver is not tracing_receiver
            )
            yield from zip(receivers_of(named, signal, senders), standing, strict=False)  # the dead come last


def _is_for(registration: Registration, one: ListedReceiver, sender: Wanted) -> bool:
    if registration.sender_id is None:
        return True
    if sender.thing is None or type(sender.thing) is str:
        named = sender.fits(one.sender) and (sender.thing is None or one.by_text)
        return named or registration.sender_id in ids_of(sender.thing or sender.text)
    return registration.sender_id == id(sender.thing)


def _told(one: ListedReceiver) -> str:
    at = f", connected at {safe(one.connected_at.file)}:{one.connected_at.line}" if one.connected_at else ""
    return f"to {safe(one.name)} {_for(one)}{at}"


def _for(one: ListedReceiver) -> str:
    return f"for {safe(one.sender)}" if one.sender else "for every sender"
