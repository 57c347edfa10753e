"""The faults of ``trace --inject``: read as they are written, and begun where Django dispatches."""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from sigexplorer.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from sigexplorer.capture.altering import Rule

_HOW = "write it like 'blog.receivers.send_mail:raise=TimeoutError:when=2'"

_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")

_KEYS = ("raise", "delay", "when")


class Planned(NamedTuple):
    """A fault as it was asked for."""

    text: str
    receiver: str  # its name, the end of it, or a glob
    raises: str | None  # the name of a built-in exception, or a dotted path
    delay_ns: int
    when: int | None  # the number of the call, from 1; None: every one


def parse(text: str, duration: Callable[[str], int]) -> Planned:
    """Return the fault that ``text`` asks for; ``duration`` reads the nanoseconds of a delay."""
    receiver, *parts = (part.strip() for part in text.split(":"))
    held: dict[str, str] = {}
    for part in parts:
        key, equals, value = part.partition("=")
        if key not in _KEYS:
            raise UnknownNameError(f"part of '{text}'", key, _KEYS)
        if not equals or not value or key in held:
            raise UsageError(f"'{part}' of '{text}' cannot be meant", _HOW)
        held[key] = value
    if not receiver or not held.keys() & {"raise", "delay"}:
        raise UsageError(f"'{text}' does not say {'what happens' if receiver else 'to which receiver'}", _HOW)
    when = held.get("when")
    if when is not None and not (when.isascii() and when.isdigit() and int(when[:18]) > 0):
        raise UsageError(f"'when={when}' is no call", "a whole number from 1 on")
    return Planned(
        text,
        receiver,
        _exception(held["raise"]) if "raise" in held else None,
        duration(held["delay"]) if "delay" in held else 0,
        int(when[:18]) if when else None,
    )


def _exception(name: str) -> str:
    """Return the name of an exception; that of a module is looked at when it is to be raised."""
    if _DOTTED.fullmatch(name):
        return name
    known = {
        each: kind
        for each, kind in vars(builtins).items()
        if isinstance(kind, type) and issubclass(kind, BaseException)
    }
    if name not in known:
        raise UnknownNameError("exception", name, known)
    try:
        known[name]("")
    except TypeError as problem:
        raise UsageError(f"'{name}' cannot be made of a message", "name another one") from problem
    return name


class Begun(NamedTuple):
    """What became of a fault in one process."""

    text: str
    calls: int  # that it met
    met: bool  # whether it ever happened
    problem: str  # what kept it from happening


class Faults:
    """The faults of this process."""

    def __init__(self, planned: Sequence[Sequence[Any]]) -> None:
        self._planned = [Planned(*each) for each in planned]
        self._rules: list[tuple[Planned, Any]] = []

    def begin(self) -> None:
        """Let them happen from now on, in every thread; Django's dispatch is there."""
        if not self._planned:
            return
        from sigexplorer.capture import altering
        from sigexplorer.capture.injecting import Fault

        for each in self._planned:
            rule = Fault(_meant(each.receiver), None, each.delay_ns / 1e9, each.when)
            if each.raises is not None:
                rule.make = _maker(each.raises, rule)
            altering.begin(rule, everywhere=True)
            self._rules.append((each, rule))

    def told(self) -> list[Begun]:
        """Return what became of each."""
        return [Begun(each.text, rule.calls, rule.met, rule.fault) for each, rule in self._rules]

    def end(self) -> None:
        """Let none happen any more."""
        while self._rules:
            from sigexplorer.capture import altering

            altering.end(self._rules.pop()[1])


def _meant(name: str) -> Callable[[Any, Any, Any], bool]:
    """Return what tells a receiver that is meant: a glob is of whole names, or else of the end of them."""
    known: dict[str, bool] = {}

    def meant(_signal: Any, _sender: Any, receiver: Any) -> bool:
        from sigexplorer.capture.receivers import words

        own = words(receiver).name
        if own not in known:
            known[own] = is_named(own, name) and (fnmatchcase(own, name) or not _is_a_whole(name))
        return known[own]

    return meant


def _is_a_whole(glob: str) -> bool:
    """Whether a glob fits the whole name of any receiver that is connected."""
    from sigexplorer.project.inventory import all_receivers

    return any(fnmatchcase(one.receiver, glob) for one in all_receivers())


def is_named(receiver: str, name: str) -> bool:
    """Whether a receiver may be meant by a name: its own, a glob, or either of the end of it."""
    return receiver == name or fnmatchcase(receiver, name) or fnmatchcase(receiver, f"*.{name}")


def _maker(path: str, rule: Rule) -> Callable[[], BaseException | None]:
    """Return what makes the exception at ``path``; one that is not there is noted and not raised."""

    def make() -> BaseException | None:
        from sigexplorer.capture.injecting import maker

        try:
            module, _, name = path.rpartition(".")
            found = getattr(import_module(module) if module else builtins, name)
            if not (isinstance(found, type) and issubclass(found, BaseException)):
                rule.fault = f"'{path}' is no exception"
                return None
            return maker(found)()
        except Exception as problem:  # noqa: BLE001 - whatever the module does: it was asked for by name only
            rule.fault = f"'{path}' cannot be had: {type(problem).__name__}: {problem}"
            return None

    return make
