"""The folder beside a file that is to be written: a run is noted in it, until the file is made of that."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sigexplorer.errors import OutputError
from sigexplorer.spool.files import SUFFIX
from sigexplorer.spool.latest import forget, note
from sigexplorer.spool.taking import take


def folder_beside(output: Path) -> Path:
    """Make the folder; what a run that was killed has left there gets another name."""
    if output.is_dir():
        raise OutputError(f"cannot write '{output}': it is a folder")
    folder = output.with_name(f"{output.name}{SUFFIX}")
    try:
        aside = take(folder)
    except OSError as problem:
        raise OutputError(f"cannot write '{output}': {problem.strerror or problem}") from problem
    if aside is not None:
        say(f"what a run that was killed has left in '{folder}' is now '{aside}'")
    return folder


def is_device(output: Path) -> bool:
    """Whether it is a pipe, a device or the like, and no folder, beside which nothing can be noted."""
    folder = output.absolute().parts[1:2]
    return folder in {("dev",), ("proc",)} or (output.exists() and not (output.is_file() or output.is_dir()))


def say(told: str) -> None:
    """Say something beside the answer; Rich is not needed for it."""
    if sys.__stderr__ is not None:
        shown = "".join(each if each.isprintable() else "?" for each in told)  # it may end in a terminal
        sys.__stderr__.write(f"sigexplorer: {shown}\n")


@contextmanager
def noted_beside(output: Path | None, *, last: bool) -> Iterator[None]:
    """Note what is run inside beside the file that it is to become; where it becomes none, nowhere.

    With ``last`` it is what ``show --last`` opens, if it is killed.
    """
    if output is None or str(output) == "-" or is_device(output):
        yield
        return
    from sigexplorer.capture.journal import noted_in

    folder = folder_beside(output).absolute()
    before = note(folder) if last else None
    try:
        with noted_in(folder):
            yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if last:
            forget(folder, before)
