"""receivers, explain, why and lock: whose project they look at, what they say, and how they end."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from forks import forked
from processes import ROOT, Answer, is_svg, python, sigexplorer, terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Cli

COMMANDS = {
    "receivers": ["receivers"],
    "explain": ["explain", "blog.Post"],
    "why": ["why", "create_profile"],
    "lock": ["lock", "-o", "-"],
}
each_command = pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)

SETTINGS = """
SECRET_KEY = "x"
INSTALLED_APPS = {apps}
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": "never-opened/db.sqlite3"}}}}
"""

RECEIVERS = """
from django.dispatch import Signal, receiver
paid = Signal()
print("what the project prints")

@receiver(paid)
def on_paid(**kwargs):
    raise SystemExit("no receiver is ever called")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a project with one app, which connects one receiver and prints while it starts."""
    files = {
        "manage.py": (
            "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'mysite')\nraise SystemExit(9)\n"
        ),
        "mysite.py": SETTINGS.format(apps=["shop"]),
        "shop/__init__.py": "",
        "shop/apps.py": (
            "from django.apps import AppConfig\n\nclass ShopConfig(AppConfig):\n    name = 'shop'\n\n"
            "    def ready(self):\n        from shop import hooks\n"
        ),
        "shop/hooks.py": RECEIVERS,
        "shop/never.py": "raise SystemExit('nobody imports this')\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def listing(answer: Answer) -> list[dict[str, Any]]:
    """Return what a command listed, without Django's own."""
    assert answer.code == 0, answer.err
    return [one for one in json.loads(answer.out)["receivers"] if not one["stock"]]


def test_the_nearest_manage_py_is_looked_at(folder: Path) -> None:
    """From any folder of a project its receivers are listed by the same names, its own output kept apart."""
    expected = listing(forked("receivers", "-f", "json", cwd=folder))
    assert [(one["signal"], one["receiver"], one["file"]) for one in expected] == [
        ("shop.hooks.paid", "shop.hooks.on_paid", "shop/hooks.py")
    ]
    assert expected[0]["connected_at"] == {"file": "shop/hooks.py", "line": 6, "function": "<module>"}
    inside = forked("receivers", "-f", "json", cwd=folder / "shop")
    assert listing(inside) == expected
    assert "what the project prints" in inside.err


def test_where_django_connects_its_own_is_told(folder: Path) -> None:
    """Of Django's own receivers the line in Django is told, not the one of ours that started it."""
    answer = sigexplorer("receivers", "-f", "json", cwd=folder)
    stock = [one for one in json.loads(answer.out)["receivers"] if one["stock"]]
    assert stock
    assert {one["connected_at"]["file"].partition("/")[0] for one in stock} == {"django"}
    assert not [one for one in stock if one["connected_at"]["file"].startswith("django/dispatch/")]


def test_a_project_is_named_by_options_and_by_the_environment(folder: Path, tmp_path_factory: Any) -> None:
    """--settings with --pythonpath, and DJANGO_SETTINGS_MODULE, name a project from anywhere."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    options = ["--settings", "mysite", "--pythonpath", str(folder)]
    assert len(listing(forked("receivers", "-f", "json", *options, cwd=elsewhere))) == 1
    by_name = {"DJANGO_SETTINGS_MODULE": "mysite", "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}"}
    assert len(listing(forked("receivers", "-f", "json", cwd=elsewhere, env=by_name))) == 1


@pytest.mark.parametrize("name", ["nope", "mysite.nope", "nope.settings"])
def test_settings_that_are_not_there_are_named(folder: Path, name: str) -> None:
    """A settings module that cannot be found is named, with where it was looked for; no file of ours is."""
    answer = forked("receivers", "--settings", name, cwd=folder)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert f"no settings module '{name}': " in answer.err
    assert str(folder) in answer.err
    assert "start.py" not in answer.err


@each_command
def test_no_project_is_an_error(arguments: list[str], tmp_path: Path) -> None:
    """Where there is no project each command says what was looked for, and ends with 2."""
    answer = forked(*arguments, cwd=tmp_path)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    for word in ("--settings", "DJANGO_SETTINGS_MODULE", "manage.py", "--demo"):
        assert word in answer.err


BROKEN = {
    "an import": (
        "import nothing_of_that_name\n",
        "ModuleNotFoundError: No module named 'nothing_of_that_name'",
        1,
    ),
    "its own error": ("x = 1\n\n{}['a']\n", "KeyError: 'a'", 3),
    "its syntax": ("def broken(:\n", "SyntaxError", 1),
    "an exit": ("raise SystemExit('stop')\n", "SystemExit: stop", 1),
}


@pytest.mark.parametrize(("code", "says", "line"), BROKEN.values(), ids=BROKEN)
def test_a_project_that_cannot_be_set_up_says_why(code: str, says: str, line: int, folder: Path) -> None:
    """The last line of the project's own traceback and its file are told; --debug shows the whole."""
    (folder / "shop" / "hooks.py").write_text(code)
    answer = forked("receivers", cwd=folder)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert says in answer.err
    assert f"(shop/hooks.py:{line})" in answer.err
    assert "Traceback" in forked("--debug", "receivers", cwd=folder).err


def test_a_project_without_receivers_says_so(folder: Path) -> None:
    """A project that connects nothing is no error."""
    (folder / "mysite.py").write_text(SETTINGS.format(apps=[]))
    answer = forked("receivers", cwd=folder)
    assert (answer.code, answer.err) == (0, "")
    assert "no receivers" in answer.out
    assert listing(forked("receivers", "-f", "json", cwd=folder)) == []


def test_nothing_is_imported_connected_or_opened(folder: Path) -> None:
    """All of it is read: no module, database or receiver of the project is touched, nothing stays patched."""
    code = """
import sys
from sigexplorer.cli.run import run
import django.dispatch
before = dict(vars(django.dispatch.Signal))
run(["receivers"])
run(["why", "on_paid"])
run(["lock", "-o", "-"])
run(["lock", "--check", "-o", sys.argv[1]])
assert dict(vars(django.dispatch.Signal)) == before
assert not [one for one in sys.meta_path if type(one).__module__.startswith("sigexplorer")]
assert "shop.never" not in sys.modules and "django.contrib.auth" not in sys.modules
assert "django.db.backends.sqlite3" not in sys.modules and "django.test" not in sys.modules
"""
    (folder / "signals.lock").write_text("# sigexplorer.lock/1\n")
    answer = python(code, str(folder / "signals.lock"), cwd=folder)
    assert answer.code == 0, answer.err
    assert not (folder / "never-opened").exists()


def test_places_are_links_on_a_terminal(folder: Path) -> None:
    """A terminal gets links to the files, a pipe gets none."""
    answer = terminal("receivers", "--settings", "mysite", "--pythonpath", str(folder))
    assert f"file://{folder}/shop/hooks.py#6" in answer.out
    assert "file://" not in forked("receivers", cwd=folder).out


@pytest.mark.parametrize("format_name", ["table", "json", "markdown", "lines", "svg"])
def test_the_demo_is_listed_in_every_format(format_name: str, story_cli: Cli) -> None:
    """--demo lists the receivers of the bundled project, in every format."""
    answer = story_cli("receivers", "--demo", "-f", format_name)
    assert answer.code == 0
    assert "create_profile" in answer.out.replace("\\", "")
    assert answer.err == ""
    if format_name == "lines":
        places = [line.split(": ")[0].rpartition(":") for line in answer.out.splitlines()]
        assert all(Path(file).is_file() and line.isdigit() for file, _, line in places)
    if format_name == "svg":
        assert is_svg(answer.out)


def test_the_json_of_receivers_is_valid(story_cli: Cli, valid: Callable[[str, str], Any]) -> None:
    """The records have the form of the schema, Django's own among them, in call order from 1."""
    records = valid(story_cli("receivers", "--demo", "-f", "json").out, "inventory")["receivers"]
    assert any(one["stock"] for one in records)
    assert {one["by_debug"] for one in records} == {False}
    for signal in {one["signal"] for one in records}:
        orders = [one["order"] for one in records if one["signal"] == signal]
        assert orders == list(range(1, len(orders) + 1))
    published = [one["receiver"] for one in records if one["name"] == "post_published"]
    assert published == ["blog.receivers.announce_post", "blog.receivers.push_to_feed"]
    sender = {one["receiver"]: one["sender"] for one in records}
    assert sender["blog.receivers.count_retagging"] == "blog.Post_tags"
    assert sender["blog.receivers.create_default_tag"] == "blog"


PATTERNS = {
    "post_save": {"create_profile", "reindex", "write_audit_entry"},
    "model_signals.post_save": {"create_profile", "reindex", "write_audit_entry"},
    "model_signals.pre_init": set(),
    "%m2m": {"count_retagging"},
    "%custom": {"announce_post", "push_to_feed"},
    "*_profile": {"create_profile"},
    "reindex": {"reindex"},
    "blog.Post_tags": {"count_retagging"},
    "pre_init": set(),
}


@pytest.mark.parametrize(("pattern", "names"), PATTERNS.items(), ids=PATTERNS)
def test_a_pattern_chooses(pattern: str, names: set[str], story_cli: Cli) -> None:
    """A signal, a group, a receiver or a sender chooses registrations; a signal nobody listens to, none."""
    answer = story_cli("receivers", pattern, "--demo", "-f", "json")
    own = [one for one in json.loads(answer.out)["receivers"] if one["receiver"].startswith("blog.")]
    assert {one["receiver"].rpartition(".")[2] for one in own} == names


UNKNOWN = {
    "receivers": ["receivers", "create_profil_", "--demo"],
    "a group": ["receivers", "%sav", "--demo"],
    "a model": ["explain", "blog.Pots", "--demo"],
    "a receiver": ["why", "create_profil", "--demo"],
    "a signal of a receiver": ["why", "post_sav:create_profile", "--demo"],
}


@pytest.mark.parametrize("arguments", UNKNOWN.values(), ids=UNKNOWN)
def test_an_unknown_name_is_answered_with_three(arguments: list[str], story_cli: Cli) -> None:
    """What does not exist is answered with the three that are spelled like it."""
    answer = story_cli(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.partition("nearest: ")[2].count(",") == 2


WRONG = {
    "no such operation": ["explain", "blog.Post", "--on", "buy", "--demo"],
    "nothing to tag": ["explain", "blog.Comment", "--on", "m2m", "--demo"],
    "two projects": ["receivers", "--demo", "--settings", "x"],
    "two projects to check": ["check", "--demo", "--settings", "x"],
    "a signal for a command": ["why", "create_profile", "post_save", "--demo"],
    "a path and the demo": ["why", "x", "--demo", "--pythonpath", "."],
    "an unknown format": ["receivers", "--demo", "-f", "xml"],
    "lines of an explanation": ["explain", "blog.Post", "--demo", "-f", "lines"],
    "no such trace": ["why", "create_profile", "--demo", "--trace", "nothing.json"],
    "no such lock": ["lock", "--check", "--demo", "-o", "nothing.lock"],
    "a lock as JSON": ["lock", "--demo", "-o", "-", "-f", "json"],
}


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG)
def test_a_wrong_question_is_one_line(arguments: list[str], story_cli: Cli) -> None:
    """What cannot be answered ends with 2 and one line that says what to do."""
    answer = story_cli(*arguments)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert "(" in answer.err


def test_what_is_there_is_offered(story_cli: Cli) -> None:
    """Of a signal that is named its own receivers are offered; of operations that all are without --on."""
    unknown = story_cli("why", "post_delete:create_profile_", "--demo").err
    assert "unknown receiver 'create_profile_' of django.db.models.signals.post_delete" in unknown
    assert "create_profile," not in unknown
    assert "without it" in story_cli("explain", "blog.Post", "--on", "save,delete", "--demo").err


@pytest.mark.parametrize("text", ["", "{}", "[]", "[1]", '{"type": "run"}', "\x00", '{"run": {}}', "1\n2"])
def test_a_trace_that_is_none_is_refused(text: str, tmp_path: Path, story_cli: Cli) -> None:
    """A file that holds no trace is an error, whatever else it holds."""
    file = tmp_path / "trace.json"
    file.write_text(text)
    answer = story_cli("why", "create_profile", "--demo", "--trace", file)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)


def test_a_real_trace_is_looked_at(tmp_path: Path, story_cli: Cli) -> None:
    """A recorded scenario answers whether a receiver of it was reached."""
    file = tmp_path / "run.jsonl"
    assert story_cli("scenario", "login-flow", "-o", file).code == 0
    reached = story_cli("why", "create_profile", "--demo", "--trace", file)
    assert reached.code == 0
    assert "it was reached" in reached.out
    never = story_cli("why", "post_delete:reindex", "--demo", "--trace", file)
    assert never.code == 1
    assert "never with its sender. - sent by sessions.Session" in " ".join(never.out.split())


@pytest.mark.parametrize(
    "arguments", [["explain", "Post"], ["why", "blog.receivers.reindex"]], ids=["explain", "why"]
)
@pytest.mark.parametrize("format_name", ["table", "json", "markdown", "svg"])
def test_answers_come_in_every_format(
    arguments: list[str], format_name: str, story_cli: Cli, valid: Callable[[str, str], Any]
) -> None:
    """What would run, and why not, are written in every format; the JSON has the form of the schema."""
    answer = story_cli(*arguments, "--demo", "-f", format_name)
    assert (answer.code, answer.err) == (0, "")
    assert "reindex" in answer.out
    if format_name == "json":
        valid(answer.out, "answers")


def test_what_was_not_asked_is_one_line(story_cli: Cli) -> None:
    """Questions that could not be asked are counted in one row, and shown one by one with -v."""
    short, whole = (story_cli("why", "reindex", "--demo", *more) for more in ((), ("-v",)))
    assert short.out.count("not asked") == 1
    assert "3 other questions (-v shows them)" in short.out
    assert whole.out.count("not asked") == 3
    assert "did it run to its end?" in whole.out


def test_lines_that_are_none_are_told_beside_them(story_cli: Cli) -> None:
    """Where nobody listens, the lines for editors are none, and standard error says so."""
    answer = story_cli("receivers", "pre_init", "--demo", "-f", "lines")
    assert (answer.code, answer.out, answer.err.strip()) == (0, "", "no receivers")


def test_what_looks_like_its_sender_is_told(story_cli: Cli) -> None:
    """Of a sender those are named that send as themselves: proxies, and children unless they are deleted."""
    answer = " ".join(story_cli("why", "reindex", "--demo").out.split())
    assert "post_save: blog.Post; blog.PublishedPost, blog.Review send as themselves" in answer
    assert "post_delete: blog.Post; blog.PublishedPost send as themselves" in answer


def test_a_lock_tells_what_drifted(tmp_path: Path, story_cli: Cli, valid: Callable[[str, str], Any]) -> None:
    """The lock that was just written holds; a receiver that is gone or new is drift, and exit 1."""
    file = tmp_path / "signals.lock"
    written = story_cli("lock", "--demo", "-o", file)
    assert (written.code, written.out) == (0, "")
    assert story_cli("lock", "--demo", "-o", file, "--check").code == 0
    text = file.read_text()
    assert str(ROOT) not in text
    file.write_text(text.replace("blog.receivers.reindex", "blog.receivers.forget"))
    answer = story_cli("lock", "--check", "--demo", "-o", file, "-f", "json")
    assert answer.code == 1
    drift = valid(answer.out, "answers")["drift"]
    assert {(one["change"], one["receiver"]) for one in drift} == {
        ("dropped", "blog.receivers.forget"),
        ("added", "blog.receivers.reindex"),
    }
    shown = story_cli("lock", "--check", "--demo", "-o", file)
    assert shown.code == 1
    assert "dropped" in shown.out


def test_the_lock_lies_beside_manage_py(folder: Path) -> None:
    """From inside of a project its lockfile is found, and says the same from anywhere in it."""
    assert forked("lock", cwd=folder / "shop").code == 0
    text = (folder / "signals.lock").read_text()
    assert text.endswith("[shop.hooks.paid]\nshop.hooks.on_paid connected=shop/hooks.py\n")
    assert forked("lock", "--check", cwd=folder).code == 0
    (folder / "shop" / "hooks.py").write_text("\n" * 50 + RECEIVERS.replace("on_paid", "on_sold"))
    answer = forked("lock", "--check", cwd=folder)
    assert answer.code == 1
    assert "shop.hooks.on_sold" in answer.out


def test_a_diagnosis_ends_with_one_where_something_is_wrong(folder: Path) -> None:
    """The exit code is 0 where the receiver fires, 1 where it does not."""
    assert forked("why", "on_paid", cwd=folder).code == 0
    (folder / "shop" / "apps.py").write_text("")
    answer = forked("why", "on_paid", cwd=folder)
    assert answer.code == 1
    assert "\nshop.hooks was never imported" in answer.out
    assert "To mend it: import shop.hooks in the ready() of its app's AppConfig." in " ".join(
        answer.out.split()
    )


def test_the_lockfile_is_the_same_whoever_imports_and_with_debug_on(folder: Path) -> None:
    """Neither a module that imports a signal under another name nor DEBUG changes what is locked."""
    (folder / "shop" / "hooks.py").write_text(f"{RECEIVERS}\npaid.connect(lambda **kwargs: None)\n")
    assert forked("lock", cwd=folder).code == 0
    (folder / "shop" / "apps.py").write_text(
        (folder / "shop" / "apps.py").read_text() + "        from shop import early\n"
    )
    (folder / "shop" / "early.py").write_text("from shop.hooks import paid as bought\n")
    with (folder / "mysite.py").open("a") as settings:
        settings.write("DEBUG = True\n")
    checked = forked("lock", "--check", cwd=folder)
    assert (checked.code, "as it should be" in checked.out) == (0, True), checked.out
    listed = forked("receivers", "shop.early.bought", "-f", "lines", cwd=folder)
    assert [line.split()[1:] for line in listed.out.splitlines()] == [
        ["shop.hooks.paid", "shop.hooks.on_paid"],
        ["shop.hooks.paid", "shop.hooks.<lambda>"],
    ]
