"""What is nested in what."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping

from sigexplorer.model import Bypass, Callback, Dispatch, Trace


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


def caused(trace: Trace) -> dict[int, int]:
    """Return by id how many dispatches caused each one, those that registered what sent it among them."""
    registered = {callback.id: callback.parent for callback in trace.callbacks}
    found: dict[int, int] = {}
    for one in trace.dispatches:
        cause = registered.get(one.callback or 0) if one.parent is None else one.parent
        found[one.id] = found[cause] + 1 if cause in found else 0
    return found


def ran_within(callback: Callback, dispatches: Mapping[int, Dispatch]) -> tuple[int, int | None] | None:
    """Return the dispatch, and the index of the call in it, during which a callback ran; None for none.

    Where no transaction is open it runs at once, in the receiver that registers it.
    """
    parent, index, last = callback.parent, callback.parent_call, None
    while callback.start_ns is not None and parent is not None and (last is None or parent < last):
        around = dispatches.get(parent)
        if around is None:
            return None
        if _contains(around, index, callback.start_ns):
            return parent, index
        parent, index, last = around.parent, around.parent_call, parent
    return None


def _contains(dispatch: Dispatch, index: int | None, time_ns: int) -> bool:
    call = dispatch.calls[index] if index is not None and index < len(dispatch.calls) else None
    if call is not None and call.duration_ns is not None:
        return call.start_ns <= time_ns <= call.start_ns + call.duration_ns
    return dispatch.start_ns <= time_ns <= dispatch.start_ns + dispatch.duration_ns


def below_callbacks(records: Iterable[Dispatch | Bypass], ran: Container[int | None]) -> dict[int, int]:
    """Return by id how many rows of callbacks each record stands below, of those that ``ran``."""
    found: dict[int, int] = {}
    sent_by: dict[int | None, int | None] = {}
    for record in records:
        found[record.id] = found.get(record.parent or 0, 0)
        if isinstance(record, Dispatch):
            sent_by[record.id] = record.callback
            found[record.id] += record.callback in ran and record.callback != sent_by.get(record.parent)
    return found
