"""What one walk over a file remembers of it."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
Ancestors = tuple[ast.AST, ...]

#: Levels of nesting that are looked into: deeper code is a table that a program wrote.
DEEPEST = 150

#: Parts of the tree that say nothing by themselves.
_MARKS = (ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop)
_LEAVES = (ast.Name, ast.Constant)

#: What does not run where it stands.
_INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)

#: Bound here, and nobody can say to what.
OPAQUE = ""


@dataclass(eq=False, slots=True)
class Scope:
    """A module, class or function, and what its names stand for (dotted paths)."""

    qualname: str  # "" for a module
    parent: Scope | None = None
    is_class: bool = False
    names: dict[str, str] = field(default_factory=dict)

    def lookup(self, name: str) -> str | None:
        """Return what ``name`` stands for here; None where it is bound nowhere."""
        scope: Scope | None = self
        first = True
        while scope is not None:
            if name in scope.names and (first or not scope.is_class):
                return scope.names[name]
            scope, first = scope.parent, False
        return None


@dataclass(eq=False)
class Function:
    """A function, and where it stands."""

    file: File
    node: FunctionNode
    scope: Scope  # its own
    owner: Scope  # the one it is defined in
    ancestors: Ancestors  # of its definition, the outermost first

    @property
    def name(self) -> str:
        """Its name."""
        return self.node.name

    @property
    def called(self) -> str:
        """What it is called in a message: for ``__call__`` with its class."""
        return self.scope.qualname.rpartition("<locals>.")[2] if self.name == "__call__" else self.name

    @property
    def path(self) -> str:
        """The name by which a receiver is known: ``module.qualname``."""
        return f"{self.file.module}.{self.scope.qualname}"

    @property
    def is_async(self) -> bool:
        """Whether it is ``async def``."""
        return isinstance(self.node, ast.AsyncFunctionDef)

    @property
    def in_class(self) -> bool:
        """Whether it stands in the body of a class."""
        return self.owner.is_class

    @cached_property
    def parameters(self) -> dict[str, bool]:
        """Its parameters, and whether each must be given."""
        arguments = self.node.args
        positional = [*arguments.posonlyargs, *arguments.args]
        optional = len(positional) - len(arguments.defaults)
        found = {one.arg: place < optional for place, one in enumerate(positional)}
        for one, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            found[one.arg] = default is None
        return found

    @cached_property
    def steps(self) -> list[tuple[ast.AST, Ancestors]]:
        """Every node that runs when the function runs, in order, with what stands around it.

        Functions and lambdas defined inside do not run by themselves and are left out.
        """
        found: list[tuple[ast.AST, Ancestors]] = []
        _add_steps(self.node.body, (), found)
        return found

    @cached_property
    def calls(self) -> list[tuple[ast.Call, Ancestors]]:
        """The calls among the steps."""
        return [(node, above) for node, above in self.steps if isinstance(node, ast.Call)]

    @cached_property
    def every(self) -> list[ast.AST]:
        """Every node of its body, functions inside too."""
        found: list[ast.AST] = list(self.node.body)
        for node in found:  # which gets longer meanwhile
            if not isinstance(node, _LEAVES):
                found += _children(node)
        return found

    @cached_property
    def looked_at(self) -> list[ast.AST]:
        """What stands in its conditions, and in what asks whether an attribute is there."""
        return [inner for node, _ in self.steps for test in _conditions(node) for inner in ast.walk(test)]

    @cached_property
    def renamed(self) -> dict[str, frozenset[str]]:
        """The other local names of arguments: of parameters, and of what is taken out of ``**kwargs``."""
        found: dict[str, frozenset[str]] = {}
        kwargs = self.node.args.kwarg
        for node, _ in self.steps:
            if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
                continue
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {target.id for target in targets if isinstance(target, ast.Name)}
            key = key_taken(node.value, kwargs.arg) if kwargs else None
            if key is None and isinstance(node.value, ast.Name) and node.value.id in self.parameters:
                key, names = node.value.id, {name for name in names if self.stored.count(name) == 1}
            if key is not None:
                found[key] = found.get(key, frozenset()) | names
        return found

    @cached_property
    def stored(self) -> list[str]:
        """Every name that it gives a value, once for each time."""
        return [
            node.id
            for node, _ in self.steps
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        ]

    @cached_property
    def taken(self) -> list[tuple[str, ast.AST]]:
        """What it takes out of its ``**kwargs`` by a literal key, and where."""
        kwargs = self.node.args.kwarg
        if kwargs is None:
            return []
        found = ((key_taken(node, kwargs.arg), node) for node in self.every)
        return [(key, node) for key, node in found if key is not None]

    @cached_property
    def names_read(self) -> frozenset[str]:
        """Every name read in it, in functions inside too."""
        return frozenset(
            node.id for node in self.every if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        )


def key_taken(node: ast.AST, kwargs: str) -> str | None:
    """Return the key of ``kwargs["key"]``, ``kwargs.get("key")`` or ``kwargs.pop("key")``."""
    key: ast.AST | None = None
    base: ast.AST | None = None
    if isinstance(node, ast.Subscript):
        base, key = node.value, node.slice
    elif (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("get", "pop")
    ):
        base, key = node.func.value, node.args[0] if node.args else None
    if not (isinstance(base, ast.Name) and base.id == kwargs):
        return None
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None


def _add_steps(nodes: Iterable[ast.AST], above: Ancestors, found: list[tuple[ast.AST, Ancestors]]) -> None:
    for node in nodes:
        found.append((node, above))
        if not isinstance(node, _INNER) and len(above) < DEEPEST:
            _add_steps(_children(node), (*above, node), found)


def _children(node: ast.AST) -> list[ast.AST]:
    """Return what stands directly inside of a node."""
    if isinstance(node, _LEAVES):
        return []
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if type(value) is list:
            found += [one for one in value if isinstance(one, ast.AST) and not isinstance(one, _MARKS)]
        elif isinstance(value, ast.AST) and not isinstance(value, _MARKS):
            found.append(value)
    return found


def _conditions(node: ast.AST) -> list[ast.expr]:
    """Return what a node looks at in order to decide."""
    if isinstance(node, ast.If | ast.IfExp | ast.While | ast.Assert):
        return [node.test]
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.Match):
        return [node.subject]
    if isinstance(node, ast.comprehension):
        return node.ifs
    asks = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return node.args if asks and node.func.id in ("getattr", "hasattr") else []  # type: ignore[attr-defined]


@dataclass(eq=False, slots=True)
class Class:
    """A class, and what its body says of a model or of an AppConfig."""

    file: File
    name: str
    qualname: str
    line: int
    bases: tuple[str, ...]  # dotted, OPAQUE where they are not told
    node: ast.ClassDef | None = None  # kept of an AppConfig only: a whole class is much to keep
    abstract: bool = False
    proxy: bool = False
    app_label: str | None = None
    relations: dict[str, Relation] = field(default_factory=dict)
    methods: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    constants: dict[str, object] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Its dotted path."""
        return f"{self.file.module}.{self.qualname}"


@dataclass(frozen=True, slots=True)
class Relation:
    """A field of a model that leads to another."""

    kind: str  # ForeignKey, OneToOneField, ManyToManyField and what is named like them
    target: str | None  # dotted path or "app.Model"; None where it is not told
    related_name: str | None
    through: str | None  # dotted path or "app.Model"


@dataclass(eq=False, slots=True)
class Connection:
    """``@receiver(...)`` or ``.connect(...)``, as written."""

    file: File
    node: ast.Call
    scope: Scope  # in which it is executed
    ancestors: Ancestors
    signal_nodes: list[ast.expr]
    target: ast.expr | Function | None  # the receiver
    sender: ast.expr | None
    weak: ast.expr | None
    dispatch_uid: ast.expr | None
    vague: bool  # *arguments or **arguments hide the rest
    decorator: bool


@dataclass(eq=False, slots=True)
class Noted:
    """Any other call or attribute that a rule looks at."""

    node: ast.expr
    scope: Scope
    ancestors: Ancestors


@dataclass(eq=False, slots=True)
class Defined:
    """``name = Signal(...)``."""

    file: File
    path: str  # dotted
    node: ast.Call
    is_model_signal: bool
    ancestors: Ancestors


@dataclass(eq=False, slots=True)
class File:
    """One file's facts."""

    path: Path
    shown: str
    within: tuple[str, ...]  # its folders and name, from the folder of its project
    module: str
    is_package: bool
    is_deep: bool  # its functions were looked into: it may have to do with signals
    scope: Scope
    lines: list[str]
    functions: list[Function] = field(default_factory=list)
    classes: list[Class] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    disconnections: list[Connection] = field(default_factory=list)
    signals: list[Defined] = field(default_factory=list)
    sends: list[Noted] = field(default_factory=list)
    writes: list[Noted] = field(default_factory=list)  # bulk_create, bulk_update, update
    registries: list[Noted] = field(default_factory=list)  # something.receivers
    dropped: list[Noted] = field(default_factory=list)  # Thing() and Thing().method() as statements
    known_as_test: bool | None = None  # once somebody asked
    constants: dict[str, tuple[ast.stmt, object]] = field(default_factory=dict)  # of the module
    bindings: dict[str, list[int]] = field(default_factory=dict)  # lines that surely give a name to another
    imports: set[str] = field(default_factory=set)  # dotted paths
    strings: set[str] = field(default_factory=set)  # that look like dotted paths
    discovered: set[str] = field(default_factory=set)  # names of modules that are looked for in each app
    values: dict[str, list[int]] = field(default_factory=dict)  # paths of what is handed on: the lines
    made: dict[str, ast.Call] = field(
        default_factory=dict
    )  # names of the module that are given what a call makes

    @property
    def package(self) -> str:
        """The package that relative imports start from."""
        return self.module if self.is_package else self.module.rpartition(".")[0]

    @property
    def is_test(self) -> bool:
        """Whether the file belongs to tests."""
        if self.known_as_test is None:
            self.known_as_test = self._looks_like_test()
        return self.known_as_test

    def _looks_like_test(self) -> bool:
        *folders, name = self.within
        return (
            name.startswith("test_")
            or name.endswith(("_test.py", "_tests.py"))
            or name in ("tests.py", "conftest.py", "test.py")
            or any(part in ("tests", "test", "testing") for part in folders)
        )

    @property
    def is_migration(self) -> bool:
        """Whether the file is a migration."""
        return "migrations" in self.within[:-1]
