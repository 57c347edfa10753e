"""However a traced program ends: it ends as it would, and what fired until then is told."""

from __future__ import annotations

import os
import resource
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from processes import Answer, environment
from tracing_programs import PAID, dispatches, python, recorded, run, trace, traced, write

from sigexplorer.show.spooled import Spooled
from sigexplorer.spool.files import SpoolFile, frames

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
    "without a word, having printed": PAID + "import os\nprint('lost')\nos._exit(9)\n",
    "by another program, having printed": PAID
    + "import os\nprint('lost')\nos.execv('/bin/true', ['true'])\n",
    "by another program that is looked for": (
        f"{PAID}import os\nos.environ['PATH'] = f'/nowhere:{{os.getcwd()}}:/bin'\n"
        "os.execvp('sh', ['sh', '-c', 'exit 4'])\n"
    ),
    "not by a program that cannot be run": (
        "import os\n"
        "open('text', 'w').write('echo no'); os.chmod('text', 0o755)\n"
        "open('gone', 'w').write('#!/nowhere/sh'); os.chmod('gone', 0o755)\n"
        "open('none', 'w').write('#!/bin/sh')\n"
        "open('half', 'wb').write(b'\\x7fELF' + b'\\0' * 12 + b'\\7' * 99); os.chmod('half', 0o755)\n"
        "open('data', 'wb').write(b'\\0' * 99); os.chmod('data', 0o755)\n"
        "many = ['x' * 100_000] * 100\n"
        "names = '/nowhere', 'half', 'data', 'text', 'gone', 'none', '.'\n"
        "for words in (*([name] for name in names), ['/bin/sh', *many], []):\n"
        "    try:\n        os.execv(words[0] if words else '/bin/sh', words)\n"
        "    except (OSError, ValueError) as error:\n        print(type(error).__name__, error.args[0])\n"
        "for more in [{'a': 'b\\0'}], [], [None]:\n    try: os.execve('/bin/sh', ['sh'], *more)\n"
        f"    except (TypeError, ValueError) as error: print(error)\n{PAID}"
    ),
    "by another program": PAID + "import os\nos.execv('/bin/sh', ['sh', '-c', 'exit 4'])\n",
    "terminated": f"{PAID}import os, time\nos.kill(os.getpid(), 15)\ntime.sleep(60)\n",
    "terminated, its own handler taken back": (
        f"{PAID}import os, signal\nprint(signal.getsignal(15) is signal.signal(15, lambda *_: print(1)))\n"
        "signal.raise_signal(15)\nsignal.signal(15, signal.SIG_DFL)\nsignal.raise_signal(15)\n"
    ),
    "having terminated its child": (
        "import os, shop, signal\nread, write = os.pipe()\nchild = os.fork()\n"
        "if not child:\n    shop.paid.send('web', order=7); os.write(write, b'x'); signal.pause()\n"
        "os.read(read, 1); os.kill(child, 15); print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    ),
    "in atexit": "import atexit, shop\n@atexit.register\ndef last():\n"
    "    shop.paid.send('web', order=7)\n    print('last')\n",
    "with nothing to import from": (
        "import atexit, os, shop, sys\nmain = os.getpid()\nsys.path.clear()\n"
        "@atexit.register\ndef last():\n    if os.getpid() == main: shop.paid.send('web', order=7)\n"
        "child = os.fork()\nif not child: sys.exit(5)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\nsys.exit(3)\n"
    ),
    "as another user": (
        "import os, shop, sys\nroot = os.geteuid() == 0\nroot and os.seteuid(65534)\nif not os.fork():\n"
        "    shop.paid.send('web', order=7)\n    sys.exit(3)\nprint(os.wait()[1])\nroot and os.seteuid(0)\n"
    ),
    "without its standard error": f"{PAID}import os, sys\nos.close(2)\nos.umask(0o777)\nsys.exit(3)\n",
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


@pytest.mark.parametrize("why", ["sys.path.clear()", "sys.path.clear(); sys.meta_path.clear()"])
def test_without_django_nothing_needs_to_be_found(tmp_path: Path, why: str) -> None:
    """A program that leaves nothing to import from before Django was there keeps its exit code."""
    answer = trace(tmp_path, "--", "-c", f"import sys, threading\n{why}\nsys.exit(3)")
    assert (answer.code, answer.err) == (3, "sigexplorer: no Django signals were sent\n")


def test_what_threads_print_meanwhile_is_not_diverted(tmp_path: Path) -> None:
    """A daemon thread that goes on printing while the report is made prints where it always did."""
    program = (
        "import shop, threading\nfor n in range(3000): shop.paid.send('web', order=n)\n"
        "begun, pause = threading.Event(), threading.Event()\n"
        "def go_on():\n"
        "    while True:\n        print('still here', flush=True); begun.set(); pause.wait(0.001)\n"
        "threading.Thread(target=go_on, daemon=True).start()\nbegun.wait()\n"
    )
    write(tmp_path, program=program)
    answer = trace(tmp_path, "-c", "--", "program.py")
    assert answer.code == 0
    assert "6,000 dispatches" in answer.err
    assert "still here" in answer.out
    assert "still here" not in answer.err


@pytest.mark.parametrize("end", ["sys.exit(7)", "os._exit(7)"])
def test_a_report_may_be_interrupted(tmp_path: Path, end: str) -> None:
    """Ctrl-C ends a report that takes long: where the record is, is said; the exit code is the program's."""
    write(tmp_path, program=f"{PAID}import os, sys\n{end}\n")
    os.mkfifo(tmp_path / "pipe")  # which nobody reads: the report never ends
    with subprocess.Popen(  # noqa: S603 - our own program
        traced("-f", "jsonl", "-o", "pipe", "--", "program.py"),
        cwd=tmp_path, env={**environment(), "TMPDIR": str(tmp_path)}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        while not any(frame[0] == "end" for file in tmp_path.glob("*.spool/*") for frame in frames(file)):
            assert process.poll() is None
        (spool,) = tmp_path.glob("*.spool")
        said = b""
        # An interrupt that comes as the record is made whole is not heard; one that comes while Python
        # itself calls back (for a module that was just imported) is printed as ignored.
        while b"interrupted" not in said:
            process.send_signal(signal.SIGINT)
            if select.select([process.stderr], [], [], 5)[0]:
                said += os.read(process.stderr.fileno(), 65536)
                assert said, process.wait()
        out, rest = process.communicate()
    err = f"sigexplorer: {said.decode().partition('sigexplorer: ')[2]}{rest}"
    assert (process.returncode, out) == (7, "")
    assert err.startswith(f"sigexplorer: the report was interrupted; what was recorded is in '{spool}' (")
    assert err.endswith(f"show {spool})\n")
    assert len(dispatches(list(Spooled(spool).records()))) == 2


@pytest.mark.parametrize("options", [[], ["-c"], ["-e", "paid", "-v"]], ids=" ".join)
def test_django_may_be_imported_as_late_as_in_atexit(tmp_path: Path, options: list[str]) -> None:
    """A program that imports Django when it ends, for the first time, can do so while it is traced."""
    program = (
        "import atexit\n@atexit.register\ndef late():\n    import shop\n    shop.paid.send('web', order=1)\n"
    )
    write(tmp_path, program=f"{program}    print('sent')\n")
    answer = trace(tmp_path, *options, "--", "program.py")
    assert (answer.code, answer.out) == (0, "sent\n")
    assert "Traceback" not in answer.err
    assert "dispatch" in answer.err


def test_the_program_does_not_see_what_reports_need(tmp_path: Path) -> None:
    """Where nothing has to be found out before, a program begins without threads, Rich, Typer or Django."""
    names = ("threading", "rich", "typer", "django")
    write(tmp_path, program=f"import sys\nprint([name for name in {names} if name in sys.modules])")
    assert trace(tmp_path, "--", "program.py").out == python(tmp_path, "program.py").out == "[]\n"


@pytest.mark.parametrize("options", [[], ["-o", "run.jsonl"], ["-f", "json"]], ids=" ".join)
def test_a_report_that_takes_long_is_announced(tmp_path: Path, options: list[str]) -> None:
    """Of a large record it is said that its report is being made, but not in the middle of a document."""
    program = f"{PAID}import sigexplorer.cli.reporting as reporting\nreporting._LARGE = 0\n"
    write(tmp_path, program=program)
    answer = trace(tmp_path, *options, "--", "program.py")
    said = "sigexplorer: making the report of 0 MB; Ctrl-C ends that and keeps the record\n"
    assert answer.err.startswith("{" if "-f" in options else said)


def test_what_is_to_end_us_ends_the_command(tmp_path: Path) -> None:
    """With --follow SIGTERM reaches the command, whose exit code it is that counts; the report follows."""
    write(tmp_path, program=PAID)
    script = f"{sys.executable} program.py; trap 'echo told; exit 5' TERM; echo ready; read line"
    with subprocess.Popen(  # noqa: S603 - our own program
        traced("--follow", "-c", "--", "sh", "-c", script),
        cwd=tmp_path, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        assert select.select([process.stdout], [], [], 60)[0]  # before its input ends, which ends it too
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (5, "told\n")
    assert "2 dispatches" in err


def test_what_is_under_way_at_the_end_is_told(tmp_path: Path) -> None:
    """A dispatch of a class that calls its receivers itself has, as far as it has come, all that it was."""
    program = (
        "import os\nfrom django.dispatch import Signal\nclass Own(Signal):\n"
        "    def send(self, sender, **named):\n        for receiver in self._live_receivers(sender)[0]:\n"
        "            receiver(signal=self, sender=sender, **named)\n"
        "own = Own()\ndef first(**_): return 1\ndef last(**_): os._exit(3)\n"
        "own.connect(first)\nown.connect(last)\nown.send('web', order=7)\n"
    )
    write(tmp_path, program=program)
    (found,) = dispatches(recorded(tmp_path, "program.py", code=3))
    assert (found["sender"], found["arguments"]) == ("web", {"order": 7})
    assert [call["result"] for call in found["calls"]] == [1, None]


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
        "spool, = (name for name in os.listdir('run.jsonl.spool') if '-' in name)\n"
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
    assert "of its last second what it sent may be missing" in run_record["notes"][0]


def test_a_folder_of_a_killed_run_is_no_obstacle(tmp_path: Path) -> None:
    """The next run into the same file begins anew, and says where it has put what was there."""
    write(tmp_path, program=PAID)
    (tmp_path / "run.jsonl.spool").mkdir()
    left = SpoolFile(tmp_path / "run.jsonl.spool" / "999999999-1")
    left.add("run", {})
    answer = trace(tmp_path, "-o", "run.jsonl", "--", "program.py")
    told = "what a run that was killed has left in 'run.jsonl.spool' is now 'run.jsonl.1.spool'"
    assert (answer.code, answer.err) == (0, f"sigexplorer: {told}\n")
    assert [kind for kind, *_ in frames(tmp_path / "run.jsonl.1.spool" / "999999999-1")] == ["run"]
    assert not (tmp_path / "run.jsonl.spool").exists()


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


def test_who_is_connected_is_told_whatever_can_be_imported_then(tmp_path: Path) -> None:
    """Where nothing of us can be imported at the end, as after os.chroot, all receivers are told."""
    program = (
        f"{PAID}import sys\nclass Refusing:\n    def find_spec(self, name, *_):\n"
        "        if name.startswith('sigexplorer.project.'): raise ImportError(name)\n"
        "sys.meta_path.insert(0, Refusing())\n"
    )
    write(tmp_path, program=program)
    records = recorded(tmp_path, "program.py")
    assert records[0]["dropped"] == 0
    assert {"shop.ship", "shop.book"} <= {each.get("receiver") for each in records}


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


def test_a_program_that_does_not_become_another_is_told_of(tmp_path: Path) -> None:
    """Where the system refuses what looked like a program, that the trace has ended is said."""
    program = (
        f"{PAID}import os\n"
        "open('odd', 'wb').write(b'\\x7fELF' + b'\\0' * 12 + b'\\2' + b'\\0' * 99); os.chmod('odd', 0o755)\n"
        "try:\n    os.execv('odd', ['odd'])\nexcept OSError as error:\n    print(error.args[0])\n"
    )
    write(tmp_path, program=program)
    answer = trace(tmp_path, "-o", "run.jsonl", "--", "program.py")
    goes_on = "the program goes on as 'odd' (os.exec), which is not traced; --follow traces Python programs"
    told = "os.execv() failed: what the program does from now on is not recorded"
    assert (answer.code, answer.out) == (0, "8\n")
    assert answer.err == f"sigexplorer: {goes_on}\nsigexplorer: {told}\n"


def test_what_is_garbage_at_the_end_is_found(tmp_path: Path) -> None:
    """The report leaves nothing out of what Python looks through when it ends, nor what is set out of it."""
    program = (
        "import gc, shop\nclass Ring:\n"
        "    def __init__(self): self.me = self\n    def __del__(self): print('gone')\n"
        "ring = Ring()\nshop.paid.send('web', order=1)\n"
    )
    write(tmp_path, program=program)
    assert trace(tmp_path, "--", "program.py").out == python(tmp_path, "program.py").out == "gone\n"
    write(tmp_path, program=f"{program}gc.freeze()\n")
    assert trace(tmp_path, "--", "program.py").out == python(tmp_path, "program.py").out
