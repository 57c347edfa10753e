"""References that say when something goes."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from typing import Any


def referred(thing: Any, gone: Callable[[weakref.ref[Any]], object]) -> weakref.ref[Any]:
    """Return a weak reference; ``gone`` is called with it when ``thing`` goes.

    But not while Python ends: then what ``gone`` needs of its module may have gone before.
    """

    def has_gone(reference: weakref.ref[Any], is_ending: Callable[[], bool] = sys.is_finalizing) -> None:
        if not is_ending():
            gone(reference)

    return weakref.ref(thing, has_gone)
