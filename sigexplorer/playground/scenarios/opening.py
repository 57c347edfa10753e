"""Connections that open."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db.backends.signals import connection_created
from django.db.utils import ConnectionHandler

from sigexplorer.playground.props import connected
from sigexplorer.playground.steps import Steps

_SQLITE = "django.db.backends.sqlite3"


def connections_opened(step: Steps) -> None:
    """Open connections to a file and to memory, close them, and use them in another thread."""
    for part in (_again, _threads, _memory, _queries):
        with step.part():
            part(step)


@contextmanager
def _file() -> Iterator[ConnectionHandler]:
    """Have a database in a file, for a while."""
    with tempfile.TemporaryDirectory() as folder:
        yield ConnectionHandler({"default": {"ENGINE": _SQLITE, "NAME": str(Path(folder) / "db.sqlite3")}})


def _again(step: Steps) -> None:
    with _file() as databases:
        with step("name a database"):
            connection = databases["default"]
        step.claim(
            "a connection that is only named is not opened",
            step.sent("connection_created"),
            [],
            fact="connection-created",
        )

        with step("use a connection twice, close it, and use it again"):
            connection.ensure_connection()
            connection.ensure_connection()
            connection.close()
            connection.ensure_connection()
        connection.close()
    step.claim("it was opened twice", len(step.sent("connection_created")), 2, fact="connection-created")


def _threads(step: Steps) -> None:
    def use(databases: ConnectionHandler) -> None:
        databases["default"].ensure_connection()
        databases["default"].close()

    with _file() as databases:
        thread = threading.Thread(target=use, args=[databases], name="another")
        with step("use it here and in another thread"):
            use(databases)
            thread.start()
            thread.join()
    threads = [dispatch.thread for dispatch in step.sent("connection_created")]
    step.claim("each thread has its own", threads, ["MainThread", "another"], fact="connection-created")


def _memory(step: Steps) -> None:
    connection = ConnectionHandler({"default": {"ENGINE": _SQLITE, "NAME": ":memory:"}})["default"]
    with step("close a database in memory, and use it again"):
        connection.ensure_connection()
        connection.close()
        connection.ensure_connection()
    step.claim("it is never closed", len(step.sent("connection_created")), 1, fact="connection-created")
    connection.connection.close()


def _queries(step: Steps) -> None:
    found: list[object] = []

    def ask(connection: Any, **_kwargs: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            found.append(cursor.fetchone()[0])

    with _file() as databases:
        with step("run SQL in a receiver of connection_created"), connected(connection_created, ask):
            databases["default"].ensure_connection()
        databases["default"].close()
    step.claim("it runs", found, [1], fact="connection-created-pool")
    step.claim(
        "and opens no other connection",
        len(step.sent("connection_created")),
        1,
        fact="connection-created-pool",
    )
