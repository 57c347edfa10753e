"""Observe classes of signals that send in their own way: those that exist, and those to come.

Their method is written anew with our notes in it, or wrapped where that cannot be. Where it goes
on to Django's own, with ``super()``, the dispatch is seen there in full, and what was noted of it
before is given up: each dispatch counts once.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping
from functools import partial
from types import FunctionType
from typing import Any

from django.dispatch import Signal

from sigexplorer.capture.classes import subclasses
from sigexplorer.capture.frames import stand_in
from sigexplorer.capture.hooks import Replacement
from sigexplorer.capture.lanes import guarded
from sigexplorer.capture.ownways import observed
from sigexplorer.capture.shapes import Shapes
from sigexplorer.capture.sources import Source, source_of
from sigexplorer.capture.wrapping import wrapped
from sigexplorer.model import Method

#: Methods that stand on classes now, with what was found there.
REPLACED: list[tuple[type, str, Any, Any]] = []

#: What a class may have of its own that neither sends nor helps to.
_OTHERS = frozenset({"connect", "disconnect", "has_listeners"})

#: The shapes of what is sent by methods with other names than Django's.
_named: dict[str, Shapes] = {}

#: Classes that were looked at.
_seen: weakref.WeakSet[type] = weakref.WeakSet()


def replacements(methods: Mapping[Method, Shapes]) -> Iterator[Replacement]:
    """Yield what is to be replaced on Signal's subclasses as they are now."""
    _seen.clear()
    for cls in subclasses(Signal):
        for owner in _new_owners(cls):
            yield from _of_class(owner, methods)


def named() -> tuple[Shapes, ...]:
    """Return the shapes of what methods with other names than Django's have sent."""
    return tuple(_named.values())


def _new_owners(cls: type) -> Iterator[type]:
    """Yield a subclass of Signal and what it is mixed from, if not Django's and not looked at before."""
    for owner in cls.__mro__:
        if owner not in _seen and not issubclass(Signal, owner) and not _is_djangos(owner):
            _seen.add(owner)
            yield owner


def _is_djangos(owner: type) -> bool:
    return owner.__module__.startswith("django.") or owner.__module__ == "typing"


def _of_class(owner: type, methods: Mapping[Method, Shapes]) -> Iterator[Replacement]:
    sources = {
        name: source
        for name, found in vars(owner).items()
        if type(found) is FunctionType
        and not name.startswith("__")
        and name not in _OTHERS
        and (source := source_of(found)) is not None
    }
    every: dict[str, Shapes] = dict(methods)  # type: ignore[arg-type] # names are texts
    helped = {name for source in sources.values() for name in source.helpers}
    own = {name for name, source in sources.items() if source.passes_on}
    sending = own | {name for name, source in sources.items() if source.calls and issubclass(owner, Signal)}
    for name in vars(owner):
        source = sources.get(name)
        if source is not None and (name in methods or name in sending or source.helpers & own):
            sends = name in methods or (source.loops and name not in helped)
            sees_all = source.passes_on or bool(source.helpers & own)
            asked = every.get(name) or _named.setdefault(name, Shapes(name))
            make = partial(_observed, source, asked, sends, sees_all)
            yield Replacement(owner, name, make)
        elif name in methods:
            yield Replacement(owner, name, partial(wrapped, every[name]))


def _observed(source: Source, asked: Shapes, sends: bool, sees_all: bool, found: Any) -> Any:  # noqa: FBT001
    """Return a method with our notes; where it has no room for them, wrapped if it is one of the four."""
    try:
        return observed(source, asked, sends=sends, sees_all=sees_all)
    except Exception:  # as of Python's compiler, of what is nested too deep
        return found if _named.get(asked.method) is asked else wrapped(asked, found)


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
        while REPLACED:
            owner, name, found, ours = REPLACED.pop()
            if vars(owner).get(name) is ours:
                setattr(owner, name, found)


def _observe(cls: type, methods: Mapping[Method, Shapes]) -> None:
    for owner in _new_owners(cls):
        for _, name, make in list(_of_class(owner, methods)):
            found = vars(owner)[name]
            ours = stand_in(make(found), found)
            setattr(owner, name, ours)
            REPLACED.append((owner, name, found, ours))
