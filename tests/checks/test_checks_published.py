"""No false positive at level error over published packages; every other finding was looked at."""

from __future__ import annotations

import tomllib
from collections import Counter
from fnmatch import fnmatchcase
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from sigexplorer.checks import checking
from sigexplorer.checks.configuration import Configuration

EXAMINED: dict[str, Any] = tomllib.loads(
    (Path(__file__).parent / "published.toml").read_text(encoding="utf-8")
)
PACKAGES = tuple(EXAMINED["versions"])


def folder(package: str) -> Path:
    """Return where a package lies; the test is skipped where it is not installed."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        pytest.skip(f"{package} is not installed: CI installs it for the tests that are marked published")
    return Path(spec.origin).parent


@pytest.mark.published
@pytest.mark.parametrize("package", PACKAGES)
def test_a_published_package(package: str) -> None:
    """It has no finding of level error, and no warning that was not examined and written down."""
    root = folder(package)
    report = checking.check(checking.read([root]), Configuration())
    found = [one for one in report.findings if one.level != "note"]
    assert [one for one in found if one.level == "error"] == []
    counted: Counter[tuple[str, str]] = Counter()
    for one in found:
        path = Path(one.file).resolve().relative_to(root.resolve()).as_posix()
        counted[path, one.code] += 1
    entries = [one for one in EXAMINED["finding"] if one["package"] == package]
    for entry in entries:
        matching = [key for key in counted if key[1] == entry["code"] and fnmatchcase(key[0], entry["file"])]
        assert sum(counted.pop(key) for key in matching) <= entry["count"], entry
        assert entry["why"]
    assert counted == {}


@pytest.mark.published
@pytest.mark.parametrize("package", PACKAGES)
def test_a_published_package_is_read(package: str) -> None:
    """Every file of it is read, and those with signals have connections that are understood."""
    source = checking.read([folder(package)])
    assert source.unread == ()
    connections = sum(len(file.connections) for file in source.files)
    assert connections > 0
