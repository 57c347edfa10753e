"""The text of SQL, noted while somebody wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sigexplorer.capture.statements import HOOKS, Statements

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("playground")


def noted(work: Callable[[], object]) -> list[str]:
    """Return the SQL of ``work``."""
    statements = Statements()
    statements.start()
    try:
        work()
    finally:
        statements.stop()
    assert [reading for reading, _ in statements.noted] == sorted(reading for reading, _ in statements.noted)
    return [sql for _, sql in statements.noted]


def test_a_transaction_is_noted_from_begin_to_commit() -> None:
    """BEGIN, savepoints and COMMIT are noted, in order; a savepoint's name is not."""
    from django.db import transaction

    from blog.models import Tag

    def work() -> None:
        with transaction.atomic(), transaction.atomic():
            Tag.objects.create(name="sql")

    insert = 'INSERT INTO "blog_tag" ("name") VALUES (%s) RETURNING "blog_tag"."id"'
    assert noted(work) == ["BEGIN", "SAVEPOINT …", insert, "RELEASE SAVEPOINT …", "COMMIT"]


def test_a_rollback_is_noted() -> None:
    """What ends a transaction is noted, whichever way it ends."""
    from django.db import transaction

    def work() -> None:
        with transaction.atomic():
            transaction.set_rollback(True)

    assert noted(work) == ["BEGIN", "ROLLBACK"]


def test_values_and_secrets_are_not_noted() -> None:
    """A value is a placeholder, and what stands in the SQL itself and looks secret is masked."""
    from django.db import connection

    from blog.models import Tag

    def work() -> None:
        Tag.objects.filter(name="hush").exists()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 'password=hunter22'\n  AS said")

    (first, second) = noted(work)
    assert "hush" not in first
    assert "hunter22" not in second
    assert second.endswith("AS said")


def test_many_at_once_are_one_statement() -> None:
    """executemany() is one statement, as it is one call."""
    from django.db import connection

    def work() -> None:
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO blog_tag (name) VALUES (%s)", [["a"], ["b"]])

    assert noted(work) == ["INSERT INTO blog_tag (name) VALUES (%s)"]


def test_what_fails_is_noted_and_fails() -> None:
    """A statement that the database refuses is noted, and its error is the program's."""
    from django.db import Error, connection

    def work() -> None:
        with connection.cursor() as cursor, pytest.raises(Error):
            cursor.execute("SELECT nothing FROM nowhere")

    assert noted(work) == ["SELECT nothing FROM nowhere"]


def test_classes_are_left_as_they_were() -> None:
    """When nobody wants statements Django's methods are its own."""
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.utils import CursorWrapper

    def look() -> list[object]:
        names = ("_commit", "_rollback", "set_autocommit")
        return [CursorWrapper._execute_with_wrappers, *(vars(BaseDatabaseWrapper)[name] for name in names)]

    before = look()
    assert noted(lambda: None) == []
    assert look() == before
    assert HOOKS.observers == ()
