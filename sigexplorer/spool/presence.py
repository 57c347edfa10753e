"""Which processes take part in a run: an empty file in its folder for each that joined it, while it lasts.

Little of Python's own library: a file is made between a fork and what the program does then.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from sigexplorer.spool import common

_MARK = "-here"
_NAMED = 3  # processes

_PROCESSES = Path("/proc")  # where Linux tells of them; elsewhere there is no such folder


def enter(folder: Path, process: int | None = None) -> None:
    """Note that this process, or another one, has joined; where that is not possible it is no error."""
    with suppress(OSError):
        _file(folder, process or os.getpid()).touch(0o600)


def leave(folder: Path) -> None:
    """Note that all that this process had to tell is told."""
    try:
        _file(folder, os.getpid()).unlink()
    except OSError as problem:
        if not isinstance(problem, FileNotFoundError) or not os.path.isdir(folder):  # noqa: PTH112 - never fails
            common.append(str(os.getpid()))


def enter_started(folder: Path, variable: str, unseen: Sequence[str]) -> None:
    """Note those Pythons that were told of the folder, by JSON in a variable, and may not have joined yet.

    One whose command has a word that begins with one of ``unseen`` is none of them.
    """
    written = json.dumps(str(folder))
    for process in _PROCESSES.glob("[0-9]*"):
        with suppress(OSError):
            if not (process / "exe").readlink().name.startswith(("python", "pypy")):
                continue
            known = [each for each in _words(process / "environ") if each.startswith(f"{variable}=")]
            ours = any(written in each for each in known)
            ours = ours and int(process.name) != os.getpid()
            if ours and not any(word.startswith(tuple(unseen)) for word in _words(process / "cmdline")):
                enter(folder, int(process.name))


def joined(folder: Path) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return which processes have joined and not left: those that still run, and those that were killed."""
    words = [file.name.removesuffix(_MARK) for file in folder.glob(f"*{_MARK}")]
    _, left = common.parts(folder)
    numbers = sorted({int(word) for word in words if word.isdecimal()} - left)
    running = tuple(number for number in numbers if number != os.getpid() and _runs(number))
    return running, tuple(number for number in numbers if number not in running)


def told(running: Sequence[int]) -> str:
    """Return what is to be known where processes still run."""
    names = ", ".join(map(str, running[:_NAMED]))
    more = f" and {len(running) - _NAMED} more" if len(running) > _NAMED else ""
    if len(running) == 1:
        return f"process {names} still ran when the trace was made: what it did later is missing"
    return f"processes {names}{more} still ran when the trace was made: what they did later is missing"


def _words(file: Path) -> list[str]:
    return os.fsdecode(file.read_bytes()).split("\0")


def _file(folder: Path, process: int) -> Path:
    return folder / f"{process}{_MARK}"


def _runs(process: int) -> bool:
    """Whether a process is there, and not only because nobody has asked yet how it ended."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    try:
        state = (_PROCESSES / str(process) / "stat").read_bytes().rpartition(b")")[2].split()[:1]
    except OSError:
        return not _PROCESSES.is_dir()
    return state not in ([b"Z"], [b"X"])
