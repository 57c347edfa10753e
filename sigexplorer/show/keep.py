"""The most recent run, kept for ``show --last``: one file in the user's cache folder."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from sigexplorer.errors import RecordingError
from sigexplorer.model import Trace
from sigexplorer.spool.latest import cache_folder, left_behind

#: Characters of a run that is kept; a longer one is worth a file that was asked for.
LARGEST = 64 * 1024 * 1024

#: How the names of files begin that are about to become one of ours.
_PREFIX = ".last."

#: Seconds after which nobody writes to one of them any more.
_OLD = 24 * 60 * 60.0

_WHY = f"too long to be kept for 'show --last' (over {LARGEST >> 20} MB)"

#: What is to be said at the end of a run that is.
TOO_LONG = f"the run is {_WHY}: record it with -o run.jsonl"


def file_of_last() -> Path:
    """Return where the most recent run is kept, whether there is one or not."""
    return cache_folder() / "last.jsonl"


def last() -> Path:
    """Return the file of the most recent run, or raise where none was kept.

    Of one that was killed it is the folder that it has left.
    """
    file = file_of_last()
    left = left_behind(file)
    if left is not None:
        return left
    if is_too_long():
        raise RecordingError(f"the last run was {_WHY}", "record it with -o run.jsonl")
    if not file.is_file():
        raise RecordingError("no run was kept yet", "run a scenario, a trigger or a trace without --no-keep")
    return file


def keep(traces: Sequence[Trace]) -> bool:
    """Keep ``traces`` as the most recent run; false where that was not possible, which is no error."""
    from sigexplorer.show.exporters.documents import export_lines

    return keep_text(export_lines(traces))


def keep_text(chunks: Iterable[str]) -> bool:
    """Keep the text of a recording as the most recent run, for its owner's eyes only."""
    with kept(chunks) as one:
        pass
    return one.is_last


@dataclass(slots=True)
class Kept:
    """A run that is being kept."""

    file: Path | None = None  # which it is in while it is looked at, where that is possible
    is_last: bool = False  # whether it has become the most recent run


@contextmanager
def kept(chunks: Iterable[str]) -> Iterator[Kept]:
    """Keep it, and give the file that it is in while it is looked at.

    It becomes the most recent run at the end: nobody else's comes in between.
    """
    temporary = _written(chunks)
    one = Kept(temporary)
    try:
        yield one
    finally:
        if temporary is not None:
            with suppress(OSError, RuntimeError, ValueError):
                temporary.replace(file_of_last())
                one.is_last = True
                _mark().unlink(missing_ok=True)
            temporary.unlink(missing_ok=True)


def forget() -> None:
    """Keep nothing but that the last run is one that is too long; what was kept is not the last any more."""
    with suppress(OSError, RuntimeError, ValueError):
        file = file_of_last()
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _mark().touch(0o600)
        file.unlink(missing_ok=True)


def is_too_long() -> bool:
    """Whether the last run was not kept because it is too long."""
    with suppress(OSError, RuntimeError, ValueError):
        return _mark().is_file() and not file_of_last().is_file()
    return False


def _mark() -> Path:
    return file_of_last().with_name("last.too-long")


def _written(chunks: Iterable[str]) -> Path | None:
    """Write all of a file beside the old one."""
    temporary: Path | None = None
    whole = False
    try:
        file = file_of_last()
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sweep(file.parent)
        descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=_PREFIX)  # 0600
        temporary = Path(name)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            fits = _fits(stream, chunks)
        if not fits:
            forget()
        whole = fits
    except (OSError, RuntimeError, ValueError):  # no home, no room, no permission
        pass
    finally:
        if temporary is not None and not whole:
            temporary.unlink(missing_ok=True)
    return temporary if whole else None


def _sweep(folder: Path) -> None:
    """Remove what one that was killed has left of a run that it was about to keep."""
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):  # another run's may go meanwhile
                if entry.name.startswith(_PREFIX) and time.time() - _changed(entry) > _OLD:
                    Path(entry).unlink()


def _changed(entry: os.DirEntry[str]) -> float:
    return entry.stat(follow_symlinks=False).st_mtime


def _fits(stream: TextIO, chunks: Iterable[str]) -> bool:
    written = 0
    for chunk in chunks:
        written += len(chunk)
        if written > LARGEST:
            return False
        stream.write(chunk)
    return True
