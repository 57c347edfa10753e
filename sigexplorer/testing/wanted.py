"""Which signals, senders and receivers are meant: by the objects themselves, or by their names.

A name that means nothing is an error at once: an assertion that something did not happen
would hold for any mistyped one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib import import_module
from typing import Any

from django.dispatch import Signal

from sigexplorer import catalog
from sigexplorer.capture import receivers, registry, signals, words
from sigexplorer.capture.listening import tracing_receiver
from sigexplorer.catalog.installed import django_version
from sigexplorer.catalog.page import dotted
from sigexplorer.errors import UnknownNameError, UsageError
from sigexplorer.model import Dispatch, Trace
from sigexplorer.project.inventory import all_signals
from sigexplorer.project.models import all_models, label
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

    def fits(self, path: str, name: str, group: str) -> bool:
        """Whether the signal with that path, short name and group is meant."""
        return path == self.path if self.pattern is None else matches(self.pattern, path, name, group)


EVERY_SIGNAL = WantedSignal("any signal", pattern="*")


def find(
    trace: Trace, signal: object, sender: object, arguments: dict[str, object], *, init: bool
) -> list[Dispatch]:
    """Return the dispatches of ``trace`` that are meant, in order."""
    wanted = wanted_signal(signal, trace, init=init)
    by = wanted_sender(sender, trace)
    return [one for one in trace.dispatches if meets(one, wanted, by) and not differing(one, arguments)]


def meets(dispatch: Dispatch, signal: WantedSignal, sender: Wanted) -> bool:
    """Whether a dispatch is of that signal and from that sender."""
    return signal.fits(dispatch.signal, dispatch.name, dispatch.group) and sender.fits(dispatch.sender)


# Signals.


def wanted_signal(thing: object, trace: Trace | None = None, *, init: bool = True) -> WantedSignal:
    """Return which signal is meant by itself, its path, short name, a glob or a ``%group``; None is any.

    Without ``init`` a signal that was only counted is an error.
    """
    if thing is None:
        return EVERY_SIGNAL
    if issubclass(type(thing), Signal):
        named = signals.words(thing)
        found = WantedSignal(named.name, path=named.path, thing=thing)
    elif type(thing) is str:
        found = _named_signal(thing, trace)
    else:
        raise UsageError(f"'{words.value(thing)}' is no signal", "give a signal, or the name of one")
    if not init and found.pattern is None:
        _check_recorded(found)
    return found


def _check_recorded(found: WantedSignal) -> None:
    page = next((page for page in catalog.PAGES if page.path == found.path), None)
    if page is not None and page.group == "init":
        raise UsageError(f"'{page.name}' is only counted", "record it with trace(init=True)")


def _named_signal(text: str, trace: Trace | None) -> WantedSignal:
    known = _known_signals(trace)
    if text.startswith("%") or _GLOB & set(text):
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


# Senders.


def wanted_sender(thing: object, trace: Trace | None = None) -> Wanted:
    """Return which sender is meant by itself or its name; ``...`` is any, None is the sender None."""
    if thing is ...:
        return EVERY
    if type(thing) is not str:
        name = words.sender(thing)
        return Wanted(str(name), name=name, thing=thing)
    if _GLOB & set(thing):
        return Wanted(thing, glob=thing)
    sent = {one.sender for one in trace.dispatches if one.sender} if trace else set()
    return Wanted(thing, name=thing if thing in sent else _named_sender(thing, sent))


def _named_sender(text: str, sent: Iterable[str]) -> str:
    """Return the name of a sender that the trace has not seen."""
    from django.apps import apps

    models = [label(model) for model in all_models()] if apps.models_ready else []
    by_name = [
        name for name in models if text.casefold() in (name.casefold(), name.split(".")[-1].casefold())
    ]
    if len(by_name) == 1:
        return by_name[0]
    if len(by_name) > 1:
        raise UsageError(f"'{text}' is the name of several models", f"one of {', '.join(sorted(by_name))}")
    if "." not in text or imported(text) is not None or text in sys.modules:
        return text  # an app label, or a text that some signal may be sent with
    raise UnknownNameError("sender", text, [*models, *sent])


# Receivers.


def wanted_receiver(thing: object, trace: Trace | None = None) -> Wanted:
    """Return which receiver is meant by itself, its name or the end of it; ``...`` is any."""
    if thing is ...:
        return EVERY
    if type(thing) is not str:
        if not callable(thing):
            raise UsageError(f"'{words.value(thing)}' is no receiver", "give a function, or the name of one")
        name = receivers.words(thing).name
        return Wanted(name, name=name, thing=thing)
    if _GLOB & set(thing):
        return Wanted(thing, glob=thing)
    known = known_receivers(trace)
    found = sorted(name for name in known if thing == name or name.endswith(f".{thing}"))
    if thing in known or len(found) == 1:
        name = thing if thing in known else found[0]
        return Wanted(name, name=name)
    if found:
        raise UsageError(f"'{thing}' is the name of several receivers", f"one of {', '.join(found[:10])}")
    if callable(imported(thing)):
        return Wanted(thing, name=thing)
    raise UnknownNameError("receiver", thing, known)


def known_receivers(trace: Trace | None = None) -> set[str]:
    """Return the names of the receivers that are connected, or that a trace has seen."""
    known = {
        receivers.words(one.receiver).name
        for _, signal in all_signals()
        for one in registry.registrations(signal)
        if one.receiver is not None and one.receiver is not tracing_receiver
    }
    return known | {call.receiver for one in (trace.dispatches if trace else ()) for call in one.calls}


# Arguments.


def differing(dispatch: Dispatch, arguments: dict[str, object]) -> dict[str, str]:
    """Return by name what is said of each argument that is not as wanted; empty where all are."""
    sent = dict(dispatch.arguments)
    said = {}
    for name, wanted in arguments.items():
        told = wanted if type(wanted) is str else words.value(wanted, name)
        if name not in sent:
            said[name] = f"no argument {name}"
        elif not _is_same(sent[name], told):
            said[name] = f"{name}={sent[name]!r}, not {told!r}"
    return said


_UNSAVED = " pk=None>"


def _is_same(sent: object, told: object) -> bool:
    """Whether two values in words are the same; an instance had no key before, or has none any more."""
    if sent == told and type(sent) is type(told):
        return True
    if not isinstance(sent, str) or not isinstance(told, str):
        return False
    if not (sent.endswith(_UNSAVED) or told.endswith(_UNSAVED)) or " pk=" not in sent or " pk=" not in told:
        return False
    return sent.startswith("<") and sent.partition(" pk=")[0] == told.partition(" pk=")[0]
