"""Where the bundled project keeps its rows: in memory, unless another place is asked for.

A place has both databases of the project, ``default`` and ``archive``, and is the only one
who knows how they are made, put back to their beginning and removed.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Protocol


class Databases(Protocol):
    """A place for the rows of the bundled project."""

    notes: tuple[str, ...]  # what whoever asked for it should know, once it is open

    def open(self) -> None:
        """Make the databases, with every table; Django is set up already. Again, it changes nothing."""

    def reset(self) -> None:
        """Have every table, and no row in any; the connections of this thread are open."""

    def empty(self) -> None:
        """Have no table at all, as ``migrate`` finds a database the first time."""

    def close(self) -> None:
        """Leave nothing behind, however far ``open`` has come; again, it changes nothing."""


class InMemory:
    """Databases in memory: gone when the process ends, so that closing costs nothing."""

    def __init__(self) -> None:
        self.notes: tuple[str, ...] = ()
        self._pristine: sqlite3.Connection | None = None

    def open(self) -> None:
        """Make the tables, once for a process."""
        if self._pristine is None:
            self._pristine = self._build_tables()

    def reset(self) -> None:
        """Copy the databases as they were in the beginning over what they have become."""
        assert self._pristine is not None  # noqa: S101 - open() has built it
        self._copy(self._pristine)

    def empty(self) -> None:
        """Copy a database without tables over them."""
        empty = sqlite3.connect(":memory:")
        self._copy(empty)
        empty.close()

    def close(self) -> None:
        """Keep the tables for the next run."""

    def _copy(self, source: sqlite3.Connection) -> None:
        from django.db import connections

        for wrapper in connections.all():
            wrapper.ensure_connection()
            source.backup(wrapper.connection)

    def _build_tables(self) -> sqlite3.Connection:
        from django.db import connection

        with connection.schema_editor() as editor:
            create_tables(editor)
        pristine = sqlite3.connect(":memory:")
        raw: Any = connection.connection
        raw.backup(pristine)
        return pristine


def create_tables(editor: Any) -> None:
    """Create each model's table, without the hundreds of steps that migrations take."""
    from django.apps import apps

    for model in apps.get_models():
        if model._meta.managed and not model._meta.proxy:
            editor.create_model(model)


#: The databases of ``demo.settings``.
IN_MEMORY = InMemory()
