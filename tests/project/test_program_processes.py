"""Signals, streams and the end of a program that we run."""

from __future__ import annotations

import code
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
from running_programs import TIMEOUT_SECONDS, environment, following, ours, run, start, write

from sigexplorer.project.program.ending import _has_reached_the_top

#: What surrounds an interrupt, which a program sends itself so that it is always in the same line.
INTERRUPTED = {
    "nothing is caught": "interrupt()",
    "it is caught": "try:\n    interrupt()\nexcept KeyboardInterrupt:\n    sys.exit('caught')",
    "it is handled": "signal.signal(signal.SIGINT, lambda n, f: sys.exit(5))\ninterrupt()",
    "it is ignored": "signal.signal(signal.SIGINT, signal.SIG_IGN)\ninterrupt()\nprint('on')",
    "it kills": "signal.signal(signal.SIGINT, signal.SIG_DFL)\ninterrupt()",
    "at the end": "atexit.register(print, 'atexit')\ninterrupt()",
    "at the very end": "atexit.register(interrupt)",
    "in a thread": (
        "def work():\n    threading.main_thread().join()\n    print('thread')\n"
        "threading.Thread(target=work).start()\ninterrupt()"
    ),
    "an own hook": (
        "sys.excepthook = lambda *a: print('hook', a[0], file=sys.stderr)\n"
        "atexit.register(lambda: print(sys.excepthook.__code__.co_firstlineno))\ninterrupt()"
    ),
}
IMPORTS = (
    "import atexit, os, signal, sys, threading\ndef interrupt():\n    os.kill(os.getpid(), signal.SIGINT)\n"
)


@pytest.mark.parametrize("how", ["script", "-m"])
@pytest.mark.parametrize("case", INTERRUPTED)
def test_ctrl_c_is_the_programs_own(tmp_path: Path, case: str, how: str) -> None:
    """An interrupt does what it does without us, and where nobody caught it the process ends by it."""
    write(tmp_path, {"program.py": IMPORTS + INTERRUPTED[case] + "\n"})
    words = ["python", "program.py"] if how == "script" else ["python", "-m", "program"]
    plain = run(*words, folder=tmp_path)
    assert run(*ours(*words), folder=tmp_path) == plain
    assert run(*following(tmp_path / "trace", "some", *words), folder=tmp_path) == plain
    if case == "nothing is caught":
        assert plain.code == -signal.SIGINT


@pytest.mark.parametrize("prompt", [True, False])
def test_ctrl_c_that_a_prompt_has_taken_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, *, prompt: bool
) -> None:
    """A console of the program, and Python's own prompt, go on after it; what else is known stays."""
    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        monkeypatch.setattr(sys, name, None, raising=False)
    if prompt:
        thread = threading.Thread(target=_interrupted_at_the_top)
        thread.start()
        thread.join()
        assert _has_reached_the_top()
        monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    else:
        console = code.InteractiveInterpreter({})
        monkeypatch.setattr(console, "write", str)
        console.runcode(compile("raise KeyboardInterrupt", "x", "exec"))
        assert type(sys.last_value) is KeyboardInterrupt
    assert not _has_reached_the_top()


def _interrupted_at_the_top() -> None:
    """Leave what Python leaves of an interrupt, in the outermost frame: that of a thread has none outside."""
    frame: Any = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
    sys.last_value = KeyboardInterrupt().with_traceback(TracebackType(None, frame, 0, 1))


def test_a_reader_that_leaves_is_told_of_as_ever(tmp_path: Path) -> None:
    """A pipe that is closed early gives the program's own error and exit code."""
    write(tmp_path, {"program.py": "input()\nprint('x')\n"})

    def left(words: list[str]) -> tuple[int, str]:
        with start(*words, folder=tmp_path) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            process.stdin.write("\n")
            process.stdin.close()
            return process.wait(TIMEOUT_SECONDS), process.stderr.read()

    plain = left(["python", "program.py"])
    assert plain[0] == 120
    assert left(ours("python", "program.py")) == plain
    assert left(following(tmp_path / "trace", "some", "python", "program.py")) == plain


@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
def test_a_closed_stream_stays_closed(tmp_path: Path, stream: str) -> None:
    """A program that was started without one of its streams finds it missing."""
    write(tmp_path, {"program.py": f"import sys\nopen('said', 'a').write(repr(sys.{stream}))\n"})
    number = ("stdin", "stdout", "stderr").index(stream)
    for words in (["python", "program.py"], ours("python", "program.py")):
        shell = f'exec "$@" {number}{"<" if number == 0 else ">"}&-'
        subprocess.run(  # noqa: S603 - our own program
            ["/bin/sh", "-c", shell, "sh", *words], cwd=tmp_path, env=environment(), check=True
        )
    assert (tmp_path / "said").read_text(encoding="utf-8") == "NoneNone"


def test_what_is_registered_first_is_called_when_all_is_over(tmp_path: Path) -> None:
    """A report that is registered before the program comes after its threads and its atexit functions."""
    program = (
        "import atexit, threading\n"
        "atexit.register(print, 'atexit')\n"
        "def work():\n    threading.main_thread().join()\n    print('thread')\n"
        "threading.Thread(target=work).start()\n"
        "1 / 0\n"
    )
    runner = (
        "import sys; from sigexplorer.project.program import resolve, run; "
        "from sigexplorer.project.children import at_end; "
        "at_end(lambda: print('report')); sys.exit(run(resolve(sys.argv[1:])))"
    )
    write(tmp_path, {"program.py": program})
    ended = run(sys.executable, "-c", runner, "python", "program.py", folder=tmp_path)
    assert (ended.code, ended.out) == (1, "thread\natexit\nreport\n")


def test_a_program_has_all_the_depth_it_would_have(tmp_path: Path) -> None:
    """Calls go exactly as deep as without us, although frames of ours lie below."""
    deeper = "n = 0\ndef f():\n    global n\n    n += 1\n    f()\n"
    program = f"{deeper}try:\n    f()\nexcept RecursionError:\n    print(n)\n"
    write(tmp_path, {"program.py": program})
    for words in (["python", "program.py"], ["python", "-m", "program"], ["python", "-c", program]):
        assert run(*ours(*words), folder=tmp_path) == run(*words, folder=tmp_path)


def test_a_folder_that_is_gone_is_no_error_of_ours(tmp_path: Path) -> None:
    """A program that is run from a deleted folder fares as it does without us."""
    gone = tmp_path / "gone"
    write(tmp_path, {"program.py": "import sys\nprint(sys.path[0])\n"})
    for how in (str(tmp_path / "program.py"), "program.py", "-m json.tool -h", "-c print(1)"):
        answers = []
        for words in (["python", *how.split()], ours("python", *how.split())):
            gone.mkdir()
            shell = ["/bin/sh", "-c", f'cd "{gone}" && rmdir "{gone}" && exec "$@"', "sh", *words]
            answers.append(run(*shell, folder=tmp_path))
        assert answers[0] == answers[1]
