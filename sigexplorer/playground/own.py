"""Scenarios of one's own: functions that take ``step``, found by what was typed.

The project must be set up: what is imported here may import its models.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from sigexplorer.errors import PluginError, ProjectError, UnknownNameError, UsageError
from sigexplorer.playground.asserts import Loader
from sigexplorer.playground.meant import is_file, plugins, split
from sigexplorer.playground.steps import Steps
from sigexplorer.project.start import told


@dataclass(frozen=True, slots=True)
class Own:
    """A scenario of the user's, by the name that runs it."""

    name: str
    function: Callable[..., Any]

    @property
    def summary(self) -> str:
        """What it shows: the first line of its docstring, or else its name."""
        lines = (inspect.getdoc(self.function) or self.function.__name__.replace("_", " ")).splitlines()
        return lines[0]

    def play(self, step: Steps) -> None:
        """Run it, in an event loop where it is a coroutine."""
        if inspect.iscoroutinefunction(self.function):
            from asgiref.sync import async_to_sync

            async_to_sync(self.function)(step)
        else:
            self.function(step)


def find(text: str, known: Iterable[str] = ()) -> Own:
    """Return the scenario that ``text`` names; ``known`` are names of others that it may be near."""
    meant = split(text)
    if meant is None:
        return _plugin(text, known)
    place, name = meant
    module = load(place)
    if name not in vars(module):
        raise _unknown(place, name, module)
    why = _unfit(vars(module)[name])
    if why:
        raise UsageError(f"'{text}' {why}", f"write it as: def {name}(step): ...")
    return Own(text, vars(module)[name])


def scenarios_in(place: str) -> list[Own]:
    """Return every scenario that a file or a module defines, in the order of its lines."""
    found = _scenarios(place, load(place))
    if not found:
        raise UsageError(f"no scenario in '{place}'", "a scenario is a function that takes 'step'")
    return found


def _scenarios(place: str, module: ModuleType) -> list[Own]:
    return [
        Own(f"{place}:{name}", held)
        for name, held in list(vars(module).items())
        if inspect.isfunction(held) and held.__module__ == module.__name__
        if not name.startswith("_") and not _unfit(held)  # a helper has its step from somebody else
    ]


def _unknown(place: str, name: str, module: ModuleType) -> Exception:
    found = [own.name for own in _scenarios(place, module)]
    problem = UnknownNameError("scenario", f"{place}:{name}", found)
    return problem if found else UsageError(problem.message, f"no function in '{place}' takes 'step'")


def _unfit(held: object) -> str:
    """Return why something is no scenario; empty where it is one."""
    if not callable(held) or isinstance(held, type):
        return "is no function"
    if inspect.isgeneratorfunction(held) or inspect.isasyncgenfunction(held):
        return "yields: nothing would run it"
    try:
        first, *others = inspect.signature(held).parameters.values()
    except ValueError:
        return "takes no 'step'"
    if first.name != "step" or first.kind not in (first.POSITIONAL_ONLY, first.POSITIONAL_OR_KEYWORD):
        return "takes no 'step'"
    needed = [
        one.name
        for one in others
        if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    ]
    return f"takes more than 'step': {', '.join(needed)}" if needed else ""


def _plugin(name: str, known: Iterable[str]) -> Own:
    points = plugins()
    point = next((one for one in points if one.name == name), None)
    if point is None:
        raise UnknownNameError("scenario", name, [*known, *(one.name for one in points)])
    home = point.dist.name if point.dist else "an unknown distribution"
    try:
        held: Any = load(point.module)
        for part in point.attr.split("."):
            held = getattr(held, part)
    except (ProjectError, AttributeError) as problem:
        said = getattr(problem, "message", problem)
        raise PluginError(
            f"the scenario '{name}' of '{home}' cannot be loaded: {said}", f"upgrade or remove '{home}'"
        ) from problem
    why = _unfit(held)
    if why:
        raise PluginError(f"the scenario '{name}' of '{home}' {why}", f"upgrade or remove '{home}'")
    return Own(name, held)


def load(place: str) -> ModuleType:
    """Import a file or a module; what it raises is told with its line."""
    if not is_file(place):
        return _attempt(place, lambda: _import(place))
    file = Path(place)
    if not file.is_file():
        what = "is a folder" if file.is_dir() else "is not there"
        raise UsageError(f"the file '{place}' {what}", "sigexplorer scenario FILE.py:NAME")
    return _attempt(place, lambda: _import_file(file.resolve()))


def _attempt(place: str, act: Callable[[], ModuleType]) -> ModuleType:
    try:
        return act()
    except (Exception, SystemExit) as problem:
        raise ProjectError(f"'{place}' cannot be imported: {told(problem)}") from problem


def _import_file(file: Path) -> ModuleType:
    """Import a file under the name that Python would give it, from the folder that holds its packages."""
    folder, parts = file.parent, [file.stem]
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    name = ".".join(parts)
    spec = importlib.util.find_spec(name) if all(part.isidentifier() for part in parts) else None
    if spec is not None and spec.origin and Path(spec.origin).resolve() == file:
        return _import(name)
    # Another module goes by that name, or the file is none that can be imported.
    name = f"scenarios_in_{file.stem}"
    known = sys.modules.get(name)
    if known is not None and known.__file__ == str(file):
        return known
    return _execute(importlib.util.spec_from_file_location(name, file, loader=Loader(name, str(file))))


def _import(name: str) -> ModuleType:
    """Import a module so that its asserts are noted, if it is not imported yet."""
    known = sys.modules.get(name)
    if known is not None:
        if sys.flags.optimize and type(known.__spec__ and known.__spec__.loader) is not Loader:
            raise UsageError(
                f"'{name}' was imported without its asserts", "run Python without -O and PYTHONOPTIMIZE"
            )
        return known
    spec = importlib.util.find_spec(name)
    if spec is None or type(spec.loader) is not SourceFileLoader:
        return importlib.import_module(name)
    spec.loader = Loader(name, spec.loader.path)
    module = _execute(spec)
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)
    return module


def _execute(spec: ModuleSpec | None) -> ModuleType:
    assert spec is not None and spec.loader is not None  # noqa: PT018, S101 - a loader was given
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(spec.name, None)
        raise
    return sys.modules.get(spec.name, module)
