"""What can be imported stays so for us, whatever a program does to its paths: we report when it has ended."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

#: By their names in ``sys``: the lists that imports go by, as the program found them.
_KNOWN: dict[str, list[Any]] = {}


def remember() -> None:
    """Remember by what imports go now."""
    for name in ("path", "path_hooks", "meta_path"):
        _KNOWN[name] = list(getattr(sys, name))


@contextmanager
def importable() -> Iterator[None]:
    """Let be found inside what was found then, after all that the program itself would find."""
    added: list[tuple[list[Any], list[Any]]] = []
    with suppress(Exception):  # whatever a program has put there
        for name, known in _KNOWN.items():
            now = getattr(sys, name)
            lacking = [each for each in known if each not in now]
            now.extend(lacking)
            added.append((now, lacking))
    try:
        yield
    finally:
        for now, lacking in added:
            for each in lacking:
                with suppress(ValueError):
                    now.remove(each)
