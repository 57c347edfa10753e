"""Everything that would run when an object of a model is built, saved, tagged or deleted.

Nothing is: receivers and relations are read, no row is asked for.

Source: ``Model.__init__`` and ``Model.save_base``, ``django/db/models/base.py``; the
managers in ``django/db/models/fields/related_descriptors.py``; 5.2, 6.0 and 6.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sigexplorer.answers import Event, Explained, Happening, What
from sigexplorer.capture import receivers, signals
from sigexplorer.capture.senders import Senders
from sigexplorer.capture.words import class_attribute
from sigexplorer.errors import UsageError
from sigexplorer.project import inventory
from sigexplorer.project.cascade import Cascade, Related
from sigexplorer.project.models import families, label


def explain(model: Any, operation: What | None) -> list[Explained]:
    """Return what ``operation`` would cause, or each operation that makes sense for ``model``."""
    if operation == "m2m" and not _relations(model):
        raise UsageError(f"'{label(model)}' has no many-to-many relation", "try --on save, delete or init")
    chosen = (
        [operation] if operation else [what for what in _EXPLAINERS if what != "m2m" or _relations(model)]
    )
    return [
        Explained(label(model), what, tuple(_EXPLAINERS[what](model)), tuple(_notes(model, what)))
        for what in chosen
    ]


def _sent(name: str, model: Any, when: str) -> Event:
    from django.db.models import signals as of_models

    signal = getattr(of_models, name)
    called = inventory.reached(signal, model, Senders())
    return Event("sent", signals.words(signal).path, name, label(model), when, called)


def _silent(name: str, model: Any, why: str) -> Event:
    return Event("silent", None, name, label(model), why)


def _init(model: Any) -> Iterator[Event]:
    yield _sent("pre_init", model, "before an object is built, also from a row that is read")
    yield _sent("post_init", model, "after it is built")


def _save(model: Any) -> Iterator[Event]:
    if model._meta.auto_created:
        yield _silent("INSERT", model, "rows of an automatic through model send no save signals")
        return
    yield _sent("pre_save", model, "before the row is written")
    for parent in _parents_first(model._meta.concrete_model):
        yield _silent("UPDATE or INSERT", parent, "a parent's row is written without signals of its own")
    yield _sent("post_save", model, "after the row is written; in a transaction around it, before that ends")


def _parents_first(model: Any) -> list[Any]:
    """Return whose rows are written before that of ``model``, in that order: each after its own parents."""
    found: dict[Any, None] = {}
    for parent in model._meta.parents:
        found |= dict.fromkeys((*_parents_first(parent), parent))
    return list(found)


def _delete(model: Any) -> Iterator[Event]:
    cascade = Cascade(model)
    if cascade.fast:
        yield _silent("DELETE", model, "one statement: nobody listens, and nothing depends on it")
        yield from (_fate(related) for related in cascade.related)
        return
    collected = cascade.models()
    yield from (_fate(one) for one in cascade.related if one.fate == "stopped")
    for one in collected:
        if not one._meta.auto_created:
            yield _sent("pre_delete", one, cascade.reasons[one])
    for fate in ("fast", "updated", "left", "unknown"):
        yield from (_fate(related) for related in cascade.related if related.fate == fate)
    for one in collected:
        if one._meta.auto_created:
            yield _silent("DELETE", one, "rows of an automatic through model send no delete signals")
        else:
            yield _sent("post_delete", one, cascade.reasons[one])


def _fate(related: Related) -> Event:
    name, why = _FATES[related.fate]
    if related.fate == "left" and related.rule != "DO_NOTHING":
        why = "the database does it, Django never hears of it"
    kind: Happening = "stopped" if related.fate == "stopped" else "silent"
    if related.rule == "RESTRICT":
        why = "if there are rows that nothing else deletes: RestrictedError, and nothing is deleted or sent"
    return Event(kind, None, name, label(related.model), f"by {related.relation} ({related.rule}): {why}")


_FATES = {
    "stopped": ("stop", "if there are rows: ProtectedError, and nothing is deleted or sent"),
    "fast": ("DELETE", "one statement: nobody listens, and nothing depends on it"),
    "updated": ("UPDATE", "one statement, no save signals"),
    "left": ("nothing", "the rows are left as they are"),
    "unknown": ("its own rule", "what that function does is not known"),
}


def _m2m(model: Any) -> Iterator[Event]:
    for name, through in _relations(model):
        if _heard(through):
            yield _sent(
                "m2m_changed",
                through,
                f"{name}.add(), remove(), set(), clear(): a pre_ and a post_ action each",
            )
            continue
        automatic = through._meta.auto_created
        fast = (
            "one INSERT that skips what is there"
            if automatic and _ignores_conflicts()
            else "SELECT and INSERT"
        )
        yield _silent("INSERT", through, f"{name}.add(): {fast}: nobody listens, so nothing is sent")
        yield _sent("m2m_changed", through, f"{name}.remove(), clear(): sent although nobody listens")


def _heard(through: Any) -> bool:
    from django.db.models.signals import m2m_changed

    return bool(receivers.listeners(m2m_changed, through))


def _ignores_conflicts() -> bool:
    """Whether the default database can skip rows that are there; of Django's only Oracle cannot."""
    from django.conf import settings

    engine = settings.DATABASES.get("default", {}).get("ENGINE", "")
    return "oracle" not in str(engine)


def _relations(model: Any) -> list[tuple[str, Any]]:
    """Return the many-to-many managers of a model, from either side, with their through models."""
    forward = [
        (field.name, field.remote_field.through)
        for field in model._meta.many_to_many
        if field.remote_field.through is not None  # a model that is swapped out has none made
    ]
    reverse = [
        (relation.get_accessor_name(), relation.through)
        for relation in model._meta.related_objects
        if relation.many_to_many and _has_accessor(relation)
    ]
    return [*forward, *reverse]


def _has_accessor(relation: Any) -> bool:
    """Whether the other side has a manager: not of a name that ends in "+", nor of what is symmetrical."""
    return relation.get_accessor_name() is not None and not str(relation.related_name or "").endswith("+")


_EXPLAINERS: dict[What, Callable[[Any], Iterator[Event]]] = {
    "init": _init,
    "save": _save,
    "m2m": _m2m,
    "delete": _delete,
}


def _notes(model: Any, operation: What) -> Iterator[str]:
    proxies, children = families(model)
    if model._meta.swapped:
        yield f"it is swapped out for {model._meta.swapped}, and has no table"
    if operation in ("init", "save", "delete"):
        for proxy in proxies:
            yield f"through the proxy {label(proxy)} the sender is {label(proxy)}: explain that one too"
    if operation == "save":
        for child in children:
            yield f"saving a {label(child)} sends signals for that only, not for its parent {label(model)}"
        yield "bulk_create(), bulk_update() and update() send none of these"
    if operation == "m2m":
        for name, through in _relations(model):
            if not through._meta.auto_created:
                yield (
                    f"rows of {label(through)} that are saved or deleted by themselves send its own"
                    f" signals, and no m2m_changed for {name}"
                )
    yield from _overridden(model, operation)


def _overridden(model: Any, operation: str) -> Iterator[str]:
    from django.db.models import Model

    found = class_attribute(model, operation) if operation in ("save", "delete") else None
    if found is not None and found is not class_attribute(Model, operation):
        place = receivers.words(found)
        yield f"{place.name} is overridden at {place.file}:{place.line}: what it does besides is not known"
