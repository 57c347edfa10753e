"""The most recent run, kept for ``show --last``: one file in the user's cache folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from sigexplorer.errors import RecordingError
from sigexplorer.model import Trace
from sigexplorer.show.exporters.documents import export_lines
from sigexplorer.spool.latest import cache_folder, left_behind

#: Characters of a run that is kept; a longer one is worth a file that was asked for.
LARGEST = 64 * 1024 * 1024


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
    if not file.is_file():
        raise RecordingError("no run was kept yet", "run a scenario, a trigger or a trace without --no-keep")
    return file


def keep(traces: Sequence[Trace]) -> bool:
    """Keep ``traces`` as the most recent run; false where that was not possible, which is no error."""
    return keep_text(export_lines(traces))


def keep_text(chunks: Iterable[str]) -> bool:
    """Keep the text of a recording as the most recent run, for its owner's eyes only."""
    try:
        file = file_of_last()
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _replace(file, chunks)
    except (OSError, RuntimeError, ValueError):  # no home, no room, no permission
        return False


def _replace(file: Path, chunks: Iterable[str]) -> bool:
    """Write all of a file or, where it is too long, remove the old one: it is not the last any more."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=".last.")  # 0600
    temporary = Path(name)
    try:
        written = 0
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            for chunk in chunks:
                written += len(chunk)
                if written > LARGEST:
                    file.unlink(missing_ok=True)
                    return False
                stream.write(chunk)
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
    return True
