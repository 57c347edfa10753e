"""The variables of modules that are signals: found in one look over all modules, and remembered.

A look takes milliseconds, and a program may have thousands of signals. So it is taken again
only for a signal that the last one cannot have seen; and a few times in vain for others, which
may have become a variable since. Of a line that makes one signal after the other, to none of which
anything leads, fewer and fewer are looked for.
"""

from __future__ import annotations

import linecache
import re
import sys
import weakref
from collections.abc import Callable, Iterator
from importlib.machinery import SourceFileLoader
from types import ModuleType
from typing import Any, NamedTuple

from django.dispatch import Signal

from sigexplorer import catalog
from sigexplorer.capture.listening import built_in
from sigexplorer.capture.words import plain

#: The dict of a module itself, whatever its class makes of ``__dict__``.
namespace: Callable[[Any], dict[str, Any]] = vars(ModuleType)["__dict__"].__get__


class Variable(NamedTuple):
    """A variable of a module that is a signal."""

    module: str
    name: str
    key: Any  # the name as it stands in the module: not always a plain text

    @property
    def bound_by_loop(self) -> bool:
        """Whether only ``for`` statements of the source bind it: it was left over."""
        names = _names_in(self.module)
        return self.name in names.looped and self.name not in names.assigned

    @property
    def assigned(self) -> bool:
        """Whether the source of the module assigns it, instead of importing it."""
        return self.name in _names_in(self.module).assigned

    def holds(self, signal: Any) -> bool:
        """Whether it still is that signal."""
        module = sys.modules.get(self.module)
        return issubclass(type(module), ModuleType) and namespace(module).get(self.key) is signal


class Held(NamedTuple):
    """A signal and the variables that are it."""

    signal: weakref.ref[Any]
    variables: list[Variable]


class _Look(NamedTuple):
    """What one look over all modules has found."""

    held: dict[int, Held]
    modules: int  # how many there were
    created: int  # signals that had been created


_LAST: list[_Look] = []

_IN_VAIN = 20  # looks that may find nothing, before those are given up

_VAIN = [0]  # how many there were since one of them has found something


class Line:
    """A line that creates signals."""

    __slots__ = ("left", "vain")

    def __init__(self) -> None:
        self.vain = 0  # how often one of it was looked for in vain since one was found
        self.left = 0  # signals of it that are not looked for until the next one is

    def is_worth_a_look(self) -> bool:
        """Whether the next signal of it is to be looked for."""
        self.left -= 1
        return self.left < 0

    def looked(self, *, found: bool) -> None:
        """Take note that it was."""
        self.vain = 0 if found else self.vain + 1
        self.left = 0 if self.vain < _IN_VAIN else 2 ** (self.vain - _IN_VAIN + 4)


_LINES: dict[tuple[str, int], Line] = {}

_REMEMBERED = 1_000


def line_at(place: tuple[str, int]) -> Line:
    """Return the line at that place."""
    line = _LINES.get(place)
    if line is None:
        if len(_LINES) >= _REMEMBERED:
            _LINES.clear()
        line = _LINES[place] = Line()
    return line


def look(created: int = 0) -> dict[int, Held]:
    """Look at all modules: by id the signals that are a variable of some, Django's own ones left out."""
    ours = {id(signal) for page in catalog.PAGES if (signal := loaded(page)) is not None}
    others: set[type] = set()  # kinds of things that are no signals
    found: dict[int, Held] = {}
    for module_name, module in sorted(sys.modules.copy().items()):  # garbage that goes meanwhile may import
        if module_name.startswith("django.") or not issubclass(type(module), ModuleType):
            continue
        # Only type() may be asked: a lazy object's __class__ runs the project's code.
        kinds = {*map(type, list(namespace(module).values()))} - others
        others.update(kind for kind in kinds if not issubclass(kind, Signal))
        kinds -= others
        for name, thing in list(namespace(module).items()) if kinds else ():
            if type(thing) in kinds and id(thing) not in ours:
                held = found.setdefault(id(thing), Held(weakref.ref(thing), []))
                held.variables.append(Variable(module_name, plain(name), name))
    _LAST[:] = [_Look(found, len(sys.modules), created)]
    return found


def of_module(signal: Any, module_name: str) -> Iterator[Variable]:
    """Yield the variables of one module that are ``signal``, as a look over all would find them there."""
    module = sys.modules.get(module_name)
    if issubclass(type(module), ModuleType) and not module_name.startswith("django."):
        for name, thing in list(namespace(module).items()):
            if thing is signal:
                yield Variable(module_name, plain(name), name)


def of(signal: Any, number: int | None, created: int) -> list[Variable]:
    """Return the variables that are ``signal``, the ``number``-th of the signals that were created.

    ``None``: nobody saw it being created.
    """
    last = _LAST[0] if _LAST else None
    if last is not None:
        found = _standing(last.held, signal)
        seen = (number is None or number <= last.created) and last.modules == len(sys.modules)
        if found or (seen and _VAIN[0] >= _IN_VAIN):
            return found
        if seen:
            found = _standing(look(created), signal)
            _VAIN[0] = 0 if found else _VAIN[0] + 1
            return found
    return _standing(look(created), signal)


def _standing(table: dict[int, Held], signal: Any) -> list[Variable]:
    held = table.get(id(signal))
    if held is None or held.signal() is not signal:
        return []
    return [variable for variable in held.variables if variable.holds(signal)]


def loaded(page: catalog.Page) -> Any:
    """Return Django's own signal of a page, None where its module was not imported."""
    return built_in(page) if page.module in sys.modules else None


class _Names(NamedTuple):
    assigned: frozenset[str]
    looped: frozenset[str]


_ASSIGNED = re.compile(r"[ \t]*((?:\w+[ \t]*[,=][ \t]*)*\w+)[ \t]*(?::[^=\n]*)?=(?!=)")
_LOOPED = re.compile(r"[ \t]*(?:async[ \t]+)?for[ \t]+(.+?)[ \t]+in\b")
_NAME = re.compile(r"\w+")

_READ: dict[str, tuple[int, _Names]] = {}  # by file


def _names_in(module_name: str) -> _Names:
    """Return what the lines of a module assign, and what its loops bind."""
    module = sys.modules.get(module_name)
    file = _file_of(namespace(module)) if issubclass(type(module), ModuleType) else None
    if type(file) is not str or not file.endswith(".py"):
        return _Names(frozenset(), frozenset())
    lines = linecache.getlines(file)
    known = _READ.get(file)
    if known is None or known[0] != id(lines):
        known = _READ[file] = (id(lines), _read(lines))
    return known[1]


def _file_of(held: dict[str, Any]) -> Any:
    """Return the file of a module; ``__main__`` has lost its name of it when the program has ended."""
    loader = held.get("__loader__")
    if "__file__" not in held and type(loader) is SourceFileLoader:
        return loader.path
    return held.get("__file__")


def _read(lines: list[str]) -> _Names:
    assigned: set[str] = set()
    looped: set[str] = set()
    for line in lines:
        if found := _ASSIGNED.match(line):
            assigned.update(_NAME.findall(found[1]))
        elif found := _LOOPED.match(line):
            looped.update(_NAME.findall(found[1]))
    return _Names(frozenset(assigned), frozenset(looped))
