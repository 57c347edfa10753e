"""The steps of a run, as its file tells them: what happened outside of one is no part of it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from operator import itemgetter
from types import NoneType
from typing import Any

from sigexplorer.model import Claim, Step

_NUMBER, _TEXT = (int, NoneType), (str, NoneType)

#: What each of these consists of, as it is written.
_NUMBERS = ((int,), (int,))
_CHANGE = ((int,), _NUMBER)
_STEP = ((int,), (str,), (int,), (int,), _TEXT, _TEXT)
_CLAIM = ((str,), (bool,), _TEXT, _NUMBER, _TEXT)


class Stepped:
    """What is known of the steps of one process."""

    def __init__(self) -> None:
        self.began = 0  # clock(): the first step
        self.claims: tuple[Claim, ...] = ()
        self._changes: list[tuple[int, int | None]] = []  # from when on it is which step, in order
        self._steps: list[Step] = []
        self._opened: list[tuple[int, int]] = []  # ids of rows, and when they began

    def learn(
        self, began: int, changes: list[Any], kept: int, steps: Sequence[Any], claims: Sequence[Any]
    ) -> None:
        """Take in what was told: changes that are new, the steps after the first ``kept``, all claims.

        ``TypeError`` where they are not as we write them.
        """
        self.began, kept = _checked((began, kept), _NUMBERS)
        self._changes += [_checked(change, _CHANGE) for change in changes]
        self._steps[kept:] = [Step(*_checked(step, _STEP)) for step in steps]
        self.claims = tuple(Claim(*_checked(claim, _CLAIM)) for claim in claims)

    def add(self, number: int, start: int) -> None:
        """Take in that a row opened."""
        self._opened.append((number, start))

    def step_of(self, clock: int) -> int | None:
        """Return the step that it was; None for outside of all."""
        place = bisect_right(self._changes, clock, key=itemgetter(0)) - 1
        return self._changes[place][1] if place >= 0 else None

    def numbers(self) -> dict[int, int]:
        """Return the ids of the records, by those of the rows in steps."""
        inside = sorted(number for number, start in self._opened if self.step_of(start) is not None)
        return {row: number for number, row in enumerate(inside, 1)}

    def steps(self, latest: int) -> tuple[Step, ...]:
        """Return the steps; one that has not ended lasted as far as is known: until ``latest``."""
        return tuple(step if step.duration_ns else self._so_far(step, latest) for step in self._steps)

    def _so_far(self, step: Step, latest: int) -> Step:
        lasted = max(0, latest - self.began - step.start_ns)
        return Step(step.id, step.title, step.start_ns, lasted, "the end of the run", step.source)


def _checked(row: Sequence[Any], kinds: Sequence[tuple[type, ...]]) -> Any:
    if len(row) != len(kinds) or any(type(one) not in kind for one, kind in zip(row, kinds, strict=True)):
        raise TypeError("not as it is written")
    return row
