"""Which arguments are wanted: names that the signal has, and values to compare with what was sent."""

from __future__ import annotations

from collections.abc import Mapping

from sigexplorer.capture import words
from sigexplorer.catalog.installed import django_version
from sigexplorer.catalog.page import Page
from sigexplorer.errors import UnknownNameError
from sigexplorer.model import Dispatch, Scalar, Trace
from sigexplorer.testing.comparing import Values
from sigexplorer.testing.fitting import check_type
from sigexplorer.testing.relations import check_action, check_models
from sigexplorer.testing.wanted import EVERY, Wanted, WantedSignal, is_from, pages_of

__tracebackhide__ = True


#: Arguments that can be little.
_FEW = ("action", "setting", "using")


class Arguments:
    """Arguments that a dispatch is to have, at least."""

    def __init__(self, named: Mapping[str, object], values: Values | None = None) -> None:
        self.named = named
        self._values = values or Values({})

    def check(self, signal: WantedSignal, trace: Trace, sender: Wanted = EVERY) -> None:
        """Raise where the signal is sent without an argument of that name, or never with such a one."""
        known = _known(signal, trace) if self.named else None
        for name in self.named:
            if known is not None and name not in known:
                raise UnknownNameError("argument", name, known, f" of {signal.text}")
        pages, others = pages_of(signal)
        if others:
            return
        sent = [one for one in trace.dispatches if signal.fits(one.signal, one.name, one.group)]
        seen = {each for one in sent for each in one.arguments}
        own = {each for one in sent if is_from(one, sender) for each in one.arguments}
        for name, wanted in self.named.items():
            told = (name, words.value(wanted, name))
            if told not in seen:  # whoever sent it, and why
                _check_kind(signal.text, pages, name, wanted)
            if told not in own:
                check_models(signal.text, {page.group for page in pages}, name, wanted, sender)
                if name == "pk_set":
                    check_action(signal.text, self.named)

    def differing(self, dispatch: Dispatch) -> dict[str, str]:
        """Return by name what is said of each argument that is not as wanted; empty where all are."""
        sent, said = dict(dispatch.arguments), {}
        for name, wanted in self.named.items():
            if name not in sent:
                said[name] = f"no argument {name}"
            elif not self._values.are_same(dispatch, name, wanted):
                was = _shown(sent[name], is_text=self._values.is_text(dispatch, name))
                told = _shown(words.value(wanted, name), is_text=isinstance(wanted, str))
                said[name] = f"{name} is another {was}" if was == told else f"{name}={was}, not {told}"
        return said


def _check_kind(signal: str, pages: list[Page], name: str, wanted: object) -> None:
    """Raise where an argument of Django's own signals is never that, by its kind or by its name."""
    arguments = [one for page in pages for one in page.arguments if one.name == name]
    check_type(signal, name, wanted, {one.type for one in arguments})
    can_be = _values(name) if name in _FEW else []
    if type(wanted) is str and can_be and wanted not in can_be:
        raise UnknownNameError(name, wanted, can_be, f" of {signal}")


def _values(name: str) -> list[str]:
    """Return what an argument of Django's signals can be, of those that can be little; empty if unknown."""
    if name == "action":
        return [f"{when}_{what}" for what in ("add", "remove", "clear") for when in ("pre", "post")]
    from django.conf import global_settings, settings
    from django.db import connections

    if name == "setting":
        return [each for each in {*dir(settings), *dir(global_settings)} if each.isupper()]
    return list(connections) if settings.configured else []


def _shown(told: Scalar, *, is_text: bool) -> str:
    """Return the words for something, in quotes where it is a text itself."""
    return told if type(told) is str and not is_text else repr(told)


def _known(signal: WantedSignal, trace: Trace) -> set[str] | None:
    """Return the names of the arguments that a signal is sent with; None where nobody can know."""
    pages, others = pages_of(signal)
    sent = [one for one in trace.dispatches if signal.fits(one.signal, one.name, one.group)]
    if others and (signal.pattern is not None or not sent):
        return None
    version = django_version()
    known = {argument.name for page in pages for argument in page.arguments_in(version)}
    return known | {name for one in sent for name, _ in one.arguments}
