"""Counting ``pre_init`` and ``post_init`` instead of recording them."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.auth.signals import user_logged_out, user_login_failed
from django.db.models.signals import post_save, pre_init, pre_save
from django.dispatch import Signal

from sigexplorer.capture import counting, shapes
from sigexplorer.capture.recorder import Recorder
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
    """Beside the first, by which it becomes known, its dispatches are no records; what is sent in them is.

    That is then part of the next dispatch around it that is recorded.
    """

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
    assert [dispatch.name for dispatch in trace.dispatches].count("post_save") == 1
    assert [(one.name, one.sender, one.times) for one in trace.counted] == [("post_save", "auth.User", 3)]
    outer = {dispatch.id for dispatch in trace.dispatches if dispatch.name == "user_login_failed"}
    inner = [dispatch for dispatch in trace.dispatches if dispatch.name == "user_logged_out"]
    assert [dispatch.parent in outer for dispatch in inner] == [True] * 3
    assert {dispatch.parent_call for dispatch in inner} == {len(trace.dispatches[1].calls) - 1}


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
