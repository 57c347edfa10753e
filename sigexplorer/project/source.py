"""The project's own source, read and never run: where things are defined, connected, imported."""

from __future__ import annotations

import ast
import itertools
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sigexplorer.capture.places import short
from sigexplorer.capture.words import contents
from sigexplorer.model import Origin

_Function = ast.FunctionDef | ast.AsyncFunctionDef

_SKIPPED = frozenset({"site-packages", "dist-packages", "node_modules", "__pycache__", "build", "dist"})
_MANY = 20_000  # files, and folders, of the largest project that is read whole


@dataclass(frozen=True, slots=True)
class File:
    """A file of the project's."""

    path: Path
    module: str  # by which it is, or would be, imported

    def at(self, node: ast.stmt | ast.expr, function: str = "") -> Origin:
        """Return the place of a node."""
        return Origin(short(str(self.path)), node.lineno, function)


@dataclass(frozen=True, slots=True)
class Definition:
    """A function in the source."""

    file: File
    name: str  # module.qualname
    at: Origin
    decorators: tuple[str, ...]  # as they are written, the outermost first
    lines: tuple[int, ...] = ()  # of the decorators


def connects(decorator: str) -> bool:
    """Whether a decorator, as it is written, is Django's ``@receiver(…)``."""
    return re.match(r"(?:\w+\.)*receiver\(", decorator) is not None


class Source:
    """The Python files of a project: its folder, and its apps wherever they are but in site-packages."""

    def __init__(self, folders: list[Path]) -> None:
        found = (file for folder in folders for file in _files(folder))
        self.files = list(dict.fromkeys(itertools.islice(found, _MANY)))

    def definitions(self, name: str) -> list[Definition]:
        """Return every function called ``name``, which is the last part of a dotted one."""
        mentioned = re.compile(rf"\bdef\s+{re.escape(name)}\b")
        return [
            definition
            for file in self.files
            if mentioned.search(_text(file.path))
            for definition in _definitions(file)
            if definition.name.rpartition(".")[2] == name
        ]

    def all_names(self) -> list[str]:
        """Return the dotted name of every function."""
        return [definition.name for file in self.files for definition in _definitions(file)]

    def connections(self, name: str) -> list[Origin]:
        """Return the lines that call some ``connect`` with a function called ``name``."""
        found = []
        for file in self.files:
            if "connect" in (text := _text(file.path)) and name in text:
                found += [
                    file.at(node)
                    for node in ast.walk(_tree(file.path))
                    if isinstance(node, ast.Call) and _is_connect(node, name)
                ]
        return found

    def spelled(self, text: str, at: Origin) -> str:
        """Return ``text`` in the case in which the file of a place has it."""
        found = (
            node.value
            for file in self.files
            if short(str(file.path)) == at.file
            for node in ast.walk(_tree(file.path))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        )
        return next((value for value in found if value.casefold() == text.casefold()), text)

    def importers(self, module: str) -> list[tuple[File, Origin]]:
        """Return the files that import ``module``, with the lines that do."""
        last = module.rpartition(".")[2]
        return [
            (file, file.at(node))
            for file in self.files
            if file.module != module and last in _text(file.path)
            for node in ast.walk(_tree(file.path))
            if isinstance(node, ast.stmt) and module in _imported(node, file)
        ]

    def names_wanted(self, at: str) -> list[tuple[str, str, Origin]]:
        """Return what the file of a place imports by name: from which module, what, and where."""
        return [
            (module, alias.name, file.at(node))
            for file in self.files
            if short(str(file.path)) == at
            for node in ast.walk(_tree(file.path))
            if isinstance(node, ast.ImportFrom) and (module := _base(node, file))
            for alias in node.names
        ]

    def configurations(self, folder: Path) -> list[Definition]:
        """Return every ``ready()`` of a class in the ``apps.py`` of a folder."""
        return [
            definition
            for file in self.files
            if file.path == folder / "apps.py"
            for definition in _definitions(file)
            if definition.name.endswith(".ready")
        ]


def project_folders(folder: Path) -> list[Path]:
    """Return where the project's own files are: its folder, and installed apps that are nobody else's."""
    from django.apps import apps

    paths = [Path(config.path) for config in apps.get_app_configs()]
    return [
        _home(folder),
        *(path for path in paths if not _SKIPPED.intersection(path.parts) and not _is_library(path)),
    ]


def _home(folder: Path) -> Path:
    """Return the folder of ``manage.py``, else the package, or the folder, of the settings."""
    if (folder / "manage.py").is_file():
        return folder
    from django.conf import settings

    name = str(settings.SETTINGS_MODULE).partition(".")[0]
    file = contents(sys.modules.get(name)).get("__file__")
    return Path(file).parent if type(file) is str else folder


def _is_library(path: Path) -> bool:
    import django

    return path.is_relative_to(Path(django.__file__).parent) or path.is_relative_to(Path(os.__file__).parent)


def _files(folder: Path) -> Iterator[File]:
    for place, folders, names in itertools.islice(os.walk(folder), _MANY):
        here = Path(place)
        folders[:] = sorted(
            name
            for name in folders
            if name not in _SKIPPED and not name.startswith(".") and not (here / name / "pyvenv.cfg").exists()
        )
        yield from (File(here / name, _module(here / name)) for name in sorted(names) if name.endswith(".py"))


def _module(path: Path) -> str:
    """Return the name by which a file is imported: from the entry of ``sys.path`` nearest to it."""
    bare = str(path.with_suffix(""))
    roots = [f"{str(Path(entry or '.').absolute()).rstrip(os.sep)}{os.sep}" for entry in sys.path]
    within = [root for root in roots if bare.startswith(root)]
    relative = bare[len(max(within, key=len)) :] if within else Path(bare).name
    return relative.replace(os.sep, ".").removesuffix(".__init__")


@lru_cache(maxsize=_MANY)
def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


@lru_cache(maxsize=_MANY)
def _tree(path: Path) -> ast.Module:
    try:
        return ast.parse(_text(path))
    except (SyntaxError, ValueError, RecursionError):  # of another Python, or a template
        return ast.Module(body=[], type_ignores=[])


def _definitions(file: File) -> Iterator[Definition]:
    yield from _defined_in(_tree(file.path).body, file, "")


def _defined_in(body: list[ast.stmt], file: File, prefix: str) -> Iterator[Definition]:
    for node in body:
        if isinstance(node, _Function):
            name = f"{prefix}{node.name}"
            decorators = tuple(ast.unparse(one) for one in node.decorator_list)
            line = min(one.lineno for one in (node, *node.decorator_list))
            at = Origin(short(str(file.path)), line, name)
            lines = tuple(one.lineno for one in node.decorator_list)
            yield Definition(file, f"{file.module}.{name}", at, decorators, lines)
            yield from _defined_in(node.body, file, f"{name}.<locals>.")
        elif isinstance(node, ast.ClassDef):
            yield from _defined_in(node.body, file, f"{prefix}{node.name}.")
        else:
            for block in _blocks(node):
                yield from _defined_in(block, file, prefix)


def _blocks(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Yield the blocks of an if, a try, a loop, a with or a match."""
    for part in ("body", "orelse", "finalbody"):
        yield getattr(node, part, [])
    for part in ("handlers", "cases"):
        yield from (one.body for one in getattr(node, part, []))


def _is_connect(call: ast.Call, name: str) -> bool:
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "connect":
        return False
    values = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "receiver")]
    return any(name in (getattr(value, "id", None), getattr(value, "attr", None)) for value in values)


def _imported(node: ast.AST, file: File) -> set[str]:
    """Return every module that an import statement may import."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if not isinstance(node, ast.ImportFrom):
        return set()
    base = _base(node, file)
    return {base, *(f"{base}.{alias.name}" for alias in node.names)}


def _base(node: ast.ImportFrom, file: File) -> str:
    """Return the module that a statement imports from."""
    base = node.module or ""
    if node.level:
        package = file.module if file.path.name == "__init__.py" else file.module.rpartition(".")[0]
        for _ in range(node.level - 1):
            package = package.rpartition(".")[0]
        base = f"{package}.{base}".strip(".")
    return base
