"""The page of the signal of database connections."""

from __future__ import annotations

from sigexplorer.catalog.page import Argument, Note, Page

CONNECTION_CREATED = Page(
    name="connection_created",
    module="django.db.backends.signals",
    group="db",
    summary="a connection to a database was opened",
    when=(
        "At the end of BaseDatabaseWrapper.connect(): lazily, when the first query needs a connection, once"
        " per alias and per thread, and again after close()."
    ),
    sender=(
        "the DatabaseWrapper class of the backend, such as django.db.backends.sqlite3.base.DatabaseWrapper"
    ),
    arguments=(
        Argument(
            "connection",
            "BaseDatabaseWrapper",
            "the wrapper of the open connection; its alias and vendor say which database it is",
        ),
    ),
    pitfalls=(
        Note(
            "It does not come at start: each thread opens its own connection per alias, when it first needs"
            " it. Connect the receiver in ready(), before the first query."
        ),
        Note(
            "Two aliases with the same backend have the same sender: look at connection.alias and"
            " connection.vendor."
        ),
        Note(
            "With CONN_MAX_AGE=0, the default, a connection lives for one request: it is sent again with the"
            " next, so keep the receiver quick."
        ),
        Note(
            "An exception here fails the first query only: the connection stays open, and the next query uses"
            " it without a second signal, half set up."
        ),
        Note("Queries in the receiver, on connection.cursor(), work and do not send it again."),
        Note("close() on an in-memory SQLite database does nothing, so no second connection follows."),
        Note(
            "With the connection pool of PostgreSQL it is sent each time a connection is taken from the pool,"
            " one that was used before included."
        ),
    ),
    example="""\
from django.db.backends.signals import connection_created
from django.dispatch import receiver


@receiver(connection_created, dispatch_uid="enlarge-sqlite-cache")
def enlarge_sqlite_cache(sender, connection, **kwargs):
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA cache_size = -20000")  # 20 MB, for this connection
""",
    trigger="uses a new connection for the first time",
    related=("request_started", "request_finished", "pre_migrate"),
    sent_by=("django.db.backends.base.base",),
    scenarios=("two-databases",),
)
