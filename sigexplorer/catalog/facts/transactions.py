"""Facts about transactions."""

from __future__ import annotations

from sigexplorer.catalog.fact import Fact

FACTS = (
    Fact(
        id="rollback",
        statement=(
            "In a transaction post_save is sent before COMMIT and is not undone by a rollback; what waits"
            " with on_commit() is"
        ),
        why=(
            "A signal is a call, made when the row is written. Do what cannot be undone in"
            " transaction.on_commit()."
        ),
        scenario="rollback",
        source=("django/db/models/base.py: Model.save_base", "django/db/transaction.py: on_commit"),
        signals=("pre_save", "post_save", "pre_delete", "post_delete"),
    ),
    Fact(
        id="savepoint",
        statement=(
            "A savepoint that is rolled back undoes rows whose signals were heard, though the"
            " transaction commits"
        ),
        why="on_commit() callbacks of the savepoint are dropped with it.",
        scenario="rollback",
        source=("django/db/transaction.py: Atomic",),
        signals=("pre_save", "post_save", "pre_delete", "post_delete"),
    ),
    Fact(
        id="on-commit-autocommit",
        statement=(
            "Outside of atomic() of its database a callback of on_commit() runs at once, inside of the"
            " receiver"
        ),
        why=(
            "There is nothing to wait for in autocommit mode. Without using= it is the default database that"
            " is meant, whichever the row was saved in."
        ),
        scenario="rollback",
        source=("django/db/backends/base/base.py: BaseDatabaseWrapper.on_commit",),
        signals=("post_save",),
    ),
    Fact(
        id="testcase-commit",
        statement=(
            "In a TestCase the on_commit() callbacks of receivers do not run, unless"
            " captureOnCommitCallbacks(execute=True) runs them"
        ),
        why="The transaction around the test is rolled back.",
        scenario="test-cases",
        source=("django/test/testcases.py: TestCase.captureOnCommitCallbacks",),
        signals=("post_save",),
    ),
)
