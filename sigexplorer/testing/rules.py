"""Which calls a ``mute``, an ``only`` or an ``inject`` is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sigexplorer.capture import receivers, signals, words
from sigexplorer.capture.altering import Rule
from sigexplorer.testing.wanted import Wanted, WantedSignal


@dataclass(frozen=True, slots=True)
class Meant:
    """The calls of receivers that fit, for a signal and a sender that fit."""

    signals: Sequence[WantedSignal]  # one of them
    sender: Wanted
    receiver: Wanted

    def __call__(self, signal: Any, sender: Any, receiver: Any) -> bool:
        """Whether this call is meant."""
        return (
            any(_is_signal(one, signal) for one in self.signals)
            and _is_sender(self.sender, sender)
            and _is_receiver(self.receiver, receiver)
        )


def _is_signal(wanted: WantedSignal, signal: Any) -> bool:
    if wanted.thing is not None:
        return wanted.thing is signal
    return wanted.pattern == "*" or wanted.fits(*signals.words(signal))


def _is_sender(wanted: Wanted, sender: Any) -> bool:
    if type(wanted.thing) is str:
        return type(sender) is str and sender == wanted.thing
    if wanted.thing is not None:
        return wanted.thing is sender
    return wanted.every or wanted.fits(words.sender(sender))


def _is_receiver(wanted: Wanted, receiver: Any) -> bool:
    """Whether a receiver is meant: by its name, or as itself, under any partial or decorator."""
    if wanted.thing is None:
        return wanted.every or wanted.fits(receivers.words(receiver).name)
    return any(receivers.is_same(layer, wanted.thing) for layer in receivers.layers(receiver))


class Mute(Rule):
    """Mutes what is meant."""

    def __init__(self, meant: Meant) -> None:
        super().__init__()
        self._meant = meant

    def mutes(self, signal: Any, sender: Any, receiver: Any) -> bool:
        """Whether the receiver is meant."""
        found = self._meant(signal, sender, receiver)
        self.met = self.met or found
        return found


class Only(Mute):
    """Mutes all that is not meant, but Django's own receivers: Django needs them."""

    def mutes(self, signal: Any, sender: Any, receiver: Any) -> bool:
        """Whether the receiver is neither meant nor Django's."""
        return not super().mutes(signal, sender, receiver) and not receivers.words(receiver).name.startswith(
            "django."
        )
