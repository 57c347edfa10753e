"""Listen: connect our tracing receiver to every built-in signal, so that Django notices.

Some of Django's fast paths exist only while nobody listens. Connected before
``django.setup()``, the tracing receiver makes Django behave as it does in a project that
has receivers, and is the first to be called by every dispatch.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

from django.dispatch import Signal

from sigexplorer import catalog
from sigexplorer.catalog.page import Page

DISPATCH_UID = "sigexplorer"

#: Importing it connects Django's own receivers to ``setting_changed`` and costs unittest,
#: so its signal is listened to once somebody else has imported it.
_NOT_OURS_TO_IMPORT = frozenset({"django.test.signals"})


def tracing_receiver(**_named: Any) -> None:
    """Be there: the timeline itself is taken where Django dispatches, around every receiver."""


class Listener:
    """Our registrations."""

    def __init__(self) -> None:
        self._connected: list[Any] = []

    @property
    def connected(self) -> bool:
        """Whether we listen to anything."""
        return bool(self._connected)

    def connect(self, module: str | None = None) -> None:
        """Listen to every built-in signal that can be had, or to those of ``module``.

        Again after an import of django.test.
        """
        for page in catalog.PAGES:
            if module in (None, page.module):
                self.connect_to(page)

    def connect_to(self, page: Page) -> None:
        """Listen to the signal of one page, if it can be had."""
        signal = built_in(page)
        if signal is not None and not any(signal is other for other in self._connected):
            # Not the signal's own, which for those of models imports all of django.db.models.
            Signal.connect(signal, tracing_receiver, weak=False, dispatch_uid=DISPATCH_UID)
            self._connected.append(signal)

    def disconnect(self) -> None:
        """Take every registration of ours away."""
        while self._connected:
            self._connected.pop().disconnect(dispatch_uid=DISPATCH_UID)


def built_in(page: Page) -> Any:
    """Return the signal of a catalogue page, or None where it cannot exist (yet)."""
    module = sys.modules.get(page.module)
    if module is None:
        if page.module in _NOT_OURS_TO_IMPORT:
            return None
        try:
            module = importlib.import_module(page.module)
        except ImportError:  # a signal from a newer Django
            return None
    return getattr(module, page.name, None)
