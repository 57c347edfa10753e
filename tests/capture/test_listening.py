"""Listening: a receiver of ours on every built-in signal, and nothing left of it afterwards."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from capturing import bypasses, calls, connected, observing, only, parents, send
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_out
from django.core.signals import request_finished
from django.db.models.signals import m2m_changed, post_save, pre_delete
from django.dispatch import Signal

from blog.models import AuditEntry, Post, Tag
from sigexplorer import catalog
from sigexplorer.capture.listening import DISPATCH_UID, Listener, built_in, tracing_receiver
from sigexplorer.capture.registry import registrations

#: Every built-in signal that this process has.
SIGNALS: dict[str, Any] = {
    page.path: signal for page in catalog.PAGES if (signal := built_in(page)) is not None
}

each_method = pytest.mark.parametrize("method", ["send", "send_robust", "asend", "asend_robust"])


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Listen for the time of a test."""
    listener = Listener()
    listener.connect()
    yield listener
    listener.disconnect()


def everybody() -> dict[str, list[Any]]:
    """Return who is connected to each built-in signal, in order."""
    return {
        path: [each for each in registrations(signal) if each.receiver] for path, signal in SIGNALS.items()
    }


def receive(**_named: object) -> str:
    """Receive anything."""
    return "received"


def test_every_built_in_signal_has_our_receiver() -> None:
    """Listening connects to each signal of the catalogue that exists, as the contract says, and only once."""
    assert len(SIGNALS) >= 20
    listener = Listener()
    assert not listener.connected
    listener.connect()
    listener.connect()
    try:
        assert listener.connected
        for path, signal in SIGNALS.items():
            ours = [each for each in registrations(signal) if each.dispatch_uid == DISPATCH_UID]
            assert [(each.receiver, each.weak, each.is_async, each.sender_id) for each in ours] == [
                (tracing_receiver, False, False, None)
            ], path
            assert signal.has_listeners(Tag)
    finally:
        listener.disconnect()
    assert DISPATCH_UID == "sigexplorer"


def test_disconnecting_leaves_everybody_else_as_they_were() -> None:
    """Afterwards the receivers of every signal are those from before, in their order."""
    before = everybody()
    listener = Listener()
    listener.connect()
    assert everybody() != before
    listener.disconnect()
    assert everybody() == before
    assert not listener.connected
    listener.disconnect()
    assert everybody() == before


def test_receivers_connected_meanwhile_stay() -> None:
    """Who connects while we listen is connected when we go."""
    listener = Listener()
    listener.connect()
    with connected(request_finished, receive):
        listener.disconnect()
        assert receive in [each.receiver for each in registrations(request_finished)]


def test_listening_can_begin_again() -> None:
    """A listener that was disconnected connects again."""
    listener = Listener()
    for _ in range(2):
        listener.connect()
        assert [each.dispatch_uid for each in registrations(user_logged_out)].count(DISPATCH_UID) == 1
        listener.disconnect()
    assert DISPATCH_UID not in [each.dispatch_uid for each in registrations(user_logged_out)]


@pytest.mark.usefixtures("listener")
@each_method
def test_our_receiver_is_in_no_record(method: str) -> None:
    """A dispatch that only we hear is unheard; among others we are not counted and shift no order."""
    with observing() as tracer:
        responses = send(user_logged_out, method, None)
    assert responses == [(tracing_receiver, None)]
    dispatch = only(tracer.trace())
    assert dispatch.unheard
    assert dispatch.calls == ()
    with connected(user_logged_out, receive), observing() as tracer:
        send(user_logged_out, method, None)
    dispatch = only(tracer.trace())
    assert calls(dispatch) == [("receive", "returned")]
    assert dispatch.calls[0].order == 1
    assert not dispatch.unheard


@pytest.mark.usefixtures("listener")
@each_method
def test_our_receiver_shifts_no_parent(method: str) -> None:
    """The index of a call counts the project's receivers only."""
    inner = Signal()

    def first(**_named: object) -> None:
        inner.send(None, name="by first")

    async def second(**_named: object) -> None:
        await inner.asend(None, name="by second")

    with connected(user_logged_out, first, second), observing() as tracer:
        send(user_logged_out, method, None, name="outer")
    assert parents(tracer.trace()) == {
        "outer": (None, None),
        "by first": ("outer", 0),
        "by second": ("outer", 1),
    }


@pytest.mark.usefixtures("listener", "database")
def test_records_are_those_of_watching() -> None:
    """Both ways give the same calls, results and errors of everybody else."""

    def story() -> list[Any]:
        with observing() as tracer:
            Post.objects.create(title="first", author=User.objects.create(username=f"ada{number[0]}"))
        number[0] += 1
        return [
            (each.name, each.sender, calls(each), [call.order for call in each.calls], each.queries)
            for each in tracer.trace().dispatches
        ]

    number = [0]
    listened = story()
    other = Listener()
    other.connect()
    other.disconnect()  # takes the registrations, which are one, away
    assert DISPATCH_UID not in [each.dispatch_uid for each in registrations(post_save)]
    assert story() == listened


@pytest.mark.usefixtures("listener", "database")
def test_django_notices_that_somebody_listens() -> None:
    """While we listen Django's fast paths are off: rows are fetched and their signals sent."""
    AuditEntry.objects.create(text="a")
    AuditEntry.objects.create(text="b")
    assert pre_delete.has_listeners(AuditEntry)
    assert m2m_changed.has_listeners(User.groups.through)
    with observing() as tracer:
        AuditEntry.objects.all().delete()
    trace = tracer.trace()
    assert bypasses(trace) == []
    deletions = [each for each in trace.dispatches if each.group == "delete"]
    assert [each.name for each in deletions] == ["pre_delete", "pre_delete", "post_delete", "post_delete"]
    assert all(each.unheard for each in deletions)


@pytest.mark.usefixtures("database")
def test_watching_changes_nothing() -> None:
    """While we only watch the fast paths stay."""
    AuditEntry.objects.create(text="a")
    with observing() as tracer:
        assert not pre_delete.has_listeners(AuditEntry)
        AuditEntry.objects.all().delete()
    assert bypasses(tracer.trace()) == [("fast_delete", "blog.AuditEntry", 1)]


def test_signals_of_a_newer_django_do_not_exist() -> None:
    """A page whose signal the installed Django lacks has none, and is no error."""
    missing = [page for page in catalog.PAGES if built_in(page) is None]
    assert all(page.added > (0, 0) or page.module == "django.test.signals" for page in missing)


def test_listening_imports_no_test_machinery() -> None:
    """django.test is listened to once somebody else has imported it, and is not imported by us."""
    code = """
import sys
from sigexplorer.capture.listening import Listener, built_in, tracing_receiver
from sigexplorer.catalog import find
listener = Listener()
listener.connect()
assert not any(name == "django.test" or name.startswith("django.test.") for name in sys.modules)
assert built_in(find("template_rendered")) is None
assert "unittest" not in sys.modules
from django.conf import settings
settings.configure()
import django.test.signals
from django.test.signals import template_rendered
assert not template_rendered.receivers
listener.connect()
assert [entry[1] for entry in template_rendered.receivers] == [tracing_receiver]
listener.disconnect()
assert not template_rendered.receivers
"""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
