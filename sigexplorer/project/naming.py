"""Which connected object a path of attributes leads to, where that is not how the receiver calls itself.

A method that is inherited, a ``functools.partialmethod``, an object that a module holds: each is
named by what was written, which is elsewhere. Nothing is imported, and no code runs.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from types import FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from sigexplorer.capture import receivers
from sigexplorer.capture.receivers import is_same
from sigexplorer.capture.words import class_attribute, contents, declared

if TYPE_CHECKING:
    from sigexplorer.project.case import Facts


class Meant(NamedTuple):
    """A receiver that was asked about by a path to it."""

    name: str  # by which it is known
    path: str  # module.attribute.attribute
    target: Any  # the receiver itself; None where it died


class _Led(NamedTuple):
    path: str
    owner: Any  # a class, an object, or a module
    held: Any  # as it stands there: a classmethod is still one


def connected_at(text: str, facts: Facts) -> Meant | None:
    """Return the receiver that ``text`` leads to, the end of whose path it may be; None where none is."""
    known = [(one.receiver.name, one.registration.receiver) for one in facts.standing]
    known += [(one.receiver.name, one.waiting.receiver) for one in facts.pending]
    watched = [one.event for one in facts.attempts if one.event.target is not None]
    known += [(event.receiver.name, event.target()) for event in watched]
    for led in _leads(text):
        for name, target in known:
            if target is not None and _is_that(led, target):
                return Meant(name, led.path, target)
        function = _function(led.held)
        dead = [event for event in watched if event.target() is None]
        if type(function) is FunctionType:
            words = receivers.words(function)
            found = next((event for event in dead if event.receiver == words), None)
            if found is not None:
                return Meant(found.receiver.name, led.path, None)
    return None


def _leads(text: str) -> Iterator[_Led]:
    """Yield what ``text`` leads to from each module that has its beginning."""
    parts = text.split(".")
    for name, module in sys.modules.copy().items():
        if not issubclass(type(module), ModuleType):
            continue
        inside = text.removeprefix(f"{name}.")
        rest = inside.split(".") if inside != text else parts
        owner: Any = None
        found: Any = module
        for part in rest:
            owner, found = found, _attribute(found, part)
            if found is None:
                break
        if found is not None and not issubclass(type(found), ModuleType):
            yield _Led(f"{name}.{'.'.join(rest)}", owner, found)


def _attribute(thing: Any, name: str) -> Any:
    if issubclass(type(thing), ModuleType):
        return contents(thing).get(name)
    return class_attribute(thing, name) if issubclass(type(thing), type) else declared(thing, name)


def _is_that(led: _Led, receiver: Any) -> bool:
    """Whether a path leads to a receiver, or to what the receiver is bound from."""
    if is_same(led.held, receiver):
        return True
    kind = type(led.held)
    if kind is functools.partialmethod:
        of_it = type(receiver) is functools.partial and type(receiver.func) is MethodType
        return of_it and _is_bound(led, receiver.func) and _gives(led.held) == _gives(receiver)
    if kind is functools.singledispatchmethod:
        return receivers.innermost(receiver) is led.held.func
    if kind is staticmethod:
        return led.held.__func__ is receiver
    return type(receiver) is MethodType and _is_bound(led, receiver)


def _is_bound(led: _Led, method: Any) -> bool:
    """Whether a method is that of the object, or of an object of the class, that a path leads through."""
    if method.__func__ is not _function(led.held):
        return False
    return method.__self__ is led.owner or type(method.__self__) is led.owner


def _gives(partial: Any) -> tuple[list[int], list[tuple[str, int]]]:
    return [id(one) for one in partial.args], [(name, id(one)) for name, one in partial.keywords.items()]


def _function(held: Any) -> Any:
    """Return the function under what stands in a class."""
    if type(held) is functools.partialmethod:
        held = held.func
    return held.__func__ if type(held) in (classmethod, staticmethod) else held
