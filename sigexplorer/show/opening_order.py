"""Records in the order in which they opened, of a stream in which they stand as they closed.

Ids count in the order of opening: whatever is not the next one waits until those before it
have come. What waits is small where dispatches are short; of much only a part is kept in
memory, and the rest in a file without a name.
"""

from __future__ import annotations

import marshal
import os
from collections.abc import Iterator
from contextlib import ExitStack
from heapq import heapify, heappop, heappush
from typing import IO, Any, NamedTuple, Self

from sigexplorer.errors import RecordingError
from sigexplorer.model import Bypass, Callback, Dispatch
from sigexplorer.show.files import putting_away, temporary
from sigexplorer.show.recording.load import Maker
from sigexplorer.show.source import Source, blocks_of

Record = dict[str, Any]

_IN_MEMORY = 20_000  # things that wait
_AT_ONCE = 200  # of them are written, and read again


class _Waiting(NamedTuple):
    """Something that came before its turn."""

    id: int
    number: int  # of all that came so
    thing: Any
    following: Iterator[_Waiting] | None  # those of the file that come after it


class Opening:
    """Gives things in the order of their ids: tuples, dicts and lists of scalars.

    ``files`` closes the file.
    """

    def __init__(self, files: ExitStack) -> None:
        self.next = 1  # the id that is waited for
        self.waiting: list[_Waiting] = []  # a heap: what is in memory, and the first of each part of the file
        self._came = 0
        self._in_memory = 0
        self._files = files
        self._file: IO[bytes] | None = None

    def add(self, number: int, thing: Any) -> Iterator[Any]:
        """Take what has that id and yield what is next: this, others that waited for it, or nothing."""
        if number > self.next:
            self._came += 1
            self._in_memory += 1
            heappush(self.waiting, _Waiting(number, self._came, thing, None))
            if self._in_memory > _IN_MEMORY:
                self._put_away()
            return
        yield thing
        if number == self.next:
            self.next += 1
            while self.waiting and self.waiting[0].id <= self.next:
                self.next = self.waiting[0].id + 1
                yield self._first()

    def rest(self) -> Iterator[Any]:
        """Yield what still waits for something that did not come."""
        while self.waiting:
            yield self._first()

    def _first(self) -> Any:
        first = heappop(self.waiting)
        if first.following is None:
            self._in_memory -= 1
        else:
            self._wait_for(first.following)
        return first.thing

    def _wait_for(self, others: Iterator[_Waiting]) -> None:
        if (first := next(others, None)) is not None:
            heappush(self.waiting, first)

    def _put_away(self) -> None:
        """Write what waits in memory to a part of the file, in its order."""
        with putting_away():
            self._write()

    def _write(self) -> None:
        if self._file is None:
            self._file = temporary(self._files, "w+b")
        away = sorted(each for each in self.waiting if each.following is None)
        self.waiting = [each for each in self.waiting if each.following is not None]
        heapify(self.waiting)
        self._in_memory = 0
        start = self._file.seek(0, os.SEEK_END)
        for place in range(0, len(away), _AT_ONCE):
            try:
                marshal.dump([each[:3] for each in away[place : place + _AT_ONCE]], self._file)
            except ValueError:  # of unknown keys of a record: JSON may be read deeper than this
                raise RecordingError("one of its records is nested too deeply") from None
        self._wait_for(_Part(self._file, start, len(away)))


class _Part:
    """What was put away together, and comes back one by one."""

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        self._file, self._place, self._left = file, start, size
        self._read: list[tuple[int, int, Any]] = []  # the last one first

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> _Waiting:
        if not self._left:
            raise StopIteration
        if not self._read:
            with putting_away():  # what is left of it is written
                self._file.seek(self._place)
            self._read = marshal.load(self._file)[::-1]  # noqa: S302 - we wrote it
            self._place = self._file.tell()
        self._left -= 1
        return _Waiting(*self._read.pop(), self)


def opened(found: Iterator[Record], files: ExitStack) -> Iterator[Dispatch | Bypass | Callback]:
    """Yield what opened in a trace, of its records as they closed; its steps and claims are passed over."""
    made, opening = Maker(), Opening(files)
    for record in found:
        if record["type"] in _OPENING:
            for thing in opening.add(record["id"], record):
                yield made.of(thing["type"])(thing)
    for thing in opening.rest():
        yield made.of(thing["type"])(thing)


_OPENING = frozenset({"dispatch", "bypass", "callback"})


def titles_of(source: Source) -> list[dict[int, str]]:
    """Return the titles of the steps of each trace, which are told only when they have ended."""
    titles: list[dict[int, str]] = []
    for block in blocks_of(source):
        for held in block:
            if isinstance(held, tuple):
                continue
            if held["type"] == "run":
                titles.append({})
            elif held["type"] == "step":
                titles[-1][held["id"]] = held["title"]
    return titles
