"""What every scenario and trigger sends, line by line, on each Django."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from golden_files import FOLDER, VERSIONS, Golden, golden
from stories import ALL, STORIES, Story, outline_of, played, settled

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.title)
def test_outline_is_the_golden_one(story: Story, pytestconfig: pytest.Config) -> None:
    """A story sends what its golden file says, in that order, and its claims hold."""
    expected = golden(story)
    seen = outline_of(story, played(story))
    if pytestconfig.getoption("update_golden"):
        expected.update(seen)
    assert settled(seen) == settled(expected.read()), (
        "if the change is meant: python -m pytest tests/playground --update-golden"
    )
    assert not [line for line in seen.splitlines() if line.startswith("FAILED")]


def test_no_golden_is_left_over() -> None:
    """Each golden file belongs to a story, and no story has a shared file beside those of versions."""
    names = {file.name.removesuffix(".txt") for file in FOLDER.iterdir()}
    titles = {name.partition(".django-")[0] for name in names}
    assert titles <= {story.title for story in ALL}
    assert {name.partition(".django-")[2] for name in names} <= {"", *VERSIONS}
    assert not [
        title for title in titles if title in names and any(f"{title}.django-" in name for name in names)
    ]


def test_goldens_that_agree_are_one_file(tmp_path: Path) -> None:
    """Updating keeps one file while versions agree, splits it when they differ and joins it again."""
    versions = {version: Golden("story", version, folder=tmp_path) for version in VERSIONS}
    versions["5.2"].update("old\n")
    versions["6.0"].update("old\n")
    assert _files(tmp_path) == {"story.txt": "old\n"}
    versions["6.1"].update("new\n")
    own = {"story.django-5.2.txt": "old\n", "story.django-6.0.txt": "old\n", "story.django-6.1.txt": "new\n"}
    assert _files(tmp_path) == own
    assert [versions[version].read() for version in VERSIONS] == ["old\n", "old\n", "new\n"]
    versions["6.0"].update("new\n")
    versions["5.2"].update("new\n")
    assert _files(tmp_path) == {"story.txt": "new\n"}


def _files(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}
