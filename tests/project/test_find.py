"""Which project is meant, found without running anything of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sigexplorer.errors import ProjectError
from sigexplorer.project.find import find

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder, with nothing in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    return tmp_path


STANDARD = """
import os
import sys
raise SystemExit("this is never run")

def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
"""

SET = "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', {})\n"

READABLE = {
    "standard": STANDARD,
    "assigned": "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'mysite.settings'\n",
    "imported environ": SET.replace("import os", "from os import environ").format("'mysite.settings'"),
    "a constant": "NAME = 'mysite.settings'\n" + SET.format("NAME"),
    "a default": SET.format("os.environ.get('S', 'mysite.settings')"),
    "an or": SET.format("os.getenv('S') or 'mysite.settings'"),
    "twice the same": STANDARD + STANDARD,
}


@pytest.mark.parametrize("code", READABLE.values(), ids=READABLE)
def test_manage_py_is_read(code: str, folder: Path) -> None:
    """The settings module is read from the source of manage.py, and its folder is imported from."""
    (folder / "manage.py").write_text(code)
    project = find(None, None)
    assert (project.settings, project.folder) == ("mysite.settings", folder)


def test_the_nearest_manage_py_counts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside of a project the manage.py of a folder above is found, the nearest first."""
    inner = folder / "a" / "b" / "c"
    inner.mkdir(parents=True)
    (folder / "manage.py").write_text(STANDARD.replace("mysite", "outer"))
    (folder / "a" / "manage.py").write_text(STANDARD)
    monkeypatch.chdir(inner)
    assert find(None, None).settings == "mysite.settings"
    assert find(None, None).folder == folder / "a"


def test_options_come_before_the_environment_and_that_before_manage_py(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--settings wins over DJANGO_SETTINGS_MODULE, which wins over manage.py."""
    (folder / "manage.py").write_text(STANDARD)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "from.environment")
    assert find("from.option", None).settings == "from.option"
    assert find(None, None).settings == "from.environment"
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "")
    assert find(None, None).settings == "mysite.settings"
    assert find("x", folder / "elsewhere").folder == folder / "elsewhere"


def test_no_project_says_what_was_looked_for() -> None:
    """Where there is no project the message names all that was tried, and --demo."""
    with pytest.raises(ProjectError) as problem:
        find(None, None)
    for word in ("--settings", "DJANGO_SETTINGS_MODULE", "manage.py"):
        assert word in problem.value.message
    assert "--demo" in problem.value.hint


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("print('no Django here')\n", "names no settings module"),
        ("def broken(:\n", "cannot be read"),
        ("x = '\x00'", "cannot be read"),
        (STANDARD + STANDARD.replace("mysite", "other"), "mysite.settings, other.settings"),
        (SET.format("f'{x}.settings'"), "names no settings module"),
    ],
    ids=["none", "syntax", "nul", "several", "computed"],
)
def test_a_manage_py_that_cannot_be_read_says_so(code: str, says: str, folder: Path) -> None:
    """A manage.py that names no settings module, or several, is an error that asks for --settings."""
    (folder / "manage.py").write_text(code)
    with pytest.raises(ProjectError, match=says) as problem:
        find(None, None)
    assert "--settings" in problem.value.hint
