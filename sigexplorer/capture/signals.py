"""Signals into words: the built-in ones by the catalogue, others by where they live."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

from django.dispatch import Signal

from sigexplorer import catalog
from sigexplorer.capture.listening import built_in
from sigexplorer.capture.words import class_path

#: The contents of a module, whatever its class makes of ``__dict__``.
_contents: Callable[[Any], dict[str, Any]] = vars(ModuleType)["__dict__"].__get__


class SignalWords(NamedTuple):
    """What a record keeps of a signal."""

    path: str  # dotted
    name: str  # the last part of it
    group: str


class _Named(NamedTuple):
    signal: weakref.ref[Any]  # to know an id that was given to another object since
    words: SignalWords
    modules: int  # how many were loaded: one that comes later may name what nobody named


#: By id, because a signal's own hash or equality is code of the project's.
_NAMED: dict[int, _Named] = {}


def words(signal: Any) -> SignalWords:
    """Name ``signal``; one that no module holds is named by its class."""
    known = _NAMED.get(id(signal))
    if known is not None and known.signal() is signal and not _may_have_got_a_name(known):
        return known.words
    found = _built_in(signal) or _custom(signal)
    _NAMED[id(signal)] = _Named(weakref.ref(signal), found, len(sys.modules))
    return found


def _may_have_got_a_name(known: _Named) -> bool:
    return known.words.name.startswith("<") and known.modules != len(sys.modules)


def _built_in(signal: Any) -> SignalWords | None:
    for page in catalog.PAGES:
        if page.module in sys.modules and built_in(page) is signal:
            return SignalWords(page.path, page.name, page.group)
    return None


def _custom(signal: Any) -> SignalWords:
    for path, found in custom():
        if found is signal:
            return SignalWords(path, path.rpartition(".")[2], "custom")
    name = class_path(type(signal)).rpartition(".")[2]
    return SignalWords(f"<{name}>", f"<{name}>", "custom")


def custom() -> list[tuple[str, Any]]:
    """Return every signal that a module of the process holds and Django does not, by path.

    A signal imported elsewhere counts once, under the module that sorts first: mostly the
    one that defines it, because ``blog.receivers`` imports from ``blog``.
    """
    ours = {id(signal) for page in catalog.PAGES if (signal := _loaded(page)) is not None}
    found: dict[int, tuple[str, Any]] = {}
    for module_name, module in sorted(sys.modules.items()):
        if module_name.startswith("django.") or not issubclass(type(module), ModuleType):
            continue
        held = _contents(module)
        for name, thing in list(held.items()):
            # Only type() may be asked: a lazy object's __class__ runs the project's code.
            if issubclass(type(thing), Signal) and id(thing) not in ours:
                known = found.get(id(thing))
                # The first name in a module is the one it was given; signals.py is where it belongs.
                if known is None or (_is_home(module_name) and not _is_home(known[0].rpartition(".")[0])):
                    found[id(thing)] = (f"{module_name}.{name}", thing)
    return sorted(found.values(), key=lambda pair: pair[0])


def _is_home(module_name: str) -> bool:
    return module_name.rpartition(".")[2] == "signals"


def _loaded(page: catalog.Page) -> Any:
    return built_in(page) if page.module in sys.modules else None
