"""Where a receiver saves: its instance, another object of the same row or model, or through a helper."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sigexplorer.checks.blocks import transparent
from sigexplorer.checks.bodies import aliases, is_argument, is_class_of
from sigexplorer.checks.facts import Ancestors, Function
from sigexplorer.checks.guards import Guards
from sigexplorer.checks.listeners import Receiver
from sigexplorer.checks.names import chain
from sigexplorer.checks.project import Project, short

_SAVE = ("save", "asave")
_UPDATES = ("update_or_create", "aupdate_or_create")
_KEYS = ("pk", "id")
#: Methods of a queryset that leave no row out.
_KEEP_ALL = frozenset({"all", "iterator", "order_by", "select_related", "prefetch_related", "aiterator"})

Found = Iterator[tuple[ast.Call, Ancestors]]


def saves_of(function: Function, argument: str = "instance") -> Found:
    """Return the ``instance.save()`` and ``Model.save(instance)`` calls of a function."""
    names = aliases(function, argument)
    for call, above in function.calls:
        method = call.func
        if not isinstance(method, ast.Attribute) or method.attr not in _SAVE:
            continue
        by_class = call.args and chain(method.value)[-1][:1].isupper()
        if is_argument(function, call.args[0] if by_class else method.value, argument, names):
            yield call, above


def saves_of_others(receiver: Receiver, own: set[str]) -> Found:
    """Return what saves every row of the model, or the same row again, fetched under another name."""
    function = receiver.function
    for call, above in function.calls:
        method = call.func
        if (
            isinstance(method, ast.Attribute)
            and method.attr in _UPDATES
            and _is_same_row(function, call, own)
        ):
            yield call, above
        if not isinstance(method, ast.Attribute) or method.attr not in _SAVE:
            continue
        name = method.value.id if isinstance(method.value, ast.Name) else ""
        loops = [one for one in above if isinstance(one, ast.For | ast.AsyncFor)]
        if not loops and _is_fetched(function, name, own):
            yield call, above
        in_own = len(loops) == 1 and getattr(loops[0].target, "id", None) == name
        if in_own and _is_every_row(function, loops[0], own):
            yield call, above


def creates_own(receiver: Receiver, own: set[str]) -> Found:
    """Return the calls that create another row of the receiver's model."""
    for call, above in receiver.function.calls:
        method = call.func
        creates = isinstance(method, ast.Attribute) and method.attr in ("create", "acreate")
        if creates and _is_manager(receiver.function, method.value, own):  # type: ignore[attr-defined]
            yield call, above


def _is_same_row(function: Function, call: ast.Call, own: set[str]) -> bool:
    """Whether this is ``Model.objects.update_or_create(pk=instance.pk, defaults=...)``."""
    assert isinstance(call.func, ast.Attribute)  # noqa: S101 - the caller looked
    asked = [one for one in call.keywords if one.arg not in ("defaults", "create_defaults")]
    return _is_manager(function, call.func.value, own) and _is_key(function, call.args, asked)


def _is_fetched(function: Function, name: str, own: set[str]) -> bool:
    """Whether a name is given once, to ``Model.objects.get(pk=instance.pk)``."""
    values = [
        one.value
        for one, _ in function.steps
        if isinstance(one, ast.Assign) and any(getattr(target, "id", None) == name for target in one.targets)
    ]
    if function.stored.count(name) != 1 or len(values) != 1:
        return False
    value = values[0].value if isinstance(values[0], ast.Await) else values[0]
    method = value.func if isinstance(value, ast.Call) else None
    if not isinstance(value, ast.Call) or not isinstance(method, ast.Attribute):
        return False
    gets = method.attr in ("get", "aget")
    return gets and _is_manager(function, method.value, own) and _is_key(function, value.args, value.keywords)


def _is_every_row(function: Function, loop: ast.For | ast.AsyncFor, own: set[str]) -> bool:
    """Whether a loop is over rows of the model that are the same each time, or all but the instance's."""
    node = loop.iter
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        by_key = node.func.attr == "exclude" and _is_key(function, node.args, node.keywords)
        chosen = node.func.attr in ("filter", "exclude") and _stays_chosen(node, loop)
        if not by_key and not chosen and node.func.attr not in _KEEP_ALL:
            return False
        node = node.func.value
    return _is_manager(function, node, own)


def _stays_chosen(call: ast.Call, loop: ast.For | ast.AsyncFor) -> bool:
    """Whether a condition on rows is written out, and the loop does to no row what may change it."""
    if call.args or not all(isinstance(one.value, ast.Constant) for one in call.keywords):
        return False
    target = getattr(loop.target, "id", "")
    asked = {(one.arg or "").partition("__")[0] for one in call.keywords}
    changed = {
        one.attr
        for statement in loop.body
        for one in ast.walk(statement)
        if isinstance(one, ast.Attribute) and getattr(one.value, "id", "") == target
    }
    used = [
        one for statement in loop.body for one in ast.walk(statement) if getattr(one, "id", None) == target
    ]
    plain = sum(1 for statement in loop.body for one in _attributes_of(statement, target))
    return not asked & changed and len(used) == plain


def _attributes_of(statement: ast.stmt, target: str) -> list[ast.AST]:
    """Return where an attribute of a row is set, and where it is saved: anything else may change others."""
    stored = [one for one in ast.walk(statement) if isinstance(one, ast.Attribute)]
    return [
        one
        for one in stored
        if getattr(one.value, "id", "") == target and (isinstance(one.ctx, ast.Store) or one.attr in _SAVE)
    ]


def _is_manager(function: Function, node: ast.expr, own: set[str]) -> bool:
    """Whether this is the manager of the own model: ``Model.objects``, ``type(instance).objects``."""
    if not isinstance(node, ast.Attribute) or node.attr not in ("objects", "_default_manager"):
        return False
    named = isinstance(node.value, ast.Name) and node.value.id in own
    return named or is_class_of(function, node.value)


def _is_key(function: Function, args: list[ast.expr], keywords: list[ast.keyword]) -> bool:
    """Whether the one thing that is asked for is ``pk=instance.pk``."""
    if args or len(keywords) != 1 or keywords[0].arg not in _KEYS:
        return False
    value = keywords[0].value
    names = aliases(function, "instance")
    by_attribute = isinstance(value, ast.Attribute) and value.attr in _KEYS
    return by_attribute and is_argument(function, value.value, "instance", names)  # type: ignore[attr-defined]


def saves_through_helper(project: Project, receiver: Receiver) -> Found:
    """Return the calls of a function that saves, without a condition, the instance it is given."""
    function = receiver.function
    names = aliases(function, "instance")
    for call, above in function.calls:
        helper = project.helper(call, function)
        parameter = _given(function, call, helper, names) if helper is not None else None
        if helper is None or parameter is None or _is_elsewhere(helper, parameter):
            continue
        guards = Guards(Receiver(helper, receiver.listeners), {})
        if any(runs_for_ever(guards, *found) for found in saves_of(helper, parameter)):
            yield call, above


def runs_for_ever(guards: Guards, node: ast.AST, above: Ancestors, *, in_loop: bool = False) -> bool:
    """Whether nothing keeps a step of a receiver from running each time: a block is no guard.

    ``in_loop``: the loop around it is known to come to it again.
    """
    blocks = transparent(guards.function, node, above, in_loop=in_loop)
    return blocks is not None and not guards.guarded(node, above, blocks)


def _given(function: Function, call: ast.Call, helper: Function, names: frozenset[str]) -> str | None:
    """Return the parameter of the helper that the instance is given to."""
    given = zip(helper.parameters, call.args, strict=False)
    named = [*given, *((one.arg or "", one.value) for one in call.keywords)]
    return next((name for name, one in named if is_argument(function, one, "instance", names)), None)


def _is_elsewhere(helper: Function, parameter: str) -> bool:
    """Whether the helper renames what it is given, or disconnects."""
    return any(
        (isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store) and one.id == parameter)
        or (isinstance(one, ast.Attribute) and one.attr == "disconnect")
        for one, _ in helper.steps
    )


def own_names(receiver: Receiver) -> set[str]:
    """Return the names by which the receiver's own model goes in its body."""
    return {short(sender) for sender in receiver.senders} | {"sender"}
