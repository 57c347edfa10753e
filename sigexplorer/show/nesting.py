"""What is nested in what."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sigexplorer.model import Bypass, Dispatch, Trace


def in_order(trace: Trace) -> list[Dispatch | Bypass]:
    """Return the dispatches and bypasses of ``trace`` in the order in which they opened."""
    records: list[Dispatch | Bypass] = [*trace.dispatches, *trace.bypasses]
    return sorted(records, key=lambda record: record.id)


def depths(
    records: Iterable[Dispatch | Bypass], counts: Callable[[int], bool] = lambda _: True
) -> dict[int, int]:
    """Return by id how many records each one is nested in, of those that ``counts`` says count.

    ``records`` are in the order in which they opened: a cause stands before what it caused.
    """
    found: dict[int, int] = {}
    for record in records:
        parent = record.parent
        found[record.id] = found[parent] + counts(parent) if parent in found else 0
    return found
