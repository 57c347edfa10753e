"""Transactions without a block, on several connections, that end otherwise than they should."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from capturing import METHODS, observing, send
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.dispatch import Signal
from marks import KEPT, OUTSIDE, UNDONE, Marks, StopError, failing, savepoint, told

from blog.models import Post, Tag
from sigexplorer.capture.tracer import Tracer

pytestmark = pytest.mark.usefixtures("database")


@contextmanager
def by_hand() -> Iterator[None]:
    """Turn autocommit off for a while."""
    transaction.set_autocommit(False)
    try:
        yield
    finally:
        connection.rollback()
        transaction.set_autocommit(True)


def test_transactions_by_hand() -> None:
    """With autocommit off everything is in a transaction, until commit() or rollback()."""

    def story(marks: Marks) -> None:
        with by_hand():
            marks.send("kept")
            transaction.commit()
            marks.send("undone")
            transaction.rollback()
            marks.send("kept again")
            transaction.commit()
            with transaction.atomic():
                marks.send("inner, kept")
            with failing():
                marks.send("inner, undone")
            transaction.commit()
        marks.send("outside")

    assert told(story) == {
        "kept": KEPT,
        "undone": UNDONE,
        "kept again": KEPT,
        "inner, kept": KEPT,
        "inner, undone": UNDONE,
        "outside": OUTSIDE,
    }


def test_savepoints_where_there_are_none() -> None:
    """Outside of atomic blocks SQLite has no savepoints: rolling back to one undoes nothing."""

    def story(marks: Marks) -> None:
        with by_hand():
            marks.send("one")
            sid = savepoint()
            assert sid is None
            marks.send("two")
            transaction.savepoint_rollback(sid)
            transaction.savepoint_rollback("of another time")
            transaction.commit()

    assert told(story) == {"one": KEPT, "two": KEPT}


def test_autocommit_that_is_turned_on_again() -> None:
    """Turning autocommit on commits what is there."""

    def story(marks: Marks) -> None:
        transaction.set_autocommit(False)
        marks.send("kept")
        transaction.set_autocommit(True)
        with failing():
            marks.send("undone")

    assert told(story) == {"kept": KEPT, "undone": UNDONE}


def test_two_databases() -> None:
    """A rollback undoes what was sent for its own database."""

    def story(marks: Marks) -> None:
        with transaction.atomic(using="default"):
            with failing(using="archive"):
                marks.send("default", using="default")
                marks.send("archive", using="archive")
            marks.send("archive, outside", using="archive")

    assert told(story) == {"default": KEPT, "archive": UNDONE, "archive, outside": OUTSIDE}


def test_a_word_that_is_no_database() -> None:
    """What a project's own signal calls using may be something else: then every open transaction counts."""

    def story(marks: Marks) -> None:
        with transaction.atomic(using="default"):
            marks.send("stripe", using="stripe")
            marks.send("archive", using="archive")
            with failing(using="default"):
                marks.send("undone", using="stripe")

    assert told(story) == {"stripe": KEPT, "archive": OUTSIDE, "undone": UNDONE}


def test_a_signal_without_a_database() -> None:
    """Who does not say which database it is about belongs to every open transaction."""

    def story(marks: Marks) -> None:
        marks.send("outside", using=None)
        with transaction.atomic(using="default"):
            marks.send("one", using=None)
            with failing(using="archive"):
                marks.send("both", using=None)
            marks.send("one again", using=None)

    assert told(story) == {"outside": OUTSIDE, "one": KEPT, "both": UNDONE, "one again": KEPT}


def test_a_connection_that_is_closed_in_a_transaction() -> None:
    """The database rolls back by itself when the connection goes; what is sent later is another matter."""

    def story(marks: Marks) -> None:
        with contextlib.suppress(StopError), transaction.atomic():
            marks.send("inside")
            BaseDatabaseWrapper.close(connections["default"])  # SQLite's own spares databases in memory
            raise StopError
        marks.send("outside")
        with transaction.atomic():
            marks.send("next")

    assert told(story) == {"inside": UNDONE, "outside": OUTSIDE, "next": KEPT}


def test_a_connection_that_is_closed_with_autocommit_off() -> None:
    """The same outside of an atomic block."""

    def story(marks: Marks) -> None:
        transaction.set_autocommit(False)
        marks.send("inside")
        BaseDatabaseWrapper.close(connections["default"])
        marks.send("outside")

    assert told(story) == {"inside": UNDONE, "outside": OUTSIDE}


def test_a_connection_that_is_closed_outside_of_a_transaction() -> None:
    """Closing what is committed undoes nothing."""

    def story(marks: Marks) -> None:
        with transaction.atomic():
            marks.send("inside")
        BaseDatabaseWrapper.close(connections["default"])
        marks.send("outside")

    assert told(story) == {"inside": KEPT, "outside": OUTSIDE}


class Gone:
    """A driver's connection to a server that has gone."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def __getattr__(self, name: str) -> Any:
        """Do what the driver does."""
        return getattr(self.driver, name)

    def rollback(self) -> None:
        """Fail."""
        raise sqlite3.OperationalError("the server has gone")


def test_a_rollback_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that cannot even roll back is dropped, and what was sent is undone all the same."""
    wrapper = connections["default"]

    def story(marks: Marks) -> None:
        with contextlib.suppress(StopError), transaction.atomic():
            marks.send("inside")
            wrapper.connection = Gone(wrapper.connection)
            monkeypatch.setattr(wrapper, "is_in_memory_db", lambda: False)  # let it be dropped
            raise StopError
        monkeypatch.undo()
        marks.send("outside")

    assert told(story) == {"inside": UNDONE, "outside": OUTSIDE}


def test_a_commit_that_fails() -> None:
    """What the database refuses at the commit is undone."""

    def story(marks: Marks) -> None:
        with contextlib.suppress(IntegrityError), transaction.atomic():
            Post.objects.create(title="of nobody", author_id=4711)
            marks.send("inside")
        marks.send("outside")

    assert told(story) == {"inside": UNDONE, "outside": OUTSIDE}


def test_what_runs_on_commit() -> None:
    """What is sent by a function that waited for the commit is not undone by anything later."""

    def story(marks: Marks) -> None:
        with transaction.atomic():
            transaction.on_commit(lambda: marks.send("on commit"))
            marks.send("inside")
        with failing():
            transaction.on_commit(lambda: marks.send("never"))
            marks.send("undone")

    assert told(story) == {"inside": KEPT, "on commit": OUTSIDE, "undone": UNDONE}


def test_a_transaction_that_began_before_us() -> None:
    """What is sent after the start is undone with a transaction, or a savepoint, from before it."""
    marks = Marks()
    tracer = Tracer("late")
    with failing():
        marks.send("unseen")
        sid = savepoint()
        tracer.start()
        try:
            marks.send("since the savepoint")
            transaction.savepoint_rollback(sid)
            marks.send("after it")
        finally:
            transaction.savepoint_commit(sid)
            marks.send("at the end")
    tracer.stop()
    assert {each.argument("name"): each.rolled_back for each in tracer.trace().dispatches} == {
        "since the savepoint": True,
        "after it": True,
        "at the end": True,
    }


def test_another_thread_has_another_connection() -> None:
    """A transaction of one thread is not that of another."""
    marks = Marks()

    def work() -> None:
        marks.send("other thread")

    with observing() as tracer, failing():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        marks.send("this thread")
    found = {
        each.argument("name"): (each.in_transaction, each.rolled_back) for each in tracer.trace().dispatches
    }
    assert found == {"other thread": OUTSIDE, "this thread": UNDONE}


def test_djangos_own_signals() -> None:
    """Saves and deletions in a transaction that fails are marked, on the database they were for."""
    user = User.objects.create(username="ada")
    with observing() as tracer:
        kept = Post.objects.create(title="kept", author=user)
        with failing():
            Post.objects.create(title="undone", author=user)
            Tag.objects.using("archive").create(name="kept")
            kept.delete()
    marked = {
        (each.name, each.sender, each.rolled_back)
        for each in tracer.trace().dispatches
        if each.group in ("save", "delete") and each.sender in ("blog.Post", "blog.Tag")
    }
    assert marked == {
        ("pre_save", "blog.Post", False),
        ("post_save", "blog.Post", False),
        ("pre_save", "blog.Post", True),
        ("post_save", "blog.Post", True),
        ("pre_save", "blog.Tag", False),
        ("post_save", "blog.Tag", False),
        ("pre_delete", "blog.Post", True),
        ("post_delete", "blog.Post", True),
    }


@pytest.mark.parametrize("method", METHODS[:2])
def test_each_method_is_followed(method: str) -> None:
    """A dispatch is undone with its savepoint, by whichever method it was sent."""
    signal = Signal()
    with observing() as tracer, transaction.atomic():
        sid = savepoint()
        send(signal, method, None, name="undone")
        transaction.savepoint_rollback(sid)
        send(signal, method, None, name="kept")
    assert [each.in_transaction for each in tracer.trace().dispatches] == [True, True]
    assert [each.rolled_back for each in tracer.trace().dispatches] == [True, False]
