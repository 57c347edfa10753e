"""Where in a long recording what stands, kept in its last line: who looks at a part reads that part.

The lines are counted in parts of some hundred kilobytes, which grow as the file does: the
index stays short, however long the recording is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Record = dict[str, Any]

_SIZE = 256 * 1024  # bytes of a part, at first
_MOST = 1_024  # parts
_STEPS = 10_000  # steps, counted in each part that has some of them: more are not noted

#: Stands for "nothing yet" where the lowest number is looked for.
_HIGHEST = 2**63


@dataclass(slots=True)
class Part:
    """Lines that follow each other, and what is known of them without reading them."""

    start: int  # bytes before it
    size: int = 0  # bytes
    dispatches: int = 0
    bypasses: int = 0
    others: int = 0  # steps, claims, receivers: what every view has to know
    low_id: int = _HIGHEST  # of its dispatches and bypasses
    high_id: int = 0
    low_ns: int = _HIGHEST  # when the first of them began
    high_ns: int = 0
    quiet: dict[str, int] = field(default_factory=dict)  # by signal: what a view may fold, and did not fail
    steps: dict[int | None, int] = field(default_factory=dict)  # dispatches by step

    def join(self, other: Part) -> None:
        """Add the part that follows."""
        self.size += other.size
        self.dispatches += other.dispatches
        self.bypasses += other.bypasses
        self.others += other.others
        self.low_id, self.high_id = min(self.low_id, other.low_id), max(self.high_id, other.high_id)
        self.low_ns, self.high_ns = min(self.low_ns, other.low_ns), max(self.high_ns, other.high_ns)
        for name, times in other.quiet.items():
            self.quiet[name] = self.quiet.get(name, 0) + times
        for step, times in other.steps.items():
            self.steps[step] = self.steps.get(step, 0) + times


class Index:
    """Notes the parts of a recording while its lines go by, the line of the run left out."""

    def __init__(self, start: int, foldable: frozenset[str]) -> None:
        self._foldable = foldable
        self._size = _SIZE
        self._part = Part(start)
        self._parts = [self._part]

    def add(self, kind: str, record: Mapping[str, Any], size: int, *, failed: bool = False) -> None:
        """Note a record, and how many bytes its line has."""
        if kind == "dispatch":
            name = record["name"]
            self.dispatch(record["id"], record["start_ns"], record["step"], size)
            if name in self._foldable and not failed:
                self.fold(name)
            return
        part = self._next(size)
        if kind == "bypass":
            part.bypasses += 1
            part.steps.setdefault(record["step"], 0)
            _widen(part, record["id"], record["start_ns"])
        elif kind != "callback":
            part.others += 1

    def dispatch(self, number: int, start_ns: int, step: int | None, size: int) -> None:
        """Note a dispatch."""
        part = self._part
        if part.size >= self._size:
            part = self._next(0)
        part.size += size
        part.dispatches += 1
        # Mostly in order: what follows is later than all before it.
        if number > part.high_id and start_ns > part.high_ns and part.high_id:
            part.high_id, part.high_ns = number, start_ns
        else:
            _widen(part, number, start_ns)
        part.steps[step] = part.steps.get(step, 0) + 1

    def fold(self, name: str) -> None:
        """Note that the dispatch that was just noted is one that a view may fold."""
        self._part.quiet[name] = self._part.quiet.get(name, 0) + 1

    def _next(self, size: int) -> Part:
        """Return the part to which the next line belongs, and count that line."""
        if self._part.size >= self._size:
            if len(self._parts) >= _MOST:
                self._halve()
            self._part = Part(self._part.start + self._part.size)
            self._parts.append(self._part)
        self._part.size += size
        return self._part

    def _halve(self) -> None:
        """Join each two parts to one of twice the size."""
        pairs = zip(self._parts[::2], [*self._parts[1::2], None][: len(self._parts[::2])], strict=True)
        joined = []
        for first, second in pairs:
            if second is not None:
                first.join(second)
            joined.append(first)
        self._parts, self._part = joined, joined[-1]
        self._size *= 2

    def dump(self) -> list[Any] | None:
        """Return the parts as JSON can hold them; None where they would be no help."""
        if len(self._parts) < 2 or sum(len(part.steps) for part in self._parts) > _STEPS:  # noqa: PLR2004
            return None
        return [
            [
                part.start, part.size, part.dispatches, part.bypasses, part.others, part.low_id,
                part.high_id, part.low_ns, part.high_ns, part.quiet, list(part.steps.items()),
            ]
            for part in self._parts
        ]  # fmt: skip


def _widen(part: Part, number: int, start_ns: int) -> None:
    # max() and min() take three times as long.
    if number < part.low_id:  # noqa: PLR1730
        part.low_id = number
    if number > part.high_id:  # noqa: PLR1730
        part.high_id = number
    if start_ns < part.low_ns:  # noqa: PLR1730
        part.low_ns = start_ns
    if start_ns > part.high_ns:  # noqa: PLR1730
        part.high_ns = start_ns


def parts_of(held: Any, start: int, end: int) -> list[Part]:
    """Return the parts that ``dump`` wrote: all that lies between two places, or raise ``ValueError``."""
    parts = [_part(*row) for row in held]
    for part in parts:
        if part.start != start or part.size <= 0:
            raise ValueError("the parts do not follow each other")
        start += part.size
    if start != end:
        raise ValueError("the parts are not all of it")
    return parts


def _part(*row: Any) -> Part:
    *held, steps = row
    part = Part(*held)
    part.steps = dict(steps)
    counts = [*row[:-2], *part.quiet.values(), *part.steps.values()]
    if not all(type(count) is int and count >= 0 for count in counts):
        raise ValueError("no number")
    return part
