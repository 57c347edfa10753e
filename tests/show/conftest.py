"""A browser that opens reports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import chromium
import pytest
from chromium import Browser
from opened_reports import Open

from sigexplorer.model import Trace
from sigexplorer.show.exporters import html


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Return a browser for all tests of this file."""
    with chromium.browsing(tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Return a function that opens a report; nothing may go wrong in it, nor leave it."""

    def opens(*traces: Trace, width: int = 1400, dark: bool = False) -> Browser:
        file = tmp_path / "report.html"
        with file.open("w", encoding="utf-8") as out:
            out.writelines(html.export(traces))
        browser.resize(width, dark=dark)
        browser.open(file)
        return browser

    yield opens
    browser.run("0")  # what was said until now is heard before its answer
    assert browser.complaints() == []
    assert [url for url in browser.requests() if not url.startswith(("file:", "data:,"))] == []
