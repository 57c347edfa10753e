"""Which dispatches to show: the filters that mean the same for every command."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from sigexplorer import catalog
from sigexplorer.errors import UnknownNameError, UsageError
from sigexplorer.model import Dispatch, Trace

#: Folded unless a filter names them or everything is asked for: there are too many.
NOISE = frozenset({"pre_init", "post_init", "class_prepared"})

_GLOB = re.compile(r"[*?\[]")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ns|us|µs|ms|s)?")
_UNITS = {"ns": 1, "us": 1_000, "µs": 1_000, "ms": 1_000_000, "s": 1_000_000_000, None: 1_000_000}


@dataclass(frozen=True, slots=True)
class Filters:
    """What to show; every field left alone shows everything."""

    signals: tuple[str, ...] = ()  # short names, dotted paths, globs, %groups; ! negates
    sender: str | None = None  # glob
    receiver: str | None = None  # glob
    failed: bool = False
    min_ns: int = 0
    depth: int | None = None  # 1: only dispatches that no other one caused

    @property
    def wanted(self) -> tuple[str, ...]:
        """The patterns that ask for signals."""
        return tuple(pattern for pattern in self.signals if not pattern.startswith("!"))

    @property
    def unwanted(self) -> tuple[str, ...]:
        """The patterns that leave signals out."""
        return tuple(pattern[1:] for pattern in self.signals if pattern.startswith("!"))


def parse_signals(texts: list[str]) -> tuple[str, ...]:
    """Return the patterns in ``-e`` options; an unknown %group is an error at once."""
    patterns = tuple(part.strip() for text in texts for part in text.split(",") if part.strip())
    for pattern in patterns:
        bare = pattern.removeprefix("!")
        if bare.startswith("%") and bare[1:] not in catalog.GROUPS:
            raise UnknownNameError("group", bare, [f"%{group}" for group in catalog.GROUPS])
    return patterns


def parse_duration(text: str) -> int:
    """Return the nanoseconds of ``5ms``, ``1.5s``, ``200us``; a bare number is milliseconds."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"'{text}' is not a duration", "write it like 5ms, 1.5s or 200us")
    return int(float(found[1]) * _UNITS[found[2]])


def apply(trace: Trace, filters: Filters) -> Trace:
    """Return ``trace`` with only the dispatches, and bypasses, that ``filters`` let through."""
    depths = depth_of(trace.dispatches)
    kept = tuple(
        dispatch
        for dispatch in trace.dispatches
        if _wanted(dispatch, filters) and (filters.depth is None or depths[dispatch.id] < filters.depth)
    )
    narrowed = bool(filters.wanted) or filters.receiver or filters.failed or filters.min_ns
    bypasses = () if narrowed else trace.bypasses
    if filters.sender is not None:
        bypasses = tuple(bypass for bypass in bypasses if fnmatchcase(bypass.model, filters.sender))
    if len(kept) == len(trace.dispatches) and len(bypasses) == len(trace.bypasses):
        return trace
    ids = {dispatch.id for dispatch in kept}
    queries = sum(dispatch.queries for dispatch in kept if dispatch.parent not in ids)
    notes = (*trace.run.notes, f"filtered: {len(kept)} of {len(trace.dispatches)} dispatches are here")
    return replace(
        trace, run=replace(trace.run, queries=queries, notes=notes), dispatches=kept, bypasses=bypasses
    )


def depth_of(dispatches: tuple[Dispatch, ...]) -> dict[int, int]:
    """Return by id how many dispatches of ``dispatches`` each one is nested in."""
    depths: dict[int, int] = {}
    for dispatch in dispatches:
        depths[dispatch.id] = depths[dispatch.parent] + 1 if dispatch.parent in depths else 0
    return depths


def asked_for(dispatch: Dispatch, filters: Filters) -> bool:
    """Whether a pattern of ``filters`` names the signal of ``dispatch``."""
    return any(_matches(dispatch, pattern) for pattern in filters.wanted)


def _wanted(dispatch: Dispatch, filters: Filters) -> bool:
    if filters.wanted and not asked_for(dispatch, filters):
        return False
    if any(_matches(dispatch, pattern) for pattern in filters.unwanted):
        return False
    if filters.sender is not None and not fnmatchcase(dispatch.sender or "None", filters.sender):
        return False
    if filters.receiver is not None and not any(
        fnmatchcase(call.receiver, filters.receiver) for call in dispatch.calls
    ):
        return False
    return (dispatch.failed or not filters.failed) and dispatch.duration_ns >= filters.min_ns


def _matches(dispatch: Dispatch, pattern: str) -> bool:
    if pattern.startswith("%"):
        return dispatch.group in catalog.GROUPS[pattern[1:]]
    return fnmatchcase(dispatch.name, pattern) or fnmatchcase(dispatch.signal, pattern)


def check(traces: Sequence[Trace], filters: Filters) -> None:
    """Raise where a plain name in ``filters`` is in none of ``traces``: a typo must not be silence."""
    dispatches = [dispatch for trace in traces for dispatch in trace.dispatches]
    signals = {name for dispatch in dispatches for name in (dispatch.name, dispatch.signal)}
    signals |= {name for page in catalog.PAGES for name in (page.name, page.path)}
    for pattern in (*filters.wanted, *filters.unwanted):
        if not pattern.startswith("%"):
            _known("signal", pattern, signals)
    _known("sender", filters.sender, {dispatch.sender or "None" for dispatch in dispatches})
    _known(
        "receiver", filters.receiver, {call.receiver for dispatch in dispatches for call in dispatch.calls}
    )


def _known(kind: str, pattern: str | None, names: set[str]) -> None:
    if pattern is not None and not _GLOB.search(pattern) and pattern not in names:
        raise UnknownNameError(kind, pattern, names)
