"""Counting ``pre_init`` and ``post_init`` instead of recording them."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db.models.signals import pre_init

from sigexplorer.capture import counting, shapes
from sigexplorer.capture.recorder import Recorder


@pytest.mark.parametrize("sender", [None, "a text", 7])
def test_what_is_no_model_is_counted_too(tmp_path: Path, sender: object) -> None:
    """A program that sends them itself, with any sender, is counted and is no fault of ours."""
    recorder = Recorder(tmp_path, "test")
    before = sum(counting.times().values())
    recorder.start()
    try:
        for _ in range(3):
            assert pre_init.send(sender=sender) == []
    finally:
        recorder.stop()
    assert sum(counting.times().values()) - before == 3
    assert (recorder.faults, recorder.dropped) == ([], 0)


def test_a_recorder_that_has_stopped_is_told_nothing(tmp_path: Path) -> None:
    """Nobody calls a recorder for new kinds of dispatches once it has stopped."""
    before = list(shapes.ON_NEW)
    recorder = Recorder(tmp_path, "test")
    recorder.start()
    assert before != shapes.ON_NEW
    recorder.stop()
    assert before == shapes.ON_NEW
