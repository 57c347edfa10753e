"""The type of a fact: something about signals that surprises people, and can be proven."""

from __future__ import annotations

from dataclasses import dataclass

from sigexplorer.catalog.page import ANCIENT, SUPPORTED, Note, Version, dotted


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement about signals that a scenario proves on the installed Django."""

    id: str
    statement: str  # one sentence
    why: str  # why Django does so, or what to do about it
    scenario: str  # the one with the claims that carry the id
    source: tuple[
        str, ...
    ]  # "django/file.py: Class.method" of Django's source, or a page of its documentation
    signals: tuple[str, ...] = ()  # short names; none: it concerns every signal
    outcomes: tuple[Note, ...] = ()  # what happens in which Django, where that differs
    added: Version = ANCIENT  # the Django that it needs at least

    @property
    def versions(self) -> str:
        """Say of which Djangos it is so, or that they differ; proven with each that is supported."""
        if self.added > ANCIENT:
            return f"from {dotted(self.added)}"
        first, *_, last = map(dotted, SUPPORTED)
        return "differs" if self.outcomes else f"{first} to {last}"

    def exists_in(self, version: Version) -> bool:
        """Tell whether that Django has what the fact is about."""
        return version >= self.added

    def outcome_in(self, version: Version) -> str:
        """Return what happens in that Django; nothing where all do the same."""
        return " ".join(note.text for note in self.outcomes if note.holds_in(version))
