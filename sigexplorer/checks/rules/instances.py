"""What a receiver does with the instance it is given."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sigexplorer.checks.bodies import aliases, is_argument, is_caught, is_class_of, looks_at, model_before
from sigexplorer.checks.facts import Ancestors, Function
from sigexplorer.checks.guards import Guards, guarded_by_decorator
from sigexplorer.checks.listeners import Receiver
from sigexplorer.checks.names import USER_MODEL, chain
from sigexplorer.checks.project import Project, short
from sigexplorer.checks.rule import Hit, at_receiver, rule
from sigexplorer.checks.saving import (
    creates_own,
    own_names,
    runs_for_ever,
    saves_of,
    saves_of_others,
    saves_through_helper,
)

_NOT_FIELDS = frozenset({"pk", "id", "objects", "DoesNotExist"})
_KEYS = frozenset({"pk", "id", "adding", "_state"})
#: What following a reverse one-to-one raises, and what that is derived from.
_NOTHING_THERE = frozenset(
    {
        "RelatedObjectDoesNotExist",
        "ObjectDoesNotExist",
        "DoesNotExist",
        "AttributeError",
        "Exception",
        "BaseException",
    }
)
_USERS = frozenset(
    {USER_MODEL, "django.conf.settings.AUTH_USER_MODEL", "django.contrib.auth.models.User", "auth.User"}
)


@rule("SX041", "error")
def saves_itself(project: Project) -> Iterator[Hit]:
    """The receiver saves its own instance, or another of its model, without a guard.

    ``save()`` in a receiver of ``pre_save`` or ``post_save`` sends the same signal again, and
    the receiver calls ``save()`` again, until ``RecursionError``. A guard is a condition that
    is different the second time, in the receiver or in a decorator below ``@receiver``; a block is
    none, such as ``with transaction.atomic()``, a loop, or a ``try`` that raises on. So does a
    loop over every other row, the same row fetched again or written by ``update_or_create()``, and
    a function that is given the instance and saves it.

    Change the attribute in ``pre_save``, or use ``sender.objects.filter(pk=instance.pk).update(...)``.
    """
    for receiver in project.on("pre_save", "post_save"):
        function = receiver.function
        if any(isinstance(node, ast.Attribute) and node.attr == "disconnect" for node, _ in function.steps):
            continue
        if receiver.names & {"pre_delete", "post_delete"} or function.file.is_test or is_renewed(function):
            continue
        if guarded_by_decorator(project, receiver):
            continue
        again, anew = Guards(receiver, _second_round(receiver)), Guards(receiver, _new_row(receiver))
        own = own_names(receiver)
        calls = [(*found, again) for found in saves_of(function)]
        calls += [(*found, again) for found in saves_through_helper(project, receiver)]
        calls += [(*found, anew) for found in creates_own(receiver, own)]
        surely = [found[0] for found in calls if runs_for_ever(found[2], *found[:2])]
        others = saves_of_others(receiver, own)
        for call in surely + [one for one, above in others if runs_for_ever(again, one, above, in_loop=True)]:
            message = f"{function.name} saves its own sender without a guard: it calls itself for ever"
            yield at_receiver(receiver, message, call, among=("pre_save", "post_save"))


def _second_round(receiver: Receiver) -> dict[str, bool]:
    """Return what a receiver is sent once it saved its own instance: no row is new, but a copy."""
    copied = any(
        isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr in _KEYS
        for node, _ in receiver.function.steps
    )
    return {"raw": False} | ({"created": False} if _only_saved(receiver) and not copied else {})


def _new_row(receiver: Receiver) -> dict[str, bool]:
    """Return what a receiver is sent once it created another row of its model: that one is new as well."""
    return {"raw": False} | ({"created": True} if _only_saved(receiver) else {})


def _only_saved(receiver: Receiver) -> bool:
    """Whether ``post_save`` is its one signal, so that ``created`` means what it does there."""
    return receiver.signals == {"django.db.models.signals.post_save"}


def is_renewed(function: Function) -> bool:
    """Whether ``instance`` is made to stand for something else."""
    return (
        any(
            isinstance(node, ast.Name) and node.id == "instance" and isinstance(node.ctx, ast.Store)
            for node, _ in function.steps
        )
        and "instance" in function.parameters
    )


@rule("SX044", "warning")
def deferred_field(project: Project) -> Iterator[Hit]:
    """``post_init`` reads a field that may be deferred.

    Reading a deferred field loads it: a query for each instance of ``only()`` or ``defer()``.
    Loading makes a second instance, whose ``post_init`` reads the field again, without end.

    Read ``instance.__dict__.get("field")``, or look at ``get_deferred_fields()`` first.
    """
    for receiver in project.on("post_init"):
        function = receiver.function
        names = aliases(function, "instance")
        if any(
            isinstance(node, ast.Attribute) and node.attr in ("get_deferred_fields", "__dict__")
            for node, _ in function.steps
        ):
            continue
        for node, above in function.steps:
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.ctx, ast.Load)
                and is_argument(function, node.value, "instance", names)
                and not node.attr.startswith("_")
                and _may_be_field(project, receiver, node.attr)
                and not (above and isinstance(above[-1], ast.Call) and above[-1].func is node)
            ):
                message = f"{function.name} reads '{node.attr}', which may be deferred, and is then loaded"
                yield at_receiver(receiver, message, node, among=("post_init",))
                break


def _may_be_field(project: Project, receiver: Receiver, name: str) -> bool:
    known = [project.classes[sender] for sender in receiver.senders if sender in project.classes]
    if known and len(known) == len(receiver.senders):
        return any(name in one.fields for one in known)
    return name not in _NOT_FIELDS


@rule("SX047", "error")
def old_row_unguarded(project: Project) -> Iterator[Hit]:
    """``pre_save`` looks up the old row, and there may be none.

    For an object that is about to be inserted ``get(pk=instance.pk)`` raises
    ``DoesNotExist``: nothing new can be saved any more.

    Use ``filter(pk=instance.pk).first()``, or return early if ``instance._state.adding``.
    """
    for receiver in project.on("pre_save"):
        function = receiver.function
        names = aliases(function, "instance")
        guards = Guards(receiver, {"raw": False})
        own = {short(sender) for sender in receiver.senders} | {"sender"}
        if receiver.senders & _USERS:
            own |= {"get_user_model", "User"}
        if receiver.names != {"pre_save"} or function.file.is_test:
            continue
        for call, above in function.calls:
            path, model = chain(call.func), model_before(call)
            if path[-1] != "get" or model is None:
                continue
            by_key = any(
                one.arg in ("pk", "id")
                and isinstance(one.value, ast.Attribute)
                and one.value.attr in ("pk", "id")
                and is_argument(function, one.value.value, "instance", names)
                for one in call.keywords
            )
            is_own = own & set(path) or is_class_of(function, model)
            if by_key and is_own and not guards.guarded(call, above) and not is_caught(above):
                message = (
                    f"{function.name} gets the old row though there may be none: nothing new can be saved"
                )
                yield at_receiver(receiver, message, call)


@rule("SX048", "warning")
def reverse_one_to_one(project: Project) -> Iterator[Hit]:
    """A reverse one-to-one is followed though there may be nothing.

    ``instance.profile`` raises ``RelatedObjectDoesNotExist`` for every instance that has
    none: those made before the receiver existed, by ``bulk_create``, or by a fixture.

    Use ``hasattr(instance, "profile")``, or ``Profile.objects.filter(user=instance).update(...)``.
    """
    reverse = {
        (target, relation.related_name or found.name.lower())
        for found in project.classes.values()
        for relation in found.relations.values()
        if relation.kind.endswith("OneToOneField") and relation.target
        for target in _spellings(project, relation.target)
    }
    for receiver in project.on("pre_save", "post_save", "pre_delete", "post_delete"):
        function = receiver.function
        names = aliases(function, "instance")
        guards = Guards(receiver, {"raw": False})
        if looks_at(function, frozenset(), "instance") or function.file.is_test:
            continue
        for node, above in function.steps:
            if (
                not isinstance(node, ast.Attribute)
                or not isinstance(node.ctx, ast.Load)
                or guards.guarded(node, above)
                or _is_suppressed(above)
            ):
                continue
            known = any(
                (spelling, node.attr) in reverse
                for sender in receiver.senders
                for spelling in _spellings(project, sender)
            )
            saved = receiver.senders <= _USERS and receiver.senders and _is_saved(node, above)
            if is_argument(function, node.value, "instance", names) and (known or saved):
                message = f"{function.name} follows '{node.attr}', which an instance may not have"
                yield at_receiver(receiver, message, node)
                break


def _is_suppressed(above: Ancestors) -> bool:
    """Whether ``with suppress(Profile.DoesNotExist)`` stands around a place."""
    contexts = [item.context_expr for one in above if isinstance(one, ast.With) for item in one.items]
    calls = [one for one in contexts if isinstance(one, ast.Call) and chain(one)[-1] == "suppress"]
    return any(chain(kind)[-1] in _NOTHING_THERE for call in calls for kind in call.args)


def _spellings(project: Project, path: str) -> set[str]:
    """Return the ways in which a model may have been written."""
    followed = project.follow(path) or path
    if {path, followed} & _USERS:
        return set(_USERS)
    return {path, followed, short(followed)}


def _is_saved(node: ast.Attribute, above: Ancestors) -> bool:
    """Whether this is ``instance.x`` of ``instance.x.save()``: Django's user has no forward relation."""
    return (
        bool(above)
        and isinstance(above[-1], ast.Attribute)
        and above[-1].attr == "save"
        and node.attr != "objects"
    )
