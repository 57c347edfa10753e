"""What list knows of the bundled project by heart is what the project has when it is started."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sigexplorer import catalog
from sigexplorer.catalog import installed
from sigexplorer.playground import registered

if TYPE_CHECKING:
    from sigexplorer.playground.boot import Playground


def test_the_numbers_are_those_of_the_project(playground: Playground) -> None:
    """Every signal of the started project, and how many listen to it, is what is known without it."""
    from sigexplorer.project import inventory

    assert playground
    assert registered.known()
    # What only django.test connects is not there when list is asked, and may be by now.
    pages = [page for page in catalog.PAGES if page.name != "setting_changed"]
    assert registered.built_in_signals(pages) == inventory.built_in_signals(pages)
    own = [signal for signal in inventory.custom_signals() if signal.signal.startswith("blog.")]
    assert registered.custom_signals() == own
    assert installed.django_release() == inventory.django_release()


def test_a_django_that_is_not_known_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a Django that came after us nothing is known by heart."""
    monkeypatch.setattr(registered, "django_version", lambda: (99, 0))
    assert not registered.known()


@pytest.mark.parametrize(
    ("version", "release"),
    [
        ('(6, 1, 0, "final", 0)', "6.1"),
        ("(5, 2, 19, 'final', 0)", "5.2.19"),
        ('(6, 2, 0, "alpha", 0)', None),
        ('(6, 2, 0, "rc", 1)', None),
    ],
)
def test_the_release_is_read_from_the_source(
    version: str, release: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A final release is told as Django itself does; of others Django has to be asked."""
    (tmp_path / "__init__.py").write_text(f"VERSION = {version}\n")
    monkeypatch.setattr(installed, "django_root", lambda: tmp_path)
    assert installed.django_release() == release
