"""All the ways in which programs run: threads, loops, forks, pools and what they start, as one trace."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from processes import ROOT
from tracing_programs import PAID, dispatches, recorded, trace, write

#: Sends one dispatch, which sends another, for each of its arguments.
WORK = "import os, shop\ndef work(n):\n    shop.paid.send('web', order=n)\n    return os.getpid()\n"

#: By what they run in: programs that call ``work`` with 0 to 9, and end in a dispatch of their own.
PROGRAMS = {
    "threads": (
        "import threading\n"
        "threads = [threading.Thread(target=work, args=[n]) for n in range(10)]\n"
        "for thread in threads: thread.start()\n"
        "for thread in threads: thread.join()\n"
    ),
    "a pool of threads": (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(3) as pool: list(pool.map(work, range(10)))\n"
    ),
    "multiprocessing's pool of threads": (
        "from multiprocessing.pool import ThreadPool\nwith ThreadPool(3) as pool: pool.map(work, range(10))\n"
    ),
    "sync_to_async": (
        "import asyncio\nfrom asgiref.sync import sync_to_async\n"
        "async def main(): await asyncio.gather(*(sync_to_async(work)(n) for n in range(10)))\n"
        "asyncio.run(main())\n"
    ),
    "os.fork": (
        "import os\n"
        "for n in range(10):\n"
        "    child = os.fork()\n"
        "    if not child:\n        work(n)\n        os._exit(0)\n"
        "    os.waitpid(child, 0)\n"
    ),
    **{
        f"a pool by {method}": (
            "import multiprocessing\n"
            f"with multiprocessing.get_context('{method}').Pool(2) as pool:\n"
            "    pool.map(work, range(10))\n"
            "    import _signal; assert pool.apply(_signal.getsignal, [15]) == 0\n"  # else it is not heard
        )
        for method in ("fork", "spawn", "forkserver")
    },
    **{
        f"processes by {method}": (
            "import multiprocessing\n"
            f"context = multiprocessing.get_context('{method}')\n"
            "for n in (0, 5):\n"
            "    child = context.Process(target=several, args=[n])\n"
            "    child.start(); child.join()\n"
        )
        for method in ("fork", "spawn")
    },
}
SEVERAL = "def several(first):\n    for n in range(first, first + 5): work(n)\n"


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_every_dispatch_is_told_once(tmp_path: Path, program: str) -> None:
    """Each dispatch is in the trace once, under the one that it was sent in, with its thread and process."""
    last = "    shop.paid.send('last', order=None)\n"
    main = "".join(f"    {line}\n" for line in program.splitlines())
    write(
        tmp_path, work=WORK + SEVERAL, program=f"from work import *\nif __name__ == '__main__':\n{main}{last}"
    )
    records = recorded(tmp_path, "program.py")
    found = dispatches(records)
    assert records[0]["complete"]  # also of the workers that a pool has terminated
    outer = [each for each in found if each["name"] == "paid"]
    inner = {each["parent"]: each for each in found if each["name"] == "shipped"}
    assert Counter(each["arguments"]["order"] for each in outer) == Counter([*range(10), None])
    assert len(inner) == 11
    for each in outer:
        child = inner[each["id"]]
        assert child["arguments"]["parcel"] == each["arguments"]["order"]
        assert (child["process"], child["thread"]) == (each["process"], each["thread"])
        assert 0 <= child["start_ns"] - each["start_ns"] <= each["duration_ns"]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_live_tells_of_every_process(tmp_path: Path, method: str) -> None:
    """With --live what other processes send is printed too, by the same filters, with their numbers."""
    program = (
        "from work import *\nimport multiprocessing\n"
        "if __name__ == '__main__':\n"
        f"    child = multiprocessing.get_context('{method}').Process(target=work, args=[7])\n"
        "    child.start(); child.join()\n    work(8)\n"
    )
    write(tmp_path, work=WORK, program=program)
    answer = trace(tmp_path, "--live", "-e", "paid", "--", "program.py")
    lines = answer.err.partition("\n\n")[0].splitlines()
    child, own = (line.split() for line in lines)
    assert child[1] == "[process"
    assert child[2].rstrip("]").isdigit()
    assert [child[3:6], own[1:4]] == [["paid", "web", f"order={n}"] for n in (7, 8)]


def test_a_fork_inside_a_receiver_is_part_of_it(tmp_path: Path) -> None:
    """What a child sends that was forked in a receiver belongs to that receiver, in two generations."""
    program = (
        "import os, shop\n"
        "def split(order, **_):\n"
        "    if order == 0: return\n"
        "    child = os.fork()\n"
        "    if not child:\n        shop.paid.send('child', order=order - 1)\n        os._exit(0)\n"
        "    os.waitpid(child, 0)\n"
        "shop.paid.connect(split)\n"
        "shop.paid.send('web', order=2)\n"
    )
    write(tmp_path, program=program)
    found = dispatches(recorded(tmp_path, "program.py"), "paid")
    assert [each["arguments"]["order"] for each in found] == [2, 1, 0]
    assert [each["parent"] for each in found] == [None, found[0]["id"], found[1]["id"]]
    assert [each["parent_call"] for each in found] == [None, 1, 1]
    assert len({each["process"] for each in found}) == 3


def test_a_fork_that_outlives_the_run_leaves_nothing(tmp_path: Path) -> None:
    """What a child sends when its trace is written already goes nowhere: no folder comes to be again."""
    program = (
        "import os, shop, time\n"
        "shop.paid.send('web', order=1)\n"
        "if not os.fork():\n"
        "    while os.path.exists('run.jsonl.spool'):\n        time.sleep(0.01)\n"
        "    shop.paid.send('late', order=2)\n"
    )
    write(tmp_path, program=program)
    found = dispatches(recorded(tmp_path, "program.py"), "paid")
    assert [each["arguments"]["order"] for each in found] == [1]


@pytest.mark.parametrize("start", ["subprocess.run([", "os.execv(sys.executable, ["])
@pytest.mark.parametrize("follow", [True, False])
def test_other_programs_are_followed_where_asked(tmp_path: Path, follow: bool, start: str) -> None:  # noqa: FBT001
    """With --follow every Python program that the command starts, or becomes, is traced; else none is."""
    child = f"import os, subprocess, sys\n{PAID}{start}sys.executable, 'child.py'])\n"
    write(tmp_path, program=child, child=PAID)
    options = ["--follow"] if follow else []
    answer = trace(tmp_path, *options, "-c", "--", "program.py")
    assert f"{4 if follow else 2} dispatches" in answer.err
    assert ("which is not traced" in answer.err) == ("exec" in start and not follow)


def test_programs_that_are_followed_end_by_ctrl_c(tmp_path: Path) -> None:
    """What a command becomes, and what that starts, ends by an interrupt as it would untraced."""
    program = f"import os, sys\n{PAID}os.execv(sys.executable, [sys.executable, 'child.py', 'parent'])\n"
    child = (
        f"import os, subprocess, sys\n{PAID}"
        "if len(sys.argv) > 1: print(subprocess.run([sys.executable, 'child.py']).returncode, flush=True)\n"
        "os.kill(os.getpid(), 2)\n"
    )
    write(tmp_path, program=program, child=child)
    answer = trace(tmp_path, "--follow", "-c", "--", "program.py")
    assert (answer.code, answer.out) == (-signal.SIGINT, f"{-signal.SIGINT}\n")
    assert "6 dispatches" in answer.err


def test_a_shell_script_is_run_for_what_it_starts(tmp_path: Path) -> None:
    """With --follow a command that is not Python runs, its exit code its own, its output untouched."""
    write(tmp_path, program=PAID)
    script = f"echo out; {sys.executable} program.py; {sys.executable} program.py; exit 3"
    answer = trace(tmp_path, "--follow", "-c", "--", "sh", "-c", script)
    assert (answer.code, answer.out) == (3, "out\n")
    assert "4 dispatches" in answer.err


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the bundled project."""
    ignored = shutil.ignore_patterns("__pycache__", "*.sqlite3")
    return shutil.copytree(ROOT / "demo_project", tmp_path_factory.mktemp("project") / "blog", ignore=ignored)


def saved(found: list[dict[str, Any]]) -> Counter[tuple[str, str, int]]:
    """Count the saves of the project's own models by signal, sender and number of receivers called."""
    return Counter(
        (each["name"], each["sender"], len(each["calls"]))
        for each in found
        if each["name"] in ("pre_save", "post_save") and each["sender"].startswith(("blog.", "auth."))
    )


def test_parallel_tests_send_what_tests_in_a_row_send(project: Path) -> None:
    """The workers of manage.py test --parallel are part of the trace: the same saves, more processes."""
    words = ["manage.py", "test", "blog", "-v0"]
    one = dispatches(_told(project, *words))
    several = dispatches(_told(project, *words, "--parallel", "2"))
    assert saved(several) == saved(one)
    assert len(saved(one)) > 4
    assert len({each["process"] for each in one}) == 1
    assert len({each["process"] for each in several}) == 3


def _told(project: Path, *words: str) -> list[dict[str, Any]]:
    for database in project.glob("*.sqlite3"):
        database.unlink()
    return recorded(project, *words)


def test_the_workers_of_xdist_are_part_of_the_trace(tmp_path: Path) -> None:
    """With pytest -n 2 the dispatches of both workers are told, each once."""
    tests = "import shop, pytest\n@pytest.mark.parametrize('n', range(8))\ndef test_it(n):\n"
    tests += "    shop.paid.send('web', order=n)\n"
    write(tmp_path, test_shop=tests)
    words = ["pytest", "-q", "-p", "no:cacheprovider", "-n2", "--dist=each", "test_shop.py"]
    found = dispatches(recorded(tmp_path, *words), "paid")
    assert Counter(each["arguments"]["order"] for each in found) == Counter([*range(8), *range(8)])
    assert len({each["process"] for each in found}) == 2


def test_a_process_that_outlives_the_command_is_noted(tmp_path: Path) -> None:
    """A daemon that sends when the command is over makes a trace that says so, and is not complete."""
    os.mkfifo(tmp_path / "pipe")
    program = (
        f"{PAID}import os\nif os.fork(): os._exit(0)\n"
        f"os.setsid(); os.closerange(0, 3)\nopen('pipe').read()\n{PAID}open('done', 'w')\n"
    )
    write(tmp_path, program=program)
    records = recorded(tmp_path, "program.py")
    (tmp_path / "pipe").write_text("go on")
    assert len(dispatches(records)) == 2
    assert not records[0]["complete"]
    assert ["still ran when the trace was made" in note for note in records[0]["notes"]] == [True]
