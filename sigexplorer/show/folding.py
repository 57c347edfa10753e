"""A trace as the rows of a timeline: noise folded, repeats collapsed, and how much of each."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import NamedTuple

from sigexplorer.model import Bypass, Callback, Dispatch, Step, Trace
from sigexplorer.show.filters import NOISE, Filters, asked_for, chosen_steps
from sigexplorer.show.look import Look
from sigexplorer.show.nesting import below_callbacks, depths, in_order, ran_within
from sigexplorer.show.places import Places
from sigexplorer.show.selection import Selection

#: Rows of the longest pattern whose repeats are joined.
_LONGEST_PERIOD = 8


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a timeline: a dispatch, a write that sent no signal, or an on_commit callback."""

    record: Dispatch | Bypass | Callback
    depth: int  # how many shown dispatches it is nested in
    times: int = 1  # repeats collapsed into it
    duration_ns: int = 0  # of all of them
    causes: frozenset[int] = frozenset()  # indexes of the calls that sent, or wrote, something in turn
    cause: str = ""  # of a callback: the receiver that registered it
    parents: int = 1  # of repeats: how many dispatches caused them
    places: int = 1  # of repeats: from how many lines they came
    where: str = ""  # process and thread, where there are several
    within: tuple[int, int | None] | None = None  # of a callback: the dispatch, and its call, that it ran in


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
    where: str = ""  # what the column of processes and threads is called; empty: there is one


def timeline_of(shown: Selection, look: Look) -> Timeline:
    """Return the rows of what was selected."""
    return fold(shown.trace, look.filters, keep=look.marked, everything=look.verbose, places=shown.places)


def fold(
    trace: Trace,
    filters: Filters,
    *,
    keep: frozenset[str] = frozenset(),
    everything: bool = False,
    places: Places | None = None,
) -> Timeline:
    """Return the rows of ``trace``.

    Signals whose short name is in ``keep`` are never folded; ``everything`` folds and
    collapses nothing. ``places`` tells whether there were several processes or threads.
    """
    places = places or Places(trace.dispatches)
    noise = frozenset[str]() if everything else NOISE - keep
    hidden: Counter[str] = Counter()
    shown: list[Dispatch | Bypass] = []
    ordered = in_order(trace)
    for record in ordered:
        if isinstance(record, Bypass):
            if record.rows == 0 and not everything:
                hidden["bypasses of no rows"] += 1
                continue
        elif record.name in noise and not record.failed and not asked_for(record, filters):
            hidden[record.name] += 1
            continue
        shown.append(record)
    arrange: Callable[[list[Row]], Iterable[Row]] = list if everything else _collapse
    by_step = _by_step(trace, _rows(trace, ordered, shown, places))
    sections = [Section(None, tuple(arrange(by_step[None])))] if by_step[None] else []
    chosen = chosen_steps(trace.steps, filters.step)
    sections += [
        Section(step, tuple(arrange(by_step[step.id])))
        for step in trace.steps
        if chosen is None or step.id in chosen
    ]
    return Timeline(tuple(sections), dict(hidden.most_common()), places.title)


def _rows(
    trace: Trace, ordered: list[Dispatch | Bypass], shown: list[Dispatch | Bypass], places: Places
) -> list[Row]:
    """Return a row for each record that is shown, and for each callback."""
    visible = {record.id for record in shown if isinstance(record, Dispatch)}
    deep = depths(ordered, visible.__contains__)
    causes = _causes(shown)
    ran = {each.id for each in trace.callbacks if each.start_ns is not None}
    dispatches = {dispatch.id: dispatch for dispatch in trace.dispatches}
    within = {each.id: ran_within(each, dispatches) for each in trace.callbacks}
    for parent, index in filter(None, within.values()):
        if index is not None:
            causes[parent].add(index)
    below = below_callbacks(ordered, ran)
    rows = [
        Row(
            record,
            deep[record.id] + below[record.id],
            duration_ns=record.duration_ns if isinstance(record, Dispatch) else 0,
            causes=frozenset(causes[record.id]),
            where=places.told(record),
        )
        for record in shown
    ]
    return _with_callbacks(trace, rows, within, places) if trace.callbacks else rows


def _with_callbacks(
    trace: Trace, rows: list[Row], within: dict[int, tuple[int, int | None] | None], places: Places
) -> list[Row]:
    """Put each callback where it ran, before what it sent; one that never ran where it was registered."""
    dispatches = {dispatch.id: dispatch for dispatch in trace.dispatches}
    sent: dict[int, int] = {}  # callback to the place of the first row that it sent
    for place, row in enumerate(rows):
        if isinstance(row.record, Dispatch) and row.record.callback is not None:
            sent.setdefault(row.record.callback, place)
    depth_of = {row.record.id: row.depth for row in rows}
    starts = list(accumulate((_starts_ns(row.record) for row in rows), max))
    placed: dict[int, list[Row]] = defaultdict(list)
    for each in sorted(trace.callbacks, key=_starts_ns):
        place = sent[each.id] if each.id in sent else bisect_right(starts, _starts_ns(each))
        cause = _registered_by(each, dispatches)
        around = within[each.id]
        deep = 0 if around is None else _depth_in(around[0], depth_of, dispatches)
        told = places.told(each)
        placed[place].append(Row(each, deep, 1, each.duration_ns, cause=cause, where=told, within=around))
    joined: list[Row] = []
    for place in range(len(rows) + 1):
        joined += placed.get(place, ())
        joined += rows[place : place + 1]
    return joined


def _depth_in(around: int | None, depth_of: dict[int, int], dispatches: dict[int, Dispatch]) -> int:
    """Return the depth of what ran in a dispatch: of one that is not shown, in what is around it."""
    while around is not None and around not in depth_of:
        around = dispatches[around].parent if around in dispatches else None
    return 0 if around is None else depth_of[around] + 1


def _starts_ns(record: Dispatch | Bypass | Callback) -> int:
    if isinstance(record, Callback):
        return record.registered_ns if record.start_ns is None else record.start_ns
    return record.start_ns


def _registered_by(callback: Callback, dispatches: dict[int, Dispatch]) -> str:
    """Return the receiver that registered ``callback``, or the signal during which it was."""
    cause = dispatches.get(callback.parent or 0)
    if cause is None:
        return ""
    index = callback.parent_call
    if index is not None and index < len(cause.calls):
        return cause.calls[index].receiver
    return cause.name


def _causes(records: Iterable[Dispatch | Bypass]) -> dict[int, set[int]]:
    """Return by id of a dispatch the indexes of its calls during which something was recorded."""
    causes: dict[int, set[int]] = defaultdict(set)
    for record in records:
        if record.parent is not None and record.parent_call is not None:
            causes[record.parent].add(record.parent_call)
    return causes


def _by_step(trace: Trace, rows: Iterable[Row]) -> dict[int | None, list[Row]]:
    """Return the rows of each step; those of a step that is not there have none."""
    steps = {step.id for step in trace.steps}
    found: dict[int | None, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.record.step if row.record.step in steps else None].append(row)
    return found


def _collapse(rows: list[Row]) -> Iterator[Row]:
    """Join repeats of a row, or of a few rows in turn, that say the same about different objects.

    What caused something that is shown stands alone, above it.
    """
    causing = {row.record.parent for row in rows}
    sending = {row.record.callback for row in rows if isinstance(row.record, Dispatch)}
    alike = [_Likeness(_what(row, causing, sending), _how_it_went(row)) for row in rows]
    place = 0
    while place < len(rows):
        period, times = _repeats(alike, place)
        for offset in range(period):
            joined = rows[place + offset : place + period * times : period]
            yield joined[0] if times == 1 else _joined(joined)
        place += period * times


def _joined(rows: list[Row]) -> Row:
    """Return the first of some rows that are alike, for all of them."""
    return replace(
        rows[0],
        times=len(rows),
        duration_ns=sum(row.duration_ns for row in rows),
        parents=len({row.record.parent for row in rows}),
        places=len({row.record.origin for row in rows}),
    )


def _repeats(alike: list[_Likeness], place: int) -> tuple[int, int]:
    """Return how many rows from ``place`` on repeat, and how often: the pair that covers most."""
    best = (1, 1)
    for period in range(1, _LONGEST_PERIOD + 1):
        block = alike[place : place + period]
        times = 1
        while len(block) == period and alike[place + period * times : place + period * (times + 1)] == block:
            times += 1
        if times > 1 and period * times > best[0] * best[1] and _may_take_turns(block):
            best = (period, times)
    return best


def _may_take_turns(block: list[_Likeness]) -> bool:
    """Whether no two rows are of the same that went differently: which of these came when is to be seen."""
    return len({each.what for each in block}) == len(set(block))


class _Likeness(NamedTuple):
    """What is the same of two rows that may be joined."""

    what: object
    how_it_went: object


def _what(row: Row, causing: Container[int | None], sending: Container[int | None]) -> object:
    record = row.record
    if isinstance(record, Bypass):
        return record  # every one counts its own rows
    if isinstance(record, Callback):
        alone = record.id if record.id in sending else None
        return (record.function, record.using, row.cause, row.where, row.within, alone)
    telling = tuple((name, held) for name, held in record.arguments if name in _TELLING)
    sender = "" if record.group == "migrate" else record.sender  # one for each app
    alone = record.id if record.id in causing else None
    return (
        record.name,
        record.method,
        sender,
        record.parent,
        record.parent_call,
        record.callback,
        row.depth,
        telling,
        row.where,
        alone,
    )


def _how_it_went(row: Row) -> object:
    record = row.record
    if isinstance(record, Bypass):
        return None
    if isinstance(record, Callback):
        return (record.ending, record.error)
    calls = tuple((call.receiver, call.outcome, call.error) for call in record.calls)
    return (record.rolled_back, record.error, calls)


#: Arguments whose difference is what a row is about.
_TELLING = frozenset(
    {"action", "created", "raw", "reverse", "setting", "enter", "value", "update_fields", "using", "pk_set"}
)
