"""What several stories need: a receiver for a while, a setting for a while, and what was logged."""

from __future__ import annotations

import inspect
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from django.conf import settings
from django.db import connection
from django.dispatch import Signal

_CALLS = 200


@contextmanager
def connected(signal: Signal, *receivers: Callable[..., object], sender: object = None) -> Iterator[None]:
    """Connect the receivers, and leave the signal as it was found."""
    for function in receivers:
        signal.connect(function, sender=sender)
    try:
        yield
    finally:
        for function in receivers:
            signal.disconnect(function, sender=sender)


@contextmanager
def left_as_found(*signals: Signal) -> Iterator[None]:
    """Put back the receivers of signals, in their order, whatever is connected meanwhile.

    Not for signals that remember the receivers of a sender.
    """
    before = [(signal, list(signal.receivers)) for signal in signals]
    try:
        yield
    finally:
        for signal, receivers in before:
            signal.receivers = receivers


@contextmanager
def assigned(**values: object) -> Iterator[None]:
    """Give settings other values by plain assignment, which sends nothing."""
    before = {name: getattr(settings, name) for name in values}
    for name, held in values.items():
        setattr(settings, name, held)
    try:
        yield
    finally:
        for name, held in before.items():
            setattr(settings, name, held)


def imported(file: Path, name: str) -> ModuleType:
    """Import a file as the module of that name, as two entries of the import path do."""
    spec = spec_from_file_location(name, file)
    assert spec is not None  # noqa: S101 - a file of Python has one
    assert spec.loader is not None  # noqa: S101 - as above
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def shallow() -> Iterator[None]:
    """Let Python end a recursion after some hundred calls, which is soon."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + _CALLS)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collect the first word of each SQL statement."""
    words: list[str] = []

    def note(execute: Callable[..., object], sql: str, *rest: object) -> object:
        words.append(sql.partition(" ")[0])
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        yield words


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@contextmanager
def logged(name: str) -> Iterator[list[str]]:
    """Collect what the logger with that name is told."""
    handler = _Lines()
    logger = logging.getLogger(name)
    logger.addHandler(handler)
    try:
        yield handler.lines
    finally:
        logger.removeHandler(handler)
