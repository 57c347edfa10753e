"""The coverage of a trace as a document: called, not called, unheard, each row with its reason."""

from __future__ import annotations

from collections.abc import Sequence

from sigexplorer.show.coverage import Called, Coverage, NotCalled, Unheard
from sigexplorer.show.document import Block, Document, Grid, Heading, Paragraph
from sigexplorer.show.text import plural, safe, short_sender, split_path

_MOST = 500  # rows of one table
_NAMED = 3  # senders in one cell


def coverage(found: Coverage, *, wide: bool) -> Document:
    """Return the three tables; in wide ones each thing has a column of its own."""
    blocks: list[Block] = [Heading(found.run.title, level=1)]
    blocks += [Paragraph(note) for note in found.run.notes]
    blocks += [Heading(f"Called: {_count(found.called)}"), *_table(_CALLED, found.called, wide=wide)]
    if found.registrations:
        title = f"Not called, of the project's own: {_count(found.not_called)}"
        blocks += [Heading(title), *_table(_NOT_CALLED, found.not_called, wide=wide)]
    else:
        blocks += [
            Heading("Not called"),
            Paragraph("not known: this trace holds no list of the receivers that were connected"),
        ]
    blocks += [Heading(f"Unheard: {_count(found.unheard)}"), *_table(_UNHEARD, found.unheard, wide=wide)]
    return tuple(blocks)


_CALLED = ("receiver", "signal", "senders", "calls", "why")
_NOT_CALLED = ("receiver", "signal", "sender", "why not")
_UNHEARD = ("signal", "senders", "sent", "why")


def _count(rows: Sequence[object]) -> str:
    return f"{len(rows):,}" if rows else "none"


def _table(
    columns: tuple[str, ...], rows: Sequence[Called | NotCalled | Unheard], *, wide: bool
) -> list[Block]:
    if not rows:
        return []
    cells = tuple(_cells(row, wide=wide) for row in rows[:_MOST])
    dim = frozenset(range(len(cells))) if columns == _UNHEARD else frozenset[int]()
    blocks: list[Block] = [Grid(columns, cells, frozenset({"calls", "sent"}), dim)]
    if len(rows) > _MOST:
        blocks.append(Paragraph(f"and {plural(len(rows) - _MOST, 'row')} more"))
    return blocks


def _cells(row: Called | NotCalled | Unheard, *, wide: bool) -> tuple[str, ...]:
    signal = _named(row.signal, wide=wide)
    if isinstance(row, Called):
        times = sum(count for _, count in row.senders)
        return (
            _named(row.receiver, wide=wide),
            signal,
            _senders(row.senders),
            f"{times:,}",
            safe(row.reason, 300),
        )
    if isinstance(row, NotCalled):
        place = f"\n{safe(row.file, 120)}:{row.line}" if row.file and wide else ""
        sender = "every sender" if row.sender is None else safe(row.sender, 100)
        return (f"{_named(row.receiver, wide=wide)}{place}", signal, sender, safe(row.reason, 300))
    times = sum(count for _, count in row.senders)
    return (signal, _senders(row.senders), f"{times:,}", safe(row.reason, 300))


def _named(path: str, *, wide: bool) -> str:
    """Return a dotted path; where there is little room its end over its beginning, Django's without it."""
    shown = safe(path, 200)
    module, name = split_path(shown)
    if not module or shown.startswith("django."):
        return name
    return shown if wide else f"{name}\n{module}"


def _senders(senders: tuple[tuple[str, int], ...]) -> str:
    named = [
        f"{short_sender(safe(sender, 60))}{f' ×{count:,}' if count > 1 else ''}"  # noqa: RUF001 - the contract's sign
        for sender, count in senders[:_NAMED]
    ]
    more = [f"and {len(senders) - _NAMED} more"] if len(senders) > _NAMED else []
    return "\n".join([*named, *more])
