"""Database operations that by design send no signal for the rows they touch.

Source: ``django/db/models/query.py``, ``django/db/models/deletion.py``,
``django/db/models/sql/subqueries.py`` and ``django/db/models/fields/related_descriptors.py``.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from types import FrameType
from typing import Any

from sigexplorer.capture import lanes, places, receivers
from sigexplorer.capture.clock import clock
from sigexplorer.capture.frames import unseen
from sigexplorer.capture.hooks import Hooks, Replacement
from sigexplorer.capture.lanes import STREAM, around, guarded, id_of, next_id, position
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

    __slots__ = ("by_manager", "root", "rows", "told")

    def __init__(self, collector: Any, caller: FrameType) -> None:
        self.root = _root(collector)  # the model of what delete() was called on
        self.by_manager = _is_manager_deleting(caller)  # remove() or clear(), which have sent m2m_changed
        self.rows = [(model, len(instances)) for model, instances in collector.data.items()]
        self.told = False  # pre_delete was sent


_deleting: ContextVar[_Deletion | None] = ContextVar("sigexplorer_deleting", default=None)

_FRAMES_BETWEEN = 6
_SENDS = frozenset({"send", "send_robust"})  # what a receiver deletes is its own affair
_MANAGERS = "django.db.models.fields.related_descriptors"


class _Running:
    """An operation that is reported, while it runs; one that fails is no bypass."""

    def __init__(
        self, operation: Operation, model: Any, caller: FrameType, rows: Callable[[Any], int | None]
    ) -> None:
        self._noted = _noted(operation, model, caller)
        self._rows = rows  # how many, by what the operation answered
        self._place = around(lanes.here.lane)
        self._before = _inside.get()
        self._token: Any = None

    def enter(self) -> None:
        """Begin, inside of the ``try`` whose end leaves it: a Ctrl-C may come at any time."""
        self._token = _inside.set(self._place)

    def leave(self) -> None:
        """Let what comes be no part of it."""
        if self._token is not None:
            _inside.reset(self._token)
        elif _inside.get() is not self._before:
            _inside.set(self._before)

    def report(self, answer: Any) -> None:
        """Tell of it, with the rows it touched."""
        _report(self._noted, self._rows(answer))


#: Returns what is to be reported: of an object, by whoever called its method, with these arguments.
_Begin = Callable[[Any, FrameType, Any, Any], _Running | None]


def _reported(begin: _Begin) -> Callable[[Any], Any]:
    """Replace a method by one that reports what ``begin`` says is to be reported."""

    def make(found: Any) -> Any:
        @functools.wraps(found)
        def method(self: Any, *arguments: Any, **named: Any) -> Any:
            running = guarded(begin, self, sys._getframe(1), arguments, named)
            try:
                if running is not None:
                    running.enter()
                answer = found(self, *arguments, **named)
            except BaseException as error:
                unseen(error)
                raise
            finally:
                if running is not None:
                    running.leave()
            if running is not None:
                guarded(running.report, answer)
            return answer

        return method

    return make


def _noted(operation: Operation, model: Any, caller: FrameType) -> Bypassed | None:
    """Put an operation into words before it runs; its rows are not known yet."""
    try:
        outer = around(lanes.here.lane)
        return Bypassed(
            id=next_id(),
            start=clock(),
            operation=operation,
            model=model_label(model) or "?",
            rows=None,
            outer=id_of(outer),
            position=position(outer),
            origin=places.line(caller),
            would_call=receivers.passed_by(operation, model),
        )
    except Exception as fault:
        STREAM.failed(fault)
        return None


def _report(noted: Bypassed | None, rows: int | None) -> None:
    if noted is not None:
        lanes.here.lane.events.append(noted._replace(rows=rows))


def _of_queryset(operation: Operation, rows: Callable[[Any], int | None]) -> _Begin:
    def begin(queryset: Any, caller: FrameType, arguments: Any, named: Any) -> _Running | None:
        model = queryset.model
        if _is_part() or _is_heard(model, caller.f_globals.get("__name__")):
            return None
        count = _unknown if operation == "bulk_create" and _ignores(*arguments, **named) else rows
        return _Running(operation, model, caller, count)

    return begin


def _ignores(
    objs: Any = None,  # noqa: ARG001 - the arguments of bulk_create, by their names
    batch_size: Any = None,  # noqa: ARG001
    ignore_conflicts: Any = False,  # noqa: FBT002
    *_arguments: Any,
    **_named: Any,
) -> bool:
    """Whether rows that are there already are not written, so that nobody says how many are."""
    return ignore_conflicts is not False and ignore_conflicts is not None


def _is_heard(model: Any, caller: Any) -> bool:
    """Whether a many-to-many manager writes rows of its through model, and has sent ``m2m_changed``."""
    if caller != _MANAGERS or not model._meta.auto_created:
        return False
    from django.db.models.signals import m2m_changed

    return m2m_changed.has_listeners(model)


def _raw_delete(queryset: Any, caller: FrameType, _arguments: Any, _named: Any) -> _Running | None:
    model, deleting = queryset.model, _deleting.get()
    by_manager = deleting is not None and deleting.by_manager and deleting.root is model
    if _is_part() or by_manager:
        return None  # remove() and clear() have sent m2m_changed
    by_collector = caller.f_globals.get("__name__") == "django.db.models.deletion"
    return _Running("fast_delete" if by_collector else "raw_delete", model, caller, _number)


def _update_batch(query: Any, caller: FrameType, arguments: Any, named: Any) -> _Running | None:
    if _is_part():
        return None
    count = len(arguments[0] if arguments else named["pk_list"])
    return _Running("update", query.model, caller, lambda _answer: count)


def _collector_delete(found: Any) -> Any:
    @functools.wraps(found)
    def delete(self: Any) -> Any:
        caller = sys._getframe(1)
        deletion = guarded(_Deletion, self, caller)
        before, token = _deleting.get(), None
        try:
            token = _deleting.set(deletion)
            answer = found(self)
        except BaseException as error:
            unseen(error)
            raise
        finally:
            _deleting.set(before) if token is None else _deleting.reset(token)
        if deletion is not None:
            guarded(_report_untold, deletion, answer, caller)
        return answer

    return delete


def _report_untold(deletion: _Deletion, answer: Any, caller: FrameType) -> None:
    if not _is_part():
        for model, count in _untold(deletion, answer):
            operation: Operation = "raw_delete" if deletion.told else "fast_delete"
            _report(_noted(operation, model, caller), count)


def _untold(deletion: _Deletion, answer: Any) -> list[tuple[Any, int | None]]:
    """Return the models, and how many rows of each, that were deleted without their signals."""
    if not deletion.told:  # a single object, on the fast path; or nothing at all
        rows = _number(answer[0]) if type(answer) is tuple and answer else None
        return [] if deletion.by_manager else [(model, rows) for model, _ in deletion.rows[:1]]
    return [
        (model, count)
        for model, count in deletion.rows
        if model._meta.auto_created and not (model is deletion.root and deletion.by_manager)
    ]


def _instances_with_model(found: Any) -> Any:
    """Note that Django goes the slow way: it asks for the instances only to send ``pre_delete``."""

    @functools.wraps(found)
    def instances_with_model(self: Any) -> Any:
        deletion = _deleting.get()
        if deletion is not None:
            deletion.told = True
        try:
            return found(self)
        except BaseException as error:
            unseen(error)
            raise

    return instances_with_model


def _root(collector: Any) -> Any:
    """Return the model of what ``delete()`` was called on, without asking the object itself."""
    try:
        origin = attribute(collector, "origin")
        return type(origin) if model_label(type(origin)) else attribute(origin, "model")
    except Exception:
        return None  # our fault must not become the program's


def _is_manager_deleting(frame: FrameType | None) -> bool:
    """Whether a many-to-many manager's remove() or clear() called the ``delete()`` that called us."""
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

    yield Replacement(QuerySet, "update", _reported(_of_queryset("update", _number)))
    yield Replacement(QuerySet, "bulk_create", _reported(_of_queryset("bulk_create", _length)))
    yield Replacement(QuerySet, "bulk_update", _reported(_of_queryset("bulk_update", _number)))
    yield Replacement(QuerySet, "_raw_delete", _reported(_raw_delete))
    yield Replacement(UpdateQuery, "update_batch", _reported(_update_batch))
    yield Replacement(Collector, "delete", _collector_delete)
    yield Replacement(Collector, "instances_with_model", _instances_with_model)


#: Imports Django's models when the first observer comes.
HOOKS = Hooks(_replacements)
