"""A text with headings, paragraphs, tables and code, before it becomes Rich or Markdown."""

from __future__ import annotations

from dataclasses import dataclass

#: Characters of a text that are shown: a document is not a stream of values.
CELL = 2_000


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; the first of a document is its title."""

    text: str
    level: int = 2  # 1: the title


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Some sentences."""

    text: str
    quiet: bool = False  # of less importance


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: the titles of its columns and the texts of its cells."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[str] = frozenset()  # columns of numbers
    dim_rows: frozenset[int] = frozenset()  # rows of less importance
    wrong_rows: frozenset[int] = frozenset()  # rows that tell of an error


@dataclass(frozen=True, slots=True)
class Code:
    """Some Python."""

    python: str


@dataclass(frozen=True, slots=True)
class Commands:
    """Commands to type, each with what it does or nothing."""

    commands: tuple[tuple[str, str], ...]


Block = Heading | Paragraph | Bullets | Grid | Code | Commands
Document = tuple[Block, ...]
