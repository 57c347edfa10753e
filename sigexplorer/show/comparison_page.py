"""What changed between two recordings as a document, and as records."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sigexplorer.show.comparison import Difference
from sigexplorer.show.document import Block, Document, Grid, Heading, Paragraph
from sigexplorer.show.slower import Times
from sigexplorer.show.text import duration, plural, safe

SCHEMA = "sigexplorer.diff/1"

_CELL = 300  # characters
_MOST = 200  # rows of one step
_COLUMNS = ("what", "signal, sender", "change")


def page(names: tuple[str, str], differences: Sequence[Difference], times: Times | None) -> Document:
    """Return the differences step by step, and the receivers that became slower."""
    title = plural(len(differences), "difference") if differences else "no difference"
    blocks: list[Block] = [Heading(title, level=1), Paragraph(f"from {safe(names[0])} to {safe(names[1])}")]
    traces = {difference.trace for difference in differences}
    for (trace, step), found in groupby(differences, key=lambda each: (each.trace, each.step)):
        place = [step or ""] if len(traces) == 1 else [trace, step or ""]
        heading = ": ".join(part for part in place if part)
        blocks += [Heading(heading)] if heading else []
        blocks += _grid(list(found))
    return (*blocks, *_times(times))


def _grid(differences: list[Difference]) -> list[Block]:
    rows = tuple(_row(difference) for difference in differences[:_MOST])
    blocks: list[Block] = [Grid(_COLUMNS, rows)]
    if len(differences) > _MOST:
        blocks.append(Paragraph(f"and {plural(len(differences) - _MOST, 'difference')} more"))
    return blocks


_WORDS = {
    "new": "new",
    "gone": "gone",
    "moved": "moved",
    "receivers": "other receivers",
    "arguments": "other arguments",
    "transaction": "transaction",
    "step": "step",
    "claim": "claim",
    "count": "sent",
}


def _row(difference: Difference) -> tuple[str, str, str]:
    what = _WORDS.get(difference.kind) or _more_or_less(difference)
    if difference.kind == "step" and difference.before is difference.after:  # in one of the two only
        subject, _, change = difference.signal.partition(" ")
        return change, subject, ""
    if difference.times > 1:
        what += f" ×{difference.times}"  # noqa: RUF001 - the contract's sign
    subject = safe(difference.signal, _CELL)
    if difference.sender is not None:
        subject += f"\n{safe(difference.sender, _CELL)}"
    return (what, subject, _change(difference))


def _more_or_less(difference: Difference) -> str:
    return "more SQL" if int(difference.after or 0) > int(difference.before or 0) else "less SQL"


def _change(difference: Difference) -> str:
    before, after = difference.before, difference.after
    if difference.kind == "moved":
        return "in another order"
    told = [safe(each, _CELL) for each in (before, after) if each]
    if difference.kind in ("new", "gone"):
        return "".join(told)
    if difference.kind == "claim":  # a run that was cut off, or another story
        before, after = before or "not claimed", after or "not claimed"
    if before is None or after is None:
        return ("now: " if before is None else "before: ") + "".join(told) if told else ""
    return f"before: {safe(before, _CELL)}\nnow:    {safe(after, _CELL)}"


def _times(times: Times | None) -> list[Block]:
    if times is None:
        return []
    blocks: list[Block] = [Heading("Slower beyond their noise")]
    if times.slower:
        columns = ("receiver", "before", "now", "noise", "samples")
        rows = tuple(
            (safe(each.receiver, _CELL), duration(each.before_ns), duration(each.after_ns),
             duration(each.noise_ns), f"{each.samples[0]} and {each.samples[1]}")
            for each in times.slower
        )  # fmt: skip
        blocks.append(Grid(columns, rows, frozenset(columns[1:])))
    else:
        blocks.append(Paragraph("none"))
    if times.unknown:
        names = ", ".join(safe(name, 100) for name in times.unknown[:10])
        many = plural(len(times.unknown), "receiver")
        blocks.append(Paragraph(f"too few calls to tell of {many}: {names}", quiet=True))
    return blocks


def records(names: tuple[str, str], differences: Sequence[Difference], times: Times | None) -> dict[str, Any]:
    """Return the same as one JSON document."""
    return {
        "schema": SCHEMA,
        "before": names[0],
        "after": names[1],
        "differences": [
            {
                "kind": each.kind,
                "trace": each.trace,
                "step": each.step,
                "signal": each.signal,
                "sender": each.sender,
                "before": each.before,
                "after": each.after,
                "times": each.times,
            }
            for each in differences
        ],
        "slower": None
        if times is None
        else [
            {
                "receiver": each.receiver,
                "before_ns": each.before_ns,
                "after_ns": each.after_ns,
                "noise_ns": each.noise_ns,
                "samples": list(each.samples),
            }
            for each in times.slower
        ],
        "too_few_calls": None if times is None else list(times.unknown),
    }
