"""What list knows of the bundled project by heart is what the project has when it is started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sigexplorer.catalog import installed
from sigexplorer.playground import registered

#: Starts the project in a process of its own, where no test has connected anything.
COMPARE = """
from sigexplorer import catalog
from sigexplorer.catalog.installed import django_release
from sigexplorer.playground import registered
from sigexplorer.playground.boot import PLAYGROUND
assert registered.known()
PLAYGROUND.boot(listen=False)
from sigexplorer.project import inventory
known, found = registered.built_in_signals(catalog.PAGES), inventory.built_in_signals(catalog.PAGES)
assert known == found, [pair for pair in zip(known, found) if pair[0] != pair[1]]
assert registered.custom_signals() == inventory.custom_signals(), inventory.custom_signals()
assert django_release() == inventory.django_release()
"""


def test_the_numbers_are_those_of_the_project() -> None:
    """Every signal of the started project, and how many listen to it, is what is known without it."""
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", COMPARE], cwd=root, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


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
