"""What goes wrong when the place of some runs is left: told after them, for they are over."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence, Sized
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from sigexplorer.errors import DatabaseUrlError, SigexplorerError
from sigexplorer.show.text import safe

_LONGEST = 2_000


@dataclass(slots=True)
class Ending:
    """What is to be said of the place, after what was told."""

    notes: Sequence[str] = ()
    trouble: SigexplorerError | None = None
    lost: SigexplorerError | None = None  # the place went away while there was more to run
    untried: int = 0  # runs, for that reason

    def tell(self) -> int:
        """Say it beside the answer, and return the exit code of it: 0 where all is well."""
        sys.stdout.flush()
        trouble = self.trouble if self.lost is None else self.loss()
        notes = self.notes if self.lost is None else ()  # the next run tells of what earlier ones have left
        for text in [*notes, *([str(trouble)] if trouble else [])]:
            sys.stderr.write(f"sigexplorer: {safe(text, _LONGEST)}\n")
        return trouble.code if trouble else 0

    def loss(self) -> SigexplorerError | None:
        """Return what is to be said of a place that went away, in one: also what may be left of it."""
        if self.lost is None:
            return None
        said = [self.lost.message]
        if self.untried:
            were = "run was" if self.untried == 1 else "runs were"
            said.append(f"{self.untried} {were} not tried, which proves nothing of them")
        if self.trouble is not None:
            what, _, why = self.trouble.message.partition(": ")
            said.append(what if why and why in self.lost.message else self.trouble.message)
        return DatabaseUrlError("; ".join(said), self.lost.hint)


@contextmanager
def entered(place: AbstractContextManager[Sequence[str] | None], told: Sized) -> Iterator[Ending]:
    """Enter ``place``; what goes wrong with it after something was told keeps nobody from showing that."""
    ending = Ending()
    try:
        with place as notes:
            ending.notes = notes or ()
            yield ending
    except SigexplorerError as problem:
        if not len(told) and ending.lost is None:
            raise
        ending.trouble = problem
