"""Which dispatches to show: the filters that mean the same for every command."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from sigexplorer import catalog
from sigexplorer.errors import UnknownNameError, UsageError
from sigexplorer.model import Bypass, Dispatch, Step, Trace
from sigexplorer.show.nesting import caused

#: Folded unless a filter names them or everything is asked for: there are too many.
NOISE = frozenset({"pre_init", "post_init", "class_prepared"})

_GLOB = re.compile(r"[*?\[]")
_KEY = re.compile(r"\[(['\"])(.+)\1\]$")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ns|us|µs|ms|s)")
_UNITS = {"ns": 1, "us": 1_000, "µs": 1_000, "ms": 1_000_000, "s": 1_000_000_000}


@dataclass(frozen=True, slots=True)
class Filters:
    """What to show; every field left alone shows everything."""

    signals: tuple[str, ...] = ()  # short names, dotted paths, globs, %groups; ! negates
    sender: str | None = None  # glob
    receiver: str | None = None  # glob
    failed: bool = False
    min_ns: int = 0
    depth: int | None = None  # 1: only dispatches that no other one caused
    first: int = 0  # the id from which on
    from_ns: int = 0  # the time from which on
    step: str | None = None  # the number or the title of a step, a glob

    @property
    def wanted(self) -> tuple[str, ...]:
        """The patterns that ask for signals."""
        return tuple(pattern for pattern in self.signals if not pattern.startswith("!"))

    @property
    def unwanted(self) -> tuple[str, ...]:
        """The patterns that leave signals out."""
        return tuple(pattern[1:] for pattern in self.signals if pattern.startswith("!"))

    @property
    def narrows(self) -> bool:
        """Whether only dispatches can be meant: a bypass has no signal, receiver, error or duration."""
        return bool(self.wanted or self.receiver or self.failed or self.min_ns)


def parse_signals(texts: list[str]) -> tuple[str, ...]:
    """Return the patterns in ``-e`` options; an unknown %group is an error at once."""
    patterns = tuple(_path(part.strip()) for text in texts for part in text.split(",") if part.strip())
    for pattern in patterns:
        bare = pattern.removeprefix("!")
        if not bare:
            raise UsageError(
                "'!' alone leaves out nothing", "write what is to be left out, as in '!post_save'"
            )
        if bare.startswith("%") and bare[1:] not in catalog.GROUPS:
            raise UnknownNameError("group", bare, [f"%{group}" for group in catalog.GROUPS])
    return patterns


def _path(pattern: str) -> str:
    """Return a pattern; a signal of Django's that is named as code imports it, by its own path."""
    bare = pattern.removeprefix("!")
    page = catalog.named(bare) if "." in bare else None
    return pattern if page is None else pattern.replace(bare, page.path)


def parse_duration(text: str) -> int:
    """Return the nanoseconds of ``5ms``, ``1.5s``, ``200us``; a bare number might mean anything."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"'{text}' is not a duration", "write it like 5ms, 1.5s or 200us")
    return int(float(found[1]) * _UNITS[found[2]])


def parse_start(text: str) -> tuple[int, int]:
    """Return the id, or the time, from which on to show: ``1200``, or ``1.5s`` with its unit."""
    bare = text.strip().removeprefix("#")
    if bare.isascii() and bare.isdigit():
        return int(bare[:18]), 0
    if not bare or bare[-1] != "s":
        raise UsageError(f"'{text}' is no start", "write the number of a row, or a time like 1.5s or 200ms")
    return 0, parse_duration(bare)


class Sieve:
    """Filters made ready for many records: what was decided about a name is remembered."""

    def __init__(
        self,
        filters: Filters,
        steps: frozenset[int] | None = None,  # those that ``filters`` names; None: all
        deep: Callable[[int, int | None], bool] = lambda _number, _parent: False,  # nested too deeply
    ) -> None:
        self.filters = filters
        self._steps = steps
        self._deep = deep
        self._signals: dict[tuple[str, str, str], bool] = {}
        self._senders: dict[str | None, bool] = {}
        self._receivers: dict[str, bool] = {}

    def dispatch(self, dispatch: Dispatch) -> bool:
        """Whether ``dispatch`` is let through."""
        return (
            self.named(dispatch.signal, dispatch.name, dispatch.group, dispatch.sender)
            and self._placed(dispatch.id, dispatch.start_ns, dispatch.step)
            and dispatch.duration_ns >= self.filters.min_ns
            and (dispatch.failed or not self.filters.failed)
            and (self.filters.receiver is None or self._heard(call.receiver for call in dispatch.calls))
            and not self._deep(dispatch.id, dispatch.parent)
        )

    def record(self, record: Mapping[str, Any]) -> bool:
        """Whether the dispatch of which ``record`` tells is let through."""
        filters = self.filters
        return (
            self.named(record["signal"], record["name"], record["group"], record["sender"])
            and self._placed(record["id"], record["start_ns"], record["step"])
            and record["duration_ns"] >= filters.min_ns
            and (not filters.failed or has_failed(record))
            and (filters.receiver is None or self._heard(call["receiver"] for call in record["calls"]))
            and not self._deep(record["id"], record["parent"])
        )

    def bypass(self, bypass: Bypass) -> bool:
        """Whether ``bypass`` is let through."""
        return self._passing(bypass.id, bypass.start_ns, bypass.step, bypass.model)

    def bypass_record(self, record: Mapping[str, Any]) -> bool:
        """Whether the bypass of which ``record`` tells is let through."""
        return self._passing(record["id"], record["start_ns"], record["step"], record["model"])

    def _passing(self, number: int, start_ns: int, step: int | None, model: str) -> bool:
        return (
            not self.filters.narrows
            and self._placed(number, start_ns, step)
            and (self.filters.sender is None or fnmatchcase(model, self.filters.sender))
        )

    def asked_for(self, signal: str, name: str, group: str) -> bool:
        """Whether a pattern names this signal."""
        return any(matches(pattern, signal, name, group) for pattern in self.filters.wanted)

    def named(self, signal: str, name: str, group: str, sender: str | None) -> bool:
        """Whether the patterns for signal and sender let it through."""
        key = (signal, name, group)
        held = self._signals.get(key)
        if held is None:
            unwanted = any(matches(pattern, *key) for pattern in self.filters.unwanted)
            held = _remember(self._signals, key, not unwanted and self._asked(key))
        if not held or self.filters.sender is None:
            return held
        known = self._senders.get(sender)
        if known is None:
            known = _remember(self._senders, sender, fnmatchcase(sender or "None", self.filters.sender))
        return known

    def _asked(self, key: tuple[str, str, str]) -> bool:
        return not self.filters.wanted or self.asked_for(*key)

    def _placed(self, number: int, start_ns: int, step: int | None) -> bool:
        filters = self.filters
        return (
            number >= filters.first
            and start_ns >= filters.from_ns
            and (self._steps is None or step in self._steps)
        )

    def _heard(self, receivers: Iterable[str]) -> bool:
        return any(self._is_meant(receiver) for receiver in receivers)

    def _is_meant(self, receiver: str) -> bool:
        held = self._receivers.get(receiver)
        if held is None:
            pattern = self.filters.receiver or "*"
            held = _remember(self._receivers, receiver, fnmatchcase(receiver, pattern))
        return held


_REMEMBERED = 10_000  # names; a file that holds more than that is looked through more slowly


def _remember(known: dict[Any, bool], key: object, held: bool) -> bool:  # noqa: FBT001 - what is remembered
    if len(known) < _REMEMBERED:
        known[key] = held
    return held


def has_failed(record: Mapping[str, Any]) -> bool:
    """Whether a receiver raised in the dispatch of which ``record`` tells, or the send itself did."""
    return record["error"] is not None or any(call["outcome"] == "raised" for call in record["calls"])


def apply(trace: Trace, filters: Filters) -> Trace:
    """Return ``trace`` with only the dispatches, bypasses and callbacks that ``filters`` let through."""
    sieve = sieve_of(trace, filters)
    kept = tuple(dispatch for dispatch in trace.dispatches if sieve.dispatch(dispatch))
    bypasses = tuple(bypass for bypass in trace.bypasses if sieve.bypass(bypass))
    if len(kept) == len(trace.dispatches) and len(bypasses) == len(trace.bypasses):
        return trace
    return narrowed(replace(trace, dispatches=kept, bypasses=bypasses), len(trace.dispatches), filters)


def narrowed(trace: Trace, dispatches: int, filters: Filters) -> Trace:
    """Return a trace that is what ``filters`` let through, of so many dispatches, with what belongs to it."""
    kept = trace.dispatches
    ids = {dispatch.id for dispatch in kept}
    queries = sum(dispatch.queries for dispatch in kept if dispatch.parent not in ids)
    notes = (*trace.run.notes, f"filtered: {len(kept)} of {dispatches} dispatches are here")
    sending = {dispatch.callback for dispatch in kept}
    callbacks = tuple(
        each
        for each in trace.callbacks
        if each.id in sending or each.parent in ids or (filters.failed and each.ending == "raised")
    )
    return replace(trace, run=replace(trace.run, queries=queries, notes=notes), callbacks=callbacks)


def sieve_of(trace: Trace, filters: Filters) -> Sieve:
    """Return the sieve of ``filters`` for ``trace``."""
    steps = chosen_steps(trace.steps, filters.step)
    if filters.depth is None:
        return Sieve(filters, steps)
    limit, nested = filters.depth, caused(trace)
    return Sieve(filters, steps, lambda number, _: nested[number] >= limit)


def chosen_steps(steps: Iterable[Step], wanted: str | None) -> frozenset[int] | None:
    """Return the ids of the steps that ``wanted`` names by number, title or glob; None for all."""
    if wanted is None:
        return None
    titles = {step.id: step.title for step in steps}
    if not titles:
        raise UsageError(f"unknown step '{wanted}': this trace has no steps")
    if wanted.isascii() and wanted.isdigit() and int(wanted[:18]) in titles:
        return frozenset({int(wanted[:18])})
    found = {number for number, title in titles.items() if fnmatchcase(title, wanted)}
    if not found:
        raise UnknownNameError("step", wanted, [*titles.values(), *map(str, titles)])
    return frozenset(found)


def asked_for(dispatch: Dispatch, filters: Filters) -> bool:
    """Whether a pattern of ``filters`` names the signal of ``dispatch``."""
    return any(matches(pattern, dispatch.signal, dispatch.name, dispatch.group) for pattern in filters.wanted)


def matches(pattern: str, signal: str, name: str, group: str) -> bool:
    """Whether a pattern means the signal with that path, short name and group."""
    if pattern.startswith("%"):
        return group in catalog.GROUPS[pattern[1:]]
    names = (name, signal, *_key(name))
    return pattern in names or any(fnmatchcase(each, pattern) for each in names)


def _key(name: str) -> list[str]:
    """Return the key of a signal that stands in a dict: ``paid`` of ``EVENTS['paid']``."""
    found = _KEY.search(name)
    return [found[2]] if found else []


class Names:
    """The names that were seen: a typo in a filter must not be silence."""

    def __init__(self, filters: Filters) -> None:
        self._filters = filters
        self._signals: set[str] = set()
        self._senders: set[str] = set()
        self._receivers: set[str] = set()
        #: Whether any name has to be looked for: a glob, or a group, may match nothing.
        self.needed = any(
            pattern is not None and not _GLOB.search(pattern) and not pattern.startswith("%")
            for pattern in (*filters.wanted, *filters.unwanted, filters.sender, filters.receiver)
        )

    def read(self, record: Mapping[str, Any]) -> None:
        """Take note of the names in one record; a receiver that is connected is known, called or not."""
        kind = record["type"] if self.needed else ""
        if kind == "dispatch":
            receivers = (call["receiver"] for call in record["calls"])
            self.see(record["signal"], record["name"], record["sender"], receivers)
        elif kind == "receiver":
            self.see(record["signal"], record["name"], record["sender"], [record["receiver"]])

    def see(self, signal: str, name: str, sender: str | None, receivers: Iterable[str]) -> None:
        """Take note of the names in one dispatch."""
        self._signals.update((signal, name, *_key(name)))
        self._senders.add(sender or "None")
        self._receivers.update(receivers)

    def see_all(self, trace: Trace) -> None:
        """Take note of the names in a trace."""
        for dispatch in trace.dispatches if self.needed else ():
            receivers = (call.receiver for call in dispatch.calls)
            self.see(dispatch.signal, dispatch.name, dispatch.sender, receivers)
        for one in trace.receivers if self.needed else ():
            self.see(one.signal, one.name, one.sender, [one.receiver])

    def check(self) -> None:
        """Raise where a plain name of the filters was not seen, and is none of Django's."""
        signals = self._signals | {name for page in catalog.PAGES for name in (page.name, page.path)}
        for pattern in (*self._filters.wanted, *self._filters.unwanted):
            if not pattern.startswith("%"):
                _known("signal", pattern, signals)
        _known("sender", self._filters.sender, self._senders)
        _known("receiver", self._filters.receiver, self._receivers)


def check(traces: Sequence[Trace], filters: Filters) -> None:
    """Raise where a plain name in ``filters`` is in none of ``traces``."""
    names = Names(filters)
    for trace in traces:
        names.see_all(trace)
    names.check()


def _known(kind: str, pattern: str | None, names: set[str]) -> None:
    if pattern is not None and not _GLOB.search(pattern) and pattern not in names:
        raise UnknownNameError(kind, pattern, names)
