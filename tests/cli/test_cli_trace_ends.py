"""However a traced program ends: it ends as it would, and what fired until then is told."""

from __future__ import annotations

import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from processes import Answer
from tracing_programs import PAID, dispatches, python, recorded, run, trace, traced, write

from sigexplorer.show.spooled import Spooled
from sigexplorer.spool.files import MAGIC

if TYPE_CHECKING:
    pass

INTERRUPT = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nprint('never')\n"

#: By how it ends: a program, whose last words differ in nothing but the report.
ENDINGS = {
    "interrupted": PAID + INTERRUPT,
    "interrupted in a receiver": (
        f"import os, signal, shop\ndef stop(**_): os.kill(os.getpid(), signal.SIGINT)\n"
        f"shop.shipped.connect(stop)\n{PAID}"
    ),
    "interrupted and caught": f"{PAID}try:\n    import os; os.kill(os.getpid(), 2)\n"
    "except KeyboardInterrupt:\n    print('caught')\n",
    "without a word": PAID + "import os\nos._exit(9)\n",
    "by another program": PAID + "import os\nos.execv('/bin/sh', ['sh', '-c', 'exit 4'])\n",
    "in atexit": "import atexit, shop\n@atexit.register\ndef last():\n"
    "    shop.paid.send('web', order=7)\n    print('last')\n",
    "with a thread that goes on": "import threading, shop\ndef later():\n"
    "    threading.main_thread().join()\n    shop.paid.send('web', order=7)\n"
    "threading.Thread(target=later).start()\n",
}


@pytest.mark.parametrize("program", ENDINGS.values(), ids=ENDINGS)
def test_it_ends_as_it_would(tmp_path: Path, program: str) -> None:
    """Exit code, or the signal that kills, and output are the program's; both dispatches are told."""
    write(tmp_path, program=program)
    plain = python(tmp_path, "program.py")
    answer = trace(tmp_path, "-c", "--", "python", "program.py")
    assert (answer.code, answer.out) == (plain.code, plain.out)
    assert "2 dispatches" in answer.err
    assert answer.err.count("Traceback") == plain.err.count("Traceback")


def test_an_interrupted_receiver_is_told(tmp_path: Path) -> None:
    """The dispatches that Ctrl-C came out of are recorded, with the interrupt as what was raised."""
    write(tmp_path, program=ENDINGS["interrupted in a receiver"])
    outer, inner = dispatches(recorded(tmp_path, "program.py", code=-signal.SIGINT))
    assert (outer["error"], inner["error"]) == ("KeyboardInterrupt", "KeyboardInterrupt")
    assert inner["calls"][0]["outcome"] == "raised"


@pytest.fixture
def killed(tmp_path: Path) -> list[dict[str, Any]]:
    """Return the records of a program that was killed, a dispatch of its own still under way."""
    program = (
        "import os, signal, shop, time\n"
        "for n in range(600):\n    shop.paid.send('early', order=n)\n"
        "spool, = os.listdir('run.jsonl.spool')\n"
        # No clock is trusted: what closed is on the disk when the file has grown twice since.
        "def size(): return os.stat(f'run.jsonl.spool/{spool}').st_size\n"
        "for _ in range(2):\n"
        "    before = size()\n"
        "    while size() == before:\n        shop.shipped.send('between'); time.sleep(0.01)\n"
        "def kill(**_): os.kill(os.getpid(), signal.SIGKILL)\n"
        "shop.shipped.connect(kill, sender='late')\n"
        "shop.paid.send('late', order=0)\n"
    )
    write(tmp_path, program=program)
    answer = trace(tmp_path, "-o", "run.jsonl", "--", "program.py")
    assert (answer.code, answer.out, answer.err) == (-signal.SIGKILL, "", "")
    assert not (tmp_path / "run.jsonl").exists()
    return list(Spooled(tmp_path / "run.jsonl.spool").records())


def test_what_closed_before_a_kill_is_on_the_disk(killed: list[dict[str, Any]]) -> None:
    """After kill -9 every dispatch that closed before is read from the folder, and that there may be more."""
    found = dispatches(killed)
    early = [each for each in found if each["sender"] == "early"]
    assert [each["arguments"].get("order") for each in early if each["name"] == "paid"] == list(range(600))
    assert len(early) == 1200
    run_record = killed[0]
    assert run_record["complete"] is False
    assert "its last moments are missing" in run_record["notes"][0]


def test_a_folder_of_a_killed_run_is_no_obstacle(tmp_path: Path) -> None:
    """The next run into the same file begins anew."""
    write(tmp_path, program=PAID)
    (tmp_path / "run.jsonl.spool").mkdir()
    (tmp_path / "run.jsonl.spool" / "999999999-1").write_bytes(MAGIC)
    assert len(dispatches(recorded(tmp_path, "program.py"))) == 2


def test_a_folder_of_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    """What stands in the way and is not ours is not removed: nothing runs, and nothing is lost."""
    write(tmp_path, program=PAID)
    (tmp_path / "run.jsonl.spool").mkdir()
    (tmp_path / "run.jsonl.spool" / "letters.txt").write_text("dear")
    answer = trace(tmp_path, "-o", "run.jsonl", "--", "program.py")
    assert (answer.code, answer.out) == (2, "")
    assert "is in the way, and not ours" in answer.err
    assert (tmp_path / "run.jsonl.spool" / "letters.txt").read_text() == "dear"


def limited(size: int) -> Callable[[], None]:
    """Return what lets a process write files of so many bytes and no more: the nearest to a full disk."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("size", [10, 100, 1_000, 10_000])
def test_a_full_disk_never_breaks_the_program(tmp_path: Path, size: int) -> None:
    """Where nothing more can be written the program goes on; that not all was recorded is said."""
    program = "import shop\nfor n in range(3000):\n    shop.paid.send('web', order=n)\nprint(n)\nexit(3)\n"
    write(tmp_path, program=program)
    answer = trace(tmp_path, "-c", "--", "program.py", preexec_fn=limited(size))
    assert (answer.code, answer.out) == (3, "2999\n")
    assert "not all was recorded: File too large" in answer.err
    assert "Traceback" not in answer.err


def test_where_nothing_can_be_written_nothing_runs(tmp_path: Path) -> None:
    """Without room for a single byte that is said, and the program does not begin."""
    write(tmp_path, program="print(1)\n")
    answer = trace(tmp_path, "--", "program.py", preexec_fn=limited(0))
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("sigexplorer: nowhere to record: ")
    assert answer.err.count("\n") == 1


def test_a_report_that_cannot_be_written_leaves_no_half_file(tmp_path: Path) -> None:
    """A file that the disk has no room for is not there afterwards; what was recorded is not lost."""
    program = "import shop\nfor n in range(300):\n    shop.paid.send('web', order=n)\nexit(3)\n"
    write(tmp_path, program=program)
    answer = trace(tmp_path, "-o", "run.jsonl", "--", "program.py", preexec_fn=limited(100_000))
    assert (answer.code, answer.out) == (3, "")
    assert answer.err.startswith("sigexplorer: ")
    assert answer.err.count("\n") == 1
    assert not (tmp_path / "run.jsonl").exists()
    assert str(tmp_path / "run.jsonl.spool") in answer.err
    assert len(dispatches(list(Spooled(tmp_path / "run.jsonl.spool").records()))) == 600


def test_a_program_may_go_elsewhere(tmp_path: Path) -> None:
    """The file is the one that was meant when the program began, wherever it has gone since."""
    (tmp_path / "elsewhere").mkdir()
    write(tmp_path, program=f"{PAID}import os\nos.chdir('elsewhere')\n")
    assert trace(tmp_path, "-o", "run.jsonl", "--", "program.py").err == ""
    assert (tmp_path / "run.jsonl").exists()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_reader_who_leaves_is_no_fault(tmp_path: Path) -> None:
    """Where nobody reads the report any more the program's exit code stays its own."""
    write(tmp_path, program=PAID + "exit(3)\n")
    answer: Answer = run(
        ["sh", "-c", '"$@" 2>&1 >/dev/null | true', "sh", *traced("--", "program.py")], tmp_path
    )
    assert answer.code == 0
    assert (answer.out, answer.err) == ("", "")


def test_stdin_stdout_and_stderr_may_be_closed(tmp_path: Path) -> None:
    """A program without a stderr is traced into a file all the same."""
    write(tmp_path, program=PAID)
    words = [sys.executable, *traced("-o", "run.jsonl", "--", "program.py")[1:]]
    answer = run(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *words], tmp_path)
    assert answer.code == 0
    assert (tmp_path / "run.jsonl").read_text(encoding="utf-8").count("\n") > 3
