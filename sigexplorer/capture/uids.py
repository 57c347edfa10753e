"""A dispatch_uid into words that are the same in every process and on every machine."""

from __future__ import annotations

import re
import sys
from typing import Any

from sigexplorer.capture.places import without_folders
from sigexplorer.capture.words import value

#: Stands for a number that is where an object lies: the next process has another one.
ADDRESS = "<id>"

#: From here on a number is taken for one: what people write themselves is smaller.
_LEAST = 2**32 if sys.maxsize >= 2**32 else 2**20

#: An address in a text: as ``repr`` writes it, or as ``id`` does.
_IN_TEXT = re.compile(r"(?<![0-9A-Za-z])0x[0-9a-fA-F]{6,16}\b|(?<![0-9])[0-9]{7,20}(?![0-9A-Za-z])")

_DEPTH = 3  # a tuple in a tuple


def uid(thing: Any) -> str | None:
    """Return a dispatch_uid as text, without addresses and folders of this machine; None for none."""
    return None if thing is None else str(_told(thing, _DEPTH))


def _told(thing: Any, depth: int) -> Any:
    kind = type(thing)
    if kind is int:
        return ADDRESS if abs(thing) >= _LEAST else thing
    if kind is str:
        return value(_IN_TEXT.sub(_marked, without_folders(thing)))
    if kind is tuple and depth:
        members = [_inside(member, depth - 1) for member in thing]
        return value(f"({', '.join(members)}{',' if len(members) == 1 else ''})")
    return value(thing)


def _inside(thing: Any, depth: int) -> str:
    told = _told(thing, depth)
    return repr(told) if type(thing) is str else str(told)


def _marked(found: re.Match[str]) -> str:
    text = found.group()
    return ADDRESS if "x" in text or int(text) >= _LEAST else text
