"""Numbers and texts, packed small: columns in binary behind a line of JSON, deflated, in base64."""

from __future__ import annotations

import json
import sys
import zlib
from array import array
from base64 import b64encode
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from sigexplorer.show.text import safe

#: Characters of a text; what is recorded is short unless somebody means harm.
LIMIT = 10_000

#: The types of a column, as of ``array``, the smallest first; JavaScript has the same.
_TYPES = "BHid"

#: The largest number that JavaScript tells from its neighbours.
_LARGEST = 2**53

#: One zero or many take the same room.
_ZEROS = "0"


class Numbers:
    """Things numbered from 0 in the order in which they are first seen."""

    def __init__(self) -> None:
        self._known: dict[Hashable, int] = {}
        self._new: list[Any] = []

    def of(self, things: Sequence[Hashable]) -> list[int]:
        """Return the number of each of ``things``."""
        known = self._known
        for thing in dict.fromkeys(things):
            if thing not in known:
                known[thing] = len(known)
                self._new.append(thing)
        return list(map(known.__getitem__, things))

    def new(self) -> list[Any]:
        """Return what was seen for the first time since this was last asked."""
        new, self._new = self._new, []
        return new


def clean(held: Any) -> Any:
    """Return a scalar, or a tuple or list of some, in which every text is safe to show."""
    if isinstance(held, str):
        return safe(held, LIMIT)
    if isinstance(held, tuple | list):
        return [clean(part) for part in held]
    return held


def clean_texts(texts: list[str]) -> list[str]:
    """Return ``texts``, safe to show; most are, which is seen at once for all of them."""
    whole = "".join(texts)
    if whole.isascii() and whole.isprintable() and max(map(len, texts), default=0) <= LIMIT:
        return texts
    return [safe(text, LIMIT) for text in texts]


def pack(tables: Any, columns: Iterable[tuple[str, Sequence[int]]] = ()) -> str:
    """Return ``tables``, as JSON, and the ``columns`` in letters that mean nothing in HTML."""
    layout, binary = [], []
    for name, numbers in columns:
        code, content = _packed(numbers)
        layout.append([name, code, len(numbers)])
        binary.append(content)
    head = json.dumps({"tables": tables, "columns": layout}, separators=(",", ":"), check_circular=False)
    content = b"".join([head.encode("ascii"), b"\n", *binary])
    return b64encode(zlib.compress(content, 1)).decode("ascii")


def _packed(numbers: Sequence[int]) -> tuple[str, bytes]:
    if not any(numbers):
        return _ZEROS, b""
    for code in _TYPES:
        try:
            return code, _bytes(array(code, numbers))
        except OverflowError:
            pass
    return "d", _bytes(array("d", [max(-_LARGEST, min(number, _LARGEST)) for number in numbers]))


def _bytes(column: array[Any]) -> bytes:
    if sys.byteorder == "big":  # pragma: no cover - the page reads what most machines write
        column.byteswap()
    return column.tobytes()
