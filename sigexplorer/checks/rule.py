"""A rule: a function over the facts whose docstring is its explanation.

Its examples stand in ``examples/``, one file each, and are specimens of the tests.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sigexplorer.checks.facts import Class, File, Function
from sigexplorer.checks.listeners import Listener, Receiver
from sigexplorer.checks.project import Project
from sigexplorer.findings import Finding, Level, RulePage

Find = Callable[[Project], "Iterator[Hit]"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A mistake that a rule found, before it is put into words for everybody."""

    file: File
    place: ast.AST | Function | Class
    message: str
    receiver: str | None = None
    signal: str | None = None
    fixable: bool = False
    level: Level | None = None  # where it is not that of its rule


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, as ``@rule`` makes it from a function."""

    code: str
    level: Level
    find: Find
    fixable: bool

    @property
    def theme(self) -> str:
        """The module it stands in."""
        return self.find.__module__.rpartition(".")[2]

    @property
    def advice(self) -> str:
        """What to do: the last paragraph of the explanation."""
        text = self._explanation()[1].split("\n\n")[-1]
        return re.sub(r"\s+", " ", text).strip().replace("``", "'")

    def _explanation(self) -> tuple[str, str]:
        """Return the first line of the function's docstring, and the rest of it."""
        summary, _, why = (inspect.getdoc(self.find) or "").partition("\n")
        return summary.rstrip("."), why.strip()

    def page(self) -> RulePage:
        """Return its explanation and its examples."""
        summary, why = self._explanation()
        wrong, right = examples(self.code)
        name = getattr(self.find, "__name__", "").replace("_", "-")
        return RulePage(self.code, name, self.level, summary, why, wrong, right, self.theme, self.fixable)


def examples(code: str) -> tuple[str, str]:
    """Return Python that a rule finds, and Python that it does not."""
    from importlib.resources import files  # for one page only

    text = files("sigexplorer.checks").joinpath("examples", f"{code}.txt").read_text(encoding="utf-8")
    wrong, _, right = text.partition("\n# Right:\n")
    return wrong.removeprefix("# Wrong:\n").strip("\n"), right.strip("\n")


def rule(code: str, level: Level, *, fixable: bool = False) -> Callable[[Find], Rule]:
    """Make a rule of a function that finds mistakes."""
    return lambda find: Rule(code, level, find, fixable)


def at_listener(
    listener: Listener, message: str, place: ast.AST | None = None, *, fixable: bool = False
) -> Hit:
    """Return a hit at the call that connects, or at a part of it."""
    return Hit(listener.file, place or listener.node, message, listener.path, listener.signal, fixable)


def at_receiver(
    receiver: Receiver,
    message: str,
    place: ast.AST | None = None,
    *,
    fixable: bool = False,
    among: Iterable[str] = (),
) -> Hit:
    """Return a hit at the receiver's definition, or at a part of it.

    ``among`` names the signals that the rule is about: of a receiver's signals it is one of these.
    """
    meant = [path for path in receiver.signals if path.rpartition(".")[2] in among]
    signal = min(meant or receiver.signals, default=None)
    function = receiver.function
    return Hit(function.file, place or function, message, function.path, signal, fixable)


def finding(hit: Hit, made_by: Rule, advice: str) -> Finding:
    """Put a hit into a finding."""
    line, column, end_line, end_column = _place(hit)
    lines = hit.file.lines
    return Finding(
        code=made_by.code, message=hit.message, file=hit.file.shown, line=line,
        column=_characters(lines, line, column) + 1, receiver=hit.receiver, signal=hit.signal,
        level=hit.level or made_by.level, help=advice, end_line=end_line,
        end_column=_characters(lines, end_line, end_column) + 1,
        source=lines[line - 1] if line <= len(lines) else "", fixable=hit.fixable,
    )  # fmt: skip


def _place(hit: Hit) -> tuple[int, int, int, int]:
    place = hit.place
    if isinstance(place, Function):
        place = place.node
    if isinstance(place, Class):
        return place.line, 0, place.line, 0
    if isinstance(place, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        line = hit.file.lines[place.lineno - 1]
        behind = line.find(place.name, place.col_offset) + len(place.name)
        return place.lineno, place.col_offset, place.lineno, len(line[:behind].encode())
    line_number = getattr(place, "lineno", 1)
    column = getattr(place, "col_offset", 0)
    return (
        line_number,
        column,
        getattr(place, "end_lineno", line_number),
        getattr(place, "end_col_offset", column),
    )


def _characters(lines: list[str], line: int, bytes_before: int) -> int:
    """Return how many characters stand before a place that Python counts in bytes."""
    if not 1 <= line <= len(lines):
        return bytes_before
    text = lines[line - 1]
    return bytes_before if text.isascii() else len(text.encode()[:bytes_before].decode("utf-8", "replace"))
