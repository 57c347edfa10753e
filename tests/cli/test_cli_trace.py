"""``sigexplorer trace``: the program runs as ever, and what fired is told beside it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from processes import ROOT, sigexplorer
from tracing_programs import PAID, asked, dispatches, python, recorded, trace, write

from sigexplorer.cli.options import Written
from sigexplorer.cli.reporting import told_faults
from sigexplorer.cli.tracing import prepared
from sigexplorer.cli.wanted import Wanted
from sigexplorer.model import SECRET
from sigexplorer.show.schemas import trace_schema
from sigexplorer.show.spooled import Spooled

#: What a program sees of the calls that it is part of, and how deep it may call.
_DEEP = """
import inspect, sys, traceback
def deep(n):
    global depth
    depth = n
    deep(n + 1)
try:
    deep(1)
except RecursionError:
    print(depth)
print(len(inspect.stack()) - int(sys.argv[1]), traceback.extract_stack()[-1].name)
"""

#: By what they do: programs of which everything is to stay their own.
PROGRAMS = {
    "print": "import shop, sys\nsys.stdout.write('no line end')\nprint('err', file=sys.stderr)\n" + PAID,
    "read": "import sys\nprint(sys.stdin.read().upper(), sys.argv)\n" + PAID,
    "exit with a code": PAID + "import sys\nsys.exit(7)\n",
    "exit with a text": PAID + "import sys\nsys.exit('over')\n",
    "fail": PAID + "1 / 0\n",
    "fail in a receiver": PAID + "shop.paid.send('broken', order=1)\n",
    "fail in an async receiver": "import asyncio, shop\nasync def f(**_): 1 / 0\nshop.paid.connect(f)\n"
    "asyncio.run(shop.paid.asend(None, order=1))\n",
    "log of an async receiver": "import logging, shop\nasync def f(**_): 1 / 0\nshop.paid.connect(f)\n"
    "shop.paid.send_robust(None, order=1)\n",
    "log": "import logging, shop\nshop.shipped.send_robust('broken')\nlogging.warning('last')\n",
    "warn": "import warnings, shop\ndef f(**_): warnings.warn('here', stacklevel=2)\n"
    "shop.paid.connect(f)\nshop.paid.send(None, order=1)\n",
    "without Django": "print('plain')\n",
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_what_the_program_says_stays_its_own(tmp_path: Path, program: str) -> None:
    """Exit code and output are those of the program alone; the report follows its errors."""
    write(tmp_path, program=program)
    plain = python(tmp_path, "program.py", "a", text="in")
    answer = trace(tmp_path, "--", "python", "program.py", "a", text="in")
    assert (answer.code, answer.out) == (plain.code, plain.out)
    assert answer.err.startswith(plain.err)
    assert len(answer.err) > len(plain.err)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the bundled project."""
    ignored = shutil.ignore_patterns("__pycache__", "*.sqlite3")
    return shutil.copytree(ROOT / "demo_project", tmp_path_factory.mktemp("project") / "blog", ignore=ignored)


def test_a_project_is_traced_from_its_first_import(project: Path) -> None:
    """Commands of manage.py say what they say, and class_prepared of their models is seen."""
    plain = python(project, "manage.py", "check")
    records = recorded(project, "manage.py", "check")
    assert plain.code == 0
    senders = [one["sender"] for one in dispatches(records, "class_prepared")]
    assert {"auth.User", "blog.Post"} <= set(senders)
    assert len(senders) == len(set(senders))


def test_settings_that_fail_are_the_projects_own_error(tmp_path: Path) -> None:
    """The traceback, the output and the exit code of broken settings are those of the project."""
    write(tmp_path, settings="1 / 0\n")
    words = ("-m", "django", "check", "--settings=settings")
    plain, answer = python(tmp_path, *words), trace(tmp_path, "--", "python", *words)
    assert (answer.code, answer.out) == (plain.code, plain.out)
    assert plain.code == 1
    assert answer.err.startswith(plain.err)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Return a folder with a program that sends three dispatches, one in another, and fails in one."""
    program = f"{PAID}try:\n    shop.shipped.send('broken', parcel=1)\nexcept ValueError:\n    pass\n"
    return write(tmp_path, program=program)


def test_lines_are_valid(shop: Path) -> None:
    """With -o run.jsonl every line is valid by the schema, and parents are told."""
    records = recorded(shop, "program.py")
    schema = trace_schema()
    lines = jsonschema.Draft202012Validator(schema)
    for record in records:
        lines.validate(record)
    assert (records[0]["type"], records[-1]["type"]) == ("run", "end")
    assert records[0]["title"] == "program.py"
    paid, inner, broken = dispatches(records)
    assert (paid["name"], inner["parent"], inner["parent_call"]) == ("paid", paid["id"], 0)
    assert paid["calls"][0]["result"] == "on its way"
    assert (broken["error"], broken["calls"][0]["outcome"]) == ("ValueError: no book", "raised")
    assert paid["origin"] == {"file": "program.py", "line": 2, "function": "<module>"}
    assert records[-1]["summary"]["by_signal"] == {"shipped": 2, "paid": 1}


def test_secrets_of_the_command_are_not_recorded(shop: Path) -> None:
    """What an option is given that is secret by its name is in no recording, nor in a child's environment."""
    child = "import os\nprint('hunter2' in str(os.environ), 'SIGEXPLORER_CHILD' in os.environ, flush=True)\n"
    write(
        shop,
        program=f"{PAID}import subprocess, sys\nsubprocess.run([sys.executable, 'child.py'])",
        child=child,
    )
    file = shop / "run.jsonl"
    words = ["program.py", "--password", "hunter2", "--token=hunter2"]
    answer = trace(shop, "--follow", "-o", str(file), "--", *words)
    assert (answer.code, answer.out) == (0, "False True\n")
    recorded_title = json.loads(file.read_text(encoding="utf-8").partition("\n")[0])["title"]
    assert recorded_title == f"program.py --password {SECRET} --token={SECRET}"
    assert "hunter2" not in file.read_text(encoding="utf-8")


def document(answer: Any) -> Any:
    """Return the one document on stderr, which is valid."""
    found = json.loads(answer.err)
    jsonschema.Draft202012Validator(trace_schema()).validate(found)
    return found


def test_json_is_one_document_beside_the_output(shop: Path) -> None:
    """With -f json the report is one valid document, on stderr; on stdout is nothing of ours."""
    answer = asked(shop, "-f", "json", "--", "program.py")
    assert answer.out == ""
    assert document(answer)["summary"]["dispatches"] == 3


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["-e", "paid"], ["paid"]),
        (["-e", "!paid"], ["shipped", "shipped"]),
        (["-e", "%save,ship*"], ["shipped", "shipped"]),
        (["-e", "%model"], []),
        (["-S", "br*"], ["shipped"]),
        (["-R", "shop.ship"], ["paid"]),
        (["-Z"], ["shipped"]),
        (["--depth", "1"], ["paid", "shipped"]),
        (["--min", "1h"], None),
        (["--min", "100s"], []),
    ],
    ids=lambda value: " ".join(value or ["refused"]),
)
def test_filters_choose(shop: Path, options: list[str], names: list[str] | None) -> None:
    """Each filter leaves the dispatches that it names; one that cannot be meant stops it all."""
    answer = asked(shop, *options, "-f", "json", "--", "program.py")
    if names is None:
        assert answer.code == 2
        return
    assert [one["name"] for one in document(answer)["dispatches"]] == names


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ([], ["3 dispatches", "shop.ship", "no book", "receiver  "]),
        (["-c"], ["receiver  ", "slowest"]),
        (["-f", "coverage"], ["Called: 2", "Unheard: 1"]),
        (["-f", "tree"], ["shop.ship"]),
        (["-k"], ["from program.py:2"]),
    ],
)
def test_views(shop: Path, options: list[str], shown: list[str]) -> None:
    """Each view is shown on stderr, and says what it is for."""
    answer = asked(shop, *options, "--", "program.py")
    assert (answer.code, answer.out) == (0, "")
    for text in shown:
        assert text in answer.err


def test_only_counts(shop: Path) -> None:
    """With -c no dispatch is shown, only the summary."""
    assert "parcel=" not in asked(shop, "-c", "--", "program.py").err


@pytest.mark.parametrize("option", ["--no-listen", "--listen"])
def test_listening_is_chosen(tmp_path: Path, option: str) -> None:
    """Only with --listen somebody listens, before the program's first line; the trace says which."""
    program = "from django.db.models.signals import post_save\nprint(post_save.has_listeners(str))\n"
    program += "post_save.send(str)\n"
    write(tmp_path, program=program)
    answer = trace(tmp_path, option, "-o", "run.json", "--", "program.py")
    found = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert answer.out == f"{option == '--listen'}\n"
    assert found["run"]["listened"] == (option == "--listen")
    (sent,) = (each for each in found["dispatches"] if each["name"] == "post_save")
    assert sent["calls"] == []


MARK = "open('ran', 'w').close()\n"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, "no command to trace"),
        (["--"], 2, "no command to trace"),
        (["--", "nothing-of-this-name"], 127, "command not found"),
        (["--", "./program"], 126, "cannot run './program'"),
        (["--", "ls"], 2, "--follow traces"),
        (["-f", "nothing", "--", "program.py"], 2, "unknown format 'nothing'"),
        (["-c", "-f", "json", "--", "program.py"], 2, "-c is -f summary"),
        (["-e", "%nothing", "--", "program.py"], 2, "unknown group"),
        (["--min", "fast", "--", "program.py"], 2, "'fast' is not a duration"),
        (["--depth", "x", "--", "program.py"], 2, "'--depth'"),
        (["--depth", "0", "--", "program.py"], 2, "--depth"),
        (["-s", "0", "--", "program.py"], 2, "-s"),
        (["--rows", "-1", "--", "program.py"], 2, "--rows"),
        (["--nothing", "--", "program.py"], 2, "no such option"),
        (["-o", "run.nothing", "--", "program.py"], 2, "'run.nothing'"),
        (["-o", "nowhere/run.jsonl", "--", "program.py"], 2, "cannot write 'nowhere/run.jsonl'"),
        (["-o", "folder", "--", "program.py"], 2, "folder"),
        (["--", "python", "-i", "program.py"], 2, "cannot be traced"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_question_runs_nothing(tmp_path: Path, words: list[str], code: int, said: str) -> None:
    """What is wrong is said in one line before the program begins, and nothing is left behind."""
    write(tmp_path, program=MARK)
    (tmp_path / "program").touch()
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.iterdir())
    answer = asked(tmp_path, *words)
    assert (answer.code, answer.out) == (code, "")
    assert answer.err.count("\n") == 1
    assert answer.err.startswith("sigexplorer: ")
    assert said in answer.err
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("pattern", ["post_svae", "!PRE_SAVE", "postsave", "%save,user_loged_in"])
def test_a_name_of_djangos_that_is_mistyped_runs_nothing(tmp_path: Path, pattern: str) -> None:
    """A bare name that is almost one of Django's is said with its nearest before the program begins."""
    write(tmp_path, program=MARK)
    answer = asked(tmp_path, "-e", pattern, "--", "program.py")
    name = pattern.rpartition(",")[2].removeprefix("!")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"sigexplorer: unknown signal '{name}' (nearest: ")
    assert answer.err.endswith(f"; one of your own by that name: '*{name}')\n")
    assert answer.err.count("\n") == 1
    assert answer.err.count(", ") == 2
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["payd", "shop.post_svae", "pre_order_paid"])
def test_a_name_that_nobody_sent_is_said_afterwards(shop: Path, name: str) -> None:
    """A signal of the project's own is known only when the program has run: then the nearest are named."""
    answer = asked(shop, "-e", name, "--", "program.py")
    assert answer.code == 0
    unknown, total = answer.err.splitlines()
    assert unknown.startswith(f"sigexplorer: unknown signal '{name}' (nearest: ")
    told, folder, shown = total.split("'")
    assert told == "sigexplorer: 3 dispatches without the filters: what was recorded is in "
    assert shown == f" (sigexplorer show {folder})"
    assert len(dispatches(list(Spooled(Path(folder)).records()))) == 3
    shutil.rmtree(folder)


def test_what_was_kept_is_not_recorded_in_vain(shop: Path, tmp_path: Path) -> None:
    """After a name that nobody sent, show --last has what was recorded, and no folder is left."""
    home = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "TMPDIR": str(tmp_path)}
    answer = sigexplorer("trace", "-e", "payd", "--", "program.py", env=home, cwd=shop)
    assert answer.err.endswith("3 dispatches without the filters: 'sigexplorer show --last' shows them\n")
    assert "3 dispatches" in sigexplorer("show", "--last", "-c", env=home, cwd=shop).out
    assert list(tmp_path.glob("*.spool")) == []


def test_a_pattern_that_matched_nothing_is_said(shop: Path) -> None:
    """A glob or a group that no signal matched is named at the end, where people read, with the total."""
    words = ["-e", "shop.*,other.*,%save", "--", "program.py"]
    answer = asked(shop, *words)
    said = [line for line in answer.err.splitlines() if line.startswith("sigexplorer: ")]
    assert said == [f"sigexplorer: no signal that was sent matches '{one}'" for one in ("other.*", "%save")]
    assert "left out by filters: 3 dispatches" in asked(shop, "-c", "-e", "other.*", "--", "program.py").err
    assert len(document(asked(shop, "-f", "json", *words))["dispatches"]) == 3


def test_a_program_without_django(tmp_path: Path) -> None:
    """Where nothing of Django was imported no signal was sent, and that is all there is to say."""
    write(tmp_path, program="import sys\nprint([name for name in sys.modules if name == 'django'])\n")
    answer = trace(tmp_path, "--", "program.py")
    said = "sigexplorer: no Django signals were sent\n"
    assert (answer.code, answer.out, answer.err) == (0, "[]\n", said)


def test_a_fault_is_told_once() -> None:
    """One that befell many records is told once, with how many; and how many nobody has put into words."""
    assert told_faults(["RecursionError"] * 8, 8) == "RecursionError (8 times)"
    assert told_faults(["ValueError: a", "KeyError", "ValueError: a"], 5) == (
        "ValueError: a (2 times); KeyError; 2 more"
    )


@pytest.mark.parametrize("place", ["/dev/full", "pipe"])
def test_nothing_is_noted_beside_a_device(tmp_path: Path, place: str) -> None:
    """What is no file gets no folder beside it; that is where temporary files are."""
    os.mkfifo(tmp_path / "pipe")
    wanted = Wanted(written=Written(output=tmp_path / place, format_name="jsonl"), no_keep=True)
    session, _ = prepared(wanted, ["-c", "1"])
    assert session.folder.parent not in (Path("/dev"), tmp_path)
    session.folder.rmdir()


def test_a_fault_of_ours_is_not_the_programs(tmp_path: Path) -> None:
    """What fails in the tracer is counted and told once, and the program goes on."""
    broken = "import sigexplorer.capture.words as words\ndef broken(_):\n    raise ValueError('ours')\n"
    write(
        tmp_path,
        program=f"{PAID}{broken}words.sender = broken\n{PAID}print(shop.paid.send('new', order=1))\n",
    )
    answer = trace(tmp_path, "--", "program.py")
    assert answer.code == 0
    assert "on its way" in answer.out
    (line,) = (line for line in answer.err.splitlines() if line.startswith("sigexplorer: "))
    assert "lost to a fault of ours: ValueError: ours" in line
    assert "Traceback" not in answer.err


THREADS = """
import threading, shop

inside, go = threading.Event(), threading.Event()

def slow(order, **_):
    inside.set()
    go.wait(30)
    shop.shipped.send("slow", parcel=2)

shop.paid.connect(slow)
thread = threading.Thread(target=shop.paid.send, args=["thread"], kwargs={"order": 1})
thread.start()
inside.wait(30)
for n in range(2):
    shop.shipped.send("quick", parcel=n)
go.set()
thread.join()
"""


def test_live_keeps_together_what_belongs_together(tmp_path: Path) -> None:
    """With --live the lines of one outermost dispatch stand in a row, whatever other threads send."""
    write(tmp_path, program=THREADS)
    answer = trace(tmp_path, "--live", "--", "program.py")
    lines = answer.err.partition("\n\n")[0].splitlines()
    told = [line.partition("  [Thread-1 (send)]") for line in lines]
    assert [bool(where) for _, where, _ in told] == [False, False, True, True, True]
    assert [f"{when}{rest}".split()[1:3] for when, _, rest in told] == [
        ["shipped", "quick"],
        ["shipped", "quick"],
        ["paid", "thread"],
        ["shipped", "thread"],
        ["shipped", "slow"],
    ]


def test_live_tells_what_outlives_the_program(tmp_path: Path) -> None:
    """With --live what closed within a dispatch that never does is printed when the program has ended."""
    program = "import os, shop\ndef leave(**_): os._exit(3)\nshop.paid.connect(leave)\n"
    write(tmp_path, program=f"{program}shop.paid.send('web', order=1)\n")
    answer = trace(tmp_path, "--live", "--", "program.py")
    assert answer.code == 3
    assert answer.err.split()[1:3] == ["shipped", "web"]


def test_hardly_anything_lies_below_the_program(tmp_path: Path) -> None:
    """On its stack are the module that was started and one function of ours; it may call as deep as ever."""
    write(tmp_path, program=_DEEP)
    plain = python(tmp_path, "program.py", "0")
    answer = trace(tmp_path, "--", "program.py", "4")  # the two of -m, and those two
    assert (answer.code, answer.out) == (0, plain.out)
