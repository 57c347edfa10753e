"""Functions given to ``transaction.on_commit``: who registered them, and what became of them.

Nothing stands in the list that Django keeps but what the program has put there. When
Django runs the list it takes its entries out one by one, which tells when each begins.

Source: ``django/db/backends/base/base.py``.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from typing import Any, SupportsIndex
from weakref import WeakKeyDictionary

from sigexplorer.capture import lanes, places, receivers
from sigexplorer.capture.clock import clock
from sigexplorer.capture.frames import unseen
from sigexplorer.capture.hooks import Hooks, Replacement
from sigexplorer.capture.lanes import around, guarded, id_of, next_id, position, said
from sigexplorer.capture.words import plain
from sigexplorer.spool.rows import Kept, Promised

#: What tells an entry from others: the identities of its parts, because a rollback to a
#: savepoint makes new tuples of those that stay.
Key = tuple[int, ...]

#: By connection the entries that Django keeps, with our id of each. To hold them keeps their keys theirs.
_waiting: WeakKeyDictionary[Any, dict[Key, tuple[Any, int]]] = WeakKeyDictionary()


def _key(entry: Any) -> Key:
    return tuple(map(id, entry)) if type(entry) is tuple else (id(entry),)


class _Running:
    """The callback that runs now, in this thread."""

    def __init__(self, number: int) -> None:
        self.lane = lanes.here.lane
        self.number = number
        self.error: str | None = None
        self._before, self.lane.callback = self.lane.callback, number
        self._start = clock()

    def ended(self) -> None:
        """Note that it ended, with ``error`` or well."""
        self.lane.callback = self._before
        ending: Any = "returned" if self.error is None else "raised"
        self.lane.events.append(Kept(self.number, self._start, clock(), ending, self.error))


class _Swallowed:
    """A function whose error Django logs and forgets: it looks like what it calls."""

    def __init__(self, function: Any, runs: list[_Running]) -> None:
        self._function = function
        self._runs = runs

    def __call__(self) -> Any:
        try:
            return self._function()
        except Exception as error:
            unseen(error)
            for running in self._runs:
                running.error = said(error)
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._function, name)

    def __repr__(self) -> str:
        return repr(self._function)


class _Emptied(list[Any]):
    """What Django takes the callbacks out of, one by one, to run them."""

    def __init__(self, entries: list[Any], numbers: dict[Key, tuple[Any, int]]) -> None:
        super().__init__(entries)
        self._numbers = numbers
        self.runs: list[_Running] = []  # at most one

    def pop(self, index: SupportsIndex = -1) -> Any:
        """Take one out, which ends the one before."""
        guarded(self.end)
        entry = super().pop(index)
        _, number = self._numbers.get(_key(entry), (None, 0))
        if number:
            self.runs.append(_Running(number))
            if type(entry) is tuple and len(entry) == 3 and entry[2]:  # noqa: PLR2004 - robust
                return (entry[0], _Swallowed(entry[1], self.runs), entry[2])
        return entry

    def end(self, error: BaseException | None = None) -> None:
        """End the one that runs."""
        while self.runs:
            running = self.runs.pop()
            running.error = running.error if error is None else said(error)
            running.ended()
        if error is not None:  # Django has dropped the others
            left = [self._numbers[key] for key in map(_key, self) if key in self._numbers]
            lanes.here.lane.events += [Kept(number, 0, 0, "discarded", None) for _, number in left]


def _promised(connection: Any, function: Any) -> int:
    outer = around(lanes.here.lane)
    named = receivers.words(function)
    number = next_id()
    lanes.here.lane.events.append(
        Promised(
            id=number,
            start=clock(),
            function=named.name,
            file=named.file,
            line=named.line,
            using=plain(connection.alias),
            outer=id_of(outer),
            position=position(outer),
            origin=places.line(sys._getframe(3)),
        )
    )
    return number


def _on_commit(found: Any) -> Any:
    @functools.wraps(found)
    def on_commit(self: Any, func: Any, robust: Any = False) -> Any:  # noqa: FBT002 - Django's
        if not callable(func):
            return found(self, func, robust)
        number = guarded(_promised, self, func) or 0
        if self.in_atomic_block:
            answer = found(self, func, robust)
            guarded(_keep, self, number)
            return answer
        return _at_once(found, self, func, robust, number)

    return on_commit


def _keep(connection: Any, number: int) -> None:
    if number and connection.run_on_commit:
        entry = connection.run_on_commit[-1]
        _waiting.setdefault(connection, {})[_key(entry)] = entry, number


def _at_once(found: Any, connection: Any, function: Any, robust: Any, number: int) -> Any:
    """Run what needs no waiting, because no transaction is open."""
    running = _Running(number)
    try:
        return found(connection, _Swallowed(function, [running]) if robust else function, robust)
    except BaseException as error:
        running.error = said(error)
        raise
    finally:
        if number:
            guarded(running.ended)


def _run_and_clear(found: Any) -> Any:
    @functools.wraps(found)
    def run_and_clear_commit_hooks(self: Any) -> Any:
        numbers = _waiting.pop(self, {})
        if not numbers or type(self.run_on_commit) is not list:
            return found(self)
        emptied = self.run_on_commit = _Emptied(self.run_on_commit, numbers)
        try:
            return found(self)
        except BaseException as error:
            guarded(emptied.end, error)
            raise
        finally:
            guarded(emptied.end)

    return run_and_clear_commit_hooks


def discard(connection: Any) -> None:
    """Note which callbacks a rollback has taken away."""
    waiting = _waiting.get(connection)
    if not waiting:
        return
    left = set(map(_key, connection.run_on_commit))
    for key in [key for key in waiting if key not in left]:
        _, number = waiting.pop(key)
        lanes.here.lane.events.append(Kept(number, 0, 0, "discarded", None))


def _replacements() -> Iterator[Replacement]:
    from django.db.backends.base.base import BaseDatabaseWrapper as Wrapper

    _waiting.clear()
    yield Replacement(Wrapper, "on_commit", _on_commit)
    yield Replacement(Wrapper, "run_and_clear_commit_hooks", _run_and_clear)


HOOKS = Hooks(_replacements)
