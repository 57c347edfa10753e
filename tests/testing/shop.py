"""Signals and receivers of nobody's project, which tests connect as they need them."""

from __future__ import annotations

from typing import Any

from django.dispatch import Signal

paid = Signal()
shipped = Signal()
_quiet = Signal(use_caching=True)

KIOSK = "kiosk"


class Web:
    """A sender."""


class Phone:
    """Another sender."""


def book(**_named: object) -> str:
    """Return that it ran."""
    return "booked"


def ship(*, sender: Any, **_named: object) -> str:
    """Send in turn."""
    shipped.send(sender, parcel=7)
    return "on its way"


def fail(**_named: object) -> None:
    """Fail."""
    raise ValueError("no book")


async def push(**_named: object) -> str:
    """Return that it ran."""
    return "pushed"


class Desk:
    """Has a method that receives."""

    def note(self, **_named: object) -> str:
        """Return that it ran."""
        return "noted"
