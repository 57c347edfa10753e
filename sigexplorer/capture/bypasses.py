"""Database operations that by design send no signal for the rows they touch.

Source: ``django/db/models/query.py``, ``django/db/models/deletion.py`` and
``django/db/models/sql/subqueries.py``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, Protocol

from sigexplorer.capture.hooks import Hooks, Replacement
from sigexplorer.model import Operation


class BypassObserver(Protocol):
    """Whoever wants to know of writes without signals."""

    def bypassing(self, operation: Operation, model: Any) -> Any:
        """Note an operation before it runs."""

    def bypassed(self, note: Any, rows: int | None) -> None:
        """Learn how many rows it touched; ``note`` is what ``bypassing`` returned."""

    def failed(self, fault: Exception) -> None:
        """Learn that one of the above raised."""


#: Set inside of an operation that is reported: what it calls in turn is part of it.
_inside: ContextVar[bool] = ContextVar("sigexplorer_inside_bypass", default=False)

#: The model whose deletion is under way, to tell a cascade from a many-to-many operation.
_deleting: ContextVar[Any] = ContextVar("sigexplorer_deleting", default=None)


def _observed(
    operation: Operation,
    found: Any,
    subject: Any,
    model: Any,
    rows: Callable[[Any], int | None],
    *arguments: Any,
    **named: Any,
) -> Any:
    """Run ``found`` and report it as ``operation`` on ``model``, with the rows it touched."""
    notes = []
    for observer in HOOKS.observers:
        try:
            notes.append((observer, observer.bypassing(operation, model)))
        except Exception as fault:
            observer.failed(fault)
    token = _inside.set(True)
    touched: int | None = None
    try:
        answer = found(subject, *arguments, **named)
        touched = rows(answer)
        return answer
    finally:
        _inside.reset(token)
        for observer, note in notes:
            try:
                observer.bypassed(note, touched)
            except Exception as fault:
                observer.failed(fault)


def _queryset_method(operation: Operation, rows: Callable[[Any], int | None]) -> Callable[[Any], Any]:
    def make(found: Any) -> Any:
        @functools.wraps(found)
        def method(self: Any, *arguments: Any, **named: Any) -> Any:
            if _inside.get() or _heard_as_m2m(self.model):
                return found(self, *arguments, **named)
            return _observed(operation, found, self, self.model, rows, *arguments, **named)

        return method

    return make


def _heard_as_m2m(model: Any) -> bool:
    """Whether rows of an automatic through model come with ``m2m_changed``."""
    from django.db.models.signals import m2m_changed

    return bool(model._meta.auto_created) and m2m_changed.has_listeners(model)


def _raw_delete(found: Any) -> Any:
    @functools.wraps(found)
    def method(self: Any, *arguments: Any, **named: Any) -> Any:
        origin = _deleting.get()
        if _inside.get() or (origin is self.model and self.model._meta.auto_created):
            return found(self, *arguments, **named)  # remove() and clear() have sent m2m_changed
        operation: Operation = "raw_delete" if origin is None else "fast_delete"
        return _observed(operation, found, self, self.model, _number, *arguments, **named)

    return method


def _update_batch(found: Any) -> Any:
    @functools.wraps(found)
    def method(self: Any, pk_list: Any, values: Any, using: Any) -> Any:
        if _inside.get():
            return found(self, pk_list, values, using)
        rows = len(pk_list)
        return _observed("update", found, self, self.model, lambda _answer: rows, pk_list, values, using)

    return method


def _collector_delete(found: Any) -> Any:
    @functools.wraps(found)
    def delete(self: Any) -> Any:
        origin = getattr(self, "origin", None)
        origin_model = getattr(origin, "model", None) or type(origin)
        token = _deleting.set(origin_model)
        try:
            alone = _deleted_alone(self)
            if alone is not None and not _inside.get():
                return _observed("fast_delete", found, self, alone, lambda answer: answer[0])
            for model, instances in list(self.data.items()):
                if model._meta.auto_created and model is not origin_model:
                    _observed("raw_delete", _number_of, instances, model, _number)
            return found(self)
        finally:
            _deleting.reset(token)

    return delete


def _number_of(instances: Any) -> int:
    """Stand for the deletion of rows of an automatic through model, which a collector does among others."""
    return len(instances)


def _deleted_alone(collector: Any) -> Any:
    """Return the model of a single object that Django deletes on its fast path, else None."""
    if len(collector.data) != 1:
        return None
    model, instances = next(iter(collector.data.items()))
    return model if len(instances) == 1 and collector.can_fast_delete(next(iter(instances))) else None


def _number(answer: Any) -> int | None:
    return answer if isinstance(answer, int) else None


def _length(answer: Any) -> int | None:
    return len(answer) if isinstance(answer, list) else None


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


#: Django's models are imported when the first observer comes, not before.
HOOKS: Hooks[BypassObserver] = Hooks(_replacements)
