"""Tracks on which things that take time stand nested, and never overlap otherwise."""

from __future__ import annotations

from collections.abc import Hashable

#: Stands for whatever is open: a thing of which nobody knows what it is nested in.
ANYTHING = object()


class Lane:
    """One track: what is open on it, and when the last thing began."""

    __slots__ = ("latest", "open")

    def __init__(self) -> None:
        self.open: list[tuple[int, Hashable]] = []  # ends and keys
        self.latest = 0

    def close(self, until: int) -> None:
        """Take away what has ended."""
        stack = self.open
        while stack and stack[-1][0] <= until:
            stack.pop()


class Lanes:
    """The tracks of one thread; each thing finds its own, in the order in which they begin."""

    def __init__(self) -> None:
        self.lanes = [Lane()]

    def place(self, key: Hashable, inside: Hashable, start: int, end: int) -> tuple[int, bool]:
        """Put a thing into what it is nested in, where that is open, or else on a track that is free.

        Return the number of the track, from 0, and whether it stands in what it is nested in.
        ``inside`` is the key of a thing, None, or ``ANYTHING``.
        """
        free = -1
        for number, lane in enumerate(self.lanes):
            if lane.latest > start:  # a thing that comes too late finds no room between others
                continue
            lane.close(start)
            if not lane.open:
                free = number if free < 0 else free
            elif end <= lane.open[-1][0] and inside in (lane.open[-1][1], ANYTHING):
                self._put(lane, key, start, end)
                return number, True
        if free < 0:
            free = len(self.lanes)
            self.lanes.append(Lane())
        self._put(self.lanes[free], key, start, end)
        return free, False

    def _put(self, lane: Lane, key: Hashable, start: int, end: int) -> None:
        lane.open.append((end, key))
        lane.latest = start
