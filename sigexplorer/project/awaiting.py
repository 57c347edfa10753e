"""Do something as soon as a module has been imported, without importing it ourselves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

Act = Callable[[ModuleType], object]


def when_imported(name: str, act: Act) -> None:
    """Call ``act`` with the module ``name``: at once if it is there, else right after its import.

    What ``act`` raises is lost: the program imports, and the fault is not its own.
    """
    module = sys.modules.get(name)
    if module is not None:
        _attempt(act, module)
        return
    _WAITING.acts.setdefault(name, []).append(act)
    if _WAITING not in sys.meta_path:
        sys.meta_path.insert(0, _WAITING)


class _Waiting:
    """A finder that finds nothing itself; it lets the others find, and waits for the import to end."""

    def __init__(self) -> None:
        self.acts: dict[str, list[Act]] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in self.acts:
            return None
        for finder in tuple(sys.meta_path):
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec = None if find is None else find(name, path, target)
            if spec is not None:
                _call_after(spec.loader, name)
                return spec  # type: ignore[no-any-return]
        return None

    def done(self, name: str) -> list[Act]:
        """Return what waited for a module, and wait for it no more."""
        acts = self.acts.pop(name, [])
        if not self.acts and self in sys.meta_path:
            sys.meta_path.remove(self)
        return acts


def _call_after(loader: Any, name: str) -> None:
    """Let the loader, which is there for this one import, do what waited when it has run the module."""
    execute = getattr(loader, "exec_module", None)
    if execute is None or isinstance(loader, type) or not hasattr(loader, "__dict__"):
        return

    def exec_module(module: ModuleType) -> None:
        vars(loader).pop("exec_module", None)
        execute(module)
        for act in _WAITING.done(name):
            _attempt(act, module)

    loader.exec_module = exec_module


def _attempt(act: Act, module: ModuleType) -> None:
    with suppress(Exception):
        act(module)


_WAITING = _Waiting()
