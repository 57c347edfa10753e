"""Count ``pre_init`` and ``post_init`` per model, and what is left out, and record nothing of them.

A query set sends two for each row, and hardly anybody listens. What is put on the
signals themselves hides our loops from them, and costs no more than Django's own early return.
"""

from __future__ import annotations

import itertools
import sys
import weakref
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from django.dispatch import Signal

from sigexplorer import catalog
from sigexplorer.capture import words
from sigexplorer.capture.frames import stand_in
from sigexplorer.capture.registry import counted_send, finds_as_django_does

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
        _put(signal, counted)


def stop() -> None:
    """Let the signals be sent as ever; what was counted stays."""
    module = sys.modules.get("django.db.models.signals")
    for name, counted in _COUNTED.items():
        if module is not None and hasattr(module, name):
            _take_away(getattr(module, name), counted)


def _put(signal: Any, counted: _Counted) -> None:
    if "send" not in vars(signal):
        send = counted_send(signal, counted.next, counted.begin)
        signal.send = stand_in(send, vars(Signal)["send"])


def _take_away(signal: Any, counted: _Counted) -> None:
    if getattr(vars(signal).get("send"), "counted", None) is counted.next:
        del signal.send


#: What is left out now: signals, by their path, that a module holds and that live as long as it.
_left_out: dict[str, tuple[Any, _Counted]] = {}

_patterns: tuple[str, ...] = ()


def leave_out(patterns: Sequence[str]) -> None:
    """Only count the signals from now on that a pattern means: a short name, a path, a glob or a %group."""
    global _patterns  # noqa: PLW0603 - one for the process
    _patterns = tuple(patterns)
    while _left_out:
        _take_away(*_left_out.popitem()[1])


def consider(signal: Any, path: str, name: str, group: str) -> None:
    """Only count a signal that is sent for the first time, if it is one to be left out."""
    if not any(_means(pattern, path, name, group) for pattern in _patterns):
        return
    cls = type(signal)
    if name.startswith("<") or cls.send is not Signal.send or not finds_as_django_does(signal):
        return
    counted = _LEFT_OUT.setdefault(path, _Counted(name))
    _put(signal, counted)
    _left_out[path] = signal, counted


def _means(pattern: str, path: str, name: str, group: str) -> bool:
    if pattern.startswith("%"):
        return group in catalog.GROUPS.get(pattern[1:], ())
    return fnmatchcase(name, pattern) or fnmatchcase(path, pattern)


#: What was counted of them so far, by path.
_LEFT_OUT: dict[str, _Counted] = {}


def times() -> dict[tuple[str, str], int]:
    """Return how often each signal was sent for each model so far, by name and label."""
    found = dict(_gone)
    for counted in (*_COUNTED.values(), *_LEFT_OUT.values()):
        for counter in list(counted.counters.values()):
            place = (counted.name, counter.label)
            found[place] = found.get(place, 0) + counter.times
    return found
