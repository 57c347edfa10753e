"""Whether a condition keeps a step of a receiver from running in the case that a rule is about."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cached_property, reduce

from sigexplorer.checks.bodies import aliases, is_argument
from sigexplorer.checks.facts import Ancestors, Function
from sigexplorer.checks.listeners import Receiver
from sigexplorer.checks.names import chain, resolve
from sigexplorer.checks.project import Project

#: Decorators of which it is certain that they call the function each time.
_ALWAYS_CALL = frozenset({"django.dispatch.receiver", "functools.wraps", "django.db.transaction.atomic"})
#: What a decorator needs in order not to call it sometimes.
_MAY_SKIP = (ast.If, ast.IfExp, ast.BoolOp, ast.Try, ast.While, ast.For, ast.Match, ast.With, ast.Raise)

_BRANCHES = (ast.If, ast.IfExp)
_DECIDES = (ast.While, ast.Match, ast.Assert, ast.comprehension, ast.Try)
_ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)

#: What is known of a condition: that it holds, that it does not, that it does now as it did
#: before, or nothing.
HOLDS, FAILS, SAME, OPEN = "holds", "fails", "same", "open"

Known = Mapping[str, bool]


class Guards:
    """The conditions of one receiver, where some of its arguments are known.

    For a receiver that saves its own instance these are the arguments of the second round:
    ``raw`` is then false, whatever it was, and what the settings say has not changed.
    """

    def __init__(self, receiver: Receiver, known: Known) -> None:
        self.function = receiver.function
        self._known = known
        self._senders = {listener.sender for listener in receiver.listeners}

    @cached_property
    def known(self) -> dict[tuple[str, frozenset[str]], str]:
        """What is known of arguments, by their name and the local names of them."""
        return {
            (name, _names(self.function, name)): HOLDS if value else FAILS
            for name, value in self._known.items()
        }

    @cached_property
    def same(self) -> set[tuple[str, frozenset[str]]]:
        """The arguments that stay what they are."""
        one = len(self._senders) == 1 and None not in self._senders
        names = ("using", "signal", "sender") if one else ("using",)
        return {(name, _names(self.function, name)) for name in names}

    def guarded(self, node: ast.AST, above: Ancestors, blocks: frozenset[int] = frozenset()) -> bool:
        """Whether something may keep ``node`` from running, or catches what it raises; ``blocks`` do not."""
        if any(isinstance(one, _DECIDES) and id(one) not in blocks for one in above):
            return True
        inner = (*above[1:], node)
        if not all(self._lets_in(one, below) for one, below in zip(above, inner, strict=True)):
            return True
        line = getattr(node, "lineno", 0)
        around = {id(one) for one in above}
        return any(
            getattr(one, "lineno", line) < line and id(one) not in around and not self._lets_by(one)
            for one, _ in self.function.steps
        )

    def _lets_in(self, one: ast.AST, below: ast.AST) -> bool:
        """Whether what stands in a part of a node surely runs."""
        if isinstance(one, _BRANCHES):
            if below is one.test:
                return True
            body = one.body if isinstance(one.body, list) else [one.body]
            return self.value(one.test) in ((HOLDS, SAME) if below in body else (FAILS, SAME))
        if isinstance(one, ast.BoolOp):
            wanted = (HOLDS, SAME) if isinstance(one.op, ast.And) else (FAILS, SAME)
            before = one.values[: one.values.index(below)] if below in one.values else one.values
            return all(self.value(value) in wanted for value in before)
        return True

    def _lets_by(self, one: ast.AST) -> bool:
        """Whether what stands after a statement surely runs."""
        if isinstance(one, ast.Try):
            return not _ends(one, _ENDS)
        if isinstance(one, ast.For | ast.While | ast.Match):
            return not _ends(one, (ast.Return, ast.Raise))
        if not isinstance(one, ast.If):
            return True
        value = self.value(one.test)
        if value == SAME:
            return True
        leaves = [any(_ends(each, _ENDS) for each in branch) for branch in (one.body, one.orelse)]
        return not (leaves[0] and value != FAILS) and not (leaves[1] and value != HOLDS)

    def value(self, node: ast.expr) -> str:
        """Return what is known of a condition."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return _opposite(self.value(node.operand))
        if isinstance(node, ast.BoolOp):
            values = [self.value(one) for one in node.values]
            if isinstance(node.op, ast.And):
                return reduce(_both, values)
            return _opposite(reduce(_both, [_opposite(value) for value in values]))
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            return self._compared(node)
        for (name, names), value in self.known.items():
            if is_argument(self.function, node, name, names):
                return value
        return SAME if self._is_same(node) else OPEN

    def _compared(self, node: ast.Compare) -> str:
        """Return what is known of ``raw is False`` and of what compares things that stay as they are."""
        value, other = self.value(node.left), node.comparators[0]
        if value in (HOLDS, FAILS) and isinstance(other, ast.Constant) and isinstance(other.value, bool):
            agrees = value if other.value else _opposite(value)
            if isinstance(node.ops[0], ast.Is | ast.Eq):
                return agrees
            return _opposite(agrees) if isinstance(node.ops[0], ast.IsNot | ast.NotEq) else OPEN
        by_identity = isinstance(node.ops[0], ast.Is | ast.IsNot | ast.Eq | ast.NotEq)
        stays = self._is_same(other) or (by_identity and self._is_class(other))
        return SAME if self._is_same(node.left) and stays else OPEN

    def _is_same(self, node: ast.expr) -> bool:
        """Whether an expression stays what it was, as ``using``, ``settings.DEBUG`` and constants do."""
        if isinstance(node, ast.Constant):
            return True
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            return all(self._is_same(one) for one in node.elts)
        if any(is_argument(self.function, node, name, names) for name, names in self.same):
            return True
        if isinstance(node, ast.Attribute):
            named = node.attr in ("__name__", "_meta", "label", "label_lower", "model_name", "app_label")
            return self._is_setting(node) or (named and self._is_same(node.value))
        if isinstance(node, ast.Call) and chain(node.func) == ["getattr"] and len(node.args) > 1:
            return self._is_setting(ast.Attribute(value=node.args[0], attr="", ctx=ast.Load()))
        return False

    def _is_class(self, node: ast.expr) -> bool:
        """Whether a name is written as a class is, and bound outside of the function."""
        if not isinstance(node, ast.Name) or node.id in self.function.scope.names:
            return False
        return bool(resolve(node, self.function.owner)) and node.id[:1].isupper() and not node.id.isupper()

    def _is_setting(self, node: ast.Attribute) -> bool:
        """Whether this is ``settings.SOMETHING``, and the function sets none."""
        if resolve(node.value, self.function.scope) != "django.conf.settings":
            return False
        return not any(
            isinstance(one, ast.Attribute)
            and isinstance(one.ctx, ast.Store)
            and resolve(one.value, self.function.scope) == "django.conf.settings"
            for one, _ in self.function.steps
        )


def guarded_by_decorator(project: Project, receiver: Receiver) -> bool:
    """Whether a decorator that runs with each send may keep the receiver from being called again.

    What stands above ``@receiver`` does not run. One whose source is there is read: without
    a condition, or a call of something unknown, it calls the receiver each time.
    """
    function = receiver.function
    decorators = function.node.decorator_list
    connected = [one.node for one in receiver.listeners if one.connection.decorator]
    last = max((decorators.index(one) for one in connected if one in decorators), default=-1)
    inside = [one.func if isinstance(one, ast.Call) else one for one in decorators[last + 1 :]]
    return any(_may_skip(project, function, one) for one in inside)


def _may_skip(project: Project, function: Function, decorator: ast.expr) -> bool:
    if resolve(decorator, function.owner) in _ALWAYS_CALL:
        return False
    path = project.resolve(decorator, function.owner, function.file)
    own = project.function(path, function.file, function.node.lineno)
    if own is None or path in project.classes:
        return True
    return any(isinstance(node, _MAY_SKIP) for node in own.every)


def _names(function: Function, argument: str) -> frozenset[str]:
    """Return the local names of an argument that are given to nothing else."""
    names = aliases(function, argument)
    taken = {
        id(target)
        for node, _ in function.steps
        if isinstance(node, ast.Assign) and is_argument(function, node.value, argument, frozenset())
        for target in node.targets
    }
    return names - {
        node.id
        for node, _ in function.steps
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in taken
    }


def _ends(node: ast.AST, kinds: tuple[type[ast.AST], ...]) -> bool:
    return any(isinstance(one, kinds) for one in ast.walk(node))


def _opposite(value: str) -> str:
    return {HOLDS: FAILS, FAILS: HOLDS}.get(value, value)


def _both(one: str, other: str) -> str:
    """Return what is known of ``one and other``."""
    values = {one, other}
    return next((value for value in (FAILS, OPEN, SAME) if value in values), HOLDS)
