"""A window on a long recording: its parts are read where something of them is shown, the rest is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Self

from sigexplorer.errors import RecordingError
from sigexplorer.model import Step
from sigexplorer.show.filters import NOISE, Filters, Sieve, chosen_steps
from sigexplorer.show.look import Look
from sigexplorer.show.recording import Parts, Recording
from sigexplorer.show.recording.index import Part
from sigexplorer.show.rollup import RolledUp, rolled_up
from sigexplorer.show.selection import Reader, Selection

Record = dict[str, Any]


def windowed(recording: Recording, look: Look) -> Selection | None:
    """Return what a view shows of the trace in ``recording``; None where all of it has to be read.

    That is so for short ones, for those that were cut or edited, and for filters that ask
    about more than the place.
    """
    places = Filters(first=look.filters.first, from_ns=look.filters.from_ns, step=look.filters.step)
    if look.filters != places or not look.rows:
        return None
    rolled = rolled_up(recording.file)
    if rolled is None or not rolled.parts:
        return None
    if sum(part.size for part in rolled.parts if part.others) > rolled.end["bytes"] // 4:
        return None  # steps everywhere
    try:
        with _Window(recording, rolled, look) as window:
            return window.selection()
    except (RecordingError, OSError):
        return None  # whoever reads it from the beginning says which line is wrong


class _Window:
    """Reads the parts that are needed, and counts the others."""

    def __init__(self, recording: Recording, rolled: RolledUp, look: Look) -> None:
        self._file = Parts(recording.file)
        self._rolled, self._look = rolled, look
        self._noise = frozenset[str]() if look.verbose else NOISE - look.marked

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        self._file.close()

    def selection(self) -> Selection:
        parts = self._rolled.parts
        chosen = chosen_steps(self._steps(), self._look.filters.step)
        reader = Reader(self._rolled.run, Sieve(self._look.filters, chosen), self._look)
        waiting = []
        for part in parts:
            matching = None if part.others else _matching(part, self._look.filters, chosen)
            if matching is None:
                self._read(reader, part)
            elif matching:
                waiting.append(part)
            else:
                reader.leave_out(part.dispatches, part.bypasses)
        rest = self._unread(reader, waiting)
        has_gap = any(part.dispatches > self._quiet(part).total() for part in rest)
        for part in rest:
            if part.bypasses and not has_gap:  # they stand between rows that are shown
                self._read(reader, part)
            else:
                reader.pass_over(part.dispatches, self._quiet(part))
        reader.add(self._rolled.end)
        sent: Counter[int | None] = Counter()
        for part in parts:
            sent.update(part.steps)
        return replace(reader.selection(), summary=self._rolled.profile.summary, sent=+sent)

    def _steps(self) -> Iterator[Step]:
        """Return the steps, where they matter."""
        for part in self._rolled.parts if self._look.filters.step is not None else ():
            if part.others:
                for record in self._records(part):
                    if record["type"] == "step":
                        yield Step(record["id"], record["title"], 0, 0, None)

    def _records(self, part: Part) -> Iterator[Record]:
        return self._file.records(part.start, part.size)

    def _read(self, reader: Reader, part: Part) -> None:
        for record in self._records(part):
            reader.add(record)

    def _quiet(self, part: Part) -> Counter[str]:
        return Counter({name: times for name, times in part.quiet.items() if name in self._noise})

    def _unread(self, reader: Reader, waiting: Sequence[Part]) -> list[Part]:
        """Read the parts in which the first and the last rows are; return the others."""
        rest = sorted(waiting, key=lambda part: part.low_id, reverse=True)
        while rest and reader.wants_first(rest[-1].low_id):
            self._read(reader, rest.pop())
        rest.sort(key=lambda part: part.high_id)
        while rest and reader.wants_last(rest[-1].high_id):
            self._read(reader, rest.pop())
        return rest


def _matching(part: Part, filters: Filters, chosen: frozenset[int] | None) -> bool | None:
    """Tell whether all of a part's records are in the window (true) or none (false); None: some may be."""
    if part.high_id < filters.first or part.high_ns < filters.from_ns:
        return False
    if chosen is not None and not chosen.intersection(part.steps):
        return False
    whole = part.low_id >= filters.first and part.low_ns >= filters.from_ns
    return True if whole and (chosen is None or chosen.issuperset(part.steps)) else None
