"""Pages are read when they are asked for, and every page that is written can be asked for."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from sigexplorer import catalog
from sigexplorer.catalog import pages


def test_every_page_is_in_the_catalogue() -> None:
    """No page stands in a file without its name being in the list of names."""
    written = [
        thing
        for module in iter_modules(pages.__path__)
        for thing in vars(import_module(f"{pages.__name__}.{module.name}")).values()
        if isinstance(thing, catalog.Page)
    ]
    assert sorted(page.name for page in written) == sorted(catalog.NAMES)
    assert [page.name for page in catalog.PAGES] == list(catalog.NAMES)


def test_one_page_is_read_alone() -> None:
    """To find one page, by either of its names, no file of other pages is read; for names, none."""
    code = (
        "import sys; from sigexplorer import catalog; names = catalog.NAMES\n"
        "print(*(name for name in sys.modules if 'catalog.pages.' in name))\n"
        "catalog.find('post_save'), catalog.find('django.db.models.signals.post_save')\n"
        "print(*(name for name in sys.modules if 'catalog.pages.' in name))"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines() == ["", "sigexplorer.catalog.pages.saving"]


def test_there_is_nothing_else_to_be_had() -> None:
    """A misspelt attribute of the catalogue is an error as everywhere."""
    with pytest.raises(AttributeError, match="no attribute 'PAGE'"):
        catalog.PAGE  # type: ignore[attr-defined]  # noqa: B018 - it is the question
