"""Which dispatches were in a transaction, and which of them were undone with it."""

from __future__ import annotations

import pytest
from capturing import observing
from django.db import transaction
from django.db.transaction import TransactionManagementError
from marks import KEPT, OUTSIDE, UNDONE, Marks, failing, savepoint, told

from sigexplorer.capture import database

pytestmark = pytest.mark.usefixtures("database")


def test_a_transaction_that_is_committed() -> None:
    """Only what is sent inside is in a transaction, and it stays."""

    def story(marks: Marks) -> None:
        marks.send("before")
        with transaction.atomic():
            marks.send("inside")
        marks.send("after")

    assert told(story) == {"before": OUTSIDE, "inside": KEPT, "after": OUTSIDE}


def test_a_transaction_that_is_rolled_back() -> None:
    """What was sent inside is undone; what was sent before and after is not."""

    def story(marks: Marks) -> None:
        marks.send("before")
        with failing():
            marks.send("inside")
        marks.send("after")
        with transaction.atomic():
            marks.send("next")

    assert told(story) == {"before": OUTSIDE, "inside": UNDONE, "after": OUTSIDE, "next": KEPT}


def test_a_savepoint_that_is_rolled_back() -> None:
    """Only what was sent since the savepoint is undone."""

    def story(marks: Marks) -> None:
        with transaction.atomic():
            marks.send("before")
            with failing():
                marks.send("inside")
            marks.send("after")

    assert told(story) == {"before": KEPT, "inside": UNDONE, "after": KEPT}


def test_nested_savepoints() -> None:
    """A released savepoint shares the fate of the one around it."""

    def story(marks: Marks) -> None:
        with transaction.atomic():
            marks.send("outermost")
            with failing():
                marks.send("outer")
                with transaction.atomic():
                    marks.send("released")
                with failing():
                    marks.send("innermost")
                marks.send("outer again")
            with transaction.atomic():
                marks.send("kept")

    assert told(story) == {
        "outermost": KEPT,
        "outer": UNDONE,
        "released": UNDONE,
        "innermost": UNDONE,
        "outer again": UNDONE,
        "kept": KEPT,
    }


def test_everything_is_undone_with_the_outermost() -> None:
    """Released savepoints go with the transaction."""

    def story(marks: Marks) -> None:
        with failing():
            marks.send("outer")
            with transaction.atomic():
                marks.send("released")
            with failing():
                marks.send("rolled back")

    assert told(story) == {"outer": UNDONE, "released": UNDONE, "rolled back": UNDONE}


def test_a_block_without_a_savepoint() -> None:
    """An inner block without a savepoint takes the outer one along, once that ends."""

    def story(marks: Marks) -> None:
        with transaction.atomic():
            marks.send("outer")
            with failing(savepoint=False):
                marks.send("inner")

    assert told(story) == {"outer": UNDONE, "inner": UNDONE}


def test_a_block_without_a_savepoint_inside_of_one_with() -> None:
    """It takes along what was sent since the nearest savepoint, and no more."""

    def story(marks: Marks) -> None:
        with transaction.atomic():
            marks.send("outermost")
            with transaction.atomic():
                marks.send("outer")
                with failing(savepoint=False):
                    marks.send("inner")
            marks.send("after")

    assert told(story) == {"outermost": KEPT, "outer": UNDONE, "inner": UNDONE, "after": KEPT}


def test_a_durable_block() -> None:
    """A durable block is a transaction like another; refused inside of another it undoes nothing."""

    def story(marks: Marks) -> None:
        with transaction.atomic(durable=True):
            marks.send("kept")
        with failing(durable=True):
            marks.send("undone")
        with transaction.atomic():
            marks.send("around")
            with pytest.raises(RuntimeError), transaction.atomic(durable=True):
                marks.send("never")

    assert told(story) == {"kept": KEPT, "undone": UNDONE, "around": KEPT}


def test_set_rollback() -> None:
    """A block that asks for a rollback without an error is rolled back."""

    def story(marks: Marks) -> None:
        with transaction.atomic():
            marks.send("inside")
            transaction.set_rollback(True)

    assert told(story) == {"inside": UNDONE}


def test_savepoints_by_hand() -> None:
    """savepoint_rollback() undoes what came after, each time it is called; savepoint_commit() nothing."""

    def story(marks: Marks) -> None:
        with transaction.atomic():
            marks.send("before")
            first = savepoint()
            marks.send("one")
            second = savepoint()
            marks.send("two")
            transaction.savepoint_commit(second)
            marks.send("three")
            transaction.savepoint_rollback(first)
            marks.send("four")
            transaction.savepoint_rollback(first)
            marks.send("five")
            transaction.savepoint_commit(first)

    assert told(story) == {
        "before": KEPT,
        "one": UNDONE,
        "two": UNDONE,
        "three": UNDONE,
        "four": UNDONE,
        "five": KEPT,
    }


def test_commit_and_rollback_are_refused_inside_of_a_block() -> None:
    """What Django refuses to do has not been done: nothing is undone by it."""

    def story(marks: Marks) -> None:
        with transaction.atomic():
            marks.send("inside")
            for refused in (transaction.rollback, transaction.commit):
                with pytest.raises(TransactionManagementError):
                    refused()
            marks.send("still inside")
        with failing():
            marks.send("undone")
            with pytest.raises(TransactionManagementError):
                transaction.commit()

    assert told(story) == {"inside": KEPT, "still inside": KEPT, "undone": UNDONE}


def test_names_of_savepoints_are_kept_while_they_are_set() -> None:
    """A savepoint is forgotten when it is released or rolled back to, with those that were set after it."""
    kept = []
    with observing(), transaction.atomic():
        for _ in range(3):
            with transaction.atomic():
                kept.append(_names())
            with failing():
                savepoint()
                kept.append(_names())
            savepoint()
        transaction.savepoint_commit(savepoint())
        kept.append(_names())
    assert kept == [1, 2, 2, 3, 3, 4, 3]


def _names() -> int:
    (held,) = database._TRANSACTIONS._open.values()
    return len(held.savepoints)
