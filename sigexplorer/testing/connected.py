"""Who is connected now, without any trace."""

from __future__ import annotations

from django.dispatch import Signal

from sigexplorer.capture.senders import Senders
from sigexplorer.capture.signals import words
from sigexplorer.errors import nearest
from sigexplorer.model import ListedReceiver
from sigexplorer.project.inventory import all_receivers, receivers_of
from sigexplorer.show.text import safe
from sigexplorer.testing.senders import wanted_sender
from sigexplorer.testing.wanted import EVERY, EVERY_SIGNAL, wanted_receiver, wanted_signal

__tracebackhide__ = True


def assert_connected(
    receiver: object, signal: Signal | str | None = None, sender: object = ...
) -> list[ListedReceiver]:
    """Hold that a receiver is connected now, and return its registrations.

    With a sender: for that one, or for every sender.
    """
    wanted, of = wanted_receiver(receiver), wanted_signal(signal)
    by = wanted_sender(sender, [EVERY_SIGNAL if sender is None else of])  # None is every sender
    live = [one for one in all_receivers() if one.alive]
    own = [one for one in live if wanted.fits(one.receiver)]
    held = receivers_of(words(of.thing), of.thing, Senders()) if of.thing is not None else own
    found = [
        one
        for one in held
        if one.alive and wanted.fits(one.receiver)
        if of.fits(one.signal, one.name, "") and (one.sender is None or by.fits(one.sender))
    ]
    if found:
        return found
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


def _told(one: ListedReceiver) -> str:
    at = f", connected at {safe(one.connected_at.file)}:{one.connected_at.line}" if one.connected_at else ""
    return f"to {safe(one.name)} {_for(one)}{at}"


def _for(one: ListedReceiver) -> str:
    return f"for {safe(one.sender)}" if one.sender else "for every sender"
