"""Observe classes of signals that send in their own way: those that exist, and those to come.

Their method is wrapped. Where it goes on to Django's own, with ``super()``, the dispatch is
seen there in full, and what the wrapper noted is given up: each dispatch counts once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from django.dispatch import Signal

from sigexplorer.capture.frames import stand_in
from sigexplorer.capture.hooks import Replacement
from sigexplorer.capture.lanes import guarded
from sigexplorer.capture.shapes import Shapes
from sigexplorer.capture.wrapping import wrapped
from sigexplorer.model import Method

#: Methods that stand on classes now, with what was found there.
_replaced: list[tuple[type, str, Any, Any]] = []


def replacements(methods: Mapping[Method, Shapes]) -> Iterator[Replacement]:
    """Yield what is to be replaced on Signal's subclasses as they are now."""
    for owner in _subclasses(Signal):
        for name, shapes in methods.items():
            if name in vars(owner):
                yield Replacement(owner, name, partial(wrapped, shapes))


def _subclasses(cls: type) -> Iterator[type]:
    subclasses: list[type] = type.__subclasses__(cls)
    for subclass in subclasses:
        yield subclass
        yield from _subclasses(subclass)


class NewOnes:
    """Lets every subclass of Signal that is made from now on be observed."""

    def __init__(self, methods: Mapping[Method, Shapes]) -> None:
        self._methods = methods
        self._hook: Any = None

    def watch(self) -> None:
        """Begin."""
        methods = self._methods

        def __init_subclass__(cls: type[Any], /, **named: Any) -> None:  # noqa: N807 - Python's own hook
            super(Signal, cls).__init_subclass__(**named)  # type: ignore[misc] # cls is one of Signal's
            guarded(_observe, cls, methods)

        if "__init_subclass__" not in vars(Signal):
            self._hook = classmethod(__init_subclass__)
            setattr(Signal, "__init_subclass__", self._hook)  # noqa: B010 - not what mypy thinks of it

    def leave(self) -> None:
        """End, and put every class back that was changed."""
        if self._hook is not None and vars(Signal).get("__init_subclass__") is self._hook:
            delattr(Signal, "__init_subclass__")
        self._hook = None
        while _replaced:
            owner, name, found, ours = _replaced.pop()
            if vars(owner).get(name) is ours:
                setattr(owner, name, found)


def _observe(owner: type, methods: Mapping[Method, Shapes]) -> None:
    for name, shapes in methods.items():
        found = vars(owner).get(name)
        if found is not None:
            ours = stand_in(wrapped(shapes, found), found)
            setattr(owner, name, ours)
            _replaced.append((owner, name, found, ours))
