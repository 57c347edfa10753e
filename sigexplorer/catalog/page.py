"""The types of a catalogue page."""

from __future__ import annotations

from dataclasses import dataclass, field

#: A Django feature version, such as ``(5, 2)``.
Version = tuple[int, int]

#: Stands for every Django before the oldest that is supported.
ANCIENT: Version = (0, 0)

#: The Djangos that everything is proven with.
SUPPORTED: tuple[Version, ...] = ((5, 2), (6, 0), (6, 1))


@dataclass(frozen=True, slots=True)
class Argument:
    """One keyword argument that a signal sends besides ``signal`` and ``sender``."""

    name: str
    type: str
    meaning: str
    since: Version = ANCIENT  # the Django that added it
    changed: str = ""  # history worth showing, e.g. "added in Django 4.1"
    only: str = ""  # when it is sent, where that is not always


@dataclass(frozen=True, slots=True)
class Note:
    """A pitfall, for the Django versions from ``since`` up to but not ``before``."""

    text: str
    since: Version = ANCIENT
    before: Version = (99, 0)

    def holds_in(self, version: Version) -> bool:
        """Tell whether the note is about ``version``."""
        return self.since <= version < self.before


@dataclass(frozen=True, slots=True)
class Table:
    """A small table that belongs to a page."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Everything there is to know about one built-in signal."""

    name: str
    module: str  # where Django defines it
    group: str
    summary: str  # one line
    when: str
    sender: str
    arguments: tuple[Argument, ...]
    pitfalls: tuple[Note, ...]
    example: str  # a receiver, as Python
    trigger: str  # what `sigexplorer trigger` does, in one line
    related: tuple[str, ...]
    sent_by: tuple[str, ...]  # modules of Django that send it, read for file and line
    scenarios: tuple[str, ...] = ()
    tables: tuple[Table, ...] = field(default=())
    added: Version = ANCIENT  # the Django that has it first
    documented: bool = True

    @property
    def path(self) -> str:
        """The dotted path, as the contract names a signal."""
        return f"{self.module}.{self.name}"

    def exists_in(self, version: Version) -> bool:
        """Tell whether that Django has the signal."""
        return version >= self.added

    def arguments_in(self, version: Version) -> tuple[Argument, ...]:
        """Return the arguments that that Django sends."""
        return tuple(argument for argument in self.arguments if version >= argument.since)

    def pitfalls_in(self, version: Version) -> tuple[str, ...]:
        """Return the pitfalls that hold in that Django."""
        return tuple(note.text for note in self.pitfalls if note.holds_in(version))


def dotted(version: Version) -> str:
    """Return a version as Django writes it, such as ``5.2``."""
    return ".".join(map(str, version))
