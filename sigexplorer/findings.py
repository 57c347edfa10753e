"""What ``check`` found: strings and numbers, no syntax tree and no live object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "note"]

#: From the worst to the mildest.
LEVELS: tuple[Level, ...] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake in one place."""

    code: str
    message: str  # one line that names the receiver, where there is one
    file: str  # as it was found from the current folder, with slashes
    line: int  # from 1
    column: int  # from 1, in characters
    receiver: str | None  # module.qualname
    signal: str | None  # dotted path
    level: Level
    help: str  # what to do, in a sentence
    end_line: int
    end_column: int  # of the first character behind it
    source: str  # the line of the file
    fixable: bool = False  # --fix does it


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that could not be checked."""

    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class RulePage:
    """Everything there is to know about one rule."""

    code: str
    name: str  # of its function, with hyphens
    level: Level
    summary: str  # one line
    text: str  # why, in paragraphs
    wrong: str  # Python that is found
    right: str  # Python that is not
    theme: str
    fixable: bool


@dataclass(frozen=True, slots=True)
class Report:
    """The answer of one check."""

    findings: tuple[Finding, ...]
    unread: tuple[Unread, ...]
    files: int  # that were checked
    baselined: int = 0  # findings left out because the baseline has them
    fixed: int = 0  # mistakes that --fix put right


def at_least(level: Level, lowest: Level) -> bool:
    """Whether ``level`` is as bad as ``lowest`` or worse."""
    return LEVELS.index(level) <= LEVELS.index(lowest)
