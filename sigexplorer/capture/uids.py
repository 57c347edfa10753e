"""A dispatch_uid into words that are the same in every process and on every machine."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import partial
from types import FunctionType, MethodType
from typing import Any

from sigexplorer.capture.places import without_folders
from sigexplorer.capture.receivers import layers
from sigexplorer.capture.registry import Registration
from sigexplorer.capture.words import value

#: Stands for a number that is where an object lies: the next process has another one.
ADDRESS = "<id>"

#: What ``repr`` writes, of whatever object; and numbers that may be what ``id`` returns, in two ways.
_WRITTEN = re.compile(r"(?<=\bat )0x[0-9a-fA-F]{6,16}\b")
_NUMBERS = (
    (re.compile(r"(?<![0-9])[0-9]{5,20}(?![0-9])"), 10),
    (re.compile(r"(?<![0-9A-Za-z])(?:0[xX])?[0-9a-fA-F]{5,16}(?![0-9A-Za-z])"), 16),
)

_DEPTH = 3  # a tuple in a tuple


def uid(thing: Any, receiver: Any, sender_id: int | None) -> str | None:
    """Return a dispatch_uid as text, without addresses and folders of this machine; None for none.

    An address is a number that is one of the receiver, of its object, its function or what that
    was made around, or of the sender, and what is written as ``repr`` writes one. Any other number
    is somebody's own.
    """
    if thing is None:
        return None
    addresses = set() if sender_id is None else {sender_id}
    for layer in layers(receiver):
        addresses.add(id(layer))
        if type(layer) is MethodType:
            addresses.add(id(layer.__self__))
        if type(layer) is FunctionType:
            addresses.update(map(id, _enclosed(layer)))
    return str(_told(thing, addresses, _DEPTH))


def _enclosed(function: FunctionType) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # an empty one
            yield cell.cell_contents


def uid_of(registration: Registration) -> str | None:
    """Return the dispatch_uid of a registration as text."""
    receiver = registration.function if registration.receiver is None else registration.receiver
    return uid(registration.dispatch_uid, receiver, registration.sender_id)


def _told(thing: Any, addresses: Collection[int], depth: int) -> Any:
    kind = type(thing)
    if kind is int:
        return ADDRESS if thing in addresses else thing
    if kind is str:
        return value(_marked(without_folders(thing), addresses))
    if kind is tuple and depth:
        members = [_inside(member, addresses, depth - 1) for member in thing]
        return value(f"({', '.join(members)}{',' if len(members) == 1 else ''})")
    return value(thing)


def _inside(thing: Any, addresses: Collection[int], depth: int) -> str:
    told = _told(thing, addresses, depth)
    return repr(told) if type(thing) is str else str(told)


def _marked(text: str, addresses: Collection[int]) -> str:
    def mark(found: re.Match[str], base: int) -> str:
        return ADDRESS if int(found[0], base) in addresses else found[0]

    text = _WRITTEN.sub(ADDRESS, text)
    for pattern, base in _NUMBERS:
        text = pattern.sub(partial(mark, base=base), text)
    return text
