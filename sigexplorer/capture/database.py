"""SQL and transactions meanwhile: how many statements, and what was rolled back.

Nothing is added to a connection: methods of Django's classes are replaced while somebody
observes, each by one that calls what was found.

Source: ``django/db/backends/base/base.py`` and ``django/db/backends/utils.py``.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from sigexplorer.capture.hooks import Failing, Hooks, Replacement
from sigexplorer.capture.watch import count_query
from sigexplorer.capture.words import plain


class DatabaseObserver(Failing, Protocol):
    """Whoever wants to know what the database does."""

    def queried(self) -> None:
        """Learn that one SQL statement is about to run."""

    def savepoint(self, connection: Any, sid: str) -> None:
        """Learn that a savepoint was set."""

    def undone(self, connection: Any, sid: str | None) -> None:
        """Learn that a transaction (``sid`` None), or all since a savepoint, was rolled back."""

    def committed(self, connection: Any) -> None:
        """Learn that a transaction was committed."""


def _counting(found: Any) -> Any:
    @functools.wraps(found)
    def execute(self: Any, *arguments: Any, **named: Any) -> Any:
        count_query()
        HOOKS.tell(_query)
        return found(self, *arguments, **named)

    return execute


def _query(observer: DatabaseObserver) -> None:
    observer.queried()


def _savepoint(found: Any) -> Any:
    @functools.wraps(found)
    def savepoint(self: Any) -> Any:
        sid = found(self)
        if sid is not None:  # None: there are no savepoints here
            HOOKS.tell(lambda observer: observer.savepoint(self, sid))
        return sid

    return savepoint


def _savepoint_rollback(found: Any) -> Any:
    @functools.wraps(found)
    def savepoint_rollback(self: Any, sid: Any) -> Any:
        answer = found(self, sid)
        if sid is not None:
            HOOKS.tell(lambda observer: observer.undone(self, sid))
        return answer

    return savepoint_rollback


def _rollback(found: Any) -> Any:
    @functools.wraps(found)
    def rollback(self: Any) -> Any:
        refused = self.in_atomic_block
        try:
            return found(self)
        finally:  # where it fails, Django drops the connection, and what was written with it
            if not refused:
                HOOKS.tell(lambda observer: observer.undone(self, None))

    return rollback


def _commit(found: Any) -> Any:
    @functools.wraps(found)
    def commit(self: Any) -> Any:
        answer = found(self)
        HOOKS.tell(lambda observer: observer.committed(self))
        return answer

    return commit


def _set_autocommit(found: Any) -> Any:
    @functools.wraps(found)
    def set_autocommit(self: Any, autocommit: Any, *arguments: Any, **named: Any) -> Any:
        if autocommit and not self.in_atomic_block:
            # Switching it on commits what is there, and runs on_commit callbacks after that.
            HOOKS.tell(lambda observer: observer.committed(self))
        return found(self, autocommit, *arguments, **named)

    return set_autocommit


def _closing(found: Any) -> Any:
    @functools.wraps(found)
    def close(self: Any) -> Any:
        open_transaction = _in_transaction(self)
        answer = found(self)
        if open_transaction and (self.connection is None or self.closed_in_transaction):
            HOOKS.tell(lambda observer: observer.undone(self, None))  # the database does it by itself
        return answer

    return close


def _replacements() -> Iterator[Replacement]:
    from django.db.backends.base.base import BaseDatabaseWrapper as Wrapper
    from django.db.backends.utils import CursorWrapper

    yield Replacement(CursorWrapper, "_execute_with_wrappers", _counting)
    yield Replacement(Wrapper, "savepoint", _savepoint)
    yield Replacement(Wrapper, "savepoint_rollback", _savepoint_rollback)
    yield Replacement(Wrapper, "rollback", _rollback)
    yield Replacement(Wrapper, "commit", _commit)
    yield Replacement(Wrapper, "set_autocommit", _set_autocommit)
    yield Replacement(Wrapper, "close", _closing)


#: Imports Django's database modules when the first observer comes.
HOOKS: Hooks[DatabaseObserver] = Hooks(_replacements)


class Transactions:
    """Which dispatches were sent inside of which transaction, and which were undone.

    ``rolled_back`` holds the ids of dispatches whose transaction, or savepoint, was rolled
    back after they were sent.
    """

    def __init__(self) -> None:
        self.rolled_back: set[int] = set()
        # Per connection, in order: ids of dispatches, and savepoints by their name.
        self._since_begin: WeakKeyDictionary[Any, list[int | str]] = WeakKeyDictionary()

    def joined(self, dispatch: int, using: str | None) -> bool:
        """Note a dispatch; return whether what is written now can still be rolled back.

        Without ``using`` it belongs to every database in which a transaction is open.
        """
        open_now = [connection for connection in _connections(using) if _in_transaction(connection)]
        for connection in open_now:
            self._since_begin.setdefault(connection, []).append(dispatch)
        return bool(open_now)

    def savepoint(self, connection: Any, sid: str) -> None:
        """Note that a savepoint was set."""
        self._since_begin.setdefault(connection, []).append(sid)

    def undone(self, connection: Any, sid: str | None) -> None:
        """Mark everything since ``sid``, or since the transaction began."""
        entries = self._since_begin.get(connection, [])
        # A name may have been used before: it is the last of that name that counts.
        if sid is not None and sid not in entries:
            return  # there are no savepoints here, and Django has done nothing
        kept = 0 if sid is None else len(entries) - entries[::-1].index(sid)
        self.rolled_back.update(entry for entry in entries[kept:] if isinstance(entry, int))
        del entries[kept:]

    def committed(self, connection: Any) -> None:
        """Forget a transaction that can no longer be undone."""
        self._since_begin.pop(connection, None)


def _in_transaction(connection: Any) -> bool:
    return connection.in_atomic_block or (connection.connection is not None and not connection.autocommit)


def _connections(using: str | None) -> Iterable[Any]:
    """Return the connections of this thread that exist already; none is opened by asking."""
    from django.db import connections

    if "settings" not in connections.__dict__:
        return []  # nobody has asked for a connection yet, and asking would read the settings
    opened = connections.all(initialized_only=True)
    return [connection for connection in opened if using is None or connection.alias == using]


def vendors() -> tuple[tuple[str, str], ...]:
    """Return alias and vendor of each database of the settings, without touching any."""
    from django.db import connections

    configured = connections.__dict__.get("settings", {})
    return tuple((plain(alias), _vendor(plain(each.get("ENGINE")))) for alias, each in configured.items())


_VENDORS = {"sqlite3": "sqlite", "spatialite": "sqlite", "postgis": "postgresql"}


def _vendor(engine: str) -> str:
    name = engine.rpartition(".")[2]
    return _VENDORS.get(name, name)
