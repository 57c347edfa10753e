"""Observe ``Signal.send`` and its siblings from outside: connect nothing, wrap nothing.

The four send methods are replaced on the class by Django's own with our notes in them,
because every other design is noticed: a wrapper adds a stack frame, wrapped receivers
appear in the responses, connected receivers switch Django's fast paths off.

Source: ``django/dispatch/dispatcher.py`` of Django 5.2, 6.0 and 6.1.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from asgiref.sync import AsyncToSync
from django.dispatch import Signal

from sigexplorer.capture import lanes, loops, overriding
from sigexplorer.capture.fingerprint import fingerprint
from sigexplorer.capture.frames import unseen
from sigexplorer.capture.hooks import Hooks, Replacement
from sigexplorer.capture.registry import run_parallel
from sigexplorer.capture.shapes import Shapes
from sigexplorer.capture.watch import Entered
from sigexplorer.capture.wrapping import wrapped
from sigexplorer.model import Method

_METHODS: tuple[Method, ...] = ("send", "send_robust", "asend", "asend_robust")

_SHAPES = {method: Shapes(method) for method in _METHODS}

#: The four methods, in the order of ``_METHODS``, that our notes can be written into, by
#: fingerprint: of Django 5.2 and 6.0, which gather async receivers, and of 6.1, which runs
#: them in a task group. Any other source is wrapped, not replaced.
KNOWN_SOURCES = {
    "gather": ("e3eb98e2a46612e6", "cf6e3ce479f5b830", "c5083f8f2f135454", "7879c5a36e9ea1ad"),
    "task group": ("88c4c833bd90f93e", "c41b4228192f95f0", "a2f54dda602b4bf6", "e1c4b6773a41b3c2"),
}


def notes() -> tuple[str, ...]:
    """Return what the reader of a trace must know of how it was observed."""
    return (
        () if rendered() else ("this Django's dispatch is not known: receivers have no times of their own",)
    )


def rendered() -> bool:
    """Whether those who observe now see Django's own loops, and not a wrapper's view."""
    ours = [entry.ours for entry in HOOKS.installed if entry.owner is Signal and entry.name in _SHAPES]
    return all(any(loop is one for loop in _LOOPS.values()) for one in ours)


#: Django's methods with our notes, by the functions that were found: they are made once.
_LOOPS: dict[Any, Any] = {}


def _loop(shapes: Shapes, found: Any) -> Any:
    if found not in _LOOPS:
        _LOOPS[found] = loops.observed(found, shapes)
    return _LOOPS[found]


def _replacements() -> Iterable[Replacement]:
    lanes.renew()
    forget()
    family = KNOWN_SOURCES["gather" if run_parallel is None else "task group"]
    known = tuple(fingerprint(Signal.__dict__[name]) for name in _METHODS) == family
    for name, shapes in _SHAPES.items():
        yield Replacement(Signal, name, partial(_loop if known else wrapped, shapes))
    yield Replacement(AsyncToSync, "__call__", _carrying)
    yield from overriding.replacements(_SHAPES)


def forget() -> None:
    """Look at every dispatch as at one of a new kind."""
    for shapes in (*_SHAPES.values(), *overriding.named()):
        shapes.known.clear()
        shapes.silent.clear()


def _carrying(found: Any) -> Callable[..., Any]:
    """Let what a sync receiver awaits in another thread know where it comes from."""

    @functools.wraps(found)
    def __call__(self: Any, *arguments: Any, **named: Any) -> Any:  # noqa: N807 - its name in tracebacks
        place = lanes.here.lane.open
        entered = None if place is None else Entered(place, lanes.places(place))
        try:
            if entered is not None:
                entered.enter()
            return found(self, *arguments, **named)
        except BaseException as error:
            unseen(error)
            raise
        finally:
            if entered is not None:
                entered.leave()

    return __call__


_NEW_ONES = overriding.NewOnes(_SHAPES)

HOOKS = Hooks(_replacements, _NEW_ONES.watch, _NEW_ONES.leave)
