"""What would run, as a document and as a record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from sigexplorer.answers import Event, Explained
from sigexplorer.model import ListedReceiver
from sigexplorer.show import registrations
from sigexplorer.show.document import Block, Bullets, Document, Grid, Heading
from sigexplorer.show.recording import dump_receiver
from sigexplorer.show.text import plural


def dump(model: str, explained: Sequence[Explained]) -> dict[str, Any]:
    """Return what would run as one JSON document."""
    return {
        "schema": "sigexplorer.explain/1",
        "model": model,
        "operations": [
            {
                "operation": one.operation,
                "events": [_event(event) for event in one.events],
                "notes": list(one.notes),
            }
            for one in explained
        ],
    }


def _event(event: Event) -> dict[str, Any]:
    return {**asdict(event), "receivers": [dump_receiver(receiver) for receiver in event.receivers]}


def document(explained: Sequence[Explained], *, wide: bool) -> Document:
    """Return what would run, operation by operation."""
    title = Heading(explained[0].model, level=1)
    return (title, *(block for one in explained for block in _operation(one, wide=wide)))


def _operation(explained: Explained, *, wide: bool) -> Iterator[Block]:
    calls = sum(len(event.receivers) for event in explained.events)
    yield Heading(f"{explained.operation}: {plural(calls, 'receiver call')}")
    yield _wide(explained.events) if wide else _narrow(explained.events)
    if explained.notes:
        yield Bullets(explained.notes)


def _wide(events: Sequence[Event]) -> Grid:
    rows: list[tuple[str, ...]] = []
    quiet: set[int] = set()
    for event in events:
        if not event.receivers:
            quiet.add(len(rows))
        told = _told(event) or [("", "")]
        for number, (receiver, place) in enumerate(told):
            first = (_what(event), event.sender) if number == 0 else ("", "")
            rows.append((*first, receiver, place, event.when if number == 0 else ""))
    return Grid(
        ("what", "sender", "receivers, in order", "defined at", "when"),
        tuple(rows),
        dim_rows=frozenset(quiet),
    )


def _narrow(events: Sequence[Event]) -> Grid:
    rows = tuple(
        (
            f"{_what(event)}\n{event.sender}",
            "\n".join([*(text for pair in _told(event) for text in pair if text), event.when]),
        )
        for event in events
    )
    quiet = frozenset(number for number, event in enumerate(events) if not event.receivers)
    return Grid(("what, sender", "receivers, in order; when"), rows, dim_rows=quiet)


def _what(event: Event) -> str:
    if event.kind == "sent":
        return event.name
    return "stops here" if event.kind == "stopped" else f"no signal: {event.name}"


def _told(event: Event) -> list[tuple[str, str]]:
    if event.kind != "sent":
        return []
    return [(_receiver(one), registrations.place(one)) for one in event.receivers] or [("unheard", "")]


def _receiver(receiver: ListedReceiver) -> str:
    asides = [
        text
        for text in ("" if receiver.sender else registrations.EVERY, "async" if receiver.is_async else "")
        if text
    ]
    return f"{receiver.receiver} ({', '.join(asides)})" if asides else receiver.receiver
