"""Ways to send that come later than their class."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.dispatch import Signal

from sigexplorer.capture.recorder import Recorder
from sigexplorer.spool.reading import Spool

if TYPE_CHECKING:
    from pathlib import Path


def send(self: Any, sender: Any, **_named: Any) -> list[Any]:
    """Send to nobody."""
    return [self, sender]


@pytest.fixture(autouse=True)
def _gone() -> Iterator[None]:
    """Leave no classes of signals behind."""
    yield
    gc.collect()


def notes(folder: Path, cls: type, *, late: bool = True) -> tuple[str, ...]:
    """Return the notes of a run in which a class gets a way to send, or had it before."""
    recorder = Recorder(folder, "late")
    if not late:
        setattr(cls, "send", send)  # noqa: B010 - not what mypy thinks of it
    recorder.start()
    found = vars(cls).get("send")
    try:
        if late:
            setattr(cls, "send", send)  # noqa: B010 - as above
        Signal().send_robust("x")
    finally:
        recorder.stop()
        if cls is Signal:
            setattr(cls, "send", ORIGINAL)  # noqa: B010 - as above
    assert found is not send
    return Spool(folder).run.notes


ORIGINAL = vars(Signal)["send"]


def test_a_way_to_send_that_came_late_is_noted(tmp_path: Path) -> None:
    """What was set on a class that was there is named, and that what it sends is not known."""

    class Late(Signal):
        """A signal like any other, as yet."""

    (note,) = notes(tmp_path, Late)
    assert f"{Late.__module__}.{Late.__qualname__}.send was put in place while the program ran" in note
    assert "not known" in note


def test_signal_itself_is_noted(tmp_path: Path) -> None:
    """So is what replaced ours on Signal."""
    (note,) = notes(tmp_path, Signal)
    assert note.startswith("django.dispatch.dispatcher.Signal.send was put in place")


def test_what_is_observed_is_not_noted(tmp_path: Path) -> None:
    """Ways to send that a class has as it is made, before the run or in it, are seen and not noted."""

    class Own(Signal):
        """A signal with a way of its own from its second moment on."""

    assert notes(tmp_path, Own, late=False) == ()
