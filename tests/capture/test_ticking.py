"""The thread that writes now and then: not to be seen by the program, nor by a fork."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sigexplorer.capture.ticking import Ticker
from sigexplorer.spool.reading import Spool

PATIENCE = 30


def natives() -> int:
    """Return how many threads the system sees in this process."""
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - as the system says it


linux = pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="the system lists no threads of a process"
)


def test_it_ticks_until_it_is_stopped() -> None:
    """It calls again and again, beside the program; a second start changes nothing."""
    ticks = threading.Semaphore(0)
    ticker = Ticker(0.001, ticks.release)
    ticker.start()
    ticker.start()
    for _ in range(3):
        assert ticks.acquire(timeout=PATIENCE)
    ticker.stop()
    while ticks.acquire(blocking=False):
        pass
    ticker.stop()
    assert not ticks.acquire(blocking=False)


@linux
def test_it_is_gone_when_it_is_stopped() -> None:
    """A hundred times: once it is stopped there is no thread of it, and Python lists none meanwhile."""
    ticker = Ticker(PATIENCE, lambda: None)
    before, listed = natives(), threading.enumerate()
    for _ in range(100):
        ticker.start()
        assert natives() == before + 1
        assert threading.enumerate() == listed
        ticker.stop()
        assert natives() == before


PROGRAM = """
import os, sys, threading
from pathlib import Path

tasks, at_forks = Path("/proc/self/task"), []
if tasks.exists():  # called after whatever is registered later: just before the fork
    os.register_at_fork(before=lambda: at_forks.append(len(list(tasks.iterdir()))))

from django.dispatch import Signal
from sigexplorer.capture.recorder import Recorder

signal = Signal()
recorder = Recorder(Path(sys.argv[1]), "test")
recorder.start()
signal.send(None, n=0)
for n in range(1, 21):
    assert len(list(tasks.iterdir())) == 2 if n == 1 and tasks.exists() else True
    assert threading.enumerate() == [threading.main_thread()]
    child = os.fork()
    if not child:
        if n % 2:
            signal.send(None, n=n)
            recorder.stop()
        os._exit(threading.active_count() - 1)
    assert os.waitpid(child, 0)[1] == 0, n
signal.send(None, n=100)
assert set(at_forks) <= {1}, at_forks
recorder.stop()
assert not recorder.faults, recorder.faults
"""


def test_a_fork_is_not_warned_of(tmp_path: Path) -> None:
    """A program forks while it is recorded, parent and child going on: at no fork there is a thread of ours.

    From 3.12 on Python would warn, which is an error here.
    """
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-W", "error", "-c", PROGRAM, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    found = {dict(each.arguments)["n"]: each.process for each in Spool(tmp_path).trace().dispatches}
    assert sorted(found) == [0, *range(1, 21, 2), 100]
    assert len(set(found.values())) == 11


def test_threads_may_start_and_stop_it_at_once() -> None:
    """However many threads start it there is one thread of it; however many stop it, it is stopped once."""
    ticker, natives_of, errors = Ticker(PATIENCE, lambda: None), [], []
    barrier = threading.Barrier(8)

    def work() -> None:
        try:
            for act in (ticker.start, ticker.stop) * 20:
                barrier.wait(PATIENCE)
                act()
                barrier.wait(PATIENCE)
                natives_of.append(len(ticker._now))
        except Exception as error:  # noqa: BLE001 - told below
            errors.append(error)
            barrier.abort()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert set(natives_of) == {0, 1}


def test_where_there_are_no_more_threads_the_program_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system, or a Python about to end, that starts no thread is no fault; a later start may succeed."""

    def refuse(*_arguments: object) -> None:
        raise RuntimeError("can't start new thread")

    ticks = threading.Semaphore(0)
    ticker = Ticker(0.001, ticks.release)
    with monkeypatch.context() as patch:
        patch.setattr("_thread.start_new_thread", refuse)
        ticker.start()
        ticker.stop()
    ticker.start()
    assert ticks.acquire(timeout=PATIENCE)
    ticker.stop()


ENDS = {
    "returns": "",
    "raises": "raise SystemExit(3)",
    "daemon": "threading.Thread(target=threading.Event().wait, daemon=True).start()",
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_it_keeps_no_process_alive(tmp_path: Path, end: str) -> None:
    """A program that nobody stops recording ends when it ends, with its own code."""
    program = "\n".join([*PROGRAM.partition("for n in")[0].splitlines(), end])
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (3 if "3" in end else 0, "")
