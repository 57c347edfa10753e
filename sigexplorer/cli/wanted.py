"""What the words after ``sigexplorer trace`` ask for."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path

from sigexplorer.cli.options import Chosen, Viewed, Written


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the options of ``trace`` ask for; the names are those of the command's parameters."""

    chosen: Chosen = field(default_factory=Chosen)
    viewed: Viewed = field(default_factory=Viewed)
    written: Written = field(default_factory=Written)
    no_keep: bool = False
    listen: bool = False
    follow: bool = False
    init: bool = False
    live: bool = False
    inject: list[str] | None = None


def where(folder: Path) -> str:
    """Say where a run is noted that has no report, and how it is seen."""
    return f"what was recorded is in '{folder}' (sigexplorer show {shlex.quote(str(folder))})"
