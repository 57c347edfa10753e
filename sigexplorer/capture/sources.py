"""The source of a method of a project's own, where that is what runs, and what it tells of the method."""

from __future__ import annotations
import __future__

import ast
import functools
import inspect
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any, NamedTuple

_FUTURE = functools.reduce(
    int.__or__, (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Source(NamedTuple):
    """A method as it is written, where that is what runs."""

    found: Any  # a function
    tree: ast.Module
    method: Function
    calls: bool  # something that may be a receiver
    passes_on: bool  # the signal, to what it calls
    loops: bool  # and that, again and again
    helpers: frozenset[str]  # methods of its own that it calls


def source_of(found: Any) -> Source | None:
    """Read a method; None where its source cannot be had, or is not what runs."""
    if type(found) is not FunctionType or not found.__code__.co_argcount:
        return None
    code = found.__code__
    known, source = _READ.get(id(code), (None, None))
    if known is not code:
        source = _read(found)
        if source is None:
            return None  # it may be there another time
        if len(_READ) >= _MOST:
            _READ.clear()
        _READ[id(code)] = (code, source._replace(found=None))
    return source._replace(found=found) if source is not None else None


#: What was read of a method's code, by its id: each test that is observed begins anew.
_READ: dict[int, tuple[CodeType, Source]] = {}

_MOST = 500  # codes


def _read(found: FunctionType) -> Source | None:
    try:
        tree, method = _parsed(found)
        if not _is_same(compiled(found, tree), found.__code__):
            tree.body.insert(0, _imports(found))
            if not _is_same(compiled(found, tree), found.__code__):
                return None
    except Exception:  # whatever Python's own tools make of a source
        return None
    if any(_looks(node) for node in ast.walk(method)):
        return None
    own = method.args.posonlyargs + method.args.args
    name = own[0].arg
    bound = frozenset(_bound(method)) - {one.arg for one in own}
    return Source(
        found,
        tree,
        method,
        calls=any(_has_call(node) for node in ast.walk(method)),
        passes_on=_passes_on(method, name),
        loops=any(isinstance(node, _LOOPS) and _passes_on(node, name, bound) for node in ast.walk(method)),
        helpers=frozenset(_helpers(method, name)),
    )


_LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

_LOOKERS = frozenset({"locals", "vars", "dir", "eval", "exec", "f_locals"})


def _looks(node: ast.AST) -> bool:
    """Whether it may see which variables there are."""
    match node:
        case ast.Name(name) | ast.Attribute(attr=name):
            return name in _LOOKERS
    return False


def _has_call(node: ast.AST) -> bool:
    """Whether it calls something with all that it was given."""
    return isinstance(node, ast.Call) and may_call(node) and any(one.arg is None for one in node.keywords)


def _passes_on(tree: ast.AST, own: str, to: frozenset[str] | None = None) -> bool:
    """Whether it calls something with the signal: one of these names, or what comes of one of them."""
    return any(
        isinstance(node, ast.Call)
        and may_call(node)
        and is_certain(node, own)
        and (to is None or _root(node.func) in to)
        for node in ast.walk(tree)
    )


def _root(node: ast.expr) -> str | None:
    """Return the name that stands first in ``name.attribute``, ``name[1]``, ``name()`` and the like."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        node = node.value
    return node.id if isinstance(node, ast.Name) else _root(node.func) if isinstance(node, ast.Call) else None


def _bound(method: Function) -> Iterator[str]:
    """Yield the names that a method gives to something itself, as to each of its receivers."""
    for node in ast.walk(method):
        match node:
            case ast.Name(name, ast.Store()) | ast.arg(name):
                yield name


def _helpers(method: Function, own: str) -> Iterator[str]:
    for node in ast.walk(method):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(name), attr=called)) if name == own:
                yield called


def _parsed(found: FunctionType) -> tuple[ast.Module, Function]:
    """Return the source inside of a class of the same name, and of a function with the same variables."""
    code = found.__code__
    owner = code.co_qualname.rpartition(".")[0].rpartition(".")[2]
    lines, first = inspect.getsourcelines(code)
    text = "".join(lines)
    indented = text[:1].isspace()
    tree = ast.parse(f"class _:\n{text}" if indented else text)
    ast.increment_lineno(tree, first - 1 - indented)
    method: Any = tree.body[0].body[0] if indented else tree.body[0]  # type: ignore[attr-defined] # a class
    if not isinstance(method, Function) or method.name != code.co_name:
        raise ValueError(code.co_name)
    _without_annotations(method)
    inside: Any = ast.parse(f"class {owner if owner.isidentifier() else '_'}:\n pass")
    inside.body[0].body = [method]
    free = [name for name in code.co_freevars if name != "__class__"]
    around: Any = ast.parse(f"def _({', '.join([*free, '_sigexplorer', '_sigexplorer_way'])}):\n pass")
    around.body[0].body = inside.body
    return ast.fix_missing_locations(around), method


def _without_annotations(method: Function) -> None:
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


def _imports(found: FunctionType) -> ast.stmt:
    """Return an import of all that its module imports: a call of what is in one is compiled otherwise."""
    lines, _ = inspect.findsource(found.__code__)
    names = sorted(set(_imported(ast.parse("".join(lines)))))
    return ast.fix_missing_locations(ast.Import([ast.alias(name) for name in names]))


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (one.asname or one.name.partition(".")[0] for one in node.names if one.name != "*")
        elif not isinstance(node, Function | ast.ClassDef | ast.Lambda):
            yield from _imported(node)


def compiled(found: FunctionType, tree: ast.Module) -> CodeType:
    """Compile the tree of a method as what it stands in was."""
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


def may_call(node: ast.Call) -> bool:
    """Whether it may be a receiver that is called: these take nothing but keywords."""
    return bool(node.keywords) and not any(
        isinstance(one, ast.Await | ast.Yield | ast.YieldFrom)
        or (isinstance(one, ast.comprehension) and one.is_async)
        for one in ast.walk(node)
    )


def is_certain(node: ast.Call, own: str) -> bool:
    """Whether the signal is passed on: that is what is done to receivers."""
    return any(
        one.arg == "signal" and isinstance(one.value, ast.Name) and one.value.id == own
        for one in node.keywords
    )
