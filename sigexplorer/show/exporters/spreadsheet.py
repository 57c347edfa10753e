"""Traces as rows for a spreadsheet: one for each call, and for each dispatch that nobody heard."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

from sigexplorer.model import Bypass, Call, Dispatch, Trace
from sigexplorer.show.nesting import in_order
from sigexplorer.show.text import safe

_COLUMNS = (
    "trace", "step", "id", "parent", "parent_call", "signal", "sender", "method", "start_ns", "duration_ns",
    "arguments", "receiver", "order", "outcome", "call_start_ns", "call_duration_ns", "result", "error",
    "queries", "rolled_back", "origin", "thread", "process",
)  # fmt: skip

#: What a spreadsheet takes for the beginning of a formula; control characters are none any more.
_FORMULA = ("=", "+", "-", "@", "\uff0b", "\uff0d", "\uff1d", "\uff20")

_CELL = 32_000  # characters; some spreadsheets hold no more


def export(traces: Sequence[Trace]) -> Iterator[str]:
    """Yield the rows as CSV, in which no cell is a formula."""
    yield _line(_COLUMNS)
    for trace in traces:
        titles = {step.id: step.title for step in trace.steps}
        for record in in_order(trace):
            first = (trace.run.title, titles.get(record.step or 0, ""), record.id, record.parent)
            rows = _dispatch(record) if isinstance(record, Dispatch) else [_bypass(record)]
            for row in rows:
                place = (_origin(record), record.thread, record.process)
                yield _line((*first, record.parent_call, *row, *place))


def _dispatch(dispatch: Dispatch) -> Iterator[tuple[Any, ...]]:
    arguments = json.dumps(dict(dispatch.arguments), ensure_ascii=False, default=repr)
    took = dispatch.duration_ns if dispatch.calls or dispatch.duration_ns else ""  # unheard: not measured
    head = (dispatch.signal, dispatch.sender, dispatch.method, dispatch.start_ns, took)
    for call in dispatch.calls:
        yield (*head, arguments, *_call(call), dispatch.rolled_back)
    if not dispatch.calls:
        nobody = ("", "", "unheard", "", "", "", dispatch.error, dispatch.queries)
        yield (*head, arguments, *nobody, dispatch.rolled_back)


def _call(call: Call) -> tuple[Any, ...]:
    return (
        call.receiver, call.order, call.outcome, call.start_ns, call.duration_ns, call.result, call.error,
        call.queries,
    )  # fmt: skip


def _bypass(bypass: Bypass) -> tuple[Any, ...]:
    rows = "" if bypass.rows is None else f"{bypass.rows} rows"
    head = ("", bypass.model, bypass.operation, bypass.start_ns, "", rows)
    return (*head, " ".join(bypass.would_call), "", "no signal", "", "", "", "", "", "")


def _origin(record: Dispatch | Bypass) -> str:
    return f"{record.origin.file}:{record.origin.line}" if record.origin else ""


def _line(cells: Sequence[Any]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow([_harmless(cell) for cell in cells])
    return text.getvalue()


def _harmless(cell: Any) -> Any:
    """Return a cell that every spreadsheet takes for what it is."""
    if not isinstance(cell, str):
        return cell
    text = safe(cell, _CELL)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
