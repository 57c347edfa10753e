"""From a source, what a view shows of each trace in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sigexplorer.show.filters import Names, Sieve
from sigexplorer.show.look import Look
from sigexplorer.show.recording import Recording
from sigexplorer.show.selection import Reader, Selection, selected
from sigexplorer.show.source import InMemory, Source, each, sieves
from sigexplorer.show.window import windowed

Record = dict[str, Any]


def select(source: Source, look: Look) -> list[Selection]:
    """Return what a view shows of each trace; of a file no more is held than that."""
    if isinstance(source, InMemory):
        return [selected(trace, look) for trace in source.traces]
    if isinstance(source, Recording):
        window = windowed(source, look)
        if window is not None:
            return [window]
    names = Names(look.filters)
    each_sieve = sieves(source, look.filters)
    found = [_read(stream, next(each_sieve), names, look) for stream in each(source.records())]
    names.check()
    return found


def _read(stream: Iterator[Record], sieve: Sieve, names: Names, look: Look) -> Selection:
    reader = Reader(next(stream), sieve, look, names)
    for record in stream:
        reader.add(record)
    return reader.selection()
