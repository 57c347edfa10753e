"""A process that a traced one started, or that is to be traced from its start."""

from __future__ import annotations

from sigexplorer.project import tracing
from sigexplorer.project.children import State


def begin(state: str) -> None:
    """Begin to trace this process and those that it starts, as ``state`` says; once in a process.

    Called before anything of the program: as Python starts, as ``multiprocessing`` prepares a
    new process, or just after a fork. That is also between fork and exec where ``subprocess``
    has a ``preexec_fn``; but a fork is traced already, and has only to go on.
    """
    if not tracing.ACTIVE:
        tracing.Tracing(State.read(state)).begin()
