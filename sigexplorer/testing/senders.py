"""Which sender is meant: by itself, or by a name that a sender of the signal can have."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any

from sigexplorer.capture import words
from sigexplorer.capture.registry import registrations
from sigexplorer.catalog.page import Page
from sigexplorer.errors import UnknownNameError, UsageError
from sigexplorer.model import Trace
from sigexplorer.project.inventory import all_receivers, all_signals
from sigexplorer.project.models import all_models, between, label
from sigexplorer.testing.relations import is_automatic, is_user, swapped_for
from sigexplorer.testing.wanted import (
    EVERY,
    EVERY_SIGNAL,
    Wanted,
    WantedSignal,
    imported,
    is_glob,
    meets,
    pages_of,
)

__tracebackhide__ = True

#: The groups of signals that models send.
_OF_MODELS = frozenset({"init", "save", "delete", "m2m", "model"})


def wanted_sender(
    thing: object,
    of: Sequence[WantedSignal] = (EVERY_SIGNAL,),
    trace: Trace | None = None,
    *,
    may_come: bool = False,
) -> Wanted:
    """Return which sender of the signals ``of`` is meant; ``...`` is any, None is the sender None.

    What can be none, and was none in ``trace``, is an error; but where it ``may_come`` only
    later, a text that some signal of the project's may be sent with is none.
    """
    if thing is ...:
        return EVERY
    known = _Known(of, trace)
    if type(thing) is not str:
        name = words.sender(thing)
        if name not in known.seen:
            if isinstance(thing, (list, tuple, set, frozenset)):
                raise UsageError(f"'{words.value(thing)}' is no sender", "one at a time")
            known.check_swapped(thing)
            if known.models is not None:
                known.check(thing, may_come=may_come)
        known.check_kind(thing)
        return Wanted(str(name), name=name, thing=thing)
    lenient = may_come and known.models is None
    inner = thing[1:-1] if len(thing) > 2 and thing[0] == thing[-1] == "'" else ""  # noqa: PLR2004 - the quotes
    if inner and known.is_text(inner):
        return Wanted(thing, name=inner, thing=sys.intern(inner))
    if is_glob(thing):
        if not lenient and not any(fnmatchcase(one, thing) for one in known.names()):
            raise known.unknown(thing)
        return Wanted(thing, glob=thing)
    name = thing if thing in known.seen else known.named(thing)
    if name is None and (not lenient or "." in thing):
        raise known.unknown(thing)
    known.check_kind(_models().get(name or thing))
    return Wanted(thing, name=name or thing)


class _Known:
    """What can be a sender of some signals."""

    def __init__(self, of: Sequence[WantedSignal], trace: Trace | None) -> None:
        self._signals = ", ".join(one.text for one in of)
        self._pages: list[Page] = []
        groups: set[str] = set()
        for signal in of:
            pages, others = pages_of(signal)
            self._pages += pages
            groups |= {page.group for page in pages} | ({"custom"} if others else set())
        self._groups = groups
        self._sent_by = {
            one.sender
            for one in (trace.dispatches if trace else ())
            if any(meets(one, signal, EVERY) for signal in of)
        }
        #: By their labels, where nothing but models sends these signals; else None.
        self.models: dict[str, Any] | None = None
        if groups <= _OF_MODELS:
            models = _models()
            fit = between() if models and groups == {"m2m"} else list(models.values())
            self.models = {
                name: model
                for name, model in models.items()
                if model in fit and not self._is_silent(model) and not swapped_for(model)
            }
        #: What has sent them; where others than models may, what has sent any signal.
        self.seen = {
            one.sender
            for one in (trace.dispatches if trace else ())
            if self.models is None or any(meets(one, signal, EVERY) for signal in of)
        }

    def check(self, thing: Any, *, may_come: bool) -> None:
        """Raise where an object sends no signal of models."""
        told = words.value(thing)
        if thing is None:
            raise self._refused("None", "leave the sender out where any is meant")
        if not issubclass(type(thing), type):
            raise self._refused(f"'{told}'", "a model does: give the class")
        name = words.model_label(thing)
        if name is None:
            if not may_come:
                raise self._refused(f"'{words.sender(thing)}'", "it is no model")
        elif words.attribute(words.class_attribute(thing, "_meta"), "abstract"):
            raise self._refused(f"'{name}'", "it is abstract: give a model that inherits it")
        else:
            self._check_model(name)

    def check_swapped(self, thing: Any) -> None:
        """Raise where a model that another one stands for does not send these signals."""
        instead = swapped_for(thing) if words.model_label(thing) else None
        if instead and self._groups & {*_OF_MODELS, "auth"} and self._groups != {"model"}:
            raise self._refused(f"'{words.model_label(thing)}'", f"it is swapped out for '{instead}'")

    def check_kind(self, thing: Any) -> None:
        """Raise where something of its kind never sends these signals of Django's, which no model sends."""
        if thing is None or not self._groups or self._groups & {*_OF_MODELS, "custom"}:
            return
        if words.sender(thing) in self._sent_by:
            return
        is_class = issubclass(type(thing), type)
        if self._groups == {"migrate"} and not (words.is_app_config(thing) and not is_class):
            raise self._refused(f"'{words.sender(thing)}'", "the configuration of an app does")
        model = words.model_label(thing if is_class else type(thing))
        if model is not None and not (self._groups == {"auth"} and is_class and is_user(thing)):
            but = ", but for one of users that log in" if self._groups == {"auth"} else ""
            raise self._refused(f"'{model}'", f"no model does{but}")

    def _is_silent(self, model: Any) -> bool:
        """Whether Django made a model, and so saves and deletes its rows without a signal."""
        return self._groups <= {"save", "delete"} and is_automatic(model)

    def _check_model(self, name: str) -> None:
        """Raise where a model never sends these signals, as only those between two others send some."""
        if self.models is None or name in self.models or name not in _models():
            return
        if self._is_silent(_models()[name]):
            raise self._refused(f"'{name}'", "Django made it for a field, and m2m_changed tells of its rows")
        own = {label(one) for one in between(_models()[name])}
        raise self._refused(
            f"'{name}'",
            f"the model between does: {', '.join(sorted(own))}" if own else "it is between no others",
        )

    def _refused(self, what: str, why: str) -> UsageError:
        return UsageError(f"{what} does not send {self._signals}", why)

    def named(self, text: str) -> str | None:
        """Return the name of the sender that ``text`` means; None where nothing goes by it."""
        labels = list(_models())
        by_name = [
            name for name in labels if text.casefold() in (name.casefold(), name.split(".")[-1].casefold())
        ]
        if len(by_name) > 1:
            by_name = [name for name in by_name if not swapped_for(_models()[name])]
        if len(by_name) > 1:
            raise UsageError(
                f"'{text}' is the name of several models", f"one of {', '.join(sorted(by_name))}"
            )
        found = None if by_name else imported(text)
        if issubclass(type(found), type) and words.model_label(found) in labels:
            by_name = [str(words.sender(found))]
        if by_name:
            self.check_swapped(_models()[by_name[0]])
            self._check_model(by_name[0])
            return by_name[0]
        return None if self.models is not None else self._other(text, found)

    def _other(self, text: str, found: Any) -> str | None:
        """Return the name of a sender that is no model."""
        is_class = issubclass(type(found), type)
        app = next((app for app in _apps() if is_class and type(app) is found), None)
        if is_class or callable(found):
            return words.sender(app or found)
        known = found is not None or text in sys.modules or text in map(words.sender, _apps())
        return text if known or text in _connected() or is_connected_for(text) else None

    def is_text(self, text: str) -> bool:
        """Whether a text has sent, or any receiver is connected for it: it is no model of that name."""
        if self.models is not None:
            return False
        return text in self.seen or text in _connected() or is_connected_for(text)

    def names(self) -> Iterator[str]:
        """Yield what a sender's name may be, those of all classes of the process last."""
        yield from (name or "None" for name in self.seen)
        if self.models is not None:
            yield from self.models
            return
        yield from (name for name, model in _models().items() if not swapped_for(model))
        yield from (str(words.sender(app)) for app in _apps())
        yield from _connected()
        yield from (module for page in self._pages for module in page.sent_by)
        for name, module in sys.modules.copy().items():
            yield name
            for held in list(words.contents(module).values()) if module is not None else ():
                if issubclass(type(held), type):
                    yield words.class_path(held)

    def unknown(self, text: str) -> UnknownNameError:
        """Return the error that says so of a name, with the nearest."""
        known = [*(self.models or _models()), *filter(None, self.seen)]
        if self.models is None:
            known += [*(str(words.sender(app)) for app in _apps()), *_connected()]
        return UnknownNameError("sender", text, known)


def _models() -> dict[str, Any]:
    from django.apps import apps

    return {label(model): model for model in all_models()} if apps.models_ready else {}


def _apps() -> list[Any]:
    from django.apps import apps

    return list(apps.get_app_configs()) if apps.apps_ready else []


def ids_of(text: str) -> tuple[int, int]:
    """Return the ids under which Django may keep a text as a sender: of it, and of the one that all share."""
    return id(text), id(sys.intern(text))


def is_connected_for(text: str) -> bool:
    """Whether a receiver is connected for that very text; of a text Django keeps nothing but the id."""
    ids = ids_of(text)
    return any(one.sender_id in ids for _, signal in all_signals() for one in registrations(signal))


def _connected() -> set[str]:
    """Return the names of the senders that any receiver is connected for."""
    return {one.sender for one in all_receivers() if one.alive and one.sender}
