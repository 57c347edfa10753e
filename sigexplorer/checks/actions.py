"""What the conditions of a receiver say of the ``action`` of ``m2m_changed``."""

from __future__ import annotations

import ast
from functools import cached_property

from sigexplorer.checks.bodies import aliases, is_argument
from sigexplorer.checks.facts import Ancestors, Function

CLEARS = ("pre_clear", "post_clear")
_LEAVES = (ast.Return, ast.Raise)


class Actions:
    """The conditions of one function, for one action at a time."""

    def __init__(self, function: Function) -> None:
        self.function = function

    @cached_property
    def names(self) -> frozenset[str]:
        """The local names of ``action``."""
        return aliases(self.function, "action")

    def clear_comes_to(self, node: ast.AST, above: Ancestors) -> bool:
        """Whether a condition on ``action`` around a place lets a clear through."""
        return any(self._comes_to(node, above, action) for action in CLEARS)

    def _comes_to(self, node: ast.AST, above: Ancestors, action: str) -> bool:
        told = False
        for one, below in zip(above, (*above[1:], node), strict=True):
            if isinstance(one, ast.Match) and self._is_action(one.subject):
                if not _comes_to_case(one, below, action):
                    return False
                told = True
            if not isinstance(one, ast.If) or below is one.test:
                continue
            holds = self.holds(one.test, action)
            if holds is None and self._mentions(one.test):
                return False
            if holds is not None and holds != (below in one.body):
                return False
            told = told or (holds is not None and below in one.body)
        return told and not any(
            isinstance(one, ast.If)
            and one not in above
            and one.lineno < getattr(node, "lineno", 0)
            and self.holds(one.test, action) is not False
            and any(isinstance(end, _LEAVES) for end in ast.walk(one))
            for one, _ in self.function.steps
        )

    def holds(self, test: ast.expr, action: str) -> bool | None:
        """Whether a condition holds for an action; None where it is about something else as well."""
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            inner = self.holds(test.operand, action)
            return None if inner is None else not inner
        if isinstance(test, ast.BoolOp):
            parts = [self.holds(one, action) for one in test.values]
            decisive = isinstance(test.op, ast.Or)
            if decisive in parts:
                return decisive
            known = [part for part in parts if part is not None]
            about_others = not any(
                self._mentions(one) for one, part in zip(test.values, parts, strict=True) if part is None
            )
            return not decisive if known and about_others else None
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            return self._compared(test, action)
        if isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute) and len(test.args) == 1:
            texts = _texts(test.args[0])
            if self._is_action(test.func.value) and texts is not None:
                ask = {"startswith": action.startswith, "endswith": action.endswith}.get(test.func.attr)
                return ask(texts) if ask else None
        return None

    def _compared(self, test: ast.Compare, action: str) -> bool | None:
        left, operator, right = test.left, test.ops[0], test.comparators[0]
        if isinstance(operator, ast.In | ast.NotIn) and self._is_action(right):
            part = _texts(left)
            if part is None or len(part) != 1:
                return None
            return (part[0] in action) == isinstance(operator, ast.In)
        texts = _texts(right) if self._is_action(left) else None
        if texts is None:
            return None
        if isinstance(operator, ast.Eq | ast.In):
            return action in texts
        return action not in texts if isinstance(operator, ast.NotEq | ast.NotIn) else None

    def _is_action(self, node: ast.AST) -> bool:
        return is_argument(self.function, node, "action", self.names)

    def _mentions(self, test: ast.AST) -> bool:
        return any(self._is_action(node) for node in ast.walk(test))


def _comes_to_case(match: ast.Match, below: ast.AST, action: str) -> bool:
    """Whether an action surely comes to a case of ``match action``."""
    for case in match.cases:
        matches = _matches(case.pattern, action)
        if case is below:
            return matches is True and case.guard is None
        if matches is not False and case.guard is None:
            return False
    return False


def _matches(pattern: ast.pattern, action: str) -> bool | None:
    """Whether a pattern matches an action; None where the source does not tell."""
    if isinstance(pattern, ast.MatchOr):
        found = [_matches(one, action) for one in pattern.patterns]
        return True if True in found else None if None in found else False
    if isinstance(pattern, ast.MatchAs):
        return True if pattern.pattern is None else _matches(pattern.pattern, action)
    if isinstance(pattern, ast.MatchValue):
        texts = _texts(pattern.value)
        return None if texts is None else action in texts
    return None


def _texts(node: ast.expr) -> tuple[str, ...] | None:
    """Return a text, or a collection of them, that is written out."""
    parts = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node]
    found = tuple(one.value for one in parts if isinstance(one, ast.Constant) and isinstance(one.value, str))
    return found if len(found) == len(parts) else None
