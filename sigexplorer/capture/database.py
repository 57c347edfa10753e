"""SQL and transactions meanwhile: how many statements, and what was rolled back.

Nothing is added to a connection: methods of Django's classes are replaced while somebody
observes, each by one that calls what was found.

Source: ``django/db/backends/base/base.py`` and ``django/db/backends/utils.py``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from sigexplorer.capture.hooks import Hooks, Replacement
from sigexplorer.capture.watch import count_query


class DatabaseObserver(Protocol):
    """Whoever wants to know what the database does."""

    def queried(self) -> None:
        """Learn that one SQL statement is about to run."""

    def savepoint(self, connection: Any, sid: str) -> None:
        """Learn that a savepoint was set."""

    def undone(self, connection: Any, sid: str | None) -> None:
        """Learn that a transaction (``sid`` None), or all since a savepoint, was rolled back."""

    def committed(self, connection: Any) -> None:
        """Learn that a transaction was committed."""

    def failed(self, fault: Exception) -> None:
        """Learn that one of the above raised."""


def _tell(report: Callable[[DatabaseObserver], None]) -> None:
    for observer in HOOKS.observers:
        try:
            report(observer)
        except Exception as fault:
            observer.failed(fault)


def _counting(found: Any) -> Any:
    @functools.wraps(found)
    def execute(self: Any, *arguments: Any, **named: Any) -> Any:
        count_query()
        _tell(lambda observer: observer.queried())
        return found(self, *arguments, **named)

    return execute


def _afterwards(report: Callable[..., None]) -> Callable[[Any], Any]:
    """Make a method that does what was found, then reports ``(observer, connection, *arguments)``."""

    def make(found: Any) -> Any:
        @functools.wraps(found)
        def method(self: Any, *arguments: Any) -> Any:
            answer = found(self, *arguments)
            _tell(lambda observer: report(observer, self, *arguments))
            return answer

        return method

    return make


def _closing(found: Any) -> Any:
    @functools.wraps(found)
    def close(self: Any) -> Any:
        answer = found(self)
        if self.closed_in_transaction:  # the database undoes it by itself
            _tell(lambda observer: observer.undone(self, None))
        return answer

    return close


def _replacements() -> Iterator[Replacement]:
    from django.db.backends.base.base import BaseDatabaseWrapper as Wrapper
    from django.db.backends.utils import CursorWrapper

    yield Replacement(CursorWrapper, "_execute_with_wrappers", _counting)
    yield Replacement(Wrapper, "_savepoint", _afterwards(lambda observer, *at: observer.savepoint(*at)))
    yield Replacement(Wrapper, "_savepoint_rollback", _afterwards(lambda observer, *at: observer.undone(*at)))
    yield Replacement(Wrapper, "_rollback", _afterwards(lambda observer, at: observer.undone(at, None)))
    yield Replacement(Wrapper, "_commit", _afterwards(lambda observer, at: observer.committed(at)))
    yield Replacement(Wrapper, "close", _closing)


#: Django's database modules are imported when the first observer comes, not before: a
#: program that never touches them must not pay for them.
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
        kept = entries.index(sid) + 1 if sid in entries else 0
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
    """Return alias and vendor of each database of the settings, without connecting to any."""
    from django.db import connections

    if "settings" not in connections.__dict__:
        return ()
    return tuple((alias, connections[alias].vendor) for alias in connections)
