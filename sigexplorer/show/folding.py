"""A trace as the rows of a timeline: noise folded, repeats collapsed, and how much of each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from sigexplorer.model import Bypass, Dispatch, Step, Trace
from sigexplorer.show.filters import NOISE, Filters, asked_for

#: Rows of the longest pattern whose repeats are joined.
_LONGEST_PERIOD = 8


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a timeline: a dispatch, or a write that sent no signal."""

    record: Dispatch | Bypass
    depth: int  # how many shown dispatches it is nested in
    times: int = 1  # repeats collapsed into it
    duration_ns: int = 0  # of all of them
    causes: frozenset[int] = frozenset()  # indexes of the calls that sent, or wrote, something in turn


@dataclass(frozen=True, slots=True)
class Section:
    """A step and its rows; the first section of a trace may have no step."""

    step: Step | None
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """What a timeline shows, and what it does not."""

    sections: tuple[Section, ...]
    folded: dict[str, int] = field(default_factory=dict)  # signal name to dispatches


def fold(
    trace: Trace, filters: Filters, *, keep: frozenset[str] = frozenset(), everything: bool = False
) -> Timeline:
    """Return the rows of ``trace``.

    Signals whose short name is in ``keep`` are never folded; ``everything`` folds and
    collapses nothing.
    """
    noise = frozenset[str]() if everything else NOISE - keep
    shown = [
        dispatch
        for dispatch in trace.dispatches
        if dispatch.name not in noise or dispatch.failed or asked_for(dispatch, filters)
    ]
    visible = {dispatch.id for dispatch in shown}
    hidden = Counter(dispatch.name for dispatch in trace.dispatches if dispatch.id not in visible)
    idle = {bypass.id for bypass in trace.bypasses if bypass.rows == 0 and not everything}
    if idle:
        hidden["bypasses of no rows"] = len(idle)
    depths = _depths(trace.dispatches, visible)
    records: list[Dispatch | Bypass] = [
        *shown,
        *(bypass for bypass in trace.bypasses if bypass.id not in idle),
    ]
    ordered = sorted(records, key=lambda record: record.id)
    causes = _causes(ordered)
    by_step: dict[int | None, list[Row]] = defaultdict(list)
    for record in ordered:
        depth = depths[record.id] if isinstance(record, Dispatch) else _depth_within(record, depths, visible)
        duration = record.duration_ns if isinstance(record, Dispatch) else 0
        by_step[record.step].append(
            Row(record, depth, duration_ns=duration, causes=frozenset(causes[record.id]))
        )
    arrange: Callable[[list[Row]], Iterable[Row]] = list if everything else _collapse
    sections = [Section(None, tuple(arrange(by_step[None])))] if by_step[None] else []
    sections += [Section(step, tuple(arrange(by_step[step.id]))) for step in trace.steps]
    return Timeline(tuple(sections), dict(hidden.most_common()))


def _depths(dispatches: tuple[Dispatch, ...], visible: set[int]) -> dict[int, int]:
    """Return how many visible dispatches each one is nested in; parents come before children."""
    depths: dict[int, int] = {}
    for dispatch in dispatches:
        parent = dispatch.parent
        depths[dispatch.id] = depths[parent] + (parent in visible) if parent in depths else 0
    return depths


def _causes(records: Iterable[Dispatch | Bypass]) -> dict[int, set[int]]:
    """Return by id of a dispatch the indexes of its calls during which something was recorded."""
    causes: dict[int, set[int]] = defaultdict(set)
    for record in records:
        if record.parent is not None and record.parent_call is not None:
            causes[record.parent].add(record.parent_call)
    return causes


def _depth_within(bypass: Bypass, depths: dict[int, int], visible: set[int]) -> int:
    return depths[bypass.parent] + (bypass.parent in visible) if bypass.parent in depths else 0


def _collapse(rows: list[Row]) -> Iterator[Row]:
    """Join repeats of a row, or of a few rows in turn, that say the same about different objects."""
    alike = [_likeness(row) for row in rows]
    place = 0
    while place < len(rows):
        period, times = _repeats(alike, place)
        for offset in range(period):
            joined = rows[place + offset : place + period * times : period]
            yield replace(joined[0], times=times, duration_ns=sum(row.duration_ns for row in joined))
        place += period * times


def _repeats(alike: list[object], place: int) -> tuple[int, int]:
    """Return how many rows from ``place`` on repeat, and how often: the pair that covers most."""
    best = (1, 1)
    for period in range(1, _LONGEST_PERIOD + 1):
        block = alike[place : place + period]
        times = 1
        while len(block) == period and alike[place + period * times : place + period * (times + 1)] == block:
            times += 1
        if times > 1 and period * times > best[0] * best[1]:
            best = (period, times)
    return best


def _likeness(row: Row) -> object:
    record = row.record
    if isinstance(record, Bypass):
        return record  # every one counts its own rows
    calls = tuple((call.receiver, call.outcome, call.error) for call in record.calls)
    telling = tuple((name, held) for name, held in record.arguments if name in _TELLING)
    sender = "" if record.group == "migrate" else record.sender  # one for each app
    return (
        record.name,
        record.method,
        sender,
        record.parent,
        record.rolled_back,
        record.error,
        calls,
        telling,
    )


#: Arguments whose difference is what a row is about.
_TELLING = frozenset(
    {"action", "created", "raw", "reverse", "setting", "enter", "value", "update_fields", "using", "pk_set"}
)
