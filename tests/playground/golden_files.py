"""Golden files: one where all versions of Django agree, one for each version where they differ."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stories import VERSION, Story

from sigexplorer.catalog.page import dotted

FOLDER = Path(__file__).resolve().parents[1] / "golden"
VERSIONS = ("5.2", "6.0", "6.1")


@dataclass(frozen=True, slots=True)
class Golden:
    """What a story is expected to look like in one version of Django."""

    title: str
    version: str  # of the Django that runs
    versions: tuple[str, ...] = VERSIONS  # those that have the story
    folder: Path = FOLDER

    @property
    def shared(self) -> Path:
        """The file for all versions."""
        return self.folder / f"{self.title}.txt"

    def own(self, version: str) -> Path:
        """Return the file of one version."""
        return self.folder / f"{self.title}.django-{version}.txt"

    def read(self) -> str:
        """Return what is expected; nothing where nobody has said so yet."""
        own = self.own(self.version)
        file = own if own.exists() else self.shared
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def update(self, text: str) -> None:
        """Expect ``text`` of this version, and what was expected before of the others."""
        expected = {version: self._read_of(version) for version in self.versions} | {self.version: text}
        if len(set(expected.values()) - {None}) == 1:
            self.shared.write_text(text, encoding="utf-8")
            for version in self.versions:
                self.own(version).unlink(missing_ok=True)
            return
        self.shared.unlink(missing_ok=True)
        for version, outline in expected.items():
            if outline is not None:
                self.own(version).write_text(outline, encoding="utf-8")

    def _read_of(self, version: str) -> str | None:
        for file in (self.own(version), self.shared):
            if file.exists():
                return file.read_text(encoding="utf-8")
        return None


def golden(story: Story) -> Golden:
    """Return the golden file of a story in the installed Django."""
    having = tuple(version for version in VERSIONS if tuple(map(int, version.split("."))) >= story.added)
    return Golden(story.title, dotted(VERSION), versions=having)
