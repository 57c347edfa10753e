"""Ways to send that were put in place on a class that was there: they are told of, and not observed."""

from __future__ import annotations

from collections.abc import Iterator

from django.dispatch import Signal

from sigexplorer.capture.classes import class_path
from sigexplorer.capture.dispatch import HOOKS
from sigexplorer.capture.overriding import REPLACED
from sigexplorer.model import LATE

_METHODS = ("send", "send_robust", "asend", "asend_robust")
_TOLD = 5


def notes() -> tuple[str, ...]:
    """Return what the reader of a trace must know of methods that stand where ours stood, or never were.

    One that was put back meanwhile has left nothing by which it would be known.
    """
    ours = {(id(entry.owner), entry.name): entry.ours for entry in HOOKS.installed}
    ours |= {(id(owner), name): function for owner, name, _, function in REPLACED}
    found = [
        f"{class_path(owner)}.{name}"
        for owner in {id(owner): owner for owner in _owners()}.values()
        for name in _METHODS
        if name in vars(owner) and vars(owner)[name] is not ours.get((id(owner), name))
    ]
    if not found:
        return ()
    more = f" and {len(found) - _TOLD} more" if len(found) > _TOLD else ""
    return (
        f"{', '.join(found[:_TOLD])}{more} {LATE}: what is sent so, and not by Django's own, is not known",
    )


def _owners() -> Iterator[type]:
    """Yield Signal, its subclasses and what they are mixed from, but for what else is Django's."""
    waiting: list[type] = [Signal]
    while waiting:
        cls = waiting.pop()
        waiting += type.__subclasses__(cls)
        yield from (
            owner
            for owner in cls.__mro__
            if owner is Signal or not owner.__module__.startswith(("django.", "typing", "builtins"))
        )
