"""Django's four send methods with our notes between their statements.

Each is compiled once more from Django's own source, in Django's own module. Whatever a
program can see of it is Django's: files, lines and columns of a traceback, the depth of the
stack and with it every ``stacklevel``, names that are looked up, coroutines and tasks.

Source: ``django/dispatch/dispatcher.py`` of Django 5.2, 6.0 and 6.1.
"""

from __future__ import annotations

import ast
import inspect
from types import CodeType
from typing import Any

from sigexplorer.capture import flights
from sigexplorer.capture.shapes import Shapes

# What stands between Django's statements. The one name that these need is given to the
# functions as a variable of a scope around them, so that Django's module gets none. Where
# it says HERE stand the statements of Django's that were there.

_UNHEARD = """
_sigexplorer.unheard(_shapes, self, sender, named)
"""

# Python looks for Ctrl-C and the like after a call: what must be undone is done inside of
# the ``try``, and undone before anything else.
_SYNC = """
lane = _sigexplorer.lanes.here.lane
before = lane.open
flight = _sigexplorer.opened(_shapes, lane, self, sender, named, sync_receivers, async_receivers)
watch = None
try:
    lane.open = flight
    if async_receivers:
        watch = _sigexplorer.Watch(lane, flight, sync_receivers, async_receivers, _shapes.robust)
    HERE
except BaseException as error:
    _sigexplorer.stopped(flight, error, len(sync_receivers))
    raise
finally:
    lane.open = before
    _sigexplorer.closed(lane, flight, watch)
"""

_ASYNC = """
lane = _sigexplorer.lanes.here.lane
flight = _sigexplorer.opened(_shapes, lane, self, sender, named, sync_receivers, async_receivers)
watch = _sigexplorer.Watch(lane, flight, sync_receivers, async_receivers, _shapes.robust)
try:
    HERE
except BaseException as error:
    watch.stopped(error)
    raise
finally:
    _sigexplorer.closed(lane, flight, watch)
"""

#: The receivers of an ``asend`` that are not async, in the thread that asgiref chose.
_IN_THREAD = """
entered = watch.sync_begins()
try:
    entered.enter()
    HERE
except BaseException as error:
    _sigexplorer.stopped(flight, error, len(sync_receivers))
    raise
finally:
    watch.sync_ended(entered)
"""

_ANSWERED = """
flight.append(_sigexplorer.clock())
if response is not None:
    _sigexplorer.returned(flight, response)
"""

_RAISED = """
_sigexplorer.raised(flight, err)
"""

_ENDED = """
flight.append(_sigexplorer.clock())
"""

_CALLED = "watch.called(watch.calling(receiver), HERE)"

_CALLS = """
try:
    HERE
except BaseException as error:
    watch.not_called(error)
    raise
"""

_NOT_CALLED = """
watch.not_called(err)
"""

_SYNC_SENT = "watch.sync_sending(sync_send)"


def observed(found: Any, shapes: Shapes) -> Any:
    """Return ``found``, one of the four methods as we know them, with our notes."""
    tree = ast.parse(f"class Signal:\n{inspect.getsource(found)}")
    (method,) = tree.body[0].body  # type: ignore[attr-defined] # a class
    scope = f"def scope(_sigexplorer, _shapes):\n    HERE\n    return {found.__name__}"
    tree.body = _ours(scope, method, [_noted(method)])
    ast.increment_lineno(tree, found.__code__.co_firstlineno - 2)
    made: dict[str, Any] = {}
    exec(compile(tree, found.__code__.co_filename, "exec"), found.__globals__, made)  # noqa: S102 - Django's
    ours = made["scope"](flights, shapes)
    ours.__code__ = _renamed(ours.__code__)
    for name in ("__module__", "__qualname__", "__doc__"):
        setattr(ours, name, getattr(found, name))
    return ours


def _renamed(code: CodeType) -> CodeType:
    """Give a function, and those in it, the full names that they have in Django."""
    return code.replace(
        co_qualname=code.co_qualname.replace("scope.<locals>", "Signal", 1),
        co_consts=tuple(_renamed(held) if isinstance(held, CodeType) else held for held in code.co_consts),
    )


def _noted(method: Any) -> Any:
    """Write our notes into one of the methods."""
    is_async = isinstance(method, ast.AsyncFunctionDef)
    body: list[ast.stmt] = []
    for number, statement in enumerate(method.body):
        match statement:
            case ast.If(body=[ast.Return()]):
                statement.body = [*_ours(_UNHEARD, statement.body[0]), *statement.body]
            case ast.Assign(targets=[ast.Tuple(elts=[ast.Name("sync_receivers"), _])]):
                rest = [_Receivers().visit(one) for one in method.body[number + 1 :]]
                method.body = [
                    *body, statement, *_ours(_ASYNC if is_async else _SYNC, statement, rest)
                ]  # fmt: skip
                return method
        body.append(statement)
    raise ValueError(method.name)


class _Receivers(ast.NodeTransformer):
    """Writes our notes where receivers are called."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Note what a thread does for ``asend``."""
        node.body = _ours(_IN_THREAD, node, [self.visit(one) for one in node.body])
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        """Note what goes wrong before an async receiver has begun."""
        if node.name != "sync_send":  # there are no sync receivers
            node.body = _ours(_CALLS, node, [self.visit(one) for one in node.body])
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        """Note what each sync receiver returned or raised, and when."""
        match node.body:
            case [ast.Try(handlers=[handler], orelse=[*_, last] as answered)]:
                handler.body = [*_ours(_RAISED, handler), *handler.body, *_ours(_ENDED, handler.body[-1])]
                answered += _ours(_ANSWERED, last)
            case [*_, last]:
                node.body += _ours(_ANSWERED, last)
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        """Note that calling an async receiver may have raised."""
        node.body = [*_ours(_NOT_CALLED, node), *node.body]
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Note that an async receiver is called, or the thread of the sync ones is asked for."""
        match node.func:
            case ast.Name("receiver"):
                return _our_call(_CALLED, node)
            case ast.Name("sync_send"):
                return _our_call(_SYNC_SENT, node)
        return self.generic_visit(node)


def _ours(text: str, place: Any, theirs: list[ast.stmt] | None = None) -> list[ast.stmt]:
    """Return statements of ours that stand at ``place``, around some of Django's."""
    tree = _placed(ast.parse(text), place)
    return _Filled(theirs or []).visit(tree).body  # type: ignore[no-any-return]


def _our_call(text: str, theirs: ast.Call) -> ast.expr:
    return _Filled(theirs).visit(_placed(ast.parse(text, mode="eval"), theirs)).body  # type: ignore[no-any-return]


def _placed(tree: ast.AST, place: Any) -> ast.AST:
    for node in ast.walk(tree):
        ast.copy_location(node, place)
    return tree


class _Filled(ast.NodeTransformer):
    """Puts what is Django's HERE."""

    def __init__(self, theirs: Any) -> None:
        self._theirs = theirs

    def visit_Expr(self, node: ast.Expr) -> Any:
        """Replace a statement."""
        match node.value:
            case ast.Name("HERE"):
                return self._theirs
        return node

    def visit_Name(self, node: ast.Name) -> Any:
        """Replace an expression."""
        return self._theirs if node.id == "HERE" else node
