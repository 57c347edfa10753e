"""Tracks on which things that take time stand nested, and never overlap otherwise."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

Thing = TypeVar("Thing")

#: Stands for whatever is open: a thing of which nobody knows what it is nested in.
ANYTHING = object()


@dataclass(frozen=True, slots=True)
class Span(Generic[Thing]):
    """Something that takes time, the thread it ran in, and what it is nested in."""

    thing: Thing
    key: Hashable
    start_ns: int
    end_ns: int
    home: str
    inside: Hashable = None  # the key of a span, None, or ``ANYTHING``


@dataclass(frozen=True, slots=True)
class Placed(Generic[Thing]):
    """A span on its track."""

    span: Span[Thing]
    track: int  # of those of its home, from 0
    nested: bool  # whether it stands in what it is nested in


class _Lanes:
    """Finds the track of each span, in the order in which they begin."""

    def __init__(self) -> None:
        self._open: dict[str, list[list[tuple[int, Hashable]]]] = {}  # by home, by track: ends and keys

    def place(self, span: Span[Thing]) -> Placed[Thing]:
        """Put a span into what it is nested in, where that is open, or else on a track that is free."""
        tracks = self._open.setdefault(span.home, [])
        for stack in tracks:
            while stack and stack[-1][0] <= span.start_ns:
                stack.pop()
        number = self._enclosing(span, tracks)
        nested = number is not None
        if number is None:
            number = next((place for place, stack in enumerate(tracks) if not stack), len(tracks))
        if number == len(tracks):
            tracks.append([])
        tracks[number].append((span.end_ns, span.key))
        return Placed(span, number, nested)

    def _enclosing(self, span: Span[Thing], tracks: list[list[tuple[int, Hashable]]]) -> int | None:
        for number, stack in enumerate(tracks):
            if stack and span.end_ns <= stack[-1][0] and span.inside in (stack[-1][1], ANYTHING):
                return number
        return None


def laid_out(spans: Iterable[Span[Thing]]) -> Iterator[Placed[Thing]]:
    """Yield the spans on their tracks, in the order in which they begin, the longest first."""
    lanes = _Lanes()
    for span in sorted(spans, key=lambda span: (span.start_ns, -span.end_ns)):
        yield lanes.place(span)
