"""Django's four send methods with our notes between their statements.

Each is compiled once more from Django's own source, in Django's own module. Whatever a
program can see of it is Django's: files, lines and columns of a traceback, the depth of the
stack and with it every ``stacklevel``, names that are looked up, coroutines and tasks.

Source: ``django/dispatch/dispatcher.py`` of Django 5.2, 6.0 and 6.1.
"""

from __future__ import annotations

import ast
import inspect
from functools import partial
from textwrap import indent
from types import CodeType, FunctionType
from typing import Any

from sigexplorer.capture import flights, ways
from sigexplorer.capture.compiled import remembered
from sigexplorer.capture.shapes import Shapes
from sigexplorer.capture.writing import expression as _our_call
from sigexplorer.capture.writing import placed as _placed
from sigexplorer.capture.writing import renamed
from sigexplorer.capture.writing import statements as _ours

# What stands between Django's statements. The one name that these need is given to the
# functions as a variable of a scope around them, so that Django's module gets none. Where
# it says HERE stand the statements of Django's that were there.

#
# A dispatch that is of a known kind, was sent from no receiver and has arguments as usual is
# noted right here: half of what ``flights.unheard``, ``opened`` and ``closed`` cost, which
# do the same for all others, is to be called.

_UNHEARD = """
try:
    lane = _sigexplorer.lanes.here.lane
    known = _silent[id(self)][id(sender)]
    values = known.read(sender, named)
    stream = _sigexplorer.STREAM
    if (
        values is None
        or lane.open is not None
        or lane.callback
        or stream.origins
        or (stream.carrying and _sigexplorer.lanes.running.get() is not None)
    ):
        _sigexplorer.unheard(_shapes, self, sender, named)
    else:
        lane.flights.append((
            _next_id(), known.number, 0, None, lane.transactions, values, None, None, _clock(),
        ))
        if len(lane.flights) > stream.batch:
            stream.drain_if_free()
except (KeyError, RecursionError):
    _sigexplorer.unheard(_shapes, self, sender, named)
"""

# To connect appends, with a new key: where the last is the one that is known, and as many are
# called, it is the same ones.
#
# Python looks for Ctrl-C and the like after a call: what must be undone is done inside of
# the ``try``, and undone before anything else.
_SYNC = f"""
lane = _sigexplorer.lanes.here.lane
before = lane.open
flight = watch = values = None
stream = _sigexplorer.STREAM
way = 0
try:
    known = _known[id(self)][id(sender)]
    {indent(ways.FOUND, "    ")}
    if (
        before is None
        and known.called == len(sync_receivers)
        and not async_receivers
        and known.last is self.receivers[-1][0]
        and not lane.callback
        and not stream.origins
        and not (stream.carrying and _sigexplorer.lanes.running.get() is not None)
    ):
        {indent(ways.READ, "        ")}
        if values is not None:
            flight = [
                _next_id(), known.number, None, None, lane.transactions, values, None, None, _clock(),
            ]
except (KeyError, IndexError, RecursionError):
    held = None
if flight is None:
    flight = _sigexplorer.opened(_shapes, lane, self, sender, named, sync_receivers, async_receivers)
try:
    if flight[0]:
        lane.open = flight
    if async_receivers:
        watch = _sigexplorer.Watch(lane, flight, sync_receivers, async_receivers, _shapes.robust)
    HERE
except BaseException as error:
    _sigexplorer.stopped(flight, error, len(sync_receivers))
    raise
finally:
    lane.open = before
    if flight[2] is None and watch is None and flight[0]:
        flight[2] = 0
        lane.flights.append(flight)
        if len(lane.flights) > stream.batch:
            stream.drain_if_free()
    else:
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

# What looks the receivers up may raise too: a signal that caches them, of a sender that cannot be
# referred to weakly.

_LOOKED_UP = """
try:
    HERE
except BaseException as error:
    _sigexplorer.failed(_shapes, self, sender, named, error)
    raise
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
flight.append(_clock())
if response is not None:
    _sigexplorer.returned(flight, response)
"""

_RAISED = """
_sigexplorer.raised(flight, err)
"""

_ENDED = """
flight.append(_clock())
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
    made: dict[str, Any] = {}
    code = remembered(found, __file__, partial(_compiled, found), ways.__file__)
    exec(code, found.__globals__, made)  # noqa: S102 - it is Django's
    given = flights, shapes, shapes.known, shapes.silent, flights.clock, flights.next_id
    return made["scope"](*given, **ways.CELLS)


def _compiled(found: FunctionType) -> CodeType:
    tree: Any = ast.parse(f"class Signal:\n{inspect.getsource(found)}")
    (method,) = tree.body[0].body
    given = ", ".join(("_sigexplorer", "_shapes", "_known", "_silent", "_clock", "_next_id", *ways.CELLS))
    scope = f"def scope({given}):\n    HERE\n    return {found.__name__}"
    tree.body = _ours(scope, method, _noted(method))
    ast.increment_lineno(tree, found.__code__.co_firstlineno - 2)
    method_name = found.__qualname__

    def full_name(name: str) -> str:  # the one that it has in Django
        name = name.replace("scope.<locals>._sending", method_name)
        return name.replace(f"scope.<locals>.{found.__name__}", method_name)

    return renamed(compile(tree, found.__code__.co_filename, "exec"), full_name)


def _noted(method: Any) -> list[ast.stmt]:
    """Write our notes into one of the methods; return it, and before it what it needs beside it."""
    is_async = isinstance(method, ast.AsyncFunctionDef)
    body: list[ast.stmt] = []
    for number, statement in enumerate(method.body):
        match statement:
            case ast.If(body=[ast.Return()]):
                body += _ours(_LOOKED_UP, statement.test, [_asked_first(statement)])
                statement.body = [*_ours(_UNHEARD, statement.body[0]), *statement.body]
            case ast.Assign(targets=[ast.Tuple(elts=[ast.Name("sync_receivers"), _])]):
                rest = [_Receivers().visit(one) for one in method.body[number + 1 :]]
                if isinstance(rest[0], ast.For):
                    rest[:1] = ways.loops(rest[0])
                beside = [] if is_async else [made for one in rest for made in _moved_out(one)]
                notes = _ours(_ASYNC if is_async else _SYNC, statement, rest)
                method.body = [*body, *_ours(_LOOKED_UP, statement, [statement]), *notes]
                return [*beside, method]
        body.append(statement)
    raise ValueError(method.name)


def _asked_first(statement: ast.If) -> ast.stmt:
    """Take the condition out of a statement, and return what asks it."""
    condition = statement.test
    statement.test = ast.copy_location(ast.Name("nobody", ast.Load()), condition)
    asked = ast.Assign([ast.copy_location(ast.Name("nobody", ast.Store()), condition)], condition)
    return ast.copy_location(asked, condition)


# Functions in a function make each of its calls create the variables that they share, which
# is a tenth of what a dispatch costs: those that few dispatches need are moved out of it.
_SENDING = """
def _sending(self, sender, named, async_receivers, watch):
    HERE
    return asend
"""

_SENT = "_sending(self, sender, named, async_receivers, watch)"


def _moved_out(statement: ast.stmt) -> list[ast.stmt]:
    """Take the functions that send to async receivers out of a statement, and return what makes them."""
    match statement:
        case ast.If(test=ast.Name("async_receivers"), body=[*functions, ast.Expr() as last]):
            statement.body = [_Named("asend", _SENT).visit(last)]
            return _ours(_SENDING, statement, functions)
    return []


class _Named(ast.NodeTransformer):
    """Replaces a name by an expression."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._text = text

    def visit_Name(self, node: ast.Name) -> Any:
        """Replace it."""
        return _placed(ast.parse(self._text, mode="eval"), node).body if node.id == self._name else node


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
