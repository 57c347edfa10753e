"""What the name of a scenario means, before anything is imported.

``flows.py:checkout`` is a function in a file, ``shop.flows:checkout`` one in a module; a
plain name is a scenario of ours, or an entry point of the group ``sigexplorer.scenarios``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sigexplorer.errors import UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "sigexplorer.scenarios"


def split(text: str) -> tuple[str, str] | None:
    """Return the place and the function that ``text`` means; None where it is a plain name.

    The function is empty where only a file or a module is named.
    """
    place, colon, name = text.rpartition(":")
    if not colon or text.endswith(".py") or "/" in name or "\\" in name:  # C:\flows.py
        place, name = text, ""
    if colon and not name and text.endswith(":"):
        raise UsageError(f"'{text}' names no function", f"{place.removesuffix(':')}:NAME")
    return (place, name) if colon or is_file(place) or "." in place else None


def is_file(place: str) -> bool:
    """Whether this names a file, and not a module."""
    return place.endswith(".py") or "/" in place or "\\" in place


def plugins() -> list[EntryPoint]:
    """Return the entry points that name scenarios; nothing is loaded."""
    from importlib.metadata import entry_points  # searches every distribution: only where it is asked for

    return sorted(entry_points(group=GROUP), key=lambda point: point.name)


def plugin_names() -> Iterator[str]:
    """Yield the names of those; they are searched for when the first is asked for."""
    yield from (point.name for point in plugins())
