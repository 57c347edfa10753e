"""A recording, wherever it is: in a file, or in what a run that was killed has left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sigexplorer.errors import RecordingError, UsageError
from sigexplorer.model import Trace
from sigexplorer.show.recording import Recording
from sigexplorer.show.source import Source, traces_of
from sigexplorer.show.spooled import spooled
from sigexplorer.spool.files import SUFFIX
from sigexplorer.spool.latest import is_newer


def opened(file: Path) -> tuple[Source, Callable[[], str]]:
    """Return the recording in ``file``, and what has to be said of it once it was looked at."""
    left = file if file.is_dir() else file.with_name(f"{file.name}{SUFFIX}")
    if left.name.endswith(SUFFIX) and left.is_dir() and not file.is_file():
        return spooled(left), lambda: f"the run did not come to its end: this is what '{left}' holds of it"
    recording = Recording(file)
    if file.is_file() and left.is_dir() and is_newer(left, file):
        newer = f"a newer run that did not come to its end is in '{left}'; 'show' opens that too"
        return recording, lambda: "; ".join(filter(None, (recording.warning, newer)))
    return recording, lambda: recording.warning


def trace_in(file: Path) -> Trace:
    """Return the one trace that is recorded in ``file``."""
    try:
        found = traces_of(opened(file)[0])
    except RecordingError as problem:
        raise RecordingError(
            problem.message, problem.hint or "give a trace that was written with -o"
        ) from problem
    if len(found) != 1:
        raise UsageError(f"'{file}' holds {len(found)} traces, not one")
    return found[0]
