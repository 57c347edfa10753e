"""A process that a traced one started, or that is to be traced from its start."""

from __future__ import annotations

import os
from pathlib import Path

from sigexplorer.project.children import State, follow

_begun: set[int] = set()


def begin(state: str) -> None:
    """Begin to trace this process and those that it starts, as ``state`` says; once in a process.

    Called before anything of the program: as Python starts, as ``multiprocessing`` prepares a
    new process, or just after a fork. That is also between fork and exec where ``subprocess``
    has a ``preexec_fn``, so nothing may be done here that does not have to be: no thread, no
    lock, no file kept open.
    """
    if os.getpid() in _begun:
        return
    _begun.add(os.getpid())
    told = State.read(state)
    (Path(told.folder) / f"{os.getpid()}.began").touch()
    follow(told)
