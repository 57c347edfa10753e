"""What goes wrong when the place of some runs is left: told after them, for they are over."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence, Sized
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from sigexplorer.errors import SigexplorerError
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
        troubles = [one for one in (self.lost, self.trouble) if one is not None]
        texts = [*self.notes, *map(str, troubles)]
        if self.lost is not None:
            were = "run was" if self.untried == 1 else "runs were"
            texts[len(self.notes)] += f"; {self.untried} {were} not tried, which proves nothing of them"
        for text in texts:
            sys.stderr.write(f"sigexplorer: {safe(text, _LONGEST)}\n")
        return troubles[0].code if troubles else 0


@contextmanager
def entered(place: AbstractContextManager[Sequence[str] | None], told: Sized) -> Iterator[Ending]:
    """Enter ``place``; what goes wrong with it after something was told keeps nobody from showing that."""
    ending = Ending()
    try:
        with place as notes:
            ending.notes = notes or ()
            yield ending
    except SigexplorerError as problem:
        if not len(told):
            raise
        ending.trouble = problem
