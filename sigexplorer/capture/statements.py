"""The text of every SQL statement, while somebody wants it: values are never part of it.

Source: ``django/db/backends/utils.py`` and ``django/db/backends/base/base.py``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

from sigexplorer.capture.clock import clock
from sigexplorer.capture.hooks import Hooks, Replacement
from sigexplorer.capture.lanes import guarded
from sigexplorer.capture.secrecy import scrub

_LONGEST = 10_000  # characters of one statement

#: A savepoint is named by its thread and a number, which differ from run to run.
_SAVEPOINT = re.compile(r'(?<=SAVEPOINT )["`]s\d+_x\d+["`]')


class Statements:
    """Notes each statement with the reading of the clock at which it began."""

    def __init__(self) -> None:
        self.noted: list[tuple[int, str]] = []

    def start(self) -> None:
        """Note from now on."""
        HOOKS.add(self)

    def stop(self) -> None:
        """Note no more."""
        HOOKS.remove(self)


def _note(sql: Any) -> None:
    text = " ".join(_text(sql).split())
    told = (clock(), _SAVEPOINT.sub("…", scrub(text, _LONGEST)))
    for observer in HOOKS.observers:
        if isinstance(observer, Statements):
            observer.noted.append(told)


def _text(sql: Any) -> str:
    if not issubclass(type(sql), str):
        return type(sql).__name__  # a driver's own kind of query
    return str.__str__(sql)[:_LONGEST].encode("utf-8", "backslashreplace").decode()


def _executing(found: Any) -> Any:
    @functools.wraps(found)
    def execute(self: Any, sql: Any, *arguments: Any, **named: Any) -> Any:
        guarded(_note, sql)
        return found(self, sql, *arguments, **named)

    return execute


def _ending(sql: str) -> Any:
    """Return what makes a method that ends a transaction tell of it: no cursor executes this."""

    def make(found: Any) -> Any:
        @functools.wraps(found)
        def end(self: Any) -> Any:
            if self.connection is not None:
                guarded(_note, sql)
            return found(self)

        return end

    return make


def _beginning(found: Any) -> Any:
    @functools.wraps(found)
    def set_autocommit(self: Any, autocommit: Any, *arguments: Any, **named: Any) -> Any:
        # SQLite's BEGIN is executed by a cursor, and seen there.
        if not autocommit and not hasattr(self, "_start_transaction_under_autocommit"):
            guarded(_note, "BEGIN")
        return found(self, autocommit, *arguments, **named)

    return set_autocommit


def _replacements() -> Iterator[Replacement]:
    from django.db.backends.base.base import BaseDatabaseWrapper as Wrapper
    from django.db.backends.utils import CursorWrapper

    yield Replacement(CursorWrapper, "_execute_with_wrappers", _executing)
    yield Replacement(Wrapper, "_commit", _ending("COMMIT"))
    yield Replacement(Wrapper, "_rollback", _ending("ROLLBACK"))
    yield Replacement(Wrapper, "set_autocommit", _beginning)


HOOKS = Hooks(_replacements)
