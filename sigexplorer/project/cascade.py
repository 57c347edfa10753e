"""What deleting an object of a model would delete besides, without asking for a single row.

Django's ``Collector`` walked on models instead of rows: every relation is taken to have some.

Source: ``django/db/models/deletion.py`` of Django 5.2, 6.0 and 6.1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from sigexplorer.project.models import label

Fate = Literal["stopped", "fast", "updated", "left", "unknown"]


_ITSELF = "the object itself"

#: A step into what is next, in the order of calls: a chain of models is as long as it likes,
#: and Python's stack is not.
_Walk = Iterator[Any]


def _walk(first: _Walk) -> None:
    """Take every step, each to its end before the next of the one that led to it."""
    open_steps = [first]
    while open_steps:
        following = next(open_steps[-1], None)
        if following is None:
            open_steps.pop()
        else:
            open_steps.append(following)


@dataclass(frozen=True, slots=True)
class Related:
    """Rows that refer to what is deleted, and are not collected themselves."""

    fate: Fate
    model: Any
    relation: str  # app.Model.field
    rule: str  # the name of its on_delete


class Cascade:
    """The models whose rows are collected, in the order of their deletion, and all others touched."""

    def __init__(self, model: Any) -> None:
        from django.db import DEFAULT_DB_ALIAS
        from django.db.models.deletion import Collector

        # Django's own answer; it looks at relations and receivers only.
        self._collector = Collector(using=DEFAULT_DB_ALIAS)
        self.fast = bool(self._collector.can_fast_delete(model))  # the object itself
        self.related: list[Related] = []
        self.reasons: dict[Any, str] = {}  # why the rows of a model are collected
        self._order: dict[Any, None] = {}  # every model that Django has a place for
        self._followed: set[Any] = set()  # models whose relations were followed
        self._dependencies: dict[Any, set[Any]] = defaultdict(set)
        if self.fast:
            _walk(self._follow(model))  # what refers to it is left to the database, or alone
        else:
            _walk(self._collect(model, _ITSELF, None))

    def models(self) -> list[Any]:
        """Return the models whose rows are collected, in the order in which they are deleted."""
        return [model for model in self._sorted() if model in self.reasons]

    def _collect(self, model: Any, reason: str, source: Any) -> _Walk:
        self._add(model, reason)
        if source is not None:
            self._depend(source, model)
        self._collect_parents(model)
        if model in self._followed:
            return
        self._followed.add(model)
        yield self._follow(model)

    def _add(self, model: Any, reason: str) -> None:
        self._order.setdefault(model)
        first = self.reasons.setdefault(model, reason)
        if first == _ITSELF != reason:
            self.reasons[model] = f"{_ITSELF}, and rows {reason}"

    def _collect_parents(self, model: Any) -> None:
        for link in model._meta.concrete_model._meta.parents.values():
            if link is None:
                continue
            parent = link.remote_field.model
            if parent not in self.reasons:
                self._add(parent, f"the row of {label(model)} in its parent")
                self._depend(parent, model)
                self._collect_parents(parent)

    def _depend(self, model: Any, dependency: Any) -> None:
        """Note that the rows of ``dependency`` go before those of ``model``."""
        self._dependencies[model._meta.concrete_model].add(dependency._meta.concrete_model)
        self._order.setdefault(dependency)

    def _follow(self, model: Any) -> _Walk:
        from django.db.models.deletion import get_candidate_relations_to_delete

        relations: Iterable[Any] = get_candidate_relations_to_delete(model._meta)
        for relation in relations:
            yield self._meet(relation.related_model, relation.field)
        for field in model._meta.private_fields:
            if hasattr(field, "bulk_related_objects"):  # a generic relation
                name = f"{label(model)}.{field.name}"
                target = field.remote_field.model
                if self._collector.can_fast_delete(target._base_manager.none()):
                    self._touch("fast", target, name, "generic relation")
                else:
                    yield self._collect(target, f"by {name} (generic relation)", None)

    def _meet(self, model: Any, field: Any) -> _Walk:
        """Decide what becomes of the rows of ``model`` whose ``field`` refers to what is deleted."""
        from django.db.models import deletion

        rule = field.remote_field.on_delete
        name = f"{label(model)}.{field.name}"
        if rule in getattr(deletion, "SKIP_COLLECTION", {deletion.DO_NOTHING}):
            self._touch("left", model, name, rule.__name__)
        elif self._collector.can_fast_delete(model, from_field=field):
            self._touch("fast", model, name, rule.__name__)
        elif rule is deletion.CASCADE:
            source = None if field.null else field.remote_field.model
            yield self._collect(model, f"by {name} (CASCADE)", source)
        elif rule is deletion.PROTECT:
            self._touch("stopped", model, name, "PROTECT")
        elif rule is deletion.RESTRICT:
            self._depend(field.remote_field.model, field.model)
            self._touch("stopped", model, name, "RESTRICT")
        elif rule in (deletion.SET_NULL, deletion.SET_DEFAULT):
            self._touch("updated", model, name, rule.__name__)
        elif getattr(rule, "__module__", "") == deletion.__name__:
            self._touch("updated", model, name, "SET()")
        else:
            self._touch("unknown", model, name, getattr(rule, "__qualname__", "its own rule"))

    def _touch(self, fate: Fate, model: Any, relation: str, rule: str) -> None:
        found = Related(fate, model, relation, rule)
        if found not in self.related:
            self.related.append(found)

    def _sorted(self) -> list[Any]:
        """Return Django's order: what depends on nothing that is still there goes first."""
        models = list(self._order)
        arranged: list[Any] = []
        placed: set[Any] = set()
        done: set[Any] = set()
        while len(arranged) < len(models):
            ready = False
            for model in models:
                if model in placed or self._dependencies.get(model._meta.concrete_model, set()) - done:
                    continue
                arranged.append(model)
                placed.add(model)
                done.add(model._meta.concrete_model)
                ready = True
            if not ready:
                return models  # they depend on each other
        return arranged
