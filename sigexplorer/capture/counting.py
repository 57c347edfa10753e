"""Count ``pre_init`` and ``post_init`` per model, and what is left out, and record nothing of them.

A query set sends two for each row, and hardly anybody listens. What is put on the
signals themselves hides our loops from them, and costs no more than Django's own early return.
"""

from __future__ import annotations

import itertools
import sys
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import Any

from django.dispatch import Signal

from sigexplorer import catalog
from sigexplorer.capture import signals, words
from sigexplorer.capture.frames import stand_in
from sigexplorer.capture.going import referred
from sigexplorer.capture.registry import counted_send, finds_as_django_does

NAMES = ("pre_init", "post_init")

#: Numbers that go up, which no two threads can take one of, by the signal's name and the sender's label.
_numbers: dict[tuple[str, str], itertools.count[int]] = {}


def counter(name: str, sender: Any) -> Callable[[], int]:
    """Return what counts one dispatch of a signal of that name from ``sender``."""
    place = (name, words.sender(sender) or "None")
    return _numbers.setdefault(place, itertools.count()).__next__


def _times(number: itertools.count[int]) -> int:
    # The one way to look at a counter without taking a number from it: "count(5)".
    return int(repr(number)[len("count(") : -1])


class _Counted:
    """The counters of one signal, by the ids of senders that are alive."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.next: dict[int, Callable[[], int]] = {}
        self._references: dict[int, weakref.ref[Any]] = {}  # tell when a sender goes: its id may come again

    def begin(self, sender: Any) -> None:
        """Count the first dispatch of a model."""
        key, count = id(sender), counter(self.name, sender)

        def gone(_reference: object) -> None:
            self.next.pop(key, None)
            self._references.pop(key, None)

        count()
        with suppress(TypeError):  # no model
            self._references[key] = referred(sender, gone)
            self.next[key] = count


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

#: Where classes of signals are that send as Django does.
_DJANGOS = ("django.dispatch.dispatcher", "django.db.models.signals")


def leave_out(patterns: Sequence[str]) -> bool:
    """Only count the signals from now on that a pattern means: a short name, a path, a glob or a %group.

    Returns whether that is anything new.
    """
    global _patterns  # noqa: PLW0603 - one for the process
    before = _patterns
    _patterns = tuple(patterns)
    while _left_out:
        _take_away(*_left_out.popitem()[1])
    return before != _patterns


def consider(signal: Any, path: str, name: str, sender: Any, group: str) -> Callable[[], int] | None:
    """Return what counts a dispatch of a signal that is to be left out; None for any other.

    A class of the project's own may send in ways of its own: its signals are recorded.
    """
    if type(signal).__module__ not in _DJANGOS or not finds_as_django_does(signal):
        return None
    if not any(_means(pattern, path, name, group) for pattern in _patterns):
        return None
    if not signals.is_nameless(path) and path not in _left_out:  # it is held by a module, and lives as long
        counted = _Counted(name)
        _put(signal, counted)
        _left_out[path] = signal, counted
    return counter(name, sender)


def _means(pattern: str, path: str, name: str, group: str) -> bool:
    if pattern.startswith("%"):
        return group in catalog.GROUPS.get(pattern[1:], ())
    return fnmatchcase(name, pattern) or fnmatchcase(path, pattern)


def times() -> dict[tuple[str, str], int]:
    """Return how often each signal was sent for each model so far, by name and label."""
    return {place: _times(number) for place, number in list(_numbers.items())}
