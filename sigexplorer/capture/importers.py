"""Note who imports each module first: Python itself does not remember."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sigexplorer.capture.places import origin
from sigexplorer.model import Origin


class Imports:
    """Asked by Python for every module before its own finders, it finds none and notes who asked."""

    def __init__(self) -> None:
        self._by: dict[str, Origin | None] = {}
        self._loaded: set[str] = set()  # not only looked for

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note what is imported inside."""
        sys.meta_path.insert(0, self)
        try:
            yield
        finally:
            sys.meta_path.remove(self)

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
        """Note who wants the module called ``name``, and leave it to others to find it."""
        if name not in self._by:
            self._by[name] = origin(sys._getframe(1))
        if sys._getframe(2).f_code.co_name == _LOADING:
            self._loaded.add(name)

    def importer(self, module: str) -> Origin | None:
        """Return the line that made Python import ``module`` first, if that was watched."""
        return self._by.get(module)

    def missing(self, file: str) -> list[tuple[str, Origin]]:
        """Return the modules that a file wanted to import and that are not there, and where it did."""
        return [
            (name, at)
            for name, at in self._by.items()
            if at is not None and at.file == file and name in self._loaded and name not in sys.modules
        ]

    def failed(self, module: str) -> bool:
        """Whether Python began to import ``module``, and it is not there: an error ended it."""
        return module in self._loaded and module not in sys.modules


#: The function of ``importlib._bootstrap`` that looks for a module in order to run it.
_LOADING = "_find_and_load_unlocked"

#: What was imported while the project of this process was started.
IMPORTS = Imports()
