"""A process that is recorded: whatever comes upon it, each row is on the disk once."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from pathlib import Path
from time import perf_counter_ns as clock
from typing import TYPE_CHECKING, Any

import pytest
from django.dispatch import Signal

from sigexplorer.capture import recorder as module
from sigexplorer.capture.journal import beside, noted_in
from sigexplorer.capture.lanes import STREAM, count_query, next_id
from sigexplorer.capture.recorder import Recorder
from sigexplorer.capture.shapes import TABLE
from sigexplorer.capture.tracer import Tracer
from sigexplorer.spool import files
from sigexplorer.spool.files import SpoolFile
from sigexplorer.spool.reading import Spool
from sigexplorer.spool.rows import START, Bypassed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

ROOT = Path(__file__).resolve().parents[2]


def run(program: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a program that records itself into the folder that is its first word."""
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program, *map(str, words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def sent(folder: Path) -> list[Any]:
    """Return the argument ``n`` of each dispatch that was recorded, in order."""
    return [dict(each.arguments)["n"] for each in Spool(folder).trace().dispatches]


class Interruption:
    """Raises ``KeyboardInterrupt`` once, after so many lines of the recorder's own code."""

    def __init__(self, lines: int) -> None:
        self.left = lines

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> Interruption | None:
        """Count, as ``sys.settrace`` wants it."""
        if frame.f_globals not in (vars(module), vars(files)):
            return None
        if event == "line":
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    """Return a recorder that writes when it is told to, and not now and then."""
    recorder = Recorder(tmp_path, "test")
    recorder.start()
    Signal().send(None, n=0)
    recorder._ticker.stop()  # which the first dispatch of a kind begins again
    try:
        yield recorder
    finally:
        recorder.stop()


def row(number: int, *arguments: Any) -> list[Any]:
    """Return the row of a dispatch that reached nobody, of a signal that was sent already."""
    return [next_id(), len(TABLE) - 1, 0, None, None, [("n", number), *arguments], None, None, clock()]


def test_an_interrupt_costs_no_row_that_was_taken(tmp_path: Path, recorder: Recorder) -> None:
    """Wherever in our writing Ctrl-C comes, what was taken is in the file once, and can be read."""
    interrupted = 0
    for lines in range(1, 60):
        recorder._waiting.append(module._Entry("rows", ("MainThread", [row(lines)], [])))
        sys.settrace(Interruption(lines))
        try:
            recorder._write()
        except KeyboardInterrupt:
            interrupted += 1
        finally:
            sys.settrace(None)
    recorder.stop()
    assert interrupted > 30
    assert sent(tmp_path) == list(range(60))
    assert (recorder.dropped, recorder.problem) == (0, "")


def test_nobody_waits_for_whoever_writes(tmp_path: Path, recorder: Recorder) -> None:
    """What a finalizer sends while our rows are written, in the same thread or in another, waits for none."""
    done = threading.Event()
    write = SpoolFile.write

    def meanwhile(number: int) -> None:
        recorder.take("Other", [row(number)], [])
        done.set()

    def finalizing(self: SpoolFile, *arguments: Any) -> None:
        if not done.is_set():
            recorder.take("MainThread", [row(2)], [])
            threading.Thread(target=meanwhile, args=[3]).start()
            assert done.wait(30)
        write(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SpoolFile, "write", finalizing)
        recorder.take("MainThread", [row(1)], [])
    recorder.stop()
    assert sorted(sent(tmp_path)) == [0, 1, 2, 3]


def test_a_row_that_cannot_be_written_costs_no_other(tmp_path: Path, recorder: Recorder) -> None:
    """A fault of ours in one row is counted once, and what was taken with it is written: events too."""
    rows = [row(1), row(2, ("odd", object())), row(3)]
    written = Bypassed(next_id(), clock(), "update", "a.Model", 1, 0, None, None, ())
    odd = Bypassed(next_id(), clock(), "update", object(), 1, 0, None, None, ())  # type: ignore[arg-type]
    recorder.take("MainThread", rows, [written, odd])
    recorder.stop()
    trace = Spool(tmp_path).trace()
    assert sent(tmp_path) == [0, 1, 3]
    assert [each.model for each in trace.bypasses] == ["a.Model"]
    assert (trace.run.dropped, len(recorder.faults)) == (2, 2)


def test_what_is_under_way_at_the_end_is_told(tmp_path: Path, recorder: Recorder) -> None:
    """A dispatch that has not ended when its process does is recorded as far as it has come."""
    outer, inner = Signal(), Signal()

    def receive(**_named: object) -> None:
        inner.send(None, n=2)
        recorder.stop()
        inner.send(None, n=3)

    outer.connect(receive)
    outer.send(None, n=1)
    trace = Spool(tmp_path).trace()
    _, first, second = trace.dispatches
    assert sent(tmp_path) == [0, 1, 2]
    assert (second.parent, second.parent_call) == (first.id, 0)
    assert trace.run.complete is False


def test_what_is_written_of_senders_that_are_gone_is_forgotten(
    tmp_path: Path, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program may make classes for ever: memory does not grow by them, and each is told as it was."""
    monkeypatch.setattr(STREAM, "in_memory", False)
    signal, before = Signal(), len(TABLE)
    for number in range(100):
        signal.send(type(f"Made{number}", (), {}), n=number)
    gc.collect()
    for _ in range(3):
        recorder.flush()
    again = type("Made7", (), {})
    signal.send(again, n=7)
    left = [shape.sender for shape in TABLE[before:] if shape.sender is not None]
    assert [sender.rpartition(".")[2] for sender in left] == ["Made7"]
    recorder.stop()
    senders = [
        each.sender.rpartition(".")[2] for each in Spool(tmp_path).trace().dispatches[1:] if each.sender
    ]
    assert senders == [f"Made{number}" for number in (*range(100), 7)]


def test_a_process_that_rests_says_so_once(tmp_path: Path, recorder: Recorder) -> None:
    """A worker that noted nothing since has nothing to write; whatever it notes has another end after it."""
    (file,) = tmp_path.iterdir()
    sizes = []
    for number in (1, 1, 2, 2):
        if number > len(set(sizes)):
            recorder.take("MainThread", [row(number)], [])
        assert recorder.rest()
        sizes.append(file.stat().st_size)
        assert Spool(tmp_path).run.complete
    assert sizes[0] == sizes[1] < sizes[2] == sizes[3]


def test_what_opened_before_we_recorded_is_not_missing(recorder: Recorder) -> None:
    """Where nothing can be written only what would have been is counted."""
    before = row(0)
    before[START] = recorder._began - 1
    recorder._give_up(OSError(28, "No space left on device"))
    recorder.take("MainThread", [before, row(1), row(2)], [])
    assert recorder.missing == 2


def test_sql_of_a_run_that_was_not_stopped_is_told(tmp_path: Path) -> None:
    """How many statements there were is written as the program goes on, not only at its end."""
    recorder = Recorder(tmp_path, "test")
    recorder.start()
    Signal().send(None, n=0)
    for _ in range(3):
        count_query()
    recorder.flush()
    run = Spool(tmp_path).run
    recorder.stop()
    assert (run.complete, run.queries) == (False, 3)
    assert Spool(tmp_path).run.queries == 3


def test_a_story_that_forks_is_told_of_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was sent in a step is in the file before the fork, with the step; the child writes nothing."""
    at_fork: dict[str, Callable[[], None]] = {}
    monkeypatch.setattr(os, "register_at_fork", lambda **named: at_fork.update(named))
    tracer = Tracer("story", steps_only=True)
    tracer.start()
    with noted_in(tmp_path), beside(tracer), tracer.step("one"):
        Signal().send(None, n=0)
        at_fork["before"]()
        assert sent(tmp_path) == [0]
        at_fork["after_in_child"]()
        Signal().send(None, n=1)
        STREAM.drain()
    tracer.stop()
    assert len(list(tmp_path.iterdir())) == 1
    assert sent(tmp_path) == [0]


#: Forks in a receiver, and forks again; the process in the middle is gone before the last one knows.
FAMILY = """
import os, sys
from pathlib import Path

pipes = []

def orphaned():
    if pipes:
        os.close(pipes[0][1])
        os.read(pipes[0][0], 1)

os.register_at_fork(after_in_child=orphaned)

from django.dispatch import Signal
from sigexplorer.capture.recorder import Recorder

signal, outer = Signal(), Signal()
over = os.pipe()

def split(**_):
    child = os.fork()
    if not child:
        if sys.argv[2] == "spoke":
            signal.send(None, n=2)
        if sys.argv[2] == "within":
            signal.connect(again)
            signal.send(None, n=2)
        again()
    os.waitpid(child, 0)

def again(**_):
    signal.disconnect(again)
    pipes.append(os.pipe())
    if not os.fork():
        signal.send(None, n=3)
    recorder.stop()
    os._exit(0)

outer.connect(split)
recorder = Recorder(Path(sys.argv[1]), "test")
recorder.start()
outer.send(None, n=1)
os.close(over[1])
os.read(over[0], 1)
recorder.stop()
"""


@pytest.mark.parametrize(
    ("story", "parents"),
    [("silent", [None, 1]), ("spoke", [None, 1, 1]), ("within", [None, 1, 2])],
)
def test_a_fork_of_a_fork_knows_where_it_comes_from(
    tmp_path: Path, story: str, parents: list[int | None]
) -> None:
    """What it sends belongs to the receiver that began it all, whether the one in between is there or not."""
    done = run(FAMILY, tmp_path, story)
    assert (done.returncode, done.stderr) == (0, "")
    found = Spool(tmp_path).trace().dispatches
    numbers = {each.id: dict(each.arguments)["n"] for each in found}
    assert {numbers[each.id]: numbers.get(each.parent or 0) for each in found} == dict(
        zip([1, 2, 3] if len(parents) == 3 else [1, 3], parents, strict=True)
    )
