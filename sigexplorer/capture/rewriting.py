"""A project's own way to send, with our notes around whatever it calls.

A method is compiled once more from its own source, in its own module, as Django's own are: what
a program can see of it, such as files, lines, columns and the depth of the stack, is what it was;
only who looks at a frame's variables finds ours among them. Where the source is not what runs, or
the method itself looks at its variables, nothing is made.
"""

from __future__ import annotations

import ast
from copy import deepcopy
from types import CellType, CodeType, FunctionType
from typing import Any

from sigexplorer.capture import writing
from sigexplorer.capture.sources import Function, Source, compiled, is_certain, may_call

_AROUND = """
try:
    _sigexplorer_sending = None
    _sigexplorer_sending = _sigexplorer.begun(_sigexplorer_way, ARGUMENTS)
    _sigexplorer_sending.enter()
    HERE
except:
    _sigexplorer.stopped(_sigexplorer_sending)
    raise
finally:
    _sigexplorer.over(_sigexplorer_sending)
"""

_RAISED = """
try:
    HERE
except:
    _sigexplorer_sending.raised(SITES)
    raise
"""

_CALLING = "_sigexplorer_sending.called({site}, _sigexplorer_sending.calling({site}, FUNCTION, {certain})())"
_ABOUT = "_sigexplorer_sending.about({site}, HERE)"
_ITERATING = "_sigexplorer_sending.iterating(HERE)"
_ANSWERED = "_sigexplorer_sending.answered(HERE)"


def rewritten(source: Source, sigexplorer: Any, way: Any) -> FunctionType:
    """Return the method with our notes, for which ``sigexplorer`` is asked."""
    found = source.found
    known, code = _WRITTEN.get(id(found.__code__), (None, None))
    if known is not found.__code__ or code is None:
        code = _written(source)
        if len(_WRITTEN) >= _MOST:
            _WRITTEN.clear()
        _WRITTEN[id(found.__code__)] = (found.__code__, code)
    given = {"_sigexplorer": sigexplorer, "_sigexplorer_way": way}
    cells = dict(zip(found.__code__.co_freevars, found.__closure__ or (), strict=True))
    cells |= {name: CellType(held) for name, held in given.items()}
    return _like(found, code, tuple(cells[name] for name in code.co_freevars))


#: The code with our notes, by the id of the code that it was made from.
_WRITTEN: dict[int, tuple[CodeType, CodeType]] = {}

_MOST = 500  # codes


def _written(source: Source) -> CodeType:
    found = source.found
    tree, method = deepcopy((source.tree, source.method))  # the method is in the tree
    lazy = any(_is_lazy(node) for node in ast.walk(method))
    notes = _Notes((method.args.posonlyargs + method.args.args)[0].arg, lazy=lazy)
    docstring = method.body[:1] if ast.get_docstring(method, clean=False) is not None else []
    body = notes.statements(method.body[len(docstring) :])
    place = (method.body[len(docstring) :] or method.body)[0]
    around = writing.statements(_AROUND, place, body, {"ARGUMENTS": _arguments(method.args)})
    method.body = [*docstring, *around]
    code = compiled(found, tree)
    before, after = code.co_qualname, found.__code__.co_qualname
    return writing.renamed(code, lambda name: f"{after}{name.removeprefix(before)}")


def _like(found: FunctionType, code: CodeType, closure: tuple[CellType, ...]) -> FunctionType:
    made = FunctionType(code, found.__globals__, found.__name__, found.__defaults__, closure)
    for name in ("__kwdefaults__", "__qualname__", "__module__", "__doc__", "__type_params__"):
        if hasattr(found, name):
            setattr(made, name, getattr(found, name))
    annotations = "__annotate__" if hasattr(found, "__annotate__") else "__annotations__"
    setattr(made, annotations, getattr(found, annotations))
    made.__dict__.update(found.__dict__)
    return made


def _arguments(arguments: ast.arguments) -> ast.expr:
    """Return what a method was called with: itself, pairs of name and value, what has no names, the rest."""
    own, *others = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
    others += [one.arg for one in arguments.kwonlyargs]
    pairs = "".join(f"({name!r}, {name})," for name in others)
    rest = arguments.vararg.arg if arguments.vararg else "()"
    named = arguments.kwarg.arg if arguments.kwarg else "None"
    return ast.parse(f"({own}, ({pairs}), {rest}, {named})", mode="eval").body


class _Notes(ast.NodeTransformer):
    """Writes our notes where something is called that may be a receiver.

    Each such call has a number; one in a lambda or a generator expression, which any other
    statement may come to run, has a negative one.
    """

    def __init__(self, own: str, *, lazy: bool) -> None:
        self._own = own  # what the method calls the signal
        self._lazy = lazy  # whether there are such calls
        self._number = 0
        self._sites: list[int] = []  # of the statement that is looked at
        self._inner = False  # in a function of the method's
        self._waits = False  # in what may run later

    def statements(self, found: list[ast.stmt]) -> list[ast.stmt]:
        """Return statements with our notes."""
        return [made for one in found for made in self._statement(one)]

    def _statement(self, found: ast.stmt) -> list[ast.stmt]:
        if isinstance(found, ast.ClassDef):
            return [found]
        before, self._sites = self._sites, []
        inner = self._inner
        self._inner = inner or isinstance(found, Function)
        for name, held in ast.iter_fields(found):
            setattr(found, name, self._part(held))
        self._inner = inner
        if isinstance(found, ast.For) and self._number:
            found.iter = writing.expression(_ITERATING, found.iter)
        if isinstance(found, ast.Return) and found.value is not None and not self._inner:
            found.value = writing.expression(_ANSWERED, found.value)
        sites, self._sites = self._sites, before
        if not sites and not (self._lazy and isinstance(found, _RUNS)):
            return [found]
        told = ast.parse(repr(tuple(sites)), mode="eval").body
        return writing.statements(_RAISED, found, [found], {"SITES": told})

    def _part(self, held: Any) -> Any:
        if isinstance(held, list) and held and isinstance(held[0], ast.stmt):
            return self.statements(held)
        if isinstance(held, list):
            return [self._part(one) for one in held]
        if isinstance(held, ast.excepthandler | ast.match_case):
            for name, part in ast.iter_fields(held):
                setattr(held, name, self._part(part))
            return held
        return self.visit(held) if isinstance(held, ast.expr | ast.withitem) else held

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Note that something is called, that its arguments are there, and what it returned."""
        calls, certain = may_call(node), is_certain(node, self._own)
        self.generic_visit(node)
        if not calls:
            return node
        self._number += 1
        site = -self._number if self._waits else self._number
        self._sites.append(site)
        noted: Any = ast.parse(_CALLING.format(site=site, certain=certain), mode="eval").body
        calling = writing.placed(noted, node).args[1].func
        calling.args[1], node.func = node.func, calling
        last = node.keywords[-1]
        last.value = writing.expression(_ABOUT.format(site=site), last.value)
        noted.args[1] = node
        return noted  # type: ignore[no-any-return] # an expression

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        """Remember that it may run at any time."""
        before, self._waits = self._waits, True
        self.generic_visit(node)
        self._waits = before
        return node

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.AST:
        """Remember the same."""
        return self.visit_Lambda(node)  # type: ignore[arg-type] # the one is as the other

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        """Note what is gone through."""
        self.generic_visit(node)
        if not node.is_async:
            node.iter = writing.expression(_ITERATING, node.iter)
        return node


#: Statements that run expressions, or what they are given.
_RUNS = (
    ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Raise, ast.Assert, ast.Delete,
    ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Match,
)  # fmt: skip


def _is_lazy(node: ast.AST) -> bool:
    """Whether something may be called in it, at any time."""
    return isinstance(node, ast.Lambda | ast.GeneratorExp) and any(
        isinstance(one, ast.Call) and may_call(one) for one in ast.walk(node)
    )
