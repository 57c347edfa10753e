"""Keep receivers from being called, or call others in their place: in one context, for a while.

While any rule stands, the methods by which a signal resolves its receivers are replaced;
what is connected, Django's caches of it and its order are not touched. A send is given what
is left, in a list that knows what it was made from, for the trace to tell. ``has_listeners``
says what it ever says.

Source: ``django/dispatch/dispatcher.py`` of Django 5.2, 6.0 and 6.1.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.dispatch import Signal

from sigexplorer.capture.classes import subclasses
from sigexplorer.capture.hooks import Hooks, Replacement
from sigexplorer.capture.lanes import STREAM, said
from sigexplorer.capture.listening import tracing_receiver
from sigexplorer.capture.receivers import listeners


class Rule:
    """What becomes of some receivers, from ``begin`` to ``end``."""

    def __init__(self) -> None:
        self.made_by: object = None
        self.made_at: Any = None  # the line, for whoever made it
        self.ended = False
        self.met = False  # whether it ever applied
        self.fault = ""  # of ours, that kept it from applying

    def mutes(self, *_call: Any, **_named: Any) -> bool:
        """Whether a receiver is not to be called; asked with the signal, the sender and itself."""
        return False

    def stand_in(self, *_call: Any, **_named: Any) -> Any:
        """Return what is to be called in place of a receiver; None leaves it."""
        return None


#: Those of this context, from the outermost on, and those of the process.
_here: ContextVar[tuple[Rule, ...]] = ContextVar("sigexplorer_rules", default=())
_everywhere: list[Rule] = []


class Altered(list[Any]):
    """The receivers that a send is given, where these are not all of them or not themselves."""

    __slots__ = ("muted", "receivers")

    def __init__(self, left: Iterable[Any], receivers: tuple[Any, ...], muted: frozenset[int]) -> None:
        super().__init__(left)
        self.receivers = receivers  # what was resolved
        self.muted = muted  # the positions in it of those that are not to be called


def begin(rule: Rule, *, everywhere: bool = False) -> None:
    """Let a rule stand in this context and those made from it, or in all of the process."""
    HOOKS.add(rule)
    if everywhere:
        _everywhere.append(rule)
    else:
        _here.set((*_here.get(), rule))


def end(rule: Rule) -> None:
    """Let it stand no more, wherever it does; the last one leaves the signals as they were found."""
    rule.ended = True
    # Not by a token: tasks that share a context, as receivers do on Django 6.1, end in any order.
    leave(rule)
    _everywhere[:] = [other for other in _everywhere if other is not rule]
    HOOKS.remove(rule)


@contextmanager
def standing(rule: Rule) -> Iterator[None]:
    """Let a rule that was begun stand in this context for a while."""
    leave(rule)
    _here.set((*_here.get(), rule))
    try:
        yield
    finally:
        leave(rule)


def leave(rule: Rule) -> None:
    """Let a rule stand no more in this context."""
    rules = _here.get()
    if any(other is rule for other in rules):
        _here.set(tuple(other for other in rules if other is not rule))


def innermost(made_by: object) -> Rule | None:
    """Return the rule that ``made_by`` has begun last in this context."""
    return next((rule for rule in reversed(_here.get()) if rule.made_by is made_by), None)


def _standing() -> list[Rule]:
    return [rule for rule in (*_everywhere, *_here.get()) if not rule.ended]


def alter(
    signal: Any, sender: Any, sync: Sequence[Any], asynchronous: Sequence[Any]
) -> tuple[Sequence[Any], Sequence[Any]]:
    """Return what is left of the resolved receivers by the rules that stand here; never raises."""
    rules = _standing()
    if not rules:
        return sync, asynchronous
    try:
        return (
            _left(rules, signal, sender, sync, is_async=False),
            _left(rules, signal, sender, asynchronous, is_async=True),
        )
    except Exception as fault:
        STREAM.failed(fault)
        for rule in rules:
            rule.fault = rule.fault or said(fault)
        return sync, asynchronous


def _left(
    rules: list[Rule], signal: Any, sender: Any, receivers: Sequence[Any], *, is_async: bool
) -> Sequence[Any]:
    """Return ``receivers`` itself where no rule applies to any of them."""
    left, muted, altered = [], set(), False
    for position, receiver in enumerate(receivers):
        if receiver is tracing_receiver or type(receiver) in STAND_INS:
            left.append(receiver)
            continue
        if _is_muted(rules, signal, sender, receiver):
            muted.add(position)
            continue
        called = receiver
        for rule in rules:
            called = rule.stand_in(signal, sender, called, is_async=is_async) or called
        altered = altered or called is not receiver
        left.append(called)
    if not altered and not muted:
        return receivers
    return Altered(left, tuple(receivers), frozenset(muted))


def _is_muted(rules: list[Rule], signal: Any, sender: Any, receiver: Any) -> bool:
    """Ask each rule, so that each knows what it has met."""
    return sum([rule.mutes(signal, sender, receiver) for rule in rules]) > 0


def whole(signal: Any, sender: Any, called: Sequence[Any]) -> Sequence[Any]:
    """Return the receivers that a class of signals has called in its own way, the muted ones included."""
    rules = _standing()
    if not rules:
        return called
    called = [original(receiver) for receiver in called]
    receivers: list[Any] = []
    muted: set[int] = set()
    waiting = list(called)
    for one in listeners(signal, sender):
        if _is_muted(rules, signal, sender, one.receiver):
            muted.add(len(receivers))
            receivers.append(one.receiver)
        elif waiting and waiting[0] == one.receiver:
            receivers.append(waiting.pop(0))
    return Altered(called, (*receivers, *waiting), frozenset(muted)) if muted else called


class StandIn:
    """Called in place of a receiver, which it equals and passes for; ``rules`` are from the outermost on."""

    def __init__(self, receiver: Any, rules: tuple[Any, ...]) -> None:
        self.__wrapped__ = receiver
        self.__module__ = getattr(receiver, "__module__", __name__)
        self.__doc__ = getattr(receiver, "__doc__", None)
        self.rules = rules

    def __call__(self, **named: Any) -> Any:
        """Do what the rules have before the receiver."""
        __tracebackhide__ = True
        due = [rule for rule in self.rules if rule.is_due(named)]
        for rule in due:
            rule.wait()
        for rule in reversed(due):
            rule.fail()
        return self.__wrapped__(**named)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__wrapped__, name)

    def __eq__(self, other: object) -> bool:
        mine, others = original(self), original(other)
        return bool(mine is others or mine == others)

    def __hash__(self) -> int:
        return hash(self.__wrapped__)

    def __repr__(self) -> str:
        return repr(self.__wrapped__)


class AsyncStandIn(StandIn):
    """The same for an async receiver."""

    async def __call__(self, **named: Any) -> Any:
        """Do what the rules have before the receiver."""
        __tracebackhide__ = True
        due = [rule for rule in self.rules if rule.is_due(named)]
        for rule in due:
            await rule.asynchronously_wait()
        for rule in reversed(due):
            rule.fail()
        return await self.__wrapped__(**named)


STAND_INS: tuple[Any, ...] = (StandIn, AsyncStandIn)


def original(receiver: Any) -> Any:
    """Return the receiver itself, where something stands in for it."""
    while type(receiver) in STAND_INS:
        receiver = receiver.__wrapped__
    return receiver


# What is replaced.


class _Asking(threading.local):
    """Whether this thread is being told about listeners, and sends nothing."""

    now = False


_asking = _Asking()


def _replacements() -> Iterator[Replacement]:
    for owner in (Signal, *subclasses(Signal)):
        if "_live_receivers" in vars(owner):
            yield Replacement(owner, "_live_receivers", _choosing)
        if "has_listeners" in vars(owner):
            yield Replacement(owner, "has_listeners", _asked)


def _choosing(found: Any) -> Any:
    @functools.wraps(found)
    def _live_receivers(self: Any, sender: Any) -> Any:
        resolved = found(self, sender)
        return resolved if _asking.now else alter(self, sender, *resolved)

    return _live_receivers


def _asked(found: Any) -> Any:
    @functools.wraps(found)
    def has_listeners(self: Any, *arguments: Any, **named: Any) -> Any:
        before, _asking.now = _asking.now, True
        try:
            return found(self, *arguments, **named)
        finally:
            _asking.now = before

    return has_listeners


HOOKS = Hooks(_replacements)
