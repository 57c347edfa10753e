"""Reading Django's source as text."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from sigexplorer.catalog import find, installed
from sigexplorer.catalog.installed import Send, django_root, django_version, sends
from sigexplorer.errors import SigexplorerError

if TYPE_CHECKING:
    from pathlib import Path

PAGE = replace(find("post_save"), sent_by=("django.db.sender", "django.absent"))

SENDER = '''\
"""Nothing here: post_save.send(sender=None)"""
from django.db.models import signals
# post_save.send(sender=None) neither
bulk_post_save.send(sender=None)
signals.post_save_all.send(sender=None)
post_save.connect(print)


class Manager:
    def outer(
        self,
        name,
    ):
        def passed_by():
            return None

        text = """
no indentation here
"""
        async def inner():
            if name:
                return await signals.post_save.asend_robust(
                    sender=text,
                )


post_save.send(sender=None)
responses = db.signals.post_save.send_robust(sender=None)
'''

EXPECTED = (
    Send("django/db/sender.py", 22, "asend_robust", "Manager.outer.inner"),
    Send("django/db/sender.py", 27, "send", "<module>"),
    Send("django/db/sender.py", 28, "send_robust", "<module>"),
)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a small Django of version 5.2 in the place of the real one."""
    root = tmp_path / "django"
    (root / "db").mkdir(parents=True)
    (root / "__init__.py").write_text("VERSION = (5, 2, 1, 'final', 0)\n", encoding="utf-8")
    (root / "db" / "sender.py").write_text(SENDER, encoding="utf-8")
    monkeypatch.setattr(installed, "django_root", lambda: root)
    return root


def test_finds_calls_and_nothing_else(package: Path) -> None:
    """Calls over several lines and in nested functions are found; text, comments and namesakes are not."""
    assert package.is_dir()
    assert sends(PAGE) == EXPECTED


@pytest.mark.usefixtures("package")
def test_searches_the_package_where_the_named_modules_send_nothing() -> None:
    """A signal that a newer Django sends from another module is found all the same."""
    assert sends(replace(PAGE, sent_by=("django.elsewhere",))) == EXPECTED


@pytest.mark.usefixtures("package")
def test_finds_nothing_for_a_signal_of_a_newer_django() -> None:
    """A page for a later Django has no sends here, even where the name occurs."""
    assert sends(replace(PAGE, added=(6, 0))) == ()


def test_missing_django_is_an_error_with_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Django the error says so, and how to install it."""
    monkeypatch.setattr(installed, "find_spec", lambda _name: None)
    for ask in (django_root, django_version, lambda: sends(PAGE)):
        with pytest.raises(SigexplorerError, match="not installed") as caught:
            ask()
        assert "pip install django" in caught.value.hint


def test_unreadable_version_is_an_error(package: Path) -> None:
    """A Django without a version is refused rather than guessed at."""
    (package / "__init__.py").write_text("", encoding="utf-8")
    with pytest.raises(SigexplorerError, match="no version"):
        django_version()


def test_reads_without_importing_django() -> None:
    """The catalogue and its reading of Django import the standard library only."""
    code = """
import sys
before = set(sys.modules)
from sigexplorer import catalog
from sigexplorer.catalog import installed
assert all(installed.sends(page) for page in catalog.PAGES if page.exists_in(installed.django_version()))
catalog.match("%save")
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    imported = set(run.stdout.split())
    assert "sigexplorer" in imported
    assert imported - {"sigexplorer"} <= sys.stdlib_module_names


def test_lines_are_where_the_call_stands() -> None:
    """The line of a send, opened in an editor, shows the call."""
    for send in sends(find("m2m_changed")):
        lines = (django_root().parent / send.file).read_text(encoding="utf-8").splitlines()
        assert re.search(rf"m2m_changed\.{send.method}\(", lines[send.line - 1])
