"""In which process and thread something happened, told where there is more than one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sigexplorer.model import Bypass, Callback, Dispatch
from sigexplorer.show.text import safe

_THREAD = 40  # characters of a thread's name

_NARROW = 12  # and where there is little room

_REMEMBERED = 10_000  # places that are looked at once


class Places:
    """Whether records come from several processes, and from several threads of one."""

    __slots__ = ("_first", "_seen", "processes", "threads")

    def __init__(self, records: Iterable[Dispatch | Bypass | Callback] = ()) -> None:
        self.processes = self.threads = False
        self._first: dict[int | None, str | None] = {}  # by process the first thread
        self._seen: set[tuple[int | None, str | None]] = set()
        for record in records:
            self.see(record.process, record.thread)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Places) and other.title == self.title

    __hash__ = None  # type: ignore[assignment]  # it goes on taking note

    def see(self, process: int | None, thread: str | None) -> None:
        """Take note of one place; of what does not say where it was there is none."""
        place = (process, thread)
        if place in self._seen or process is None or (self.processes and self.threads):
            return
        if len(self._seen) < _REMEMBERED:
            self._seen.add(place)
        self.threads |= self._first.setdefault(process, thread) != thread
        self.processes |= len(self._first) > 1

    def read(self, record: dict[str, Any]) -> None:
        """Take note of where the dispatch was of which ``record`` tells."""
        if (record["process"], record["thread"]) not in self._seen:
            self.see(record["process"], record["thread"])

    @property
    def title(self) -> str:
        """What a column of them is called; empty where there is one place only."""
        return ", ".join(["process"] * self.processes + ["thread"] * self.threads)

    def told(self, record: Dispatch | Bypass | Callback) -> str:
        """Tell where ``record`` was, as far as that tells it from others."""
        words = [str(record.process)] if self.processes and record.process is not None else []
        if self.threads and record.thread is not None:
            words.append(safe(record.thread, _THREAD))
        return " ".join(words)


def worded(where: str, title: str) -> str:
    """Return what a column called ``title`` tells, for a line of its own: each name after what it is of."""
    if "," in title:
        process, _, thread = where.partition(" ")
        return f"process {process}, thread {thread}"
    return f"{title} {where}"


def stacked(where: str, title: str) -> str:
    """Return what a column called ``title`` tells in a narrow one: the process over the end of its thread."""
    if title == "process":
        return where
    process, _, thread = where.partition(" ") if "," in title else ("", "", where)
    bare = thread.partition(" (")[0]
    short = bare if len(bare) <= _NARROW else f"…{bare[1 - _NARROW :]}"
    return "\n".join(word for word in (process, short) if word)
