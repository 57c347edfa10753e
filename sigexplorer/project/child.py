"""A process that a traced one started."""

from __future__ import annotations

import json
import os
from pathlib import Path


def begin(state: str) -> None:
    """Begin to trace this process, as ``state`` says (see ``children.State``); once in a process.

    Called before anything of the program: as Python starts, as ``multiprocessing`` prepares a
    new process, or just after a fork (also between fork and exec where ``subprocess`` has a
    ``preexec_fn``), so nothing may be done here that does not have to be.
    """
    marker = Path(json.loads(state)["folder"]) / f"{os.getpid()}.began"
    marker.touch()
