"""Databases on a PostgreSQL server, made for one run and dropped after it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from sigexplorer.errors import DatabaseUrlError, UsageError
from sigexplorer.model import SECRET
from sigexplorer.playground.address import Address
from sigexplorer.playground.databases import create_tables
from sigexplorer.playground.ending import undisturbed
from sigexplorer.playground.redirecting import ALIASES, Redirection, free_name

#: Databases that every server has, to be connected to while others are made and dropped.
_TO_BEGIN_WITH = ("postgres", "template1")

#: What every database that is made says of itself, as long as it is there.
_OURS = "made by sigexplorer for one run, and dropped after it"

#: Databases of runs that ended before they could drop them: ours, and those that Django's test runner made.
_LEFT = """
SELECT datname FROM pg_database
WHERE (shobj_description(oid, 'pg_database') = %s OR datname ~ '^sigexplorer_[0-9]+_[0-9a-f]{8}(_archive)?$')
AND oid NOT IN (SELECT datid FROM pg_stat_activity WHERE datid IS NOT NULL) ORDER BY datname
"""

_PATIENCE = 10  # seconds to wait for a server
_LONGEST_STATEMENT = "60s"  # of one that makes or drops a database, which nothing interrupts
_LONGEST_MESSAGE = 400


class PostgresDatabases:
    """Two databases that did not exist before."""

    def __init__(self, where: Address) -> None:
        self._where = where
        self._driver = _driver()
        self._redirection = Redirection()
        self._made: dict[str, int | None] = {}  # name to object id, which no other database ever gets
        self._tables = ""  # the SQL that makes them
        self._lost: DatabaseUrlError | None = None  # what ended the connection for good
        self.notes: tuple[str, ...] = ()
        # A story may make Django's test databases, which replace whatever has their names: nothing has these.
        self._for_tests = {alias: free_name() for alias in ALIASES}

    def open(self) -> None:
        """Make both databases, none of which may exist, and their tables."""
        if self._made:
            return
        base = self._where.name or free_name()
        names = {alias: f"{base}{ending}" for alias, ending in ALIASES.items()}
        with self._server("cannot make a database") as server, undisturbed():
            left = _left(server)
            for name in names.values():
                self._make(server, name)
            self._redirection.lead({alias: self._settings(alias, name) for alias, name in names.items()})
        self.notes = _told_of(left)
        from django.db import Error

        try:
            self._tables = _sql_of_tables()
            self._renew()
        except (Error, self._driver.Error) as problem:
            raise self._refused("cannot use the database", problem) from None

    def reset(self) -> None:
        """Drop what tables there are and make those of the models, in both databases."""
        if self._lost is not None:  # nobody waits for a server twice that is gone
            raise self._lost
        from django.db import Error

        try:
            self._renew()
        except (Error, self._driver.Error) as problem:
            self._lost = self._refused("cannot use the database", problem)
            raise self._lost from None

    def _renew(self) -> None:
        self.empty()
        for wrapper in _connections():
            wrapper.connection.execute(self._tables)

    def empty(self) -> None:
        """Drop every table, in both databases."""
        for wrapper in _connections():
            wrapper.ensure_connection()
            with wrapper.cursor() as cursor:
                tables = [wrapper.ops.quote_name(name) for name in wrapper.introspection.table_names(cursor)]
            if tables:
                wrapper.connection.execute(f"DROP TABLE {', '.join(tables)} CASCADE")

    def close(self) -> None:
        """Drop the databases that were made, whoever is still connected to them."""
        with undisturbed():
            self._redirection.come_back()
            if self._made:
                left = ", ".join(f"'{name}'" for name in self._made)
                with self._server(f"cannot drop {left}, which may stay") as server:
                    self._drop(server)

    def _make(self, server: Any, name: str) -> None:
        try:
            # From the template that nobody is connected to, in the encoding that Django needs.
            server.execute(f"CREATE DATABASE {_quoted(name)} TEMPLATE template0 ENCODING 'UTF8'")
        except (self._driver.errors.DuplicateDatabase, self._driver.errors.UniqueViolation):
            raise self._taken(server, name) from None  # or another run is just making it
        self._made[name] = _object_id(server, name)
        server.execute(f"COMMENT ON DATABASE {_quoted(name)} IS '{_OURS}'")

    def _taken(self, server: Any, name: str) -> DatabaseUrlError:
        what = f"the database '{name}' exists already"
        asked = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
        if server.execute(asked, [name]).fetchone() != (_OURS,):
            return DatabaseUrlError(
                f"{what}, and is left alone", "name one that does not: it is made, and dropped"
            )
        left = _left(server)
        if name not in left:
            return DatabaseUrlError(f"{what}: another run of sigexplorer uses it", "name another one")
        drops = "; ".join(f"DROP DATABASE {_quoted(one)}" for one in left)
        return DatabaseUrlError(
            f"{what}: a run of sigexplorer that was killed left it", f"name another one, or: {drops}"
        )

    def _drop(self, server: Any) -> None:
        for name, made in list(self._made.items()):
            if _object_id(server, name) == made:  # else somebody has put another one in its place
                server.execute(f"DROP DATABASE {_quoted(name)} WITH (FORCE)")
            del self._made[name]
        for name in self._for_tests.values():
            server.execute(f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)")

    @contextmanager
    def _server(self, failing: str) -> Iterator[Any]:
        """Connect to the server for a while; whatever goes wrong with it is one line."""
        try:
            server = self._connected()
            try:
                server.execute(f"SET statement_timeout = '{_LONGEST_STATEMENT}'")
                yield server
            finally:
                server.close()
        except self._driver.Error as problem:
            raise self._refused(failing, problem) from None

    def _connected(self) -> Any:
        where = self._where
        said = {"user": where.user, "password": where.password, "host": where.host, "port": where.port}
        asked = {name: text for name, text in said.items() if text} | self._options()
        names = dict.fromkeys([*_TO_BEGIN_WITH, self._where.name or _TO_BEGIN_WITH[0]])
        for name in names:
            try:
                return self._driver.connect(dbname=name, autocommit=True, **asked)
            except self._driver.OperationalError as problem:
                if f'database "{name}"' not in str(problem):  # it is not there, or not for this role
                    raise
        tried = ", ".join(f"'{name}'" for name in names)
        raise DatabaseUrlError(
            f"the role may connect to none of {tried}",
            "one of them has to be there, to make databases from",
        )

    def _options(self) -> dict[str, Any]:
        return {"connect_timeout": _PATIENCE, **dict(self._where.options)}

    def _settings(self, alias: str, name: str) -> dict[str, Any]:
        where = self._where
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": name,
            "USER": where.user,
            "PASSWORD": where.password,
            "HOST": where.host,
            "PORT": where.port,
            "OPTIONS": self._options(),
            "TEST": {"NAME": self._for_tests[alias]},
        }

    def _refused(self, what: str, problem: Exception) -> DatabaseUrlError:
        told = " ".join(str(problem).split())[:_LONGEST_MESSAGE].rstrip(".")
        for secret in (self._where.password, os.environ.get("PGPASSWORD", "")):
            told = told.replace(secret, SECRET) if secret else told
        return DatabaseUrlError(f"{what}: {told or type(problem).__name__}")


def _driver() -> Any:
    try:
        return import_module("psycopg")
    except ImportError:
        raise UsageError(
            "PostgreSQL needs psycopg 3, which is not installed",
            "install it: python -m pip install 'sigexplorer[postgres]'",
        ) from None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _left(server: Any) -> list[str]:
    """Return the databases that runs of sigexplorer have left, and that nobody uses."""
    return [name for (name,) in server.execute(_LEFT, [_OURS]).fetchall()]


def _told_of(left: list[str]) -> tuple[str, ...]:
    """Say what runs before this one have left: it is not dropped unasked."""
    drops = "; ".join(f"DROP DATABASE {_quoted(name)}" for name in left)
    return (f"left by runs of sigexplorer that were killed, if none runs: {drops}",) if left else ()


def _object_id(server: Any, name: str) -> int | None:
    row = server.execute("SELECT oid FROM pg_database WHERE datname = %s", [name]).fetchone()
    return row[0] if row else None


def _connections() -> Any:
    from django.db import connections

    return connections.all()


def _sql_of_tables() -> str:
    from django.db import connection

    with connection.schema_editor(collect_sql=True) as editor:
        create_tables(editor)
    return "\n".join(editor.collected_sql)
