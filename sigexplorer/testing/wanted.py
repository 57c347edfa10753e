"""Which signals and receivers are meant: by the objects themselves, or by their names.

A name that means nothing is an error at once: an assertion that something did not happen
would hold for any mistyped one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from importlib import import_module
from types import MethodType
from typing import Any

from django.dispatch import Signal

from sigexplorer import catalog
from sigexplorer.capture import keeping, receivers, registry, signals, words
from sigexplorer.capture.keeping import Originals
from sigexplorer.capture.listening import tracing_receiver
from sigexplorer.catalog.installed import django_version
from sigexplorer.catalog.page import Page, dotted
from sigexplorer.errors import UnknownNameError, UsageError
from sigexplorer.model import Dispatch, Trace
from sigexplorer.project.inventory import all_signals
from sigexplorer.show.filters import matches, parse_signals

__tracebackhide__ = True

_GLOB = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A sender or a receiver: every one, one that has a name, or all whose names fit a glob."""

    text: str  # as a message names it
    every: bool = False
    name: str | None = None
    glob: str | None = None
    thing: Any = None  # the object itself, where one was given
    ids: frozenset[int] | None = None  # of a sender that was given itself, its dispatches

    def fits(self, name: str | None) -> bool:
        """Whether what goes by ``name`` is meant."""
        if self.every:
            return True
        return name == self.name if self.glob is None else fnmatchcase(name or "None", self.glob)


EVERY = Wanted("any", every=True)


@dataclass(frozen=True, slots=True)
class WantedSignal:
    """One signal, or all that fit a glob or a ``%group``."""

    text: str
    path: str | None = None
    pattern: str | None = None
    thing: Any = None  # the signal itself, where it was given
    ids: frozenset[int] | None = None  # of one without a name, its dispatches

    def fits(self, path: str, name: str, group: str) -> bool:
        """Whether the signal with that path, short name and group is meant."""
        return path == self.path if self.pattern is None else matches(self.pattern, path, name, group)


EVERY_SIGNAL = WantedSignal("any signal", pattern="*")


def is_glob(text: str) -> bool:
    """Whether a text names all that fit it."""
    return bool(_GLOB & set(text))


def pages_of(signal: WantedSignal) -> tuple[list[Page], bool]:
    """Return the pages of the built-in signals that are meant, and whether any other signal may be."""
    version = django_version()
    pages = [
        page
        for page in catalog.PAGES
        if page.exists_in(version) and signal.fits(page.path, page.name, page.group)
    ]
    if signal.pattern is None:
        return pages, not pages
    if signal.pattern.startswith("%"):
        return pages, not pages  # no group has built-in signals and others
    known = {page.path for page in pages}
    return pages, any(
        path not in known and matches(signal.pattern, path, name, "")
        for path, name in _known_signals(None).items()
    )


def meets(dispatch: Dispatch, signal: WantedSignal, sender: Wanted) -> bool:
    """Whether a dispatch is of that signal and from that sender."""
    if signal.ids is not None and dispatch.id not in signal.ids:
        return False
    return signal.fits(dispatch.signal, dispatch.name, dispatch.group) and is_from(dispatch, sender)


def is_from(dispatch: Dispatch, sender: Wanted) -> bool:
    """Whether a dispatch is from that sender, which a name alone does not tell."""
    return sender.fits(dispatch.sender) and (sender.ids is None or dispatch.id in sender.ids)


# Signals.


def wanted_signal(
    thing: object,
    trace: Trace | None = None,
    *,
    init: bool = True,
    kept: Mapping[int, Originals] | None = None,
) -> WantedSignal:
    """Return which signal is meant by itself, its path, short name, a glob or a ``%group``; None is any.

    Without ``init`` a signal that was only counted is an error. One without a name is found
    among what was ``kept`` of the dispatches.
    """
    if thing is None:
        return EVERY_SIGNAL
    if issubclass(type(thing), Signal):
        named = signals.words(thing)
        found = WantedSignal(named.name, path=named.path, thing=thing)
        if kept is not None and signals.is_nameless(named.path):
            ids = frozenset(number for number, one in kept.items() if keeping.signal_of(one) is thing)
            found = replace(found, ids=ids)
    elif type(thing) is str:
        found = _named_signal(thing, trace)
    else:
        raise UsageError(f"'{words.value(thing)}' is no signal", "give a signal, or the name of one")
    if not init:
        _check_recorded(found)
    return found


def _check_recorded(found: WantedSignal) -> None:
    pages, others = pages_of(found)
    if pages and not others and all(page.group == "init" for page in pages):
        name = pages[0].name if found.pattern is None else found.text
        raise UsageError(f"'{name}' is only counted", "record it with trace(init=True)")


def _named_signal(text: str, trace: Trace | None) -> WantedSignal:
    known = _known_signals(trace)
    if text.startswith("%") or is_glob(text):
        parse_signals([text])  # an unknown %group ends here
        if not text.startswith("%") and not any(
            matches(text, path, name, "") for path, name in known.items()
        ):
            raise UnknownNameError("signal", text, [*known, *known.values()])
        return WantedSignal(text, pattern=text)
    if text in known:
        return WantedSignal(text, path=text)
    found = sorted(path for path, name in known.items() if name == text)
    own = [page.path for page in catalog.PAGES if page.path in found]
    if len(own or found) > 1:
        raise UsageError(f"'{text}' is the name of several signals", f"one of {', '.join(found)}")
    if found:
        return WantedSignal(text, path=(own or found)[0])
    return _imported_signal(text, known)


def _known_signals(trace: Trace | None) -> dict[str, str]:
    """Return the short names of all signals by their paths."""
    version = django_version()
    known = {page.path: page.name for page in catalog.PAGES if page.exists_in(version)}
    known |= {named.path: named.name for named, _ in all_signals()}
    return known | {one.signal: one.name for one in (trace.dispatches if trace else ())}


def _imported_signal(text: str, known: dict[str, str]) -> WantedSignal:
    """Return the signal at a path whose module nobody has imported yet."""
    page = next((page for page in catalog.PAGES if text in (page.name, page.path)), None)
    if page is not None:
        raise UsageError(
            f"'{page.name}' comes with Django {dotted(page.added)}", "this Django never sends it"
        )
    found = imported(text)
    if issubclass(type(found), Signal):
        return WantedSignal(text, path=signals.words(found).path, thing=found)
    raise UnknownNameError("signal", text, [path if "." in text else name for path, name in known.items()])


def imported(text: str) -> Any:
    """Return what stands at a dotted path, importing its module as a test would; None where nothing does."""
    parts = text.split(".")
    for end in range(len(parts) - 1, 0, -1):
        name = ".".join(parts[:end])
        if name not in sys.modules:
            try:
                import_module(name)
            except Exception:  # noqa: BLE001, S112 - whatever a module does when it is imported, the name is wrong
                continue
        found: Any = sys.modules.get(name)
        for part in parts[end:]:
            found = words.contents(found).get(part) if found is not None else None
        return getattr(found, "__func__", found) if type(found) in (staticmethod, classmethod) else found
    return None


# Receivers.


def wanted_receiver(thing: object, trace: Trace | None = None, *, told_apart: bool = False) -> Wanted:
    """Return which receiver is meant by itself, its name or the end of it; ``...`` is any.

    So is another of that name where those are not ``told_apart``: an error, for one given itself.
    """
    if thing is ...:
        return EVERY
    if type(thing) is not str:
        if not callable(thing):
            raise UsageError(f"'{words.value(thing)}' is no receiver", "give a function, or the name of one")
        name = receivers.words(thing).name
        if not told_apart and _is_shared(name, thing):
            raise UsageError(
                f"'{name}' is the name of another receiver, too, that is connected",
                "assert on what they did: a trace tells receivers apart by their names",
            )
        return Wanted(name, name=name, thing=thing)
    return _receiver_named(thing, known_receivers(trace))


def _receiver_named(text: str, known: set[str]) -> Wanted:
    if is_glob(text):
        for glob in (text, f"*.{text}"):  # of the end of a name, as without a glob
            if any(fnmatchcase(name, glob) for name in known):
                return Wanted(text, glob=glob)
        raise UnknownNameError("receiver", text, known)
    found = sorted(name for name in known if text == name or name.endswith(f".{text}"))
    if text in known or len(found) == 1:
        name = text if text in known else found[0]
        return Wanted(name, name=name)
    if found:
        raise UsageError(f"'{text}' is the name of several receivers", f"one of {', '.join(found[:10])}")
    if callable(imported(text)):
        return Wanted(text, name=text)
    raise UnknownNameError("receiver", text, known)


def is_receiver(text: str) -> bool:
    """Whether a text is the name of a receiver, or of some."""
    try:
        wanted_receiver(text)
    except UnknownNameError:
        return False
    except UsageError:  # of several
        return True
    return True


def _is_shared(name: str, thing: Any) -> bool:
    """Whether something else that is connected goes by a receiver's name, as methods of two objects do."""
    own = list(_down_to_method(thing))
    for _, signal in all_signals():
        for one in registry.registrations(signal):
            other = one.receiver
            if other is None or other is tracing_receiver or receivers.words(other).name != name:
                continue
            if not any(receivers.is_same(layer, mine) for layer in receivers.layers(other) for mine in own):
                return True
    return False


def _down_to_method(thing: Any) -> Iterator[Any]:
    """Yield what stands under partials and decorators, and not under a bound method: others share that."""
    for layer in receivers.layers(thing):
        yield layer
        if type(layer) is MethodType:
            return


def known_receivers(trace: Trace | None = None) -> set[str]:
    """Return the names of the receivers that are connected, or that a trace has seen."""
    known = {
        receivers.words(one.receiver).name
        for _, signal in all_signals()
        for one in registry.registrations(signal)
        if one.receiver is not None and one.receiver is not tracing_receiver
    }
    return known | {call.receiver for one in (trace.dispatches if trace else ()) for call in one.calls}
