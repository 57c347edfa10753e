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
from django.dispatch import Signal
from sigexplorer.capture.recorder import Recorder

signal = Signal()
recorder = Recorder(Path(sys.argv[1]), "test")
recorder.start()
signal.send(None, n=0)
for n in range(1, 21):
    assert threading.enumerate() == [threading.main_thread()]
    child = os.fork()
    if not child:
        if n % 2:
            signal.send(None, n=n)
            recorder.stop()
        os._exit(threading.active_count() - 1)
    assert os.waitpid(child, 0)[1] == 0, n
signal.send(None, n=100)
recorder.stop()
assert not recorder.faults, recorder.faults
"""


def test_a_fork_is_not_warned_of(tmp_path: Path) -> None:
    """With warnings as errors a program forks while it is recorded, parent and child going on."""
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


ENDS = {
    "returns": "",
    "raises": "raise SystemExit(3)",
    "daemon": "threading.Thread(target=threading.Event().wait, daemon=True).start()",
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_it_keeps_no_process_alive(tmp_path: Path, end: str) -> None:
    """A program that nobody stops recording ends when it ends, with its own code."""
    program = "\n".join([*PROGRAM.splitlines()[:10], end])
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (3 if "3" in end else 0, "")
