"""The report of a traced program: beside its own output, when it has ended."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TextIO

from rich.console import Group, RenderableType

from sigexplorer import catalog
from sigexplorer.cli.options import LIMIT, ROWS, filters
from sigexplorer.cli.output import write
from sigexplorer.cli.present import Answer, present
from sigexplorer.cli.tracing import Wanted
from sigexplorer.errors import (
    OutputError,
    RecordingError,
    SigexplorerError,
    UnknownNameError,
    likeness,
    nearest,
)
from sigexplorer.model import Dispatch
from sigexplorer.show import keep, views
from sigexplorer.show.filters import Filters, matches
from sigexplorer.show.look import Look
from sigexplorer.show.rollup import LineWriter
from sigexplorer.show.source import Source
from sigexplorer.show.spooled import Spooled
from sigexplorer.show.text import plural, safe

_LINE = 1_000


def look(wanted: Wanted) -> Look:
    """Return how the trace is to be shown; what cannot be meant is an error."""
    return Look(
        filters(
            list(wanted.only), wanted.sender, wanted.receiver, wanted.minimum, wanted.depth, None, None,
            failed=wanted.failed,
        ),
        wanted.verbose,
        LIMIT if wanted.limit is None else wanted.limit,
        wanted.origins,
        rows=ROWS if wanted.rows is None else wanted.rows,
    )  # fmt: skip


#: From which likeness on a name is taken for one of Django's, mistyped.
_ALIKE = 0.85


def check_names(shown: Look) -> None:
    """Raise where a bare name is almost that of a signal of Django's; others are known afterwards."""
    names = [page.name for page in catalog.PAGES]
    for pattern in (*shown.filters.wanted, *shown.filters.unwanted):
        if pattern.isidentifier() and pattern not in names:
            near = nearest(pattern, names)
            if likeness(pattern, near[0]) >= _ALIKE:
                problem = UnknownNameError("signal", pattern, names)
                problem.hint += f"; one of your own by that name: '*{pattern}'"
                raise problem


def answer(wanted: Wanted) -> Answer:
    """Return in what format the trace is wanted, and where."""
    counts = wanted.counts or (wanted.live and wanted.format_name is None and wanted.output is None)
    return Answer(wanted.format_name, wanted.output, counts=counts, keep=not wanted.no_keep)


def report(folder: Path, wanted: Wanted, problem: str) -> None:
    """Show, write and keep what was recorded in ``folder``; a failure of ours is one line."""
    removable = True
    with _beside_the_program() as stream:
        try:
            removable = _report(folder, wanted, problem)
        except BrokenPipeError:
            pass
        except OutputError as fault:
            _say(stream, f"{fault.message}; what was recorded is in '{folder}'")
            return
        except SigexplorerError as fault:
            _say(stream, f"{fault.message} ({fault.hint})" if fault.hint else fault.message)
        except Exception as fault:  # noqa: BLE001 - the program has ended, and its exit code is its own
            _say(
                stream,
                f"the report failed: {type(fault).__name__}: {fault}; what was recorded is in '{folder}'",
            )
            return
        if problem:
            _say(stream, f"not all was recorded: {problem}")
        if removable:
            shutil.rmtree(folder, ignore_errors=True)


def _report(folder: Path, wanted: Wanted, problem: str) -> bool:
    """Report; return whether nobody needs the folder any more."""
    try:
        source = Spooled(folder)
    except RecordingError:
        if not problem:
            _say(sys.stdout, "no Django signals were sent")
        return True
    shown, form, removable = look(wanted), answer(wanted), True
    kept = form.keep and keep.keep_text(_lines(source))
    try:
        if form.chosen() == "jsonl" and shown.filters == Filters():
            write(_lines(source), wanted.output)
        else:
            present(source, shown, form, partial(_drawing, source, shown))
        if form.chosen() in views.VIEWS:  # and nothing that a program reads
            _say_unmatched(source, shown.filters)
    except UnknownNameError as fault:  # of the project's own: known only now
        _say(sys.stdout, f"{fault.message} ({fault.hint})" if fault.hint else fault.message)
        _say_total(source, folder, kept=kept)
        removable = kept
    run = source.spool.run
    if run.dropped:
        faults = "; ".join(source.spool.faults)
        _say(sys.stdout, f"{plural(run.dropped, 'record')} lost to a fault of ours: {faults}")
    return removable


def _say_total(source: Spooled, folder: Path, *, kept: bool) -> None:
    """Say how much was recorded, and where it is."""
    total = sum(isinstance(record, Dispatch) for record in source.spool.records())
    where = "'sigexplorer show --last' shows them" if kept else f"what was recorded is in '{folder}'"
    _say(sys.stdout, f"{plural(total, 'dispatch', 'dispatches')} without the filters: {where}")


def _say_unmatched(source: Spooled, filters: Filters) -> None:
    """Say which patterns no signal matched that was sent."""
    for pattern in filters.wanted:
        if not any(matches(pattern, *sent) for sent in source.spool.signals):
            _say(sys.stdout, f"no signal that was sent matches '{pattern}'")


def _lines(source: Source) -> Iterator[str]:
    writer = LineWriter()
    return (writer.line(record) for record in source.records())


def _drawing(source: Source, shown: Look, view: str, width: int) -> RenderableType:
    """Draw a view; the timeline is followed by the summary."""
    drawn = ["", *views.draw(view, source, shown, width)]
    if view == "table":
        drawn += ["", *views.draw("summary", source, shown, width)]
    return Group(*drawn)


@contextlib.contextmanager
def _beside_the_program() -> Iterator[TextIO]:
    """Let what is written go to the standard error, after all that the program has written."""
    with contextlib.suppress(Exception):
        sys.stdout.flush()
    stream = sys.__stderr__ if sys.__stderr__ is not None else sys.stderr
    with contextlib.redirect_stdout(stream):
        yield stream
        with contextlib.suppress(Exception):
            stream.flush()


def _say(stream: TextIO, text: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        stream.write(f"sigexplorer: {safe(text, _LINE)}\n")
