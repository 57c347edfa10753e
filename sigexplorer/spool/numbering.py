"""Ids for the rows of several processes: one order for all of them, that in which they opened."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

#: Ids beyond the bytes of a file that may be missing in it, because their rows were never closed.
_MISSING = 1_000_000


class Starts:
    """The clock at which each row of one process opened, by its id."""

    def __init__(self, most: int) -> None:
        self.since = 0  # ids up to this one are of the process that it was forked from
        self._most = most + _MISSING  # each row takes at least a byte
        self._clocks = array("q")

    def add(self, number: int, start: int) -> None:
        """Note one row; rows come in any order."""
        place = number - self.since - 1
        if place < 0:
            return  # it opened before the fork
        if place >= self._most:
            raise ValueError(number)
        lacking = place + 1 - len(self._clocks)
        if lacking > 0:
            self._clocks.extend([0] * lacking)
        self._clocks[place] = start

    def in_order(self) -> Iterator[int]:
        """Return the clocks; threads that open rows at the same moment may read it in another order."""
        return accumulate(self._clocks, max)


class Numbers:
    """The ids of one process's rows in the trace of all."""

    def __init__(
        self, since: int, lacking: set[int], parent: Numbers | None, ranks: Sequence[int] | None
    ) -> None:
        self._since = since
        self._lacking = lacking
        self._parent = parent
        self._ranks = ranks  # None: there is one process, and its own order is that of all

    def __call__(self, number: int) -> int | None:
        """Return the id of a row, None where there is none; one from before the fork is the parent's."""
        if number > self._since:
            if number in self._lacking:
                return None
            own = number - self._since
            if self._ranks is None:
                return own
            return self._ranks[own - 1] if own <= len(self._ranks) else None
        return self._parent(number) if number and self._parent is not None else None


def ranked(processes: Iterable[Starts]) -> list[Sequence[int]]:
    """Return for each process the ids, from 1, of its rows among those of all."""
    starts = list(processes)
    ranks = [array("q") for _ in starts]
    streams = (_told(each, place) for place, each in enumerate(starts))
    for number, (_, place) in enumerate(heapq.merge(*streams), 1):
        ranks[place].append(number)
    return list(ranks)


def _told(starts: Starts, place: int) -> Iterator[tuple[int, int]]:
    return ((clock, place) for clock in starts.in_order())
