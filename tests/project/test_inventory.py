"""What is listed of each registration: the dead by name, senders that Django does not keep."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.storage import FileSystemStorage
from django.db.models.signals import m2m_changed, post_migrate, post_save
from django.dispatch import Signal
from django.test import override_settings

from blog.models import Post
from sigexplorer.capture import signals
from sigexplorer.capture.connections import NOTES
from sigexplorer.capture.senders import Senders
from sigexplorer.model import ListedReceiver
from sigexplorer.playground.boot import PLAYGROUND
from sigexplorer.project import inventory


def on_paid(**_named: object) -> None:
    """Receive nothing in particular."""


async def later(**_named: object) -> None:
    """Receive nothing, asynchronously."""


@pytest.fixture
def _watched() -> Iterator[None]:
    """Note what is connected, and forget it afterwards."""
    before = len(NOTES.events)
    with NOTES.watching():
        yield
    del NOTES.events[before:]


def listed(signal: Signal) -> list[ListedReceiver]:
    """Return what is listed of one signal."""
    return list(inventory.receivers_of(signals.words(signal), signal, Senders()))


@pytest.mark.usefixtures("_watched")
def test_a_receiver_that_died_is_listed_by_name() -> None:
    """A dead receiver has its name, place and line of connection, also once Django has swept it away."""
    signal = Signal()
    signal.connect(partial(on_paid), sender=Post)
    (dead,) = listed(signal)
    assert (dead.alive, dead.receiver.rpartition(".")[2], dead.sender) == (False, "on_paid", "blog.Post")
    signal.connect(later)
    alive, swept = listed(signal)
    assert (alive.alive, alive.order, alive.is_async) == (True, 1, True)
    assert (swept.receiver, swept.connected_at, swept.order) == (dead.receiver, dead.connected_at, 2)


@pytest.mark.usefixtures("_watched")
def test_what_was_taken_away_is_not_dead() -> None:
    """A receiver that was disconnected, or taken out by hand, is listed no more."""
    signal = Signal()
    signal.connect(on_paid)
    signal.disconnect(on_paid)
    kept = partial(on_paid)
    signal.connect(kept)
    signal.receivers = []
    assert listed(signal) == []


def test_a_dead_receiver_that_nobody_watched_is_unknown() -> None:
    """Without notes a dead receiver has no name."""
    signal = Signal()
    signal.connect(partial(on_paid))
    (dead,) = listed(signal)
    assert (dead.alive, dead.receiver, dead.file, dead.connected_at) == (False, "?", None, None)


class Box:
    """Holds a method that receives, as Django's FileSystemStorage does."""

    def receive(self, **_named: object) -> None:
        """Receive nothing in particular."""


def test_a_dead_method_is_named_by_its_class() -> None:
    """Also where nobody watched: what died is the object, and Django's own are told from the project's."""
    signal = Signal()
    boxes = [Box(), FileSystemStorage()]
    signal.connect(boxes[0].receive)
    signal.connect(boxes[1].get_valid_name)
    del boxes[:]
    own, stock = listed(signal)
    assert (own.alive, own.receiver, own.stock) == (False, f"{__name__}.Box.receive", False)
    assert (stock.alive, stock.receiver.rpartition(".")[2], stock.stock) == (False, "get_valid_name", True)


def local_class() -> Any:
    """Return a class that no module holds."""
    return type("Local", (), {})


@pytest.mark.usefixtures("_watched")
def test_a_sender_that_nothing_holds_is_known_when_watched() -> None:
    """Whatever a receiver was connected for has a name if the connection was watched."""
    signal, cls = Signal(), local_class()
    text = b"a text".decode()  # an object of its own, which no module holds
    signal.connect(on_paid, sender=cls)
    signal.connect(on_paid, sender=text)
    assert [one.sender_written for one in listed(signal)] == [f"{__name__}.Local", "'a text'"]


SENDERS: dict[str, tuple[Any, str]] = {
    "model": (Post, "blog.Post"),
    "through": (User.groups.through, "auth.User_groups"),
    "class": (Senders, "sigexplorer.capture.senders.Senders"),
    "text": ("sigexplorer", "'sigexplorer'"),
    "none": (None, ""),
}


@pytest.mark.parametrize(("sender", "name"), SENDERS.values(), ids=SENDERS)
def test_a_sender_is_found_by_its_id(sender: Any, name: str) -> None:
    """Models, through models and classes are found although Django 5.2 keeps only their id."""
    signal = Signal()
    signal.connect(on_paid, sender=sender)
    (one,) = listed(signal)
    assert (one.sender_written or "") == name


def test_an_app_is_found_by_its_id() -> None:
    """The configuration of an app is found, and named by its label."""
    own = [one for one in listed(post_migrate) if one.receiver == "blog.receivers.create_default_tag"]
    assert [one.sender for one in own] == ["blog"]


def test_a_sender_that_cannot_be_found_is_a_question_mark() -> None:
    """A text that was a sender before we watched has no name."""
    signal, text = Signal(), b"another text".decode()
    signal.connect(on_paid, sender=text)
    assert [one.sender for one in listed(signal)] == ["?"]


def test_our_own_receiver_is_never_listed() -> None:
    """The tracing receiver is no registration of the project."""
    PLAYGROUND.listener.connect()
    try:
        names = {one.receiver for one in inventory.all_receivers()}
    finally:
        PLAYGROUND.listener.disconnect()
    assert "blog.receivers.create_profile" in names
    assert not any(name.startswith("sigexplorer.") for name in names)


def test_reached_is_what_a_send_would_call() -> None:
    """Of a signal and a sender those are told that a send would call, in order."""
    names = [one.receiver for one in inventory.reached(post_save, Post, Senders())]
    assert names == ["blog.receivers.reindex", "blog.receivers.write_audit_entry"]
    assert inventory.reached(m2m_changed, Post, Senders()) == ()


@override_settings(DEBUG=True)
def test_what_lives_by_debug_alone_is_found_where_it_is_asked_for() -> None:
    """A local function that DEBUG remembers is marked if somebody asks; what a module holds never is."""
    signal = Signal()

    def local(**_named: object) -> None:
        """Be held by nobody, soon."""

    signal.connect(local)
    signal.connect(on_paid)
    del local
    named = signals.words(signal)
    found = inventory.receivers_of(named, signal, Senders(), ask_debug=True)
    assert [one.by_debug for one in found] == [True, False]
    assert not any(one.by_debug for one in listed(signal))


def test_two_objects_as_dispatch_uid_are_told_apart() -> None:
    """Of one receiver connected twice, by two objects, the second is told as that."""
    signal, one, other = Signal(), object(), object()
    signal.connect(on_paid, dispatch_uid=one)
    signal.connect(on_paid, dispatch_uid=other)
    assert [found.dispatch_uid for found in listed(signal)] == ["<object>", "<object> #2"]
