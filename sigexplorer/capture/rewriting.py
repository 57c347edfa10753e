"""A project's own way to send, with our notes around whatever it calls.

A method is compiled once more from its own source, in its own module, as Django's own are: what
a program can see of it, such as files, lines, columns and the depth of the stack, is what it was.
Where the source is not what runs, nothing is made.
"""

from __future__ import annotations
import __future__

import ast
import functools
import inspect
from collections.abc import Iterator
from types import CellType, CodeType, FunctionType
from typing import Any, NamedTuple

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
_ITERATING = "_sigexplorer_sending.iterating(HERE)"
_ANSWERED = "_sigexplorer_sending.answered(HERE)"

_FUTURE = functools.reduce(
    int.__or__, (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
)

_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Source(NamedTuple):
    """A method as it is written, where that is what runs."""

    found: Any  # a function
    tree: ast.Module
    method: _Function
    calls: bool  # something that may be a receiver
    passes_on: bool  # the signal, to what it calls
    loops: bool  # and that, again and again
    helpers: frozenset[str]  # methods of its own that it calls


def source_of(found: Any) -> Source | None:
    """Read a method; None where its source cannot be had, or is not what runs."""
    if type(found) is not FunctionType or not found.__code__.co_argcount:
        return None
    try:
        tree, method = _parsed(found)
        if not _is_same(_compiled(found, tree), found.__code__):
            return None
    except (OSError, SyntaxError, ValueError, LookupError, TypeError, AttributeError):
        return None
    own = method.args.posonlyargs + method.args.args
    name = own[0].arg
    return Source(
        found,
        tree,
        method,
        calls=any(_has_call(node) for node in ast.walk(method)),
        passes_on=_passes_on(method, name),
        loops=any(isinstance(node, _LOOPS) and _passes_on(node, name) for node in ast.walk(method)),
        helpers=frozenset(_helpers(method, name)),
    )


_LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _has_call(node: ast.AST) -> bool:
    """Whether it calls something with all that it was given."""
    return isinstance(node, ast.Call) and _may_call(node) and any(one.arg is None for one in node.keywords)


def _passes_on(tree: ast.AST, own: str) -> bool:
    return any(
        isinstance(node, ast.Call) and _may_call(node) and _is_certain(node, own) for node in ast.walk(tree)
    )


def _helpers(method: _Function, own: str) -> Iterator[str]:
    for node in ast.walk(method):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(name), attr=called)) if name == own:
                yield called


def rewritten(source: Source, sigexplorer: Any, way: Any) -> FunctionType:
    """Return the method with our notes, for which ``sigexplorer`` is asked."""
    found, method = source.found, source.method
    notes = _Notes((method.args.posonlyargs + method.args.args)[0].arg)
    docstring = method.body[:1] if ast.get_docstring(method, clean=False) is not None else []
    body = notes.statements(method.body[len(docstring) :])
    place = (method.body[len(docstring) :] or method.body)[0]
    around = _made(_AROUND, place, {"ARGUMENTS": _arguments(method.args)}, body)
    method.body = [*docstring, *around]
    code = _renamed(_compiled(found, source.tree), found.__code__)
    given = {"_sigexplorer": sigexplorer, "_sigexplorer_way": way}
    cells = dict(zip(found.__code__.co_freevars, found.__closure__ or (), strict=True))
    cells |= {name: CellType(held) for name, held in given.items()}
    return _like(found, code, tuple(cells[name] for name in code.co_freevars))


def _like(found: FunctionType, code: CodeType, closure: tuple[CellType, ...]) -> FunctionType:
    made = FunctionType(code, found.__globals__, found.__name__, found.__defaults__, closure)
    for name in ("__kwdefaults__", "__qualname__", "__module__", "__doc__", "__type_params__"):
        if hasattr(found, name):
            setattr(made, name, getattr(found, name))
    annotations = "__annotate__" if hasattr(found, "__annotate__") else "__annotations__"
    setattr(made, annotations, getattr(found, annotations))
    made.__dict__.update(found.__dict__)
    return made


def _parsed(found: FunctionType) -> tuple[ast.Module, _Function]:
    """Return the source inside of a class of the same name, and of a function with the same variables."""
    code = found.__code__
    owner = code.co_qualname.rpartition(".")[0].rpartition(".")[2]
    lines, first = inspect.getsourcelines(code)
    text = "".join(lines)
    indented = text[:1].isspace()
    tree = ast.parse(f"class _:\n{text}" if indented else text)
    ast.increment_lineno(tree, first - 1 - indented)
    method: Any = tree.body[0].body[0] if indented else tree.body[0]  # type: ignore[attr-defined] # a class
    if not isinstance(method, _Function) or method.name != code.co_name:
        raise ValueError(code.co_name)
    _without_annotations(method)
    inside: Any = ast.parse(f"class {owner if owner.isidentifier() else '_'}:\n pass")
    inside.body[0].body = [method]
    free = [name for name in code.co_freevars if name != "__class__"]
    around: Any = ast.parse(f"def _({', '.join([*free, '_sigexplorer', '_sigexplorer_way'])}):\n pass")
    around.body[0].body = inside.body
    return ast.fix_missing_locations(around), method


def _without_annotations(method: _Function) -> None:
    """Take away what is evaluated where a function is made, and not where it is called."""
    arguments = method.args
    every = [
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        arguments.vararg,
        arguments.kwarg,
    ]
    for one in every:
        if one is not None:
            one.annotation = None
    method.returns = None
    if hasattr(method, "type_params"):
        method.type_params = []
    arguments.defaults = [ast.Constant(None) for _ in arguments.defaults]
    arguments.kw_defaults = [None if held is None else ast.Constant(None) for held in arguments.kw_defaults]


def _compiled(found: FunctionType, tree: ast.Module) -> CodeType:
    code = found.__code__
    made: CodeType = compile(tree, code.co_filename, "exec", code.co_flags & _FUTURE, dont_inherit=True)
    for _ in range(3):  # the function, the class in it, and in that the method
        made = next(held for held in reversed(made.co_consts) if isinstance(held, CodeType))
    return made


def _is_same(made: CodeType, found: CodeType) -> bool:
    """Whether two codes do the same."""
    if (made.co_code, made.co_names, made.co_varnames, made.co_freevars, made.co_firstlineno) != (
        found.co_code, found.co_names, found.co_varnames, found.co_freevars, found.co_firstlineno,
    ):  # fmt: skip
        return False
    pairs = list(zip(made.co_consts, found.co_consts, strict=False))
    return len(made.co_consts) == len(found.co_consts) and all(
        _is_same(one, other)
        if isinstance(one, CodeType) and isinstance(other, CodeType)
        else type(one) is type(other) and repr(one) == repr(other)
        for one, other in pairs
    )


def _renamed(made: CodeType, found: CodeType) -> CodeType:
    """Give a code, and those in it, the full names that they had."""
    before = made.co_qualname

    def named(code: CodeType) -> CodeType:
        held = (named(each) if isinstance(each, CodeType) else each for each in code.co_consts)
        name = f"{found.co_qualname}{code.co_qualname.removeprefix(before)}"
        return code.replace(co_qualname=name, co_consts=tuple(held))

    return named(made)


def _may_call(node: ast.Call) -> bool:
    """Whether it may be a receiver that is called: these take nothing but keywords."""
    return bool(node.keywords) and not any(isinstance(one, ast.Await | ast.Yield) for one in ast.walk(node))


def _is_certain(node: ast.Call, own: str) -> bool:
    """Whether the signal is passed on: that is what is done to receivers."""
    return any(
        one.arg == "signal" and isinstance(one.value, ast.Name) and one.value.id == own
        for one in node.keywords
    )


def _arguments(arguments: ast.arguments) -> ast.expr:
    """Return what a method was called with: itself, pairs of name and value, what has no names, the rest."""
    own, *others = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
    others += [one.arg for one in arguments.kwonlyargs]
    pairs = "".join(f"({name!r}, {name})," for name in others)
    rest = arguments.vararg.arg if arguments.vararg else "()"
    named = arguments.kwarg.arg if arguments.kwarg else "None"
    return ast.parse(f"({own}, ({pairs}), {rest}, {named})", mode="eval").body


class _Notes(ast.NodeTransformer):
    """Writes our notes where something is called that may be a receiver."""

    def __init__(self, own: str) -> None:
        self._own = own  # what the method calls the signal
        self._number = 0
        self._sites: list[int] = []  # of the statement that is looked at
        self._inner = False  # in a function of the method's

    def statements(self, found: list[ast.stmt]) -> list[ast.stmt]:
        """Return statements with our notes."""
        return [made for one in found for made in self._statement(one)]

    def _statement(self, found: ast.stmt) -> list[ast.stmt]:
        if isinstance(found, ast.ClassDef):
            return [found]
        before, self._sites = self._sites, []
        inner = self._inner
        self._inner = inner or isinstance(found, _Function)
        for name, held in ast.iter_fields(found):
            setattr(found, name, self._part(held))
        self._inner = inner
        if isinstance(found, ast.For) and self._number:
            found.iter = _made_expression(_ITERATING, found.iter)
        if isinstance(found, ast.Return) and found.value is not None and not self._inner:
            found.value = _made_expression(_ANSWERED, found.value)
        sites, self._sites = self._sites, before
        if not sites:
            return [found]
        told = ast.parse(repr(tuple(sites)), mode="eval").body
        return _made(_RAISED, found, {"SITES": told}, [found])

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
        """Note that something is called, and what it returned."""
        may_call, certain = _may_call(node), _is_certain(node, self._own)
        self.generic_visit(node)
        if not may_call:
            return node
        self._number += 1
        self._sites.append(self._number)
        noted: Any = ast.parse(_CALLING.format(site=self._number, certain=certain), mode="eval").body
        for one in ast.walk(noted):
            ast.copy_location(one, node)
        calling = noted.args[1].func
        calling.args[1], node.func = node.func, calling
        noted.args[1] = node
        return noted  # type: ignore[no-any-return] # an expression

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        """Note what is gone through."""
        self.generic_visit(node)
        if not node.is_async:
            node.iter = _made_expression(_ITERATING, node.iter)
        return node


def _made(text: str, place: ast.stmt, names: dict[str, ast.expr], theirs: list[ast.stmt]) -> list[ast.stmt]:
    """Return statements of ours that stand at ``place``, with what stands for names, and theirs HERE."""
    tree = ast.parse(text)
    for node in (*ast.walk(tree), *(one for held in names.values() for one in ast.walk(held))):
        ast.copy_location(node, place)
    return _Filled(names, theirs).visit(tree).body  # type: ignore[no-any-return]


def _made_expression(text: str, theirs: ast.expr) -> ast.expr:
    tree = ast.parse(text, mode="eval")
    for node in ast.walk(tree):
        ast.copy_location(node, theirs)
    return _Filled({"HERE": theirs}, []).visit(tree).body  # type: ignore[no-any-return]


class _Filled(ast.NodeTransformer):
    """Puts something in the place of names."""

    def __init__(self, names: dict[str, ast.expr], theirs: list[ast.stmt]) -> None:
        self._names = names
        self._theirs = theirs

    def visit_Expr(self, node: ast.Expr) -> Any:
        """Replace a statement."""
        match node.value:
            case ast.Name("HERE"):
                return self._theirs
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> Any:
        """Replace an expression."""
        return self._names.get(node.id, node)
