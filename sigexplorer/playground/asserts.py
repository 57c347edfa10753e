"""Plain ``assert`` as a claim: what it states, and where it fails the values that it compared.

The asserts in the functions of a scenario's own module are compiled so that they note the
values that they compare; every expression is evaluated once, as it is written. One that fails
is told at once, whoever catches it: only in a ``try`` with ``except AssertionError``, or in a
``with`` that expects one, is it meant to fail. An assert of another module has only the names
in it to tell.
"""

from __future__ import annotations

import ast
import builtins
import linecache
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.machinery import SourceFileLoader
from inspect import currentframe
from traceback import walk_tb
from types import CodeType, FrameType
from typing import Any

from sigexplorer.capture import words

#: What compiled asserts call; no name in a program can have an "@".
_HELD, _FAILED, _MEANT = "@sigexplorer_held", "@sigexplorer_failed", "@sigexplorer_meant_to_fail"
_RAISED, _ERROR, _PROBLEM = "@sigexplorer_raised", "@sigexplorer_error", "@problem"

#: Takes the statement of each assert that holds.
Held = Callable[[str], None]

#: Takes the statement of each that fails, and what it saw.
Failed = Callable[[str, str | None], None]

#: Who is told of asserts: the scenario that runs.
_TOLD: list[tuple[Held, Failed]] = []

#: The assert that failed last: the message that it raised, its statement and its values.
_last: tuple[Any, str, str] = (None, "", "")


class Loader(SourceFileLoader):
    """Imports a module whose asserts are noted; compiled anew each time, and kept nowhere."""

    def get_code(self, fullname: str) -> CodeType:
        """Return the code of the module."""
        path = self.get_filename(fullname)
        tree = ast.fix_missing_locations(_Noting().visit(ast.parse(self.get_data(path), path)))
        # An assert is a claim: python -O must not leave it out.
        code: CodeType = compile(tree, path, "exec", dont_inherit=True, optimize=0)
        calls = {_HELD: _held, _FAILED: _failed, _MEANT: _noted, _RAISED: _raised, _ERROR: AssertionError}
        for name, called in calls.items():
            setattr(builtins, name, called)
        return code


@contextmanager
def telling(held: Held, failed: Failed) -> Iterator[None]:
    """Tell ``held`` what holds and ``failed`` what does not, as long as this lasts."""
    _TOLD.append((held, failed))
    try:
        yield
    finally:
        _TOLD.remove((held, failed))


def explain(problem: AssertionError) -> tuple[str, str | None]:
    """Return what an assert stated, and the values that it saw."""
    message, statement, seen = _last
    said = words.error(problem).partition(": ")[2]
    if problem.args and problem.args[0] is message:
        told = dict.fromkeys(text for text in (said, seen) if text not in ("", statement))
        return statement, "; ".join(told) or None
    line, names = _line_of(problem)
    if not line.startswith("assert"):  # raised by a function that asserts: what it says, without a timeline
        what, *more = said.partition("\n\n")[0].splitlines() or [line or "an assertion"]
        return what, "; ".join(text.strip() for text in more) or None
    return line.removeprefix("assert").strip(), "; ".join(filter(None, (said, *names))) or None


def _line_of(problem: AssertionError) -> tuple[str, list[str]]:
    """Return the line that raised, and the names in it with their values."""
    *_, (frame, number) = walk_tb(problem.__traceback__)
    line = linecache.getline(frame.f_code.co_filename, number).strip()
    names: list[str] = []
    with suppress(SyntaxError):
        found = (node.id for node in ast.walk(ast.parse(line)) if isinstance(node, ast.Name))
        names = [
            f"{name} is {words.describe(frame.f_locals[name])}"
            for name in dict.fromkeys(found)
            if name in frame.f_locals
        ]
    return line, names


def _held(statement: str) -> None:
    for held, _ in _TOLD[-1:]:
        held(statement)


def _failed(statement: str, noted: tuple[tuple[str, str], ...], message: Any = None) -> Any:
    """Tell that an assert fails, and return its message."""
    message = _noted(statement, noted, message, currentframe())
    _raised(AssertionError(message))
    return message


def _raised(problem: AssertionError) -> None:
    """Tell what failed, before anybody can catch it."""
    for _, failed in _TOLD[-1:]:
        failed(*explain(problem))


def _noted(
    statement: str, noted: tuple[tuple[str, str], ...], message: Any = None, frame: FrameType | None = None
) -> Any:
    """Return the message of an assert that fails: its own, or else the values."""
    global _last  # noqa: PLW0603 - one for the process
    frame = frame or currentframe()
    values = frame.f_back.f_locals if frame and frame.f_back else {}
    texts = (f"{text} is {words.describe(values[name])}" for text, name in noted if name in values)
    seen = "; ".join(dict.fromkeys(texts))
    message = seen if message is None else message
    _last = (message, statement, seen)
    return message


class _Noting(ast.NodeTransformer):
    """Lets the asserts of functions note what they compare."""

    def __init__(self) -> None:
        self._noted: list[tuple[str, str]] = []
        self._in_function = False
        self._meant_to_fail = False

    def visit_FunctionDef(self, node: Any) -> Any:
        return self._inside(node, in_function=True)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - as above

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        return self._inside(node, in_function=False)  # a name in a class is a part of it

    def _inside(self, node: Any, *, in_function: bool) -> Any:
        before = self._in_function, self._meant_to_fail
        self._in_function, self._meant_to_fail = in_function, False
        self.generic_visit(node)
        self._in_function, self._meant_to_fail = before
        return node

    def visit_Try(self, node: ast.Try) -> Any:
        return self._around(node, [handler.type for handler in node.handlers])

    def visit_With(self, node: Any) -> Any:
        calls = [one.context_expr for one in node.items if isinstance(one.context_expr, ast.Call)]
        return self._around(node, [argument for call in calls for argument in call.args])

    visit_AsyncWith = visit_With  # noqa: N815 - as above

    def _around(self, node: Any, expected: list[ast.expr | None]) -> Any:
        """Visit a body that is left by a failing assert, where that is among what is expected."""
        names = [each for one in expected if one for each in ast.walk(one) if isinstance(each, ast.Name)]
        before, body = self._meant_to_fail, node.body
        self._meant_to_fail = before or any(name.id == "AssertionError" for name in names)
        node.body = [
            new
            for one in body
            for visited in [self.visit(one)]
            for new in (visited if isinstance(visited, list) else [visited])
        ]
        self._meant_to_fail = before
        body, node.body = node.body, []
        self.generic_visit(node)
        node.body = body
        return node

    def visit_Assert(self, node: ast.Assert) -> Any:
        if not self._in_function:
            return node
        self._noted = []
        own = node.msg.value if isinstance(node.msg, ast.Constant) and isinstance(node.msg.value, str) else ""
        statement = ast.Constant(own or ast.unparse(node.test))
        test = self._noting(node.test)
        pairs = ast.Tuple(
            [ast.Tuple([ast.Constant(part) for part in pair], _LOAD) for pair in self._noted], _LOAD
        )
        told = [statement, pairs, *([node.msg] if node.msg else [])]
        follow: list[ast.stmt] = [
            ast.Assert(test, _call(_MEANT if self._meant_to_fail else _FAILED, *told)),
            ast.Expr(_call(_HELD, statement)),
        ]
        if self._noted:  # nothing is kept alive
            names: list[ast.expr] = [ast.Name(name, ast.Store()) for _, name in self._noted]
            follow.append(ast.Assign(names, ast.Constant(None)))
        return [ast.copy_location(one, node) for one in follow]

    def visit_Expr(self, node: ast.Expr) -> Any:
        return self._called(node, node.value)

    def visit_Assign(self, node: ast.Assign) -> Any:
        return self._called(node, node.value)

    def _called(self, node: ast.stmt, value: ast.expr) -> Any:
        """Let a call of something that asserts be told where it holds."""
        self.generic_visit(node)
        name = value.func if isinstance(value, ast.Call) else None
        called = name.attr if isinstance(name, ast.Attribute) else getattr(name, "id", "")
        if not self._in_function or not called.startswith("assert_"):
            return node
        held = ast.copy_location(ast.Expr(_call(_HELD, ast.Constant(ast.unparse(value)))), node)
        if self._meant_to_fail:
            return [node, held]
        told: list[ast.stmt] = [ast.Expr(_call(_RAISED, ast.Name(_PROBLEM, _LOAD))), ast.Raise()]
        handler = ast.ExceptHandler(ast.Name(_ERROR, _LOAD), _PROBLEM, told)
        return [ast.copy_location(ast.Try([node], [handler], [], []), node), held]

    def _noting(self, test: ast.expr) -> ast.expr:
        """Return the same expression, its interesting parts noted under a name each."""
        match test:
            case ast.Compare(left=left, comparators=others):
                test.left = self._value(left)
                test.comparators = [self._value(other) for other in others]
            case ast.BoolOp(values=values):
                test.values = [self._noting(value) for value in values]
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                test.operand = self._noting(operand)
            case _:
                return self._value(test)
        return test

    def _value(self, part: ast.expr) -> ast.expr:
        with suppress(ValueError):
            ast.literal_eval(part)
            return part  # the statement says what it is
        if isinstance(part, ast.NamedExpr | ast.Starred):
            return part
        name = f"@{len(self._noted) + 1}"
        self._noted.append((ast.unparse(part), name))
        return ast.copy_location(ast.NamedExpr(ast.Name(name, ast.Store()), part), part)


_LOAD = ast.Load()


def _call(name: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(name, _LOAD), list(arguments), [])
