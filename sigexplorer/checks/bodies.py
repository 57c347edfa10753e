"""Questions about the body of a receiver that several rules ask."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sigexplorer.checks.facts import Ancestors, Function, key_taken
from sigexplorer.checks.listeners import Receiver
from sigexplorer.checks.names import chain, resolve

MANAGERS = frozenset({"objects", "_default_manager", "_base_manager"})
#: Methods of managers and querysets that run SQL when they are called.
RUNNING = frozenset(
    [
        "get",
        "create",
        "count",
        "exists",
        "first",
        "last",
        "latest",
        "earliest",
        "aggregate",
        "in_bulk",
        "delete",
        "update",
        "bulk_create",
        "bulk_update",
        "get_or_create",
        "update_or_create",
        "contains",
        "explain",
    ]
)
OF_INSTANCES = frozenset({"save", "refresh_from_db", "full_clean", "validate_unique"})


def is_caught(above: Ancestors) -> bool:
    """Whether ``node`` stands in a ``try`` or in ``with suppress(...)``."""
    for one in above:
        if isinstance(one, ast.Try):
            return True
        if isinstance(one, ast.With) and any("suppress" in chain(item.context_expr) for item in one.items):
            return True
    return False


def database_call(node: ast.Call) -> bool:
    """Whether a call surely runs SQL: of a manager, or ``save()`` of anything."""
    if not isinstance(node.func, ast.Attribute):
        return False
    names = chain(node.func)
    if names[-1] in OF_INSTANCES:
        return not node.args or names[-1] != "save"  # form.save(commit), image.save(file): not a model's
    if names[-1] in ("execute", "executemany") and "cursor" in names:
        return True
    if names[-1] == "cursor" and names[0] in ("connection", "connections"):
        return True
    if not MANAGERS & set(names[:-1]):
        return False
    return names[-1].removeprefix("a") in RUNNING or names[-1] in RUNNING


def model_before(node: ast.AST) -> ast.expr | None:
    """Return what stands before the manager of ``Model.objects.filter(...).update()``."""
    while isinstance(node, ast.Attribute | ast.Call | ast.Subscript):
        if isinstance(node, ast.Attribute) and node.attr in MANAGERS:
            return node.value
        node = node.func if isinstance(node, ast.Call) else node.value
    return None


def is_class_of(function: Function, node: ast.AST | None, argument: str = "instance") -> bool:
    """Whether an expression is the class of an argument: ``type(instance)``, ``instance.__class__``."""
    names = aliases(function, argument)
    if isinstance(node, ast.Call) and len(node.args) == 1:
        return getattr(node.func, "id", "") == "type" and is_argument(function, node.args[0], argument, names)
    if not isinstance(node, ast.Attribute):
        return False
    if node.attr in ("model", "concrete_model") and isinstance(node.value, ast.Attribute):
        return node.value.attr == "_meta" and is_argument(function, node.value.value, argument, names)
    return node.attr == "__class__" and is_argument(function, node.value, argument, names)


def related_call(function: Function, node: ast.Call) -> bool:
    """Whether a call is ``instance.something.add(...)``: of a related manager."""
    names = chain(node.func)
    return (
        len(names) == 3  # noqa: PLR2004 - instance, relation, method
        and names[0] in aliases(function, "instance")
        and names[-1] in {"add", "set", "create", "get_or_create", "update_or_create"}
    )


def evaluated_queries(function: Function) -> Iterator[tuple[ast.AST, Ancestors]]:
    """Return what surely runs SQL in a function: calls, and loops over querysets."""
    for node, above in function.steps:
        if isinstance(node, ast.Call) and database_call(node):
            yield node, above
        elif (isinstance(node, ast.For) and _is_queryset(node.iter)) or (
            isinstance(node, ast.comprehension) and not node.is_async and _is_queryset(node.iter)
        ):
            yield node.iter, above
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("list", "tuple", "set", "len", "bool")
            and node.args
            and _is_queryset(node.args[0])
        ):
            yield node, above


def _is_queryset(node: ast.AST) -> bool:
    names = chain(node)
    return isinstance(node, ast.Call) and bool(MANAGERS & set(names)) and names[-1] not in RUNNING


def aliases(function: Function, argument: str) -> frozenset[str]:
    """Return the local names of an argument: the parameter, or what was taken from ``**kwargs``."""
    own = function.renamed.get(argument, frozenset())
    return own | {argument} if argument in function.parameters else own


def is_argument(function: Function, node: ast.AST, argument: str, names: frozenset[str]) -> bool:
    """Whether an expression is that argument: one of its local names, or ``kwargs["argument"]``."""
    if isinstance(node, ast.Name):
        return node.id in names
    return _taken(function, node) == argument


def taken_arguments(function: Function) -> Iterator[tuple[str, ast.AST, bool]]:
    """Return the keys read from ``**kwargs``, where, and whether a missing one is an error."""
    return ((key, node, isinstance(node, ast.Subscript)) for key, node in function.taken)


def reads(function: Function, argument: str) -> bool:
    """Whether a function looks at an argument in any way, or hands all of them on."""
    if argument in function.parameters:
        return argument in function.names_read
    kwargs = function.node.args.kwarg
    if kwargs is None:
        return False
    return any(key == argument for key, _, _ in taken_arguments(function)) or hands_on(function)


def hands_on(function: Function) -> bool:
    """Whether ``**kwargs`` is used as a whole, so that nobody can say what is read of it."""
    kwargs = function.node.args.kwarg
    if kwargs is None:
        return False
    taken = sum(1 for _ in taken_arguments(function))
    used = sum(isinstance(node, ast.Name) and node.id == kwargs.arg for node in function.every)
    return used > taken


def _taken(function: Function, node: ast.AST) -> str | None:
    kwargs = function.node.args.kwarg
    return key_taken(node, kwargs.arg) if kwargs is not None else None


def looks_at(function: Function, names: frozenset[str], argument: str) -> bool:
    """Whether a condition anywhere in the function looks at one of these names."""
    return any(is_argument(function, inner, argument, names) for inner in function.looked_at)


def decorated_otherwise(receiver: Receiver) -> bool:
    """Whether a decorator that nobody knows may change what the receiver does."""
    function = receiver.function
    for decorator in () if receiver.is_bare else function.node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if resolve(called, function.owner) not in ("django.dispatch.receiver", "functools.wraps"):
            return True
    return False


def awaited(above: Ancestors) -> bool:
    """Whether a call is awaited, or handed to something that runs it elsewhere."""
    return bool(above) and isinstance(above[-1], ast.Await)
