"""Counting ``pre_init`` and ``post_init`` instead of recording them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from capturing import METHODS, send
from django.contrib.auth.models import Group, User
from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.db.models.signals import post_save, pre_init, pre_save
from django.dispatch import Signal

from sigexplorer.capture import counting, shapes
from sigexplorer.capture.recorder import Recorder
from sigexplorer.model import Trace
from sigexplorer.spool.reading import Spool

_SAVED = {"instance": User(pk=1), "created": False, "raw": False, "using": "default", "update_fields": None}


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


@pytest.mark.parametrize("pattern", ["post_save", "django.db.models.signals.post_*", "%save", "post_s?ve"])
def test_a_signal_that_is_left_out_is_only_counted(tmp_path: Path, pattern: str) -> None:
    """Its dispatches are no records; what is sent in them is, and part of what is around them."""

    def saves(**_named: object) -> None:
        post_save.send(sender=User, **_SAVED)

    def logs_out(**_named: object) -> None:
        user_logged_out.send(sender=User, request=None, user=None)

    user_login_failed.connect(saves)
    post_save.connect(logs_out, sender=User)
    recorder = Recorder(tmp_path, "test", leave_out=[pattern, "class_prepared"])
    recorder.start()
    try:
        post_save.send(sender=Group, **_SAVED)
        for _ in range(3):
            user_login_failed.send(sender=User, credentials={}, request=None)
        assert "send" in vars(post_save)
        assert ("send" in vars(pre_save)) is False
    finally:
        recorder.stop()
        post_save.disconnect(logs_out, sender=User)
        user_login_failed.disconnect(saves)
    assert "send" not in vars(post_save)
    trace = Spool(tmp_path).trace()
    assert [dispatch.name for dispatch in trace.dispatches].count("post_save") == 0
    assert _counted(trace) == {("post_save", "auth.Group"): 1, ("post_save", "auth.User"): 3}
    outer = {dispatch.id for dispatch in trace.dispatches if dispatch.name == "user_login_failed"}
    inner = [dispatch for dispatch in trace.dispatches if dispatch.name == "user_logged_out"]
    assert [dispatch.parent in outer for dispatch in inner] == [True] * 3
    assert {dispatch.parent_call for dispatch in inner} == {len(trace.dispatches[0].calls) - 1}


def _counted(trace: Trace) -> dict[tuple[str, str | None], int]:
    return {(one.name, one.sender): one.times for one in trace.counted}


class _OwnWay(Signal):
    """A class of the project's own, which may do anything."""

    def send(self, sender: object, **named: object) -> list[tuple[object, object]]:
        """Send."""
        return super().send(sender, **named)


#: Signals as they are found: of a module, of none, of a class of the project's own.
_SIGNALS = {"held": post_save, "nameless": Signal(), "own": _OwnWay()}


def _receivers(kind: str) -> list[Callable[..., object]]:
    def receives(**_named: object) -> None:
        user_logged_out.send(sender=User, request=None, user=None)

    async def awaits(**_named: object) -> None:
        user_logged_out.send(sender=User, request=None, user=None)

    return {"none": [], "sync": [receives], "async": [awaits], "both": [receives, awaits]}[kind]


@pytest.mark.parametrize("receivers", ["none", "sync", "async", "both"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["held", "nameless", "own"])
def test_as_many_are_counted_as_are_sent(tmp_path: Path, kind: str, method: str, receivers: str) -> None:
    """By whichever way, each is counted or recorded, once; what is sent in it is part of what is around."""
    signal, found, instance = _SIGNALS[kind], _receivers(receivers), Group(pk=1)

    def sends(**_named: object) -> None:
        taken = SimpleNamespace(**{method: getattr(signal, method)})
        for sender, one in [(Group, signal), (Group, taken), (Group, signal), (instance, signal)]:
            send(one, method, sender, **_SAVED)

    for receiver in found:
        signal.connect(receiver)
    user_login_failed.connect(sends)
    recorder = Recorder(tmp_path, "test", leave_out=["post_save", "<*"])
    recorder.start()
    try:
        user_login_failed.send(sender=User, credentials={}, request=None)
    finally:
        recorder.stop()
        user_login_failed.disconnect(sends)
        for receiver in found:
            signal.disconnect(receiver)
    trace = Spool(tmp_path).trace()
    recorded = [one for one in trace.dispatches if one.name not in {"user_login_failed", "user_logged_out"}]
    assert sum(_counted(trace).values()) + len(recorded) == 4
    assert len(recorded) == (4 if kind == "own" else 0)
    inner = [one for one in trace.dispatches if one.name == "user_logged_out"]
    assert len(inner) == 4 * len(found)
    outer = {one.id for one in (recorded or trace.dispatches) if one.name != "user_logged_out"}
    assert {one.parent for one in inner} <= outer
    assert (recorder.faults, recorder.dropped) == ([], 0)


def test_a_left_out_signal_is_seen_by_whoever_wants_it_too(tmp_path: Path) -> None:
    """Where two watch, and one of them wants all, both are given all."""
    some, everything = (tmp_path / name for name in ("some", "everything"))
    some.mkdir(), everything.mkdir()
    first, second = Recorder(some, "some", leave_out=["*"]), Recorder(everything, "everything")
    first.start()
    second.start()
    try:
        for _ in range(2):
            post_save.send(sender=Group, **_SAVED)
    finally:
        second.stop()
        first.stop()
    assert len(Spool(everything).trace().dispatches) == 2


def test_an_error_in_a_left_out_signal_looks_as_ever(tmp_path: Path) -> None:
    """A traceback names Django's file and function for the send of a signal that is left out."""

    def fails(**_named: object) -> None:
        raise LookupError

    def frames() -> list[tuple[str, str]]:
        found = []
        with pytest.raises(LookupError) as caught:
            post_save.send(sender=Group, **_SAVED)
        traceback = caught.value.__traceback__
        while traceback is not None:
            found.append((traceback.tb_frame.f_code.co_filename, traceback.tb_frame.f_code.co_qualname))
            traceback = traceback.tb_next
        return found

    post_save.connect(fails, sender=Group)
    recorder = Recorder(tmp_path, "test", leave_out=["post_save"])
    try:
        untraced = frames()
        recorder.start()
        frames()
        assert frames() == untraced
        assert Signal.send.__code__ is not vars(post_save)["send"].__code__
    finally:
        recorder.stop()
        post_save.disconnect(fails, sender=Group)
