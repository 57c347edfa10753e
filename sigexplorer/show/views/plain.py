"""Many rows as text in measured columns: Rich would need a third of a millisecond for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sigexplorer.model import Bypass, Call, Callback, Dispatch
from sigexplorer.show.folding import Row, Timeline
from sigexplorer.show.look import Look
from sigexplorer.show.text import NOT_CALLED, indent, milliseconds, plural, safe, shown, took
from sigexplorer.show.views.cells import USUAL, origins
from sigexplorer.show.views.columns import NUMBERS, fitted
from sigexplorer.show.views.padding import line, width_of

_TITLES = ("#", "at ms", "signal", "sender", "arguments", "receivers", "SQL")
_LONGEST = 1_000  # characters of all receivers of a row


def sections(timeline: Timeline, look: Look, width: int) -> Iterator[list[str]]:
    """Yield the lines of each section; columns are measured over all of them, and named once."""
    titles = tuple(_with(_TITLES, timeline.where, timeline))
    drawn = [
        [tuple(_with(cells(row, look), row.where, timeline)) for row in section.rows]
        for section in timeline.sections
    ]
    measured = [len(title) for title in titles]
    for rows in drawn:
        for told in rows:
            for place, cell in enumerate(told):
                if len(cell) > measured[place] or not cell.isascii():
                    measured[place] = max(measured[place], width_of(cell))
    widths = fitted(titles, measured, width)
    named = False
    for rows in drawn:
        head = [] if named else [_line(titles, titles, widths)]
        named = named or bool(rows)
        yield [*head, *(_line(told, titles, widths) for told in rows)]


def _with(cells: Sequence[str], where: str, timeline: Timeline) -> Sequence[str]:
    """Put process and thread after the time, where there are several."""
    return (*cells[:2], where, *cells[2:]) if timeline.where else cells


def _line(cells: Sequence[str], titles: Sequence[str], widths: Sequence[int]) -> str:
    return line(list(map(_cut, cells, widths)), widths, [title in NUMBERS for title in titles])


def _cut(cell: str, width: int) -> str:
    """Return a cell, what is too long for its column with a mark at its end."""
    if width_of(cell) <= width:
        return cell
    if cell.isascii():
        return f"{cell[: width - 1]}…"
    from rich.cells import set_cell_size

    return f"{set_cell_size(cell, width - 1)}…"


def cells(row: Row, look: Look) -> tuple[str, ...]:
    """Return what each column says of a row, as plain text."""
    record = row.record
    times = f" ×{row.times}" if row.times > 1 else ""  # noqa: RUF001 - the contract's sign
    within = indent(row.depth)
    if isinstance(record, Callback):
        when = record.registered_ns if record.start_ns is None else record.start_ns
        cause = f"registered by {safe(row.cause)}" if row.cause else ""
        told = f"{safe(record.function)} {record.ending}"
        return (
            str(record.id),
            milliseconds(when),
            f"{within}on_commit{times}",
            "",
            _sent(cause, row, look),
            told,
            "",
        )
    number, when_ms = str(record.id), milliseconds(record.start_ns)
    if isinstance(record, Bypass):
        signal = f"{within}no signal: {record.operation}"
        return (number, when_ms, signal, safe(record.model), _sent("", row, look), _passed_by(record), "")
    marks = f"{times}{' rolled back' if record.rolled_back else ''}"
    return (
        number,
        when_ms,
        f"{within}{safe(record.name)}{marks}",
        safe(str(record.sender)),
        _sent(_arguments(record, look), row, look),
        _receivers(record),
        str(record.queries or ""),
    )


def _arguments(dispatch: Dispatch, look: Look) -> str:
    told = [
        f"{safe(name, 40)}={shown(held, look.limit)}"
        for name, held in dispatch.arguments
        if look.verbose or name not in USUAL or held != USUAL[name]
    ]
    return " ".join(told if dispatch.method == "send" else [*told, f"by {dispatch.method}()"])


def _sent(told: str, row: Row, look: Look) -> str:
    """Add from where it was sent, where that is asked for."""
    return f"{told} {origins(row).plain}".strip() if look.origins else told


def _passed_by(bypass: Bypass) -> str:
    rows = "rows unknown" if bypass.rows is None else plural(bypass.rows, "row")
    names = ", ".join(safe(name, 200) for name in bypass.would_call)
    return f"{rows}, not told: {names}" if names else rows


def _receivers(dispatch: Dispatch) -> str:
    told = "; ".join(map(_call, dispatch.calls)) or ("" if dispatch.error else "unheard")
    if dispatch.error is not None and not any(call.error == dispatch.error for call in dispatch.calls):
        told = f"{told} {dispatch.method}() raised {safe(dispatch.error, 200)}".lstrip()
    return told if len(told) <= _LONGEST else f"{told[:_LONGEST]}…"


def _call(call: Call) -> str:
    if call.outcome in NOT_CALLED:
        return f"{safe(call.receiver)} {NOT_CALLED[call.outcome]}"
    raised = f" raised {safe(call.error or '', 200)}" if call.outcome == "raised" else ""
    return f"{safe(call.receiver)} {took(call.duration_ns)}{raised}"
