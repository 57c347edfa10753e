"""A process that a traced one started, or that is to be traced from its start."""

from __future__ import annotations

from functools import partial
from importlib import import_module

from sigexplorer.project import tracing
from sigexplorer.project.children import State


def begin(state: str) -> None:
    """Begin to trace this process and those that it starts, as ``state`` says; once in a process.

    Called before anything of the program: as Python starts, as ``multiprocessing`` prepares a
    new process, or just after a fork. That is also between fork and exec where ``subprocess``
    has a ``preexec_fn``; but a fork is traced already, and has only to go on.
    """
    if not tracing.ACTIVE:
        told = State.read(state)
        tracing.Tracing(told).begin(recording=partial(_print, told.live) if told.live else None)


def _print(live: str) -> None:
    import_module("sigexplorer.cli.tracing").print_as(live)  # by its name: it lies above this
