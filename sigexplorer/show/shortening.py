"""The first and the last rows of a long timeline, and how to see those between."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sigexplorer.model import Callback
from sigexplorer.show.folding import Row, Timeline
from sigexplorer.show.selection import Selection
from sigexplorer.show.text import plural


@dataclass(frozen=True, slots=True)
class Cut:
    """The rows of a timeline that are drawn, and what is said where some are left out."""

    before: Timeline
    after: Timeline | None = None
    told: str = ""


def shorten(timeline: Timeline, shown: Selection, limit: int) -> Cut:
    """Return the first and the last rows of ``timeline``, ``limit`` in all; 0 means all."""
    places = [(number, row) for number, section in enumerate(timeline.sections) for row in section.rows]
    gap = shown.gap
    if gap is None and (not limit or len(places) <= limit):
        return Cut(timeline)
    ends = len(places) if gap is None else sum(_number(row) <= gap.after for _, row in places)
    first = places[: min(ends, limit // 2 or 1)]
    last = places[max(ends if gap else 0, len(places) - limit // 2) :] if limit > 1 else []
    if gap is None:
        last = last[max(0, len(first) + len(last) - len(places)) :]
    elif ends == len(places):  # nothing comes after the gap: the window goes on as far as it may
        first, last = places[:limit], []
    drawn = sum(row.times for _, row in (*first, *last) if not _is_callback(row))
    of_all = sum(row.times for _, row in places if not _is_callback(row)) + (gap.dispatches if gap else 0)
    hidden = (_number(row) for _, row in places[len(first) : max(ends, len(first) + 1)])
    following = next((number for number in hidden if number), gap.after + 1 if gap else 0)
    hidden_too = plural(of_all - drawn, "dispatch", "dispatches")
    told = f"… {hidden_too} not shown: --from {following} shows them, --rows 0 shows all"
    return Cut(_only(timeline, first), _only(timeline, last) if last else None, told)


def _number(row: Row) -> int:
    return 0 if _is_callback(row) else row.record.id


def _is_callback(row: Row) -> bool:
    return isinstance(row.record, Callback)


def _only(timeline: Timeline, kept: list[tuple[int, Row]]) -> Timeline:
    rows: dict[int, list[Row]] = {}
    for number, row in kept:
        rows.setdefault(number, []).append(row)
    sections = tuple(
        replace(section, rows=tuple(rows.get(number, ())))
        for number, section in enumerate(timeline.sections)
        if number in rows or not section.rows
    )
    return replace(timeline, sections=sections)
