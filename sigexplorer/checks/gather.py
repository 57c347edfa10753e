"""One walk over a file's syntax tree: what is connected, defined, imported and written there."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

from sigexplorer.checks.classes import class_facts
from sigexplorer.checks.facts import (
    DEEPEST,
    OPAQUE,
    Ancestors,
    Connection,
    Defined,
    File,
    Function,
    FunctionNode,
    Noted,
    Scope,
)
from sigexplorer.checks.files import Source
from sigexplorer.checks.names import bind_import, bind_target, discovered_names, indented_imports, resolve

#: A file without any of these says nothing about signals but through its classes and imports.
_RELEVANT = (
    "signal", "receiver", "sender", "appconfig", "default_app_config", "connect(", "bulk_create",
    "bulk_update", "objects.update(", ").update(", "auth_user_model", "autodiscover_", "include(",
    "installed_apps", "sigexplorer:", ".send(", ".send_robust(", ".asend(", ".asend_robust(",
)  # fmt: skip

#: Nodes in which there is nothing to find.
_LEAVES = frozenset({ast.Load, ast.Store, ast.Del, ast.Pass, ast.Break, ast.Continue, ast.Global})

_SENDS = frozenset({"send", "send_robust", "asend", "asend_robust"})
_OF_SIGNALS = _SENDS | {"connect", "disconnect", "has_listeners", "receivers"}
#: What is given to these is connected, and nothing else.
_TAKES_ONE = frozenset({"receiver", "connect", "disconnect"})
_WRITES = frozenset({"bulk_create", "bulk_update", "update", "abulk_create", "abulk_update", "aupdate"})
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")


def gather(source: Source) -> File:
    """Return the facts of one file."""
    lowered = source.text.lower()
    deep = any(word in lowered for word in _RELEVANT)
    file = File(
        source.path, source.shown, source.within, source.module, source.is_package, deep, Scope(""),
        source.text.split("\n"),
    )  # fmt: skip
    walk = _Walk(file, deep=deep)
    walk.body(source.tree.body, file.scope, ())
    if not walk.deep:
        for node in indented_imports(source.text):
            bind_import(node, Scope(""), file)
    return file


class _Walk:
    """The walk through one file; ``deep`` goes into functions and expressions."""

    def __init__(self, file: File, *, deep: bool) -> None:
        self.file = file
        self.deep = deep
        self._visits: dict[type, Callable[[Any, Scope, Ancestors], None]] = {
            ast.Import: self._import,
            ast.ImportFrom: self._import,
            ast.FunctionDef: self._function,
            ast.AsyncFunctionDef: self._function,
            ast.Lambda: self._lambda,
            ast.ClassDef: self._class,
            ast.Assign: self._assign,
            ast.AnnAssign: self._annotated,
            ast.For: self._for,
            ast.AsyncFor: self._for,
            ast.With: self._with,
            ast.AsyncWith: self._with,
            ast.Expr: self._expression,
            ast.Call: self._call,
            ast.Attribute: self._attribute,
            ast.Constant: self._constant,
        }
        if deep:
            self._visits[ast.Name] = self._name

    def body(self, statements: list[ast.stmt], scope: Scope, above: Ancestors) -> None:
        """Visit some statements."""
        for statement in statements:
            self.visit(statement, scope, above)

    def visit(self, node: ast.AST, scope: Scope, above: Ancestors) -> None:
        """Visit a node, by the method for its kind if there is one."""
        if len(above) > DEEPEST:
            return
        kind = type(node)
        if kind in _LEAVES:
            return
        own = self._visits.get(kind)
        if own is not None:
            own(node, scope, above)
        elif self.deep or isinstance(node, ast.If | ast.Try | ast.ExceptHandler):
            self.children(node, scope, above)

    def children(self, node: ast.AST, scope: Scope, above: Ancestors) -> None:
        """Visit what stands inside of a node."""
        inner = (*above, node)
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                for child in value:
                    if isinstance(child, ast.AST):
                        self.visit(child, scope, inner)
            elif isinstance(value, ast.AST):
                self.visit(value, scope, inner)

    def _import(self, node: ast.Import | ast.ImportFrom, scope: Scope, above: Ancestors) -> None:
        bind_import(node, scope, self.file)
        if not above and scope.parent is None:
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                self.file.bindings.setdefault(name, []).append(node.lineno)

    def _function(self, node: FunctionNode, scope: Scope, above: Ancestors) -> None:
        qualname = _inside(scope, node.name)
        if scope.parent is None or scope.is_class:
            scope.names[node.name] = f"{self.file.module}.{qualname}"
        else:
            scope.names[node.name] = f"{self.file.module}.{scope.qualname}.<locals>.{node.name}"
        if not self.deep:
            return
        own = Scope(qualname, scope)
        function = Function(self.file, node, own, scope, above)
        self.file.functions.append(function)
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and _is_receiver(decorator, scope):
                self.file.connections.append(_decorated(function, decorator))
            self.visit(decorator, scope, (*above, node))
        for name in _parameters(node.args):
            own.names[name] = OPAQUE
        for default in [*node.args.defaults, *node.args.kw_defaults]:
            if default is not None:
                self.visit(default, scope, above)
        self.body(node.body, own, (*above, node))

    def _lambda(self, node: ast.Lambda, scope: Scope, above: Ancestors) -> None:
        if self.deep:
            own = Scope(
                _inside(scope, "<lambda>"), scope, names=dict.fromkeys(_parameters(node.args), OPAQUE)
            )
            self.visit(node.body, own, (*above, node))

    def _class(self, node: ast.ClassDef, scope: Scope, above: Ancestors) -> None:
        qualname = _inside(scope, node.name)
        scope.names[node.name] = f"{self.file.module}.{qualname}"
        own = Scope(qualname, scope, is_class=True)
        self.file.classes.append(class_facts(self.file, node, qualname, scope))
        for part in [*node.decorator_list, *node.bases]:
            self.visit(part, scope, above)
        if self.deep:
            self.body(node.body, own, (*above, node))

    def _assign(self, node: ast.Assign, scope: Scope, above: Ancestors) -> None:
        for target in node.targets:
            bind_target(target, node.value, scope, self.file)
            self._remember(target, node, scope, above)
        self.children(node, scope, above)

    def _annotated(self, node: ast.AnnAssign, scope: Scope, above: Ancestors) -> None:
        bind_target(node.target, node.value, scope, self.file)
        self._remember(node.target, node, scope, above)
        self.children(node, scope, above)

    def _remember(
        self, target: ast.expr, node: ast.Assign | ast.AnnAssign, scope: Scope, above: Ancestors
    ) -> None:
        if not isinstance(target, ast.Name) or scope.parent is not None:
            return
        value = node.value
        if not above and value is not None and not _mentions(value, target.id):
            self.file.bindings.setdefault(target.id, []).append(node.lineno)
        if isinstance(value, ast.Constant):
            self.file.constants.setdefault(target.id, (node, value.value))
        elif isinstance(value, ast.Call):
            if not above:
                self.file.made[target.id] = value
            called = resolve(value.func, scope) or ""
            if called.rpartition(".")[2] in ("Signal", "ModelSignal") and called.startswith("django."):
                path = f"{self.file.module}.{target.id}"
                is_model_signal = called.endswith("ModelSignal")
                self.file.signals.append(Defined(self.file, path, value, is_model_signal, above))

    def _for(self, node: ast.For | ast.AsyncFor, scope: Scope, above: Ancestors) -> None:
        bind_target(node.target, None, scope, self.file)
        self.children(node, scope, above)

    def _with(self, node: ast.With | ast.AsyncWith, scope: Scope, above: Ancestors) -> None:
        for item in node.items:
            if item.optional_vars is not None:
                bind_target(item.optional_vars, None, scope, self.file)
        self.children(node, scope, above)

    def _expression(self, node: ast.Expr, scope: Scope, above: Ancestors) -> None:
        if not self.deep:
            return
        if isinstance(node.value, ast.Call) and _is_made(node.value):
            self.file.dropped.append(Noted(node.value, scope, above))
        self.children(node, scope, above)

    def _call(self, node: ast.Call, scope: Scope, above: Ancestors) -> None:
        if not self.deep:
            return
        name = _called(node)
        if isinstance(node.func, ast.Attribute):
            if name in {"connect", "disconnect"}:
                kept = self.file.connections if name == "connect" else self.file.disconnections
                kept.append(_connected(self.file, node, scope, above))
            elif name in _SENDS:
                self.file.sends.append(Noted(node, scope, above))
            elif name in _WRITES:
                self.file.writes.append(Noted(node, scope, above))
        if name.startswith("autodiscover_"):
            self.file.discovered |= discovered_names(node, name)
        elif isinstance(node.func, ast.Call) and _is_receiver(node.func, scope):  # receiver(signal)(function)
            self.file.connections.append(_called_directly(self.file, node, scope, above))
        self.children(node, scope, above)

    def _attribute(self, node: ast.Attribute, scope: Scope, above: Ancestors) -> None:
        if node.attr == "receivers":
            self.file.registries.append(Noted(node, scope, above))
        base = node.value
        if not self.deep or not isinstance(base, ast.Name):
            self.visit(base, scope, (*above, node))
        elif node.attr not in _OF_SIGNALS:
            self._name(base, scope, above)
            if not _is_just_used(node, above):
                found = scope.lookup(base.id)
                self._hand_on(f"{found}.{node.attr}" if found else "", node.lineno)

    def _name(self, node: ast.Name, scope: Scope, above: Ancestors) -> None:
        if isinstance(node.ctx, ast.Load) and not _is_just_used(node, above):
            found = scope.lookup(node.id)
            self._hand_on(f"{self.file.module}.{node.id}" if found is None else found, node.lineno)

    def _hand_on(self, path: str, line: int) -> None:
        """Note what is used as a value: given to a function, kept under another name, looped over."""
        if path:
            self.file.values.setdefault(path, []).append(line)

    def _constant(self, node: ast.Constant, _scope: Scope, _above: Ancestors) -> None:
        if isinstance(node.value, str) and len(node.value) < 200 and _DOTTED.fullmatch(node.value):  # noqa: PLR2004
            self.file.strings.add(node.value)


def _is_just_used(node: ast.expr, above: Ancestors) -> bool:
    """Whether an expression stands where only a signal is connected, or asked something."""
    around = above[-1] if above else None
    if isinstance(around, ast.List | ast.Tuple) and len(above) > 1:
        node, around = around, above[-2]
    if isinstance(around, ast.keyword) and around.arg == "receiver" and len(above) > 1:
        return isinstance(above[-2], ast.Call) and _called(above[-2]) in _TAKES_ONE
    if isinstance(around, ast.Call):
        return around.func is node or (_called(around) in _TAKES_ONE and node in around.args[:1])
    return isinstance(around, ast.Attribute) and around.attr in _OF_SIGNALS


def _is_receiver(node: ast.Call, scope: Scope) -> bool:
    return _called(node) == "receiver" or resolve(node.func, scope) == "django.dispatch.receiver"


def _mentions(value: ast.expr, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(value))


def _inside(scope: Scope, name: str) -> str:
    if not scope.qualname:
        return name
    return f"{scope.qualname}.{name}" if scope.is_class else f"{scope.qualname}.<locals>.{name}"


def _called(node: ast.Call) -> str:
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _is_made(node: ast.Call) -> bool:
    """Whether this is ``Thing()`` or ``Thing().method()``, by the name an object."""
    function = node.func
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Call):
        function = function.value.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name[:1].isupper()


def _parameters(arguments: ast.arguments) -> list[str]:
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [one for one in (arguments.vararg, arguments.kwarg) if one is not None]
    return [one.arg for one in every]


def _decorated(function: Function, node: ast.Call) -> Connection:
    connection = _from_receiver(function.file, node, function.owner, function.ancestors)
    connection.target = function
    return connection


def _called_directly(file: File, node: ast.Call, scope: Scope, above: Ancestors) -> Connection:
    assert isinstance(node.func, ast.Call)  # noqa: S101 - the caller looked
    connection = _from_receiver(file, node.func, scope, above)
    connection.target = node.args[0] if node.args else None
    connection.decorator = False
    return connection


def _from_receiver(file: File, node: ast.Call, scope: Scope, above: Ancestors) -> Connection:
    named, vague = _keywords(node)
    first = node.args[0] if node.args else named.get("signal")
    signals = list(first.elts) if isinstance(first, ast.List | ast.Tuple) else [first] if first else []
    return Connection(
        file, node, scope, above, signals, None, named.get("sender"), named.get("weak"),
        named.get("dispatch_uid"), vague, decorator=True,
    )  # fmt: skip


def _connected(file: File, node: ast.Call, scope: Scope, above: Ancestors) -> Connection:
    assert isinstance(node.func, ast.Attribute)  # noqa: S101 - the caller looked
    named, vague = _keywords(node)
    order = ("receiver", "sender", "weak", "dispatch_uid")
    if isinstance(node.func, ast.Attribute) and node.func.attr == "disconnect":
        order = ("receiver", "sender", "dispatch_uid", "")
    for name, value in zip(order, node.args, strict=False):
        named.setdefault(name, value)
    return Connection(
        file, node, scope, above, [node.func.value], named.get("receiver"), named.get("sender"),
        named.get("weak"), named.get("dispatch_uid"), vague, decorator=False,
    )  # fmt: skip


def _keywords(node: ast.Call) -> tuple[dict[str, ast.expr], bool]:
    named = {one.arg: one.value for one in node.keywords if one.arg is not None}
    vague = any(one.arg is None for one in node.keywords)
    return named, vague or any(isinstance(one, ast.Starred) for one in node.args)
