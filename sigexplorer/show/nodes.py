"""The rows of a timeline as a tree: steps, the dispatches in them, their calls, what these sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sigexplorer.model import Bypass, Call, Callback, Dispatch, Step
from sigexplorer.show.folding import Row, Timeline


@dataclass(slots=True)
class Node:
    """A row of the tree, and what is nested in it."""

    what: Step | Row | Call
    start_ns: int
    duration_ns: int
    inside: list[Node] = field(default_factory=list)
    where: str = ""  # process and thread, where they are told of it

    @property
    def own_ns(self) -> int:
        """Return the time that nothing nested in it accounts for."""
        return max(0, self.duration_ns - sum(node.duration_ns for node in self.inside))


def nodes(timeline: Timeline) -> list[Node]:
    """Return the roots of the tree: the steps, or what stands in none."""
    roots: list[Node] = []
    for section in timeline.sections:
        found = _of_rows(section.rows)
        if section.step is None:
            roots += found
        else:
            roots.append(Node(section.step, section.step.start_ns, section.step.duration_ns, found))
    return roots


def _of_rows(rows: tuple[Row, ...]) -> list[Node]:
    roots: list[Node] = []
    by_id: dict[int, Node] = {}
    by_callback: dict[int, Node] = {}
    sent_by: dict[int, int | None] = {}  # by dispatch the callback that it was sent in
    calls: dict[tuple[int, int | None], Node] = {}
    for row in rows:
        record = row.record
        node = Node(row, _start_ns(record), row.duration_ns)
        if isinstance(record, Callback):
            by_callback[record.id] = node
            parent, index = row.within or (0, None)
        else:
            parent, index = record.parent or 0, record.parent_call
        place = calls.get((parent, index)) or by_id.get(parent)
        if isinstance(record, Dispatch) and record.callback != sent_by.get(parent):
            place = by_callback.get(record.callback or 0) or place
        (place.inside if place else roots).append(node)
        if isinstance(record, Dispatch):
            by_id[record.id] = node
            sent_by[record.id] = record.callback
            if row.times == 1:
                for index, called in _told(record, row.causes):
                    node.inside.append(called)
                    calls[record.id, index] = called
    return roots


def _told(dispatch: Dispatch, causes: frozenset[int]) -> Iterator[tuple[int, Node]]:
    """Yield the calls that have a row of their own: Django's receivers only if there is something to tell."""
    for index, call in enumerate(dispatch.calls):
        quiet = call.receiver.startswith("django.") and call.outcome == "returned" and index not in causes
        if not quiet:
            yield index, Node(call, call.start_ns, call.duration_ns or 0)


def _start_ns(record: Dispatch | Bypass | Callback) -> int:
    if isinstance(record, Callback) and record.start_ns is None:
        return record.registered_ns
    return record.start_ns or 0
