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

from sigexplorer.capture import choosing, lanes, loops, overriding
from sigexplorer.capture.fingerprint import fingerprint
from sigexplorer.capture.frames import unseen
from sigexplorer.capture.hooks import Hooks, Replacement
from sigexplorer.capture.registry import run_parallel
from sigexplorer.capture.shapes import Shapes, ask_again
from sigexplorer.capture.watch import Entered
from sigexplorer.capture.wrapping import is_wrapper, wrapped
from sigexplorer.model import Method

_METHODS: tuple[Method, ...] = ("send", "send_robust", "asend", "asend_robust")

_SHAPES = {method: Shapes(method) for method in _METHODS}

#: The four methods, in the order of ``_METHODS``, that our notes can be written into, by
#: what they do: of Django 5.2 and 6.0, which gather async receivers, and of 6.1, which runs
#: them in a task group. Any other source is wrapped, not replaced.
KNOWN_SOURCES = {
    "gather": ("3bb2bc3b70ccbe98", "c5d7ced94f30b4a9", "ae4b2cb29197ed3e", "ba3d0f2192596aa7"),
    "task group": ("9a008c51f3df21b8", "75ec292ebf30b7d1", "b302db27704ed1b8", "29b13b0ea2aa58ca"),
}


def notes() -> tuple[str, ...]:
    """Return what the reader of a trace must know of how it was observed."""
    return (*from_outside(), *choosing.notes())


def from_outside() -> tuple[str, ...]:
    """Return what is to be known of methods that are seen from outside only."""
    names = unseen_methods()
    if not names:
        return ()
    return (f"not Django's as known: Signal.{', '.join(names)}; receivers have no times of their own there",)


def unseen_methods() -> tuple[str, ...]:
    """Return which of the four methods those who observe now see from outside only."""
    return tuple(
        entry.name
        for entry in HOOKS.installed
        if entry.owner is Signal and entry.name in _SHAPES and is_wrapper(entry.ours)
    )


#: Django's methods with our notes, by the functions that were found: they are made once.
_LOOPS: dict[Any, Any] = {}


def _observed(shapes: Shapes, known: str, found: Any) -> Any:
    """Write our notes into one of the four methods, or observe it from outside if it is another one."""
    return (_loop if fingerprint(found) == known else wrapped)(shapes, found)


def _loop(shapes: Shapes, found: Any) -> Any:
    if found not in _LOOPS:
        _LOOPS[found] = loops.observed(found, shapes)
    return _LOOPS[found]


def _replacements() -> Iterable[Replacement]:
    lanes.renew()
    choosing.forget()
    forget()
    family = KNOWN_SOURCES["gather" if run_parallel is None else "task group"]
    for (name, shapes), known in zip(_SHAPES.items(), family, strict=True):
        yield Replacement(Signal, name, partial(_observed, shapes, known))
    yield Replacement(AsyncToSync, "__call__", _carrying)
    yield from overriding.replacements(_SHAPES)


def forget() -> None:
    """Look at every dispatch as at one of a new kind."""
    for shapes in (*_SHAPES.values(), *overriding.named()):
        shapes.known.clear()
        shapes.silent.clear()
    ask_again()


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
