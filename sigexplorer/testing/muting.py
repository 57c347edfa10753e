"""Keep receivers from being called, or let them fail: in this context only, and nothing is disconnected."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from django.dispatch import Signal

from sigexplorer.capture import altering, words
from sigexplorer.capture.altering import Rule
from sigexplorer.capture.injecting import Fault, maker
from sigexplorer.errors import UnknownNameError, UnmetError, UsageError
from sigexplorer.show.text import plural, safe
from sigexplorer.testing import lines
from sigexplorer.testing.decorating import decorated
from sigexplorer.testing.rules import Meant, Mute, Only
from sigexplorer.testing.senders import wanted_sender
from sigexplorer.testing.wanted import WantedSignal, is_receiver, wanted_receiver, wanted_signal

__tracebackhide__ = True

Function = TypeVar("Function")

#: One signal or several, each itself or its name, a glob or a %group.
Signals = Signal | str | list[Signal | str] | tuple[Signal | str, ...]


class _Scope:
    """A context manager, sync and async, and a decorator; usable again, and by many threads and tasks."""

    def __init__(self, signal: Signals | None, sender: object, receiver: object, *, strict: bool) -> None:
        self._signals = list(signal) if isinstance(signal, (list, tuple)) else [signal]
        for one in self._signals:
            if not (one is None or isinstance(one, str) or issubclass(type(one), Signal)):
                decorated = f"@{type(self).__name__}(...) decorates a function, and receiver= is one"
                hint = decorated if callable(one) else "give a name or a signal, or a list of them"
                raise UsageError(f"'{words.value(one)}' is no signal", hint)
        self._sender = sender
        self._receiver = receiver
        self._strict = strict
        self._begun: dict[int, Rule] = {}  # and not ended, by their ids

    def _rule(self, meant: Meant) -> Rule:
        """Return the rule for what is meant."""
        raise NotImplementedError

    def _unmet(self, rule: Rule) -> str:
        """Say that a rule had no effect, and why that may be."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        self.end(altering.innermost(self), error)

    async def __aenter__(self) -> Self:
        self.begin()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        self.end(altering.innermost(self), error)

    def __call__(self, function: Function) -> Function:
        """Do it around each call of ``function``, which may be async, or a generator."""
        line = lines.of_function(function)
        return decorated(function, lambda _name: Around(self, line), altering.standing)

    def begin(self, line: lines.Line | None = None) -> Rule:
        """Begin in this context, by a new rule, at a line that is the caller's unless it is given."""
        of = [self._wanted(one) for one in self._signals]
        by = wanted_sender(self._sender, of, may_come=True)
        rule = self._rule(Meant(of, by, wanted_receiver(self._receiver, told_apart=True)))
        rule.made_by, rule.made_at = self, line or lines.current()
        altering.begin(rule)
        self._begun[id(rule)] = rule
        return rule

    def _wanted(self, signal: object) -> WantedSignal:
        try:
            return wanted_signal(signal)
        except UnknownNameError:
            if type(signal) is str and is_receiver(signal):
                raise UsageError(f"'{signal}' is a receiver", "give it as receiver=") from None
            raise

    def end(self, rule: Rule | None, error: BaseException | None) -> None:
        """End a rule, and say so where it met nothing, of the line that began it."""
        # Where it is none of ours it was entered in another context, as a fixture may be.
        rule = rule or list(self._begun.values())[-1]
        self._begun.pop(id(rule), None)
        altering.end(rule)
        if error is not None or (rule.met and not rule.fault):
            return
        why = f"a fault of ours kept it from working: {rule.fault}" if rule.fault else self._unmet(rule)
        message = f"{self!r}: {why}"
        if self._strict:
            raise UnmetError(message)
        lines.warn(message, rule.made_at)

    def __repr__(self) -> str:
        told = [_told(one) for one in self._signals if one is not None]
        told += [
            f"{name}={_told(held)}"
            for name, held in (("sender", self._sender), ("receiver", self._receiver))
            if held is not ...
        ]
        return f"{type(self).__name__}({', '.join(told)})"


def _told(thing: object) -> str:
    """Return what was given, by its name."""
    if isinstance(thing, str):
        return repr(safe(thing))
    if issubclass(type(thing), Signal):
        return wanted_signal(thing).text
    named = (
        wanted_receiver(thing, told_apart=True)
        if callable(thing) and not isinstance(thing, type)
        else wanted_sender(thing)
    )
    return safe(named.text)


class Around:
    """A scope around one call of a function that it decorates, or of one that is at a given line."""

    def __init__(self, scope: _Scope, line: lines.Line | None) -> None:
        self._scope = scope
        self._line = line
        self._rule: Rule | None = None

    def __enter__(self) -> Rule:
        self._rule = self._scope.begin(self._line)
        return self._rule

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        self._scope.end(self._rule, error)


class mute(_Scope):  # noqa: N801 - used as a verb
    """Call no receiver that fits, in the current context, until the end.

    By any of signal, sender and receiver, each itself or its name. Other threads and tasks go
    on; ``sync_to_async`` and ``async_to_sync`` carry it along. What was muted stands in a trace
    as muted. One that met nothing warns at its end, and is an error where it is ``strict``.
    """

    _nothing = "nothing to mute"

    def __init__(
        self,
        signal: Signals | None = None,
        /,
        *,
        sender: object = ...,
        receiver: object = ...,
        strict: bool = False,
    ) -> None:
        super().__init__(signal, sender, receiver, strict=strict)
        if signal is None and sender is ... and receiver is ...:
            raise UsageError(
                self._nothing,
                "name a signal, a sender or a receiver; '*' is every signal",
            )

    def _rule(self, meant: Meant) -> Rule:
        return Mute(meant)

    def _unmet(self, _rule: Rule) -> str:
        return "it met nothing: no such receiver was to be called"


class only(mute):  # noqa: N801 - as mute
    """Call only receivers that fit, and Django's own, in the current context, until the end."""

    _nothing = "nothing that is to be called"

    def _rule(self, meant: Meant) -> Rule:
        return Only(meant)


class inject(_Scope):  # noqa: N801 - as mute
    """Let a receiver raise, or be late, in the current context, until the end.

    ``when`` says at which call, from 1, or is asked with the arguments of each; without it,
    at every call. ``delay`` is in seconds; with ``raises`` as well it raises afterwards.
    """

    def __init__(
        self,
        receiver: object,
        /,
        *,
        raises: BaseException | type[BaseException] | None = None,
        delay: float = 0,
        when: int | Callable[..., bool] | None = None,
        signal: Signals | None = None,
        sender: object = ...,
        strict: bool = False,
    ) -> None:
        super().__init__(signal, sender, receiver, strict=strict)
        if raises is None and not delay:
            raise UsageError("nothing to inject", "say what it raises, or its delay in seconds")
        if not isinstance(delay, (int, float)) or not 0 <= delay < math.inf:
            raise UsageError(f"'{words.value(delay)}' is no delay", "a number of seconds")
        if not callable(when) and when is not None and (type(when) is not int or when < 1):
            raise UsageError(f"'{words.value(when)}' is no call", "a whole number from 1 on, or a function")
        self._make = None if raises is None else _maker(raises)
        self._delay = delay
        self._when = when

    def _rule(self, meant: Meant) -> Rule:
        return Fault(meant, self._make, self._delay, self._when)

    def _unmet(self, rule: Rule) -> str:
        calls = rule.calls if isinstance(rule, Fault) else 0
        if not calls:
            return "it met nothing: no such receiver was called"
        which = f"number {self._when}" if type(self._when) is int else "one that was meant"
        return f"it had no effect: of {plural(calls, 'call')} none was {which}"


def _maker(raises: BaseException | type[BaseException]) -> Callable[[], BaseException]:
    kind = raises if isinstance(raises, type) else type(raises)
    if not issubclass(kind, BaseException):
        raise UsageError(f"'{words.value(raises)}' is no exception", "a class of exceptions, or one of them")
    try:
        return maker(raises)
    except Exception as problem:
        raise UsageError(
            f"'{kind.__name__}' cannot be made without arguments", "give the exception itself"
        ) from problem
