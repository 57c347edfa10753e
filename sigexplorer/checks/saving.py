"""Where a receiver saves: its instance, another object of the same row or model, or through a helper."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sigexplorer.checks.bodies import aliases, is_argument
from sigexplorer.checks.facts import Ancestors, Function
from sigexplorer.checks.guards import Guards
from sigexplorer.checks.listeners import Receiver
from sigexplorer.checks.names import chain
from sigexplorer.checks.project import Project, short

_SAVE = ("save", "asave")
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
        if not isinstance(method, ast.Attribute) or method.attr not in _SAVE:
            continue
        name = method.value.id if isinstance(method.value, ast.Name) else ""
        loops = [one for one in above if isinstance(one, ast.For | ast.AsyncFor)]
        if not loops and _is_fetched(function, name, own):
            yield call, above
        in_own = len(loops) == 1 and getattr(loops[0].target, "id", None) == name
        if in_own and _is_every_row(function, loops[0].iter, own):
            yield call, above


def _is_fetched(function: Function, name: str, own: set[str]) -> bool:
    """Whether a name is given once, to ``Model.objects.get(pk=instance.pk)``."""
    stored = [
        one
        for one, _ in function.steps
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store) and one.id == name
    ]
    values = [
        one.value
        for one, _ in function.steps
        if isinstance(one, ast.Assign) and any(target in stored for target in one.targets)
    ]
    if len(stored) != 1 or len(values) != 1:
        return False
    value = values[0].value if isinstance(values[0], ast.Await) else values[0]
    if not isinstance(value, ast.Call) or chain(value)[-1] not in ("get", "aget"):
        return False
    return _is_of(value, own, 3) and _is_by_key(function, value)


def _is_every_row(function: Function, node: ast.expr, own: set[str]) -> bool:
    """Whether this is a queryset of the model that leaves out no row, or just that of the instance."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if node.func.attr == "exclude":
            if not _is_by_key(function, node):
                return False
        elif node.func.attr not in _KEEP_ALL:
            return False
        node = node.func.value
    return len(chain(node)) == len(_OF_MANAGER) and _is_of(node, own, len(_OF_MANAGER))


_OF_MANAGER = ("Model", "objects")


def _is_of(node: ast.expr, own: set[str], length: int) -> bool:
    names = chain(node)
    return len(names) == length and names[0] in own and names[1] in ("objects", "_default_manager")


def _is_by_key(function: Function, call: ast.Call) -> bool:
    """Whether the one thing that is asked for is ``pk=instance.pk``."""
    if call.args or len(call.keywords) != 1 or call.keywords[0].arg not in _KEYS:
        return False
    value = call.keywords[0].value
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
        if any(not guards.guarded(*found) and _runs_once(found[1]) for found in saves_of(helper, parameter)):
            yield call, above


def _runs_once(above: Ancestors) -> bool:
    return not any(isinstance(one, ast.With | ast.For) for one in above)


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
