"""The step in which a run was cut off: its record, which comes as it closes, was never written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

Record = dict[str, Any]

_TITLE = re.compile(r"step (\d{1,9}), not ended")


def unended(records: Iterable[Record]) -> Iterator[Record]:
    """Yield a record for each step of the last run that has dispatches or bypasses and no record."""
    known: set[int] = set()
    spans: dict[int, tuple[int, int]] = {}
    for record in records:
        kind, step = record["type"], record.get("step")
        if kind == "run":
            known, spans = set(), {}
        elif kind == "step":
            known.add(record["id"])
        elif step is not None and kind in ("dispatch", "bypass"):
            start, end = record["start_ns"], record["start_ns"] + record.get("duration_ns", 0)
            first, last = spans.get(step, (start, end))
            spans[step] = min(first, start), max(last, end)
    for step, (first, last) in sorted(spans.items()):
        if step > 0 and step not in known:
            yield {
                "type": "step", "id": step, "title": f"step {step}, not ended", "start_ns": first,
                "duration_ns": last - first, "error": None, "source": None,
            }  # fmt: skip


def number_of(title: str) -> int | None:
    """Return the number of a step that has such a title; None of any other."""
    found = _TITLE.fullmatch(title)
    return int(found[1]) if found else None
