"""Database operations that by design send no signal for the rows they touch.

Source: ``django/db/models/query.py``, ``django/db/models/deletion.py``,
``django/db/models/sql/subqueries.py`` and ``django/db/models/fields/related_descriptors.py``.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from time import perf_counter_ns as clock
from types import FrameType
from typing import Any

from sigexplorer.capture import lanes, places, receivers
from sigexplorer.capture.hooks import Hooks, Replacement
from sigexplorer.capture.lanes import STREAM, around, id_of, next_id, position
from sigexplorer.capture.words import attribute, model_label
from sigexplorer.model import Operation
from sigexplorer.spool.rows import Bypassed

#: Set inside of an operation that is reported, to the receiver that runs it: what the
#: operation calls in turn is part of it, what a receiver does meanwhile is not.
_inside: ContextVar[Any] = ContextVar("sigexplorer_inside_bypass", default=False)


def _is_part() -> bool:
    """Whether we are inside of an operation that is reported already."""
    return _inside.get() is around(lanes.here.lane)


class _Deletion:
    """A ``Collector.delete()`` under way."""

    __slots__ = ("by_manager", "root", "told")

    def __init__(self, root: Any, by_manager: bool) -> None:  # noqa: FBT001
        self.root = root  # the model of what delete() was called on
        self.by_manager = by_manager  # remove() or clear(), which have sent m2m_changed
        self.told = False  # pre_delete was sent


_deleting: ContextVar[_Deletion | None] = ContextVar("sigexplorer_deleting", default=None)

_FRAMES_BETWEEN = 6
_SENDS = frozenset({"send", "send_robust"})  # what a receiver deletes is its own affair
_MANAGERS = "django.db.models.fields.related_descriptors"


def _observed(
    operation: Operation, model: Any, run: Callable[[], Any], rows: Callable[[Any], int | None]
) -> Any:
    """Run an operation and report it, with the rows it touched; one that fails is no bypass."""
    noted = _noted(operation, model, clock())
    token = _inside.set(around(lanes.here.lane))
    try:
        answer = run()
    finally:
        _inside.reset(token)
    _report(noted, rows(answer))
    return answer


def _noted(operation: Operation, model: Any, start: int) -> Bypassed | None:
    """Put an operation into words before it runs; its rows are not known yet."""
    try:
        outer = around(lanes.here.lane)
        return Bypassed(
            id=next_id(),
            start=start,
            operation=operation,
            model=model_label(model) or "?",
            rows=None,
            outer=id_of(outer),
            position=position(outer),
            origin=places.line(sys._getframe(2)),
            would_call=receivers.passed_by(operation, model),
        )
    except Exception as fault:
        STREAM.failed(fault)
        return None


def _report(noted: Bypassed | None, rows: int | None) -> None:
    if noted is not None:
        lanes.here.lane.events.append(noted._replace(rows=rows))


def _queryset_method(operation: Operation, rows: Callable[[Any], int | None]) -> Callable[[Any], Any]:
    def make(found: Any) -> Any:
        @functools.wraps(found)
        def method(self: Any, *arguments: Any, **named: Any) -> Any:
            run = functools.partial(found, self, *arguments, **named)
            if _is_part() or _is_heard(self.model, sys._getframe(1).f_globals.get("__name__")):
                return run()
            # Rows that were there already are not written, and nobody says how many.
            count = _unknown if named.get("ignore_conflicts") else rows
            return _observed(operation, self.model, run, count)

        return method

    return make


def _is_heard(model: Any, caller: Any) -> bool:
    """Whether a many-to-many manager writes rows of its through model, and has sent ``m2m_changed``."""
    if caller != _MANAGERS or not model._meta.auto_created:
        return False
    from django.db.models.signals import m2m_changed

    return m2m_changed.has_listeners(model)


def _raw_delete(found: Any) -> Any:
    @functools.wraps(found)
    def method(self: Any, *arguments: Any, **named: Any) -> Any:
        run = functools.partial(found, self, *arguments, **named)
        deleting = _deleting.get()
        by_manager = deleting is not None and deleting.by_manager and deleting.root is self.model
        if _is_part() or by_manager:
            return run()  # remove() and clear() have sent m2m_changed
        by_collector = sys._getframe(1).f_globals.get("__name__") == "django.db.models.deletion"
        return _observed("fast_delete" if by_collector else "raw_delete", self.model, run, _number)

    return method


def _update_batch(found: Any) -> Any:
    @functools.wraps(found)
    def method(self: Any, pk_list: Any, values: Any, using: Any) -> Any:
        run = functools.partial(found, self, pk_list, values, using)
        if _is_part():
            return run()
        return _observed("update", self.model, run, lambda _answer: len(pk_list))

    return method


def _collector_delete(found: Any) -> Any:
    @functools.wraps(found)
    def delete(self: Any) -> Any:
        deletion = _Deletion(_root(self), _is_manager_deleting())
        before = [(model, len(instances)) for model, instances in self.data.items()]
        token = _deleting.set(deletion)
        try:
            answer = found(self)
        finally:
            _deleting.reset(token)
        if not _is_part():
            for model, count in _untold(deletion, before, answer):
                operation: Operation = "raw_delete" if deletion.told else "fast_delete"
                _report(_noted(operation, model, clock()), count)
        return answer

    return delete


def _untold(deletion: _Deletion, before: list[tuple[Any, int]], answer: Any) -> list[tuple[Any, int | None]]:
    """Return the models, and how many rows of each, that were deleted without their signals."""
    if not deletion.told:  # a single object, on the fast path; or nothing at all
        rows = _number(answer[0]) if type(answer) is tuple and answer else None
        return [] if deletion.by_manager else [(model, rows) for model, _ in before[:1]]
    return [
        (model, count)
        for model, count in before
        if model._meta.auto_created and not (model is deletion.root and deletion.by_manager)
    ]


def _instances_with_model(found: Any) -> Any:
    """Note that Django goes the slow way: it asks for the instances only to send ``pre_delete``."""

    @functools.wraps(found)
    def instances_with_model(self: Any) -> Any:
        deletion = _deleting.get()
        if deletion is not None:
            deletion.told = True
        return found(self)

    return instances_with_model


def _root(collector: Any) -> Any:
    """Return the model of what ``delete()`` was called on, without asking the object itself."""
    try:
        origin = attribute(collector, "origin")
        return type(origin) if model_label(type(origin)) else attribute(origin, "model")
    except Exception:
        return None  # our fault must not become the program's


def _is_manager_deleting() -> bool:
    """Whether a many-to-many manager's remove() or clear() called the ``delete()`` that called us."""
    frame: FrameType | None = sys._getframe(2)
    for _ in range(_FRAMES_BETWEEN):  # there may be somebody's patches of delete() in between
        if frame is None or frame.f_code.co_name in _SENDS:
            return False
        if frame.f_globals.get("__name__") == _MANAGERS:
            return True
        frame = frame.f_back
    return False


def _number(answer: Any) -> int | None:
    return answer if type(answer) is int else None


def _length(answer: Any) -> int | None:
    return len(answer) if type(answer) is list else None


def _unknown(_answer: Any) -> None:
    return None


def _replacements() -> Iterator[Replacement]:
    from django.db.models.deletion import Collector
    from django.db.models.query import QuerySet
    from django.db.models.sql.subqueries import UpdateQuery

    yield Replacement(QuerySet, "update", _queryset_method("update", _number))
    yield Replacement(QuerySet, "bulk_create", _queryset_method("bulk_create", _length))
    yield Replacement(QuerySet, "bulk_update", _queryset_method("bulk_update", _number))
    yield Replacement(QuerySet, "_raw_delete", _raw_delete)
    yield Replacement(UpdateQuery, "update_batch", _update_batch)
    yield Replacement(Collector, "delete", _collector_delete)
    yield Replacement(Collector, "instances_with_model", _instances_with_model)


#: Imports Django's models when the first observer comes.
HOOKS = Hooks(_replacements)
