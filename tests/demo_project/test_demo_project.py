"""The bundled project is an ordinary Django project, on every supported Django."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import django
import pytest

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

BOTH_SETTINGS = pytest.mark.parametrize("settings", ["demo.settings", "demo.on_disk"])
TASKS = {
    "count_words": ["SUCCESSFUL", 2],
    "archive_audit_entries": ["SUCCESSFUL", 1],
    "average_rating": ["FAILED", None],
}
RECEIVERS = [
    ["post_save", "create_profile", "auth.User", None, False],
    ["post_save", "reindex", "blog.Post", None, False],
    ["post_save", "write_audit_entry", "blog.Post", "blog.write_audit_entry", False],
    ["post_delete", "reindex", "blog.Post", None, False],
    ["m2m_changed", "count_retagging", "blog.Post_tags", None, False],
    ["post_migrate", "create_default_tag", "blog", None, False],
    ["user_logged_in", "greet_user", None, None, False],
    ["user_login_failed", "count_failed_login", None, None, False],
    ["post_published", "announce_post", None, None, False],
    ["post_published", "push_to_feed", None, None, True],
]


@BOTH_SETTINGS
def test_check_finds_nothing(project: Path, manage: Run, settings: str) -> None:
    """``check`` has neither an error nor a warning to report."""
    done = manage(project, "check", "--fail-level=WARNING", "--settings", settings)
    assert (done.stdout, done.stderr) == ("System check identified no issues (0 silenced).\n", "")


@BOTH_SETTINGS
def test_migrations_match_the_models(project: Path, manage: Run, settings: str) -> None:
    """``makemigrations`` has nothing to add, with either settings."""
    done = manage(project, "makemigrations", "--check", "--dry-run", "--settings", settings)
    assert (done.stdout, done.stderr) == ("No changes detected\n", "")


def test_own_tests_pass(project: Path, manage: Run) -> None:
    """``manage.py test`` runs the tests of the blog, and all pass."""
    done = manage(project, "test")
    assert re.search(r"^Ran [1-9]\d* tests .*\n\nOK$", done.stderr, re.MULTILINE)


def test_migrate_makes_one_file_beside_manage_py(project: Path, manage: Run) -> None:
    """``migrate`` makes ``db.sqlite3`` and nothing else, and a second time has nothing to do."""
    before = {path.name for path in project.rglob("*")}
    assert "blog.0002_first_categories... OK" in manage(project, "migrate").stdout
    assert {path.name for path in project.rglob("*")} - before == {"db.sqlite3"}
    assert "No migrations to apply." in manage(project, "migrate").stdout


def test_migrate_the_second_database(project: Path, manage: Run) -> None:
    """``migrate --database archive`` makes the second database."""
    manage(project, "migrate", "--database=archive")
    assert (project / "archive.sqlite3").exists()


def test_migrate_backward_and_forward(migrated: Path, manage: Run) -> None:
    """Every migration of the blog can be undone and made again."""
    undone = manage(migrated, "migrate", "blog", "zero").stdout
    assert "Unapplying blog.0002_first_categories... OK" in undone
    assert "Unapplying blog.0001_initial... OK" in undone
    manage(migrated, "migrate", "blog")
    assert json.loads(manage(migrated, "dumpdata", "blog.tag").stdout)[0]["fields"] == {"name": "general"}


def test_data_migration_takes_its_rows_back(migrated: Path, manage: Run) -> None:
    """Going back before the data migration removes the categories that it added."""
    dump = ("dumpdata", "blog.category")
    names = [row["fields"]["name"] for row in json.loads(manage(migrated, *dump).stdout)]
    assert names == ["News", "Notes"]
    manage(migrated, "migrate", "blog", "0001")
    assert json.loads(manage(migrated, *dump).stdout) == []


def test_loaddata_loads_the_fixture(migrated: Path, manage: Run) -> None:
    """``loaddata blog`` loads every row of the fixture, twice if asked to, and adds none of its own."""
    for _attempt in range(2):
        assert manage(migrated, "loaddata", "blog").stdout == "Installed 7 object(s) from 1 fixture(s)\n"
    rows = json.loads(manage(migrated, "dumpdata", "auth.user", "blog").stdout)
    loaded = [row for row in rows if row["pk"] >= 100]
    assert loaded == json.loads((migrated / "blog/fixtures/blog.json").read_text())
    assert "blog.auditentry" not in {row["model"] for row in rows}


@BOTH_SETTINGS
@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
def test_pages_answer(migrated: Path, program: Run, settings: str, kind: str) -> None:
    """Both entry points answer every page, in memory and on disk."""
    paths = ("/", "/async/", "/login/", "/signup/", "/admin/login/", "/home/", "/posts/1/")
    done = program(migrated, "pages.py", settings, kind, *paths)
    statuses = [status for status, _text in json.loads(done.stdout).values()]
    assert statuses == [200, 200, 200, 200, 200, 500, 404]


def test_errors_in_the_playground_are_plain_and_quiet(project: Path, program: Run) -> None:
    """In memory an error answers with the page for errors and writes nothing on stderr."""
    done = program(project, "pages.py", "demo.settings", "wsgi", "/home/", "/nowhere/")
    answers = json.loads(done.stdout)
    assert answers["/home/"][0] == 500
    assert "on purpose" in answers["/home/"][1]
    assert answers["/nowhere/"][0] == 404
    assert "There is no such page." in answers["/nowhere/"][1]
    assert done.stderr == ""


def test_errors_on_disk_are_shown(migrated: Path, program: Run) -> None:
    """On disk an error answers with Django's page for developers and is logged, as in any project."""
    done = program(migrated, "pages.py", "demo.on_disk", "wsgi", "/home/")
    assert "ZeroDivisionError" in json.loads(done.stdout)["/home/"][1]
    assert "ZeroDivisionError" in done.stderr


def test_receivers(project: Path, program: Run) -> None:
    """The blog connects exactly these receivers, in this order."""
    assert json.loads(program(project, "receivers.py").stdout) == RECEIVERS


def test_tasks(project: Path, program: Run) -> None:
    """Each task runs at once and ends as its docstring says; a Django without tasks has none."""
    done = program(project, "run_tasks.py")
    assert json.loads(done.stdout) == (TASKS if django.VERSION >= (6, 0) else {})
    assert done.stderr == ""
