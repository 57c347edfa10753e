"""What the installed Django's source says of its signals, read with ``ast``.

The catalogue reads the source as text, quickly; here it is read the slow and certain way,
so that the one can be held against the other.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import django
import pytest

from sigexplorer.catalog.installed import Send

ROOT = Path(django.__file__).parent
METHODS = {"send", "send_robust", "asend", "asend_robust"}
SIGNAL_CLASSES = {"Signal", "ModelSignal"}


@dataclass(frozen=True, slots=True)
class Call:
    """A call of one of the four send methods, whoever it is called on."""

    signal: str
    send: Send
    keywords: tuple[str, ...]  # besides sender and **
    forwards: bool  # whether it passes on ** arguments of its own caller


@dataclass(slots=True)
class Source:
    """What was found in the whole package."""

    signals: set[str] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)
    asks: dict[str, list[Send]] = field(
        default_factory=lambda: defaultdict(list)
    )  # has_listeners(), by signal
    made: list[str] = field(default_factory=list)  # where Signal() is called, at whatever depth
    parameters_of: dict[str, set[str]] = field(default_factory=dict)  # by name of the function
    keywords_of: dict[str, list[tuple[str, ...]]] = field(default_factory=lambda: defaultdict(list))

    def variants(self, signal: str) -> list[tuple[str, ...]]:
        """Return the keywords of every send, with those that its callers pass through it."""
        return [
            call.keywords + passed
            for call in self.calls
            if call.signal == signal
            for passed in (self._passed_through(call.send.function) if call.forwards else [()])
        ]

    def _passed_through(self, function: str) -> list[tuple[str, ...]]:
        """Return the keywords of every call of a function that are no parameters of its own."""
        own = self.parameters_of[function]
        return [
            tuple(name for name in keywords if name not in own) for keywords in self.keywords_of[function]
        ]

    def sends(self, signal: str) -> tuple[Send, ...]:
        """Return the places that send a signal, by file and line."""
        places = [call.send for call in self.calls if call.signal == signal]
        return tuple(sorted(places, key=lambda send: (send.file, send.line)))


class Reader(ast.NodeVisitor):
    """Collect from one module, keeping the names of the definitions around."""

    def __init__(self, source: Source, file: str) -> None:
        """Read into ``source``, from the file with that name."""
        self.source = source
        self.file = file
        self.names: list[str] = []

    def read(self, module: ast.Module) -> None:
        """Read a whole module."""
        name = self.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for statement in module.body:
            if isinstance(statement, ast.Assign) and _called(statement.value) in SIGNAL_CLASSES:
                self.source.signals |= {f"{name}.{_last(target)}" for target in statement.targets}
        self.visit(module)

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        if not isinstance(node, ast.ClassDef):
            self.source.parameters_of[node.name] = {argument.arg for argument in node.args.args}
        self.names.append(node.name)
        self.generic_visit(node)
        self.names.pop()

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _definition  # noqa: N815 - names of ast

    def visit_Call(self, node: ast.Call) -> None:
        """Note sends, questions for listeners, and the keywords of everything else."""
        if _called(node) in SIGNAL_CLASSES:
            self.source.made.append(f"{self.file}:{node.lineno}")
        keywords = tuple(keyword.arg for keyword in node.keywords if keyword.arg not in {None, "sender"})
        if isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            send = Send(self.file, node.lineno, node.func.attr, ".".join(self.names) or "<module>")
            forwards = any(keyword.arg is None for keyword in node.keywords)
            self.source.calls.append(Call(_last(node.func.value), send, keywords, forwards))
        elif isinstance(node.func, ast.Attribute) and node.func.attr == "has_listeners":
            ask = Send(self.file, node.lineno, node.func.attr, ".".join(self.names) or "<module>")
            self.source.asks[_last(node.func.value)].append(ask)
        else:
            self.source.keywords_of[_last(node.func)].append(keywords)
        self.generic_visit(node)


def _last(node: ast.expr) -> str:
    """Return the last name of ``a.b.c``."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _called(node: ast.expr) -> str:
    return _last(node.func) if isinstance(node, ast.Call) else ""


@pytest.fixture(scope="session")
def django_source() -> Source:
    """Everything about signals in the source of the installed Django, its dispatcher apart."""
    source = Source()
    for path in sorted(ROOT.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        file = path.relative_to(ROOT.parent).as_posix()
        relevant = any(word in text for word in ("Signal(", "send", "has_listeners", "_migrate_signal("))
        if relevant and not file.startswith("django/dispatch/"):
            Reader(source, file).read(ast.parse(text))
    return source
