"""SQL and transactions meanwhile: how many statements, and what was rolled back.

Nothing is added to a connection: methods of Django's classes are replaced while somebody
observes, each by one that calls what was found.

Source: ``django/db/backends/base/base.py`` and ``django/db/backends/utils.py``.
"""

from __future__ import annotations

import functools
import itertools
import sys
from collections.abc import Iterable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

from sigexplorer.capture import commits, lanes
from sigexplorer.capture.clock import clock
from sigexplorer.capture.frames import unseen
from sigexplorer.capture.hooks import Hooks, Replacement
from sigexplorer.capture.lanes import BEGINNINGS, Lane, count_query, guarded
from sigexplorer.capture.words import plain
from sigexplorer.spool.rows import Undone


def _counting(found: Any) -> Any:
    @functools.wraps(found)
    def execute(self: Any, *arguments: Any, **named: Any) -> Any:
        count_query()
        try:
            return found(self, *arguments, **named)
        except BaseException as error:
            unseen(error)
            raise

    return execute


def _savepoint(found: Any) -> Any:
    @functools.wraps(found)
    def savepoint(self: Any) -> Any:
        sid = found(self)
        if sid is not None:  # None: there are no savepoints here
            guarded(_TRANSACTIONS.saved, self, sid)
        return sid

    return savepoint


def _savepoint_rollback(found: Any) -> Any:
    @functools.wraps(found)
    def savepoint_rollback(self: Any, sid: Any) -> Any:
        callbacks = guarded(len, self.run_on_commit)
        answer = found(self, sid)
        if sid is not None:
            guarded(_TRANSACTIONS.undone_since, self, sid)
            if len(self.run_on_commit) != callbacks:  # it takes away, and does nothing else
                guarded(commits.discard, self)
        return answer

    return savepoint_rollback


def _savepoint_commit(found: Any) -> Any:
    @functools.wraps(found)
    def savepoint_commit(self: Any, sid: Any) -> Any:
        answer = found(self, sid)
        if sid is not None:
            guarded(_TRANSACTIONS.released, self, sid)
        return answer

    return savepoint_commit


def _rollback(found: Any) -> Any:
    @functools.wraps(found)
    def rollback(self: Any) -> Any:
        refused = self.in_atomic_block
        try:
            return found(self)
        finally:  # where it fails, Django drops the connection, and what was written with it
            if not refused:
                guarded(_TRANSACTIONS.undone, self)

    return rollback


def _commit(found: Any) -> Any:
    @functools.wraps(found)
    def commit(self: Any) -> Any:
        answer = found(self)
        guarded(_TRANSACTIONS.over, self)
        return answer

    return commit


def _set_autocommit(found: Any) -> Any:
    @functools.wraps(found)
    def set_autocommit(self: Any, autocommit: Any, *arguments: Any, **named: Any) -> Any:
        if autocommit and not self.in_atomic_block:
            # Switching it on commits what is there, and runs on_commit callbacks after that.
            guarded(_TRANSACTIONS.ended, self)
        answer = found(self, autocommit, *arguments, **named)
        guarded(_TRANSACTIONS.look, self)
        return answer

    return set_autocommit


def _closing(found: Any) -> Any:
    @functools.wraps(found)
    def close(self: Any) -> Any:
        open_transaction = _in_transaction(self)
        answer = found(self)
        if open_transaction and (self.connection is None or self.closed_in_transaction):
            guarded(_TRANSACTIONS.undone, self)  # the database does it by itself
        return answer

    return close


def _replacements() -> Iterator[Replacement]:
    from django.db.backends.base.base import BaseDatabaseWrapper as Wrapper
    from django.db.backends.utils import CursorWrapper

    yield Replacement(CursorWrapper, "_execute_with_wrappers", _counting)
    yield Replacement(Wrapper, "savepoint", _savepoint)
    yield Replacement(Wrapper, "savepoint_rollback", _savepoint_rollback)
    yield Replacement(Wrapper, "savepoint_commit", _savepoint_commit)
    yield Replacement(Wrapper, "rollback", _rollback)
    yield Replacement(Wrapper, "commit", _commit)
    yield Replacement(Wrapper, "set_autocommit", _set_autocommit)
    yield Replacement(Wrapper, "close", _closing)


#: Imports Django's database modules when the first observer comes.
HOOKS = Hooks(_replacements)


class _Transaction:
    """One that is open now."""

    __slots__ = ("began", "number", "savepoints")

    def __init__(self, number: int) -> None:
        self.number = number
        self.began = clock()
        self.savepoints: dict[str, int] = {}  # name to clock, those that are set, in order


class _Transactions:
    """Which transactions are open in which thread, each with a number that only it has.

    A flight holds the numbers that were open when it began, and a row says what was undone.
    """

    def __init__(self) -> None:
        self._open: WeakKeyDictionary[Any, _Transaction] = WeakKeyDictionary()
        self._numbers = itertools.count(1)

    def begin(self, lane: Lane) -> None:
        """Find the transactions that are open in this thread already."""
        for connection in _connections():
            self.look(connection, lane)

    def look(self, connection: Any, lane: Lane | None = None) -> None:
        """Note whether what is written now on a connection can still be rolled back."""
        lane = lane or lanes.here.lane
        if not _in_transaction(connection):
            self.ended(connection, lane)
            return
        if connection not in self._open:
            self._open[connection] = _Transaction(next(self._numbers))
        alias = plain(connection.alias)
        lane.transactions = (*_others(lane, alias), (alias, self._open[connection].number))

    def saved(self, connection: Any, sid: str) -> None:
        """Note that a savepoint was set."""
        self.look(connection)
        if connection in self._open:
            # A name may have been used before: it is the last of that name that counts.
            savepoints = self._open[connection].savepoints
            savepoints.pop(sid, None)
            savepoints[sid] = clock()

    def released(self, connection: Any, sid: str) -> None:
        """Note that a savepoint is no more, nor those that were set after it."""
        transaction = self._open.get(connection)
        if transaction is not None and sid in transaction.savepoints:
            self._drop_after(transaction, sid)
            del transaction.savepoints[sid]

    def undone_since(self, connection: Any, sid: str) -> None:
        """Note that all since a savepoint was rolled back."""
        transaction = self._open.get(connection)
        if transaction is not None and sid in transaction.savepoints:  # else Django has done nothing
            self._undone(transaction, transaction.savepoints[sid])
            self._drop_after(transaction, sid)

    @staticmethod
    def _drop_after(transaction: _Transaction, sid: str) -> None:
        while next(reversed(transaction.savepoints)) != sid:
            transaction.savepoints.popitem()

    def undone(self, connection: Any) -> None:
        """Note that a whole transaction was rolled back."""
        transaction = self._open.get(connection)
        if transaction is not None:
            self._undone(transaction, 0)
        commits.discard(connection)
        self.over(connection)

    def _undone(self, transaction: _Transaction, since: int) -> None:
        lanes.here.lane.events.append(Undone(transaction.number, since, clock()))

    def over(self, connection: Any) -> None:
        """Note that a transaction is over; where autocommit is off, the next one begins."""
        self.ended(connection)
        if not connection.in_atomic_block:
            self.look(connection)

    def ended(self, connection: Any, lane: Lane | None = None) -> None:
        """Note that what was written can no longer be undone."""
        lane = lane or lanes.here.lane
        if self._open.pop(connection, None) is not None:
            lane.transactions = _others(lane, plain(connection.alias)) or None


def _others(lane: Lane, alias: str) -> tuple[tuple[str, int], ...]:
    return tuple(pair for pair in lane.transactions or () if pair[0] != alias)


_TRANSACTIONS = _Transactions()
BEGINNINGS.append(_TRANSACTIONS.begin)


def _in_transaction(connection: Any) -> bool:
    return connection.in_atomic_block or (connection.connection is not None and not connection.autocommit)


def _connections() -> Iterable[Any]:
    """Return the connections of this thread that exist already; none is opened by asking."""
    module = sys.modules.get("django.db")
    # Where nobody has asked for a connection yet, asking would read the settings.
    if module is None or "settings" not in module.connections.__dict__:
        return []
    opened: Iterable[Any] = module.connections.all(initialized_only=True)
    return opened


def vendors() -> tuple[tuple[str, str], ...]:
    """Return alias and vendor of each database of the settings, without touching any."""
    from django.db import connections

    configured = connections.__dict__.get("settings", {})
    return tuple((plain(alias), _vendor(plain(each.get("ENGINE")))) for alias, each in configured.items())


_VENDORS = {"sqlite3": "sqlite", "spatialite": "sqlite", "postgis": "postgresql"}


def _vendor(engine: str) -> str:
    name = engine.rpartition(".")[2]
    return _VENDORS.get(name, name)
