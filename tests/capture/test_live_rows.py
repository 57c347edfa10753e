"""--live: each outermost dispatch as it closes, in order, by the process and thread that sent it."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest
from django.dispatch import Signal

from blog.models import Post
from sigexplorer.capture.lanes import STREAM
from sigexplorer.capture.tracer import Tracer
from sigexplorer.cli.live import Live
from sigexplorer.show.look import Look

if TYPE_CHECKING:
    from collections.abc import Iterator

billed = Signal()


def sweep(**_named: object) -> None:
    """Write past the signals."""
    Post.objects.filter(pk=1).update(title="x")


@pytest.fixture
def printed(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Return what is printed of what a test does."""
    found: list[str] = []
    batch, tracer = STREAM.batch, Tracer("live")
    live = Live(Look(origins=True, verbose=True), found.append, child=getattr(request, "param", False))
    billed.connect(sweep)
    tracer.start()
    live.begin()
    try:
        yield found
    finally:
        STREAM.remove(live)
        STREAM.batch = batch
        tracer.stop()
        billed.disconnect(sweep)


@pytest.mark.usefixtures("database")
def test_rows_come_in_order_and_say_who_was_passed_by(printed: list[str]) -> None:
    """A write without signals stands where it happened, with the line that made it."""
    Post.objects.filter(pk=2).update(title="x")
    billed.send("web")
    lines = "".join(printed).splitlines()
    told = [line.split(None, 1)[1] for line in lines if "connection_created" not in line]
    assert [line.partition("  ")[0] for line in told] == [
        "no signal: update", "billed", "no signal: update",
    ]  # fmt: skip
    assert all("test_live_rows.py:" in line for line in told)


def test_another_thread_is_named(printed: list[str]) -> None:
    """Rows of the main thread of the first process name neither; those of others do."""
    billed.disconnect(sweep)
    billed.send("main")
    worker = threading.Thread(target=billed.send, args=["worker"], name="worker\x1b-7")
    worker.start()
    worker.join()
    first, second = "".join(printed).splitlines()
    assert "[" not in first
    assert "[worker\\x1b-7]" in second


@pytest.mark.parametrize("printed", [True], indirect=True)
def test_another_process_is_named(printed: list[str]) -> None:
    """What a program started says which process it is, in each row."""
    billed.disconnect(sweep)
    billed.send("main")
    assert f"[process {os.getpid()}]" in "".join(printed)
