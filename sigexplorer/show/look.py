"""What a view shows of a trace, and how."""

from __future__ import annotations

from dataclasses import dataclass, field

from sigexplorer.show.filters import Filters
from sigexplorer.show.text import DEFAULT_LIMIT, ROWS


@dataclass(frozen=True, slots=True)
class Look:
    """How to show a trace."""

    filters: Filters = field(default_factory=Filters)
    verbose: bool = False  # show what is folded
    limit: int = DEFAULT_LIMIT  # characters of one value
    origins: bool = False  # who sent it
    sources: bool = False  # the code of each step
    marked: frozenset[str] = frozenset()  # short names of the signals that were asked for
    rows: int = ROWS  # of a long trace, half of them from its beginning and half from its end; 0: all
    several: bool = False  # whether more than one trace was asked for
