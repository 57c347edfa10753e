"""Signals into words: the built-in ones by the catalogue, others by where they live."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from django.dispatch import Signal

from sigexplorer import catalog
from sigexplorer.capture.listening import built_in


class SignalWords(NamedTuple):
    """What a record keeps of a signal."""

    path: str  # dotted
    name: str  # the last part of it
    group: str


_KNOWN: WeakKeyDictionary[Any, SignalWords] = WeakKeyDictionary()


def words(signal: Any) -> SignalWords:
    """Name ``signal``; one that no module holds is named by its class."""
    known = _KNOWN.get(signal)
    if known is None:
        known = _KNOWN[signal] = _built_in(signal) or _custom(signal)
    return known


def _built_in(signal: Any) -> SignalWords | None:
    for page in catalog.PAGES:
        if page.module in sys.modules and built_in(page) is signal:
            return SignalWords(page.path, page.name, page.group)
    return None


def _custom(signal: Any) -> SignalWords:
    for path, found in custom():
        if found is signal:
            return SignalWords(path, path.rpartition(".")[2], "custom")
    name = type(signal).__qualname__
    return SignalWords(f"{type(signal).__module__}.<{name}>", f"<{name}>", "custom")


def custom() -> list[tuple[str, Any]]:
    """Return every signal that a module of the process holds and Django does not, by path.

    A signal imported elsewhere counts once, under the module that sorts first: mostly the
    one that defines it, because ``blog.receivers`` imports from ``blog``.
    """
    ours = {id(signal) for page in catalog.PAGES if (signal := _loaded(page)) is not None}
    found: dict[int, tuple[str, Any]] = {}
    for module_name, module in sorted(sys.modules.items()):
        held = getattr(module, "__dict__", None)
        if type(held) is not dict or module_name.startswith("django."):
            continue
        for name, thing in list(held.items()):
            # Only type() may be asked: a lazy object's __class__ runs the project's code.
            if issubclass(type(thing), Signal) and id(thing) not in ours:
                known = found.get(id(thing))
                path = f"{module_name}.{name}"
                if known is None or module_name.endswith("signals"):
                    found[id(thing)] = (path, thing)
    return sorted(found.values(), key=lambda pair: pair[0])


def _loaded(page: catalog.Page) -> Any:
    return built_in(page) if page.module in sys.modules else None
