"""Scenarios of one's own: in the user's project, in test databases that are gone afterwards."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from forks import forked
from processes import ROOT, TIMEOUT_SECONDS, Answer, is_svg, sigexplorer, start
from rich.console import Console

from sigexplorer import trace
from sigexplorer.catalog.page import ANCIENT
from sigexplorer.cli.stories import Story, _drawing
from sigexplorer.show.look import Look

if TYPE_CHECKING:
    from collections.abc import Callable

SETTINGS = """
SECRET_KEY = "x"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "shop"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "real.sqlite3", "TEST": {"NAME": TEST}},
    "other": {"ENGINE": "django.db.backends.sqlite3", "NAME": "other.sqlite3"},
}
"""

MODELS = """
from django.db import models, transaction
from django.db.models.signals import post_save
from django.dispatch import receiver

class Order(models.Model):
    title = models.CharField(max_length=20)

told = []

@receiver(post_save, sender=Order)
def on_order(sender, instance, **kwargs):
    print("what a receiver prints")
    transaction.on_commit(lambda: told.append(instance.title))
"""

MIGRATION = """
from django.db import migrations, models

def first(apps, editor):
    apps.get_model("shop", "Order").objects.using(editor.connection.alias).create(title="of a migration")

class Migration(migrations.Migration):
    initial = True
    operations = [
        migrations.CreateModel("Order", [
            ("id", models.BigAutoField(primary_key=True)), ("title", models.CharField(max_length=20)),
        ]),
        migrations.RunPython(first),
    ]
"""

FLOWS = '''
from django.core import mail
from shop import models
from shop.models import Order

def checkout(step):
    """An order is placed."""
    with step("order"):
        Order.objects.create(title="first")
        mail.send_mail("thanks", "", "shop@example.com", ["amy@example.com"])
    assert Order.objects.count() == 2
    assert len(mail.outbox) == 1, "a mail is sent"
    assert models.told[-1] == "first"

async def later(step):
    """The same, awaited."""
    with step("order"):
        await Order.objects.acreate(title="second")
    for _ in range(3):
        assert await Order.objects.acount() == 2

def elsewhere(step):
    """In the other database."""
    with step("order"):
        Order.objects.using("other").create(title="third")
    assert Order.objects.using("other").count() == 2

def asserted(step):
    with step("order"):
        Order.objects.create(title="sixth")
    [one] = step.assert_sent("post_save", sender=Order, created=True)
    step.assert_called("shop.models.on_order", times=one.argument("raw") + 2)

def wrong(step):
    wanted = 5
    with step("order"):
        Order.objects.create(title="fourth")
    assert Order.objects.count() == wanted, "five orders"

def broken(step):
    with step("order"):
        Order.objects.create(title="fifth")
        raise LookupError("[red]no such thing[/red]")

def leaves(step):
    raise SystemExit(7)

def helper(order):
    return order

def giving(step):
    yield step

def needing(step, more):
    pass
'''

FILES = {
    "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'mysite')\n",
    "mysite.py": SETTINGS.replace("TEST}", "None}"),
    "disk.py": SETTINGS.replace("TEST}", "'test.sqlite3'}"),
    "careless.py": SETTINGS.replace("TEST}", "'./real.sqlite3'}"),
    "without.py": "SECRET_KEY = 'x'\n",
    "shop/__init__.py": "",
    "shop/models.py": MODELS,
    "shop/migrations/__init__.py": "",
    "shop/migrations/0001_initial.py": MIGRATION,
    "shop/stories.py": (
        "from .models import Order\n\n\ndef buy(step):\n    with step('buy'):\n"
        "        Order.objects.create(title='x')\n    count = Order.objects.count()\n    assert count == 3\n"
    ),
    "flows.py": FLOWS,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a project whose database has a row, and scenarios beside its manage.py."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(text)
    database = sqlite3.connect(tmp_path / "real.sqlite3")
    with database:
        database.execute("CREATE TABLE shop_order (id integer PRIMARY KEY, title text)")
        database.execute("INSERT INTO shop_order (title) VALUES ('the one real order')")
    database.close()
    os.utime(tmp_path / "real.sqlite3", ns=(1, 1))
    return tmp_path


def untouched(folder: Path, *more: str) -> bool:
    """Tell whether the real database is as it was, and nothing else was made but caches."""
    database = sqlite3.connect(folder / "real.sqlite3")
    rows = database.execute("SELECT title FROM shop_order").fetchall()
    database.close()
    made = {path.name for path in folder.iterdir()} - {name.partition("/")[0] for name in FILES}
    return (
        rows == [("the one real order",)]
        and (folder / "real.sqlite3").stat().st_mtime_ns == 1
        and made - {"__pycache__"} == {"real.sqlite3", *more}
    )


def claims(answer: Answer) -> list[tuple[str, bool, str | None]]:
    """Return the claims of the one trace that an answer has."""
    return [(one["text"], one["held"], one["detail"]) for one in json.loads(answer.out)["claims"]]


def test_a_scenario_of_a_file_runs_in_test_databases(folder: Path) -> None:
    """Its timeline is shown, its asserts are claims, callbacks run, and nothing real is touched."""
    answer = sigexplorer("scenario", "flows.py:checkout", cwd=folder)
    assert answer.code == 0, answer.err
    for text in ("scenario flows.py:checkout", "pre_save", "shop.models.on_order"):
        assert text in answer.out
    for held in ("Order.objects.count() == 2", "a mail is sent", "models.told[-1] == 'first'"):
        assert f"held    {held}\n" in answer.out
    assert "what a receiver prints" in answer.err
    assert untouched(folder)


def test_each_scenario_begins_with_the_rows_of_migrations(
    folder: Path, valid: Callable[[str, str], Any]
) -> None:
    """Several run one after the other, sync or async, each as if it were the first."""
    names = [f"flows.py:{name}" for name in ("checkout", "later", "checkout")]
    answer = forked("scenario", *names, "-f", "json", cwd=folder)
    assert answer.code == 0, answer.err
    traces = valid(answer.out, "trace")["traces"]
    assert [trace["run"]["title"] for trace in traces] == [f"scenario {name}" for name in names[:2]]
    assert [len(trace["claims"]) for trace in traces] == [3, 1]
    assert untouched(folder)


def test_every_database_has_a_test_database(folder: Path) -> None:
    """What goes into another database than the default one goes into its test database."""
    answer = forked("scenario", "flows.py:elsewhere", "-f", "json", cwd=folder)
    assert claims(answer) == [("Order.objects.using('other').count() == 2", True, None)], answer.err
    assert untouched(folder)


def test_an_assert_that_fails_shows_its_values(folder: Path, valid: Callable[[str, str], Any]) -> None:
    """A claim that does not hold has its text, the values that it compared, and exit code 1."""
    answer = forked("scenario", "flows.py:wrong", "-f", "json", cwd=folder)
    assert answer.code == 1
    valid(answer.out, "trace")
    assert claims(answer) == [("five orders", False, "Order.objects.count() is 2; wanted is 5")]
    table = forked("scenario", "flows.py:wrong", cwd=folder)
    assert table.code == 1
    assert "FAILED  five orders\n        Order.objects.count() is 2; wanted is 5" in table.out


def test_the_assertions_of_tests_are_claims_too(folder: Path) -> None:
    """Those that hold are told as they are written, one that does not by what nearly matched."""
    answer = forked("scenario", "flows.py:asserted", "-f", "json", cwd=folder)
    assert answer.code == 1
    assert claims(answer) == [
        ("step.assert_sent('post_save', sender=Order, created=True)", True, None),
        ("shop.models.on_order was called once, not twice", False, None),
    ]


def test_a_scenario_without_a_claim_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing was held against what happened, alone and in the closing table."""
    with trace() as made:
        pass
    told = [(Story(name, ANCIENT, lambda: made.trace, ""), made.trace) for name in ("quiet", "calm")]
    Console().print(_drawing(told[:1], {}, Look(), "table", 80, full=True, everything=False))
    assert "\nno claims\n" in capsys.readouterr().out
    Console().print(_drawing(told, {}, Look(), "table", 80, full=False, everything=True))
    assert capsys.readouterr().out.count("no claims") == 2


def test_a_scenario_of_a_module_is_the_same(folder: Path) -> None:
    """As a module and as a file in a package it is one module, relative imports and asserts included."""
    for name in ("shop.stories:buy", "shop/stories.py:buy"):
        answer = forked("scenario", name, "-f", "json", cwd=folder)
        assert answer.code == 1, answer.err
        assert claims(answer) == [("count == 3", False, "count is 2")]
    assert untouched(folder)


@pytest.mark.parametrize("name", ["broken", "leaves"])
def test_a_scenario_that_breaks_is_a_failed_claim(name: str, folder: Path) -> None:
    """Whatever it raises, the claim that it ran to its end fails, and the test databases are gone."""
    answer = forked("scenario", f"flows.py:{name}", "--settings", "disk", "-f", "json", cwd=folder)
    assert answer.code == 1, answer.err
    assert [(text, held) for text, held, _ in claims(answer)] == [("it ran to its end", False)]
    assert untouched(folder)


def test_only_watching_connects_nothing(folder: Path) -> None:
    """--no-listen leaves Django's fast paths alone, and the trace says so."""
    for option, listened in (("--listen", True), ("--no-listen", False)):
        answer = forked("scenario", "flows.py:later", option, "-f", "json", cwd=folder)
        assert json.loads(answer.out)["run"]["listened"] == listened


def test_filters_formats_and_files_are_those_of_every_scenario(folder: Path) -> None:
    """-e, -c, --source, -o and -f svg do with one's own what they do with ours."""
    name = "flows.py:checkout"
    filtered = forked("scenario", name, "-e", "post_save", "--source", cwd=folder).out
    assert "post_save" in filtered
    assert "pre_save" not in filtered
    assert 'Order.objects.create(title="first")' in filtered
    assert "shop.models.on_order" in forked("scenario", name, "-c", cwd=folder).out
    assert is_svg(forked("scenario", name, "-f", "svg", cwd=folder).out)
    assert forked("scenario", name, "-o", "run.jsonl", cwd=folder).out == ""
    assert "post_save" in forked("show", "run.jsonl", cwd=folder).out
    assert untouched(folder, "run.jsonl")


def test_a_file_alone_lists_its_scenarios(folder: Path, valid: Callable[[str, str], Any]) -> None:
    """Without a name there is the list, in the order of the lines; --all runs them, with a closing table."""
    listed = valid(forked("scenario", "flows.py", "-f", "json", cwd=folder).out, "inventory")
    assert [(one["name"], one["summary"]) for one in listed["scenarios"]][:2] == [
        ("flows.py:checkout", "An order is placed."),
        ("flows.py:later", "The same, awaited."),
    ]
    assert [one["name"].partition(":")[2] for one in listed["scenarios"]][2:] == [
        "elsewhere", "asserted", "wrong", "broken", "leaves",
    ]  # fmt: skip
    everything = forked("scenario", "flows.py", "--all", cwd=folder)
    assert everything.code == 1
    assert "2 of 7 runs held" in everything.out
    assert "shop.stories:buy" in forked("scenario", "shop.stories", cwd=folder).out
    assert untouched(folder)


def test_the_demo_is_a_project_too(folder: Path) -> None:
    """--demo runs a scenario against the bundled project."""
    (folder / "tags.py").write_text(
        "from blog.models import Tag\n\ndef tag(step):\n    with step('tag'):\n"
        "        Tag.objects.create(name='x')\n    assert Tag.objects.count() == 2\n"
    )
    answer = forked("scenario", "tags.py:tag", "--demo", cwd=folder)
    assert answer.code == 0, answer.err
    assert "held    Tag.objects.count() == 2" in answer.out


def test_a_project_without_a_database_can_have_scenarios(folder: Path) -> None:
    """Where there is no database none is made."""
    (folder / "plain.py").write_text(
        "from django.dispatch import Signal\npaid = Signal()\n\n"
        "def pay(step):\n    with step('pay'):\n        paid.send(None)\n"
        "    assert len(step.sent('paid')) == 1\n"
    )
    answer = forked("scenario", "plain.py:pay", "--settings", "without", cwd=folder)
    assert answer.code == 0, answer.err
    assert "held    len(step.sent('paid')) == 1" in answer.out


PLUGIN = {
    "shop-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: shop-stories\nVersion: 1\n",
    "shop-1.dist-info/entry_points.txt": (
        "[sigexplorer.scenarios]\nbuy-one = shop.stories:buy\ngone = shop.gone:x\nodd = shop.models:Order\n"
    ),
}


@pytest.fixture
def with_plugins(folder: Path) -> Path:
    """Return the same, with a distribution that brings scenarios."""
    for name, text in PLUGIN.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


def plugged(folder: Path, *arguments: str) -> Answer:
    """Run the command where the distribution is to be found."""
    return forked(*arguments, cwd=folder, env={"PYTHONPATH": f"{ROOT}{os.pathsep}{folder}"})


def test_entry_points_are_scenarios_too(with_plugins: Path) -> None:
    """They are listed with their distribution, unloaded, and run by their name in the user's project."""
    listed = json.loads(plugged(with_plugins, "scenario", "-f", "json").out)["scenarios"]
    told = {"name": "buy-one", "summary": "of shop-stories: shop.stories:buy", "added": None, "facts": []}
    assert told in listed
    own = json.loads(plugged(with_plugins, "scenario", "--settings", "mysite", "-f", "json").out)
    assert [one["name"] for one in own["scenarios"]] == ["buy-one", "gone", "odd"]
    answer = plugged(with_plugins, "scenario", "buy-one", "-f", "json")
    assert claims(answer) == [("count == 3", False, "count is 2")]
    near = plugged(with_plugins, "scenario", "buy-on")
    assert near.code == 2
    assert "nearest: buy-one" in near.err


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("gone", "the scenario 'gone' of 'shop-stories' cannot be loaded: 'shop.gone' cannot be imported"),
        ("odd", "the scenario 'odd' of 'shop-stories' is no function"),
    ],
)
def test_an_entry_point_that_cannot_be_loaded_names_its_distribution(
    name: str, says: str, with_plugins: Path
) -> None:
    """It is an error when it is asked for, and not before."""
    answer = plugged(with_plugins, "scenario", name)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert says in answer.err


WRONG = {
    "no such file": (["nope.py:x"], "the file 'nope.py' is not there"),
    "a folder": (["shop/:x"], "the file 'shop/' is a folder"),
    "no such module": (["shop.nope:x"], "No module named 'shop.nope'"),
    "no such function": (
        ["flows.py:chekout"],
        "unknown scenario 'flows.py:chekout' (nearest: flows.py:checkout, flows.py:",
    ),
    "no name": (["flows.py:"], "'flows.py:' names no function"),
    "no step": (
        ["flows.py:helper"],
        "'flows.py:helper' takes no 'step' (write it as: def helper(step): ...)",
    ),
    "more than step": (["flows.py:needing"], "'flows.py:needing' takes more than 'step': more"),
    "a generator": (["flows.py:giving"], "'flows.py:giving' yields"),
    "a class": (["flows.py:Order"], "'flows.py:Order' is no function"),
    "nothing in it": (["mysite.py"], "no scenario in 'mysite.py'"),
    "a file that raises": (["raising.py:x"], "'raising.py' cannot be imported: KeyError: 'a' (raising.py:3)"),
    "a file that ends": (["leaving.py:x"], "'leaving.py' cannot be imported: SystemExit: 3 (leaving.py:1)"),
    "no Python": (["syntax.py:x"], "'syntax.py' cannot be imported: SyntaxError"),
    "not even text": (["bytes.py:x"], "'bytes.py' cannot be imported: "),
    "settings": (["flows.py:checkout", "--settings", "nope"], "no settings module 'nope'"),
    "the real database": (
        ["flows.py:checkout", "--settings", "careless"],
        "the test database of 'default' is the real one",
    ),
    "ours there": (["login-flow", "--settings", "mysite"], "'login-flow' runs in the bundled project"),
    "ours and yours": (["flows.py:checkout", "login-flow"], "'login-flow' runs in the bundled project"),
    "all and a name": (["flows.py:checkout", "--all"], "name scenarios, or --all of them but not both"),
    "half a name": (["flows.py:checkout", "shop.stories"], "name a scenario in 'shop.stories'"),
    "no plug-ins": (["--all", "--settings", "mysite"], "no scenarios of yours are installed"),
    "a format": (["flows.py:checkout", "-f", "nope"], "unknown format 'nope'"),
    "two projects": (
        ["flows.py:checkout", "--demo", "--settings", "mysite"],
        "--demo is the bundled project",
    ),
}


@pytest.mark.parametrize(("arguments", "says"), WRONG.values(), ids=WRONG)
def test_a_wrong_question_is_one_line(arguments: list[str], says: str, folder: Path) -> None:
    """Each mistake is told in one line with what to do, exits with 2 and touches no database."""
    (folder / "raising.py").write_text("x = 1\n\n{}['a']\n")
    (folder / "leaving.py").write_text("raise SystemExit(3)\n")
    (folder / "syntax.py").write_text("def x(step:\n")
    (folder / "bytes.py").write_bytes(b"\xff\xfe\x00")
    answer = forked("scenario", *arguments, cwd=folder)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1), answer.err
    assert says in answer.err
    assert untouched(folder, "raising.py", "leaving.py", "syntax.py", "bytes.py")


def test_no_project_is_an_error(tmp_path: Path) -> None:
    """Where no project is found it is said what was looked for."""
    (tmp_path / "flows.py").write_text("def x(step): ...\n")
    answer = forked("scenario", "flows.py:x", cwd=tmp_path)
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert "no Django project found" in answer.err


def test_a_migration_that_fails_leaves_no_test_database(folder: Path) -> None:
    """What Django had made of the test databases is destroyed, and its own error is told."""
    broken = MIGRATION.replace('"shop", "Order"', '"shop", "Gone"')
    (folder / "shop" / "migrations" / "0001_initial.py").write_text(broken)
    answer = forked("scenario", "flows.py:checkout", "--settings", "disk", cwd=folder)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert "the test databases of 'disk' cannot be created: LookupError" in answer.err
    assert "(shop/migrations/0001_initial.py:5)" in answer.err
    assert untouched(folder)


WAITING = """
import pathlib, time
from shop.models import Order

def wait(step):
    with step("the first step"):
        Order.objects.create(title="x")
    with step("the second step"):
        pathlib.Path("here").touch()
        time.sleep(50)
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_what_ends_it_destroys_the_test_databases(number: int, code: int, folder: Path) -> None:
    """After Ctrl-C it ends with 130, what was captured shown; after SIGTERM by that; both leave nothing."""
    (folder / "waiting.py").write_text(WAITING)
    with start("scenario", "waiting.py:wait", "--settings", "disk", cwd=folder) as process:
        while not (folder / "here").exists() and process.poll() is None:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.05)
        assert (folder / "test.sqlite3").exists()
        process.send_signal(number)
        out, err = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == code, err
    if number == signal.SIGINT:
        assert "the first step" in out
        assert "post_save" in out
        assert "interrupted" in err
    assert untouched(folder, "here", "waiting.py")


def test_a_test_database_that_is_there_is_not_deleted_unasked(folder: Path) -> None:
    """Where nobody can be asked it is an error, and nothing is touched."""
    (folder / "test.sqlite3").write_text("of somebody")
    answer = forked("scenario", "flows.py:checkout", "--settings", "disk", cwd=folder)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1), answer.err
    assert "there is a test database 'test.sqlite3' already (delete it if" in answer.err
    assert (folder / "test.sqlite3").read_text() == "of somebody"
    assert untouched(folder, "test.sqlite3")
