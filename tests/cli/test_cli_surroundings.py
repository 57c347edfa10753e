"""The user's folder, settings and machine change nothing, and are not changed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from processes import Answer, python, sigexplorer, unprivileged

BROKEN = "raise RuntimeError('this is the code of somebody else')\n"

#: Modules that the bundled project has too, and names that Django looks for.
STRAYS = [
    "settings.py",
    "blog.py",
    "demo.py",
    "manage.py",
    "urls.py",
    "receivers.py",
    "conftest.py",
    "sitecustomize_.py",
    "demo/settings.py",
    "blog/models.py",
    "blog/__init__.py",
    "demo/__init__.py",
    "demo_project/manage.py",
    "demo_project/blog/__init__.py",
    "demo_project/demo/settings.py",
    "demo_project/__init__.py",
]

COMMANDS = {
    "list": ["list", "-f", "json"],
    "docs": ["docs", "post_save", "--live"],
    "trigger": ["trigger", "--all"],
    "scenario": ["scenario", "--all"],
}
each_command = pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)


@pytest.fixture
def crowded(tmp_path: Path) -> Path:
    """Return a folder full of somebody's broken modules, fixtures, templates and databases."""
    for name in STRAYS:
        if (
            not (tmp_path / name.split("/")[0].removesuffix(".py")).with_suffix(".py").is_file()
            or "/" not in name
        ):
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(BROKEN)
    (tmp_path / "db.sqlite3").write_bytes(b"not a database")
    (tmp_path / "templates" / "blog").mkdir(parents=True)
    (tmp_path / "templates" / "blog" / "index.html").write_text("{% broken")
    return tmp_path


def files(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def told(answer: Answer) -> str:
    """Return what was answered, without the times."""
    return re.sub(r"\d[\d.,]*(?:ns|us|ms|s)\b| +|─+", "", answer.out)


@cache
def from_nowhere(*arguments: str) -> Answer:
    """Return what a command answers in an empty folder where nothing can be written, without a home."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        place.chmod(0o555)
        answer = sigexplorer(*arguments, cwd=place, env={"HOME": "/nonexistent"}, preexec_fn=unprivileged())
        assert answer.code == 0, answer.err
        assert list(place.iterdir()) == []
        place.chmod(0o755)
    return answer


@each_command
def test_strange_modules_in_the_working_folder_change_nothing(arguments: list[str], crowded: Path) -> None:
    """A broken settings.py, blog.py or demo/ beside us is neither imported nor touched.

    And every command works where nothing can be written, and without a home folder.
    """
    before = files(crowded)
    here, elsewhere = sigexplorer(*arguments, cwd=crowded), from_nowhere(*arguments)
    assert here.code == 0, here.err
    assert here.err == elsewhere.err
    assert told(here) == told(elsewhere)
    assert files(crowded) == before


def test_strange_fixtures_in_the_working_folder_change_nothing(tmp_path: Path) -> None:
    """Loaddata of a scenario loads our fixture and no file of the same name that lies around."""
    for name in ("blog.json", "fixtures/blog.json", "blog.yaml", "blog.json.gz"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text('[{"model": "blog.tag", "pk": 4711, "fields": {"name": "stray"}}]')
    answer = sigexplorer("scenario", "load-fixture", cwd=tmp_path)
    assert answer.code == 0, answer.out
    assert "4711" not in answer.out


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        (["list"], "settings"),
        (["list"], "no.such.module"),
        (["docs"], "settings"),
        (["trigger", "pre_save"], ""),
        (["scenario", "save-user"], "settings"),
        (["scenario", "save-user"], "a b\n"),
    ],
)
def test_settings_of_the_environment_change_nothing(
    arguments: list[str], settings: str, crowded: Path
) -> None:
    """DJANGO_SETTINGS_MODULE may point anywhere: these commands do not look at it."""
    answer = sigexplorer(*arguments, cwd=crowded, env={"DJANGO_SETTINGS_MODULE": settings})
    assert answer.code == 0, answer.err
    assert "somebody else" not in answer.out + answer.err


def test_list_looks_at_the_users_project_only_when_asked_to(tmp_path: Path) -> None:
    """--settings and --pythonpath list the signals of that project instead of the bundled one."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").write_text(
        "from django.dispatch import Signal\norder_placed = Signal()\n"
    )
    (tmp_path / "shop_settings.py").write_text("SECRET_KEY = 'x' * 50\nINSTALLED_APPS = ['shop']\n")
    for more in ({"cwd": tmp_path}, {}):
        arguments = [] if more else ["--pythonpath", str(tmp_path)]
        answer = sigexplorer("list", "-f", "json", "--settings", "shop_settings", *arguments, **more)
        assert answer.code == 0, answer.err
        custom = [one for one in json.loads(answer.out)["signals"] if one["group"] == "custom"]
        assert [one["signal"] for one in custom] == ["shop.order_placed"]


def test_two_at_a_time_do_not_meet(tmp_path: Path) -> None:
    """Two commands in one folder at once answer the same, and so does one that runs afterwards."""
    arguments = ["trigger", "post_migrate", "connection_created", "-f", "coverage"]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: sigexplorer(*arguments, cwd=tmp_path), range(2)))
    answers.append(sigexplorer(*arguments, cwd=tmp_path))
    assert [answer.code for answer in answers] == [0, 0, 0]
    assert len({told(answer) for answer in answers}) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("flag", ["-OO", "-Werror -X dev", "-I"])
def test_pythons_own_options_change_nothing(flag: str, tmp_path: Path) -> None:
    """Optimised, in development mode, isolated or with warnings as errors, with no environment, it works."""
    root = str(Path(__file__).resolve().parents[2])
    code = f"import sys; sys.path.insert(0, {root!r}); from sigexplorer.__main__ import main; main()"
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, *flag.split(), "-B", "-c", code, "scenario", "login-flow"],
        env={"PATH": os.environ["PATH"]},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    assert "user_logged_in" in done.stdout


# What is imported, and when.

#: Runs commands in silence; after each prints its exit code, and what of Django is imported and set up.
LOOK = """
import io, json, sys
from sigexplorer.cli.run import run
out = sys.stdout
for arguments in json.loads(sys.argv[1]):
    sys.stdout = io.StringIO()
    code = run(arguments)
    ready = "django.apps" in sys.modules and sys.modules["django.apps"].apps.ready
    print(json.dumps({"code": code, "ready": ready, "modules": sorted(sys.modules)}), file=out)
"""


def looked(*commands: list[str]) -> list[dict[str, Any]]:
    """Run commands one after the other in one process, and return what was there after each."""
    return [json.loads(line) for line in python(LOOK, json.dumps(commands)).out.splitlines()]


def test_importing_the_commands_is_cheap() -> None:
    """Neither Django nor Rich's tables are imported before a command needs them."""
    answer = python("import sys, sigexplorer.cli.app; print(*sys.modules)")
    modules = set(answer.out.split())
    assert "sigexplorer.cli.app" in modules
    assert not {name for name in modules if name.split(".")[0] in ("django", "blog", "demo")}
    assert "rich.table" not in modules


def test_django_is_not_set_up_where_it_is_not_needed() -> None:
    """Pages, lists of scenarios, help and mistakes need no project: django.setup() is not called."""
    commands = [
        ["--version"],
        ["--help"],
        ["trigger", "--help"],
        ["docs"],
        ["docs", "post_save"],
        ["docs", "post_save", "-f", "json"],
        ["docs", "--search", "flush"],
        ["docs", "nope"],
        ["scenario"],
        ["scenario", "-f", "json"],
        ["scenario", "nope"],
        ["trigger", "nope"],
    ]
    seen = looked(*commands)
    assert len(seen) == len(commands)
    for arguments, after in zip(commands, seen, strict=True):
        assert after["code"] == (2 if "nope" in arguments else 0), arguments
        assert after["ready"] is False, arguments
        assert "django.db" not in after["modules"], arguments
        if arguments[0] == "docs":
            assert "django" not in after["modules"], arguments


def test_the_test_machinery_is_not_imported_unasked() -> None:
    """django.test, which connects receivers of its own, is imported only by what needs it."""
    *before, after = looked(
        ["list"], ["scenario", "login-flow"], ["trigger", "post_save"], ["trigger", "template_rendered"]
    )
    assert [one["code"] for one in (*before, after)] == [0, 0, 0, 0]
    assert not any("django.test" in one["modules"] for one in before)
    assert "django.test" in after["modules"]


@pytest.mark.slow  # CI also runs the bare wheel, where none of them is installed
def test_nothing_is_imported_from_tests_or_pytest() -> None:
    """The product needs neither pytest nor anything else that only its tests need."""
    (seen,) = looked(["scenario", "--all"])
    foreign = {"pytest", "hypothesis", "jsonschema", "tests", "_pytest"}
    assert not foreign & set(seen["modules"])
