"""Count ``pre_init`` and ``post_init`` per model, and record nothing of them.

A query set sends two for each row, and hardly anybody listens. What is put on the two
signals themselves hides our loops from them, and costs no more than Django's own early return.
"""

from __future__ import annotations

import itertools
import sys
import weakref
from collections.abc import Callable
from typing import Any

from sigexplorer.capture import words
from sigexplorer.capture.registry import counted_send

#: Times by name of the signal and label of the model, of models that are gone.
_gone: dict[tuple[str, str], int] = {}

NAMES = ("pre_init", "post_init")


class _Counter:
    """Counts the dispatches of one model without ever losing one between threads."""

    __slots__ = ("count", "label", "reference")

    def __init__(self, label: str, reference: weakref.ref[Any]) -> None:
        self.label = label
        self.reference = reference  # tells when the model goes, and its id may come again
        self.count = itertools.count()

    @property
    def times(self) -> int:
        """How often it was asked so far."""
        # The one way to look at a counter without taking a number from it: "count(5)".
        return int(repr(self.count)[len("count(") : -1])


class _Counted:
    """The counters of one signal."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.counters: dict[int, _Counter] = {}
        self.next: dict[int, Callable[[], int]] = {}

    def begin(self, sender: Any) -> None:
        """Count the first dispatch of a model."""
        key = id(sender)

        def gone(_reference: object) -> None:
            self.next.pop(key, None)
            counter = self.counters.pop(key)
            place = (self.name, counter.label)
            _gone[place] = _gone.get(place, 0) + counter.times

        label = words.sender(sender) or "None"
        try:
            reference = weakref.ref(sender, gone)
        except TypeError:  # no model
            _gone[self.name, label] = _gone.get((self.name, label), 0) + 1
            return
        counter = _Counter(label, reference)
        self.counters[key] = counter
        self.next[key] = counter.count.__next__
        counter.count.__next__()


_COUNTED = {name: _Counted(name) for name in NAMES}


def start() -> None:
    """Count from now on, instead of recording."""
    module = sys.modules["django.db.models.signals"]
    for name, counted in _COUNTED.items():
        signal = getattr(module, name)
        if "send" not in vars(signal):
            signal.send = counted_send(signal, counted.next, counted.begin)


def stop() -> None:
    """Let the signals be sent as ever; what was counted stays."""
    module = sys.modules.get("django.db.models.signals")
    for name, counted in _COUNTED.items():
        held = vars(getattr(module, name, None) or object).get("send") if module else None
        if held is not None and getattr(held, "counted", None) is counted.next:
            del getattr(module, name).send


def times() -> dict[tuple[str, str], int]:
    """Return how often each signal was sent for each model so far, by name and label."""
    found = dict(_gone)
    for counted in _COUNTED.values():
        for counter in list(counted.counters.values()):
            place = (counted.name, counter.label)
            found[place] = found.get(place, 0) + counter.times
    return found
