"""The report of a traced program: beside its own output, when it has ended."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TextIO

from rich.console import Group, RenderableType

from sigexplorer.cli.options import LIMIT, ROWS, filters
from sigexplorer.cli.output import write
from sigexplorer.cli.present import Answer, present
from sigexplorer.cli.tracing import Wanted
from sigexplorer.errors import OutputError, RecordingError, SigexplorerError, nearest
from sigexplorer.show import keep, views
from sigexplorer.show.filters import Filters
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


def answer(wanted: Wanted) -> Answer:
    """Return in what format the trace is wanted, and where."""
    counts = wanted.counts or (wanted.live and wanted.format_name is None and wanted.output is None)
    return Answer(wanted.format_name, wanted.output, counts=counts, keep=not wanted.no_keep)


def report(folder: Path, wanted: Wanted, problem: str) -> None:
    """Show, write and keep what was recorded in ``folder``; a failure of ours is one line."""
    with _beside_the_program() as stream:
        try:
            _report(folder, wanted, problem)
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
        shutil.rmtree(folder, ignore_errors=True)


def _report(folder: Path, wanted: Wanted, problem: str) -> None:
    try:
        source = Spooled(folder)
    except RecordingError:
        if not problem:
            _say(sys.stdout, "no Django signals were sent")
        _say_of_faults(wanted, {})
        return
    shown, form = look(wanted), answer(wanted)
    if form.keep:
        keep.keep_text(_lines(source))
    if form.chosen() == "jsonl" and shown.filters == Filters():
        write(_lines(source), wanted.output)
    else:
        present(source, shown, form, partial(_drawing, source, shown))
    run = source.spool.run
    if run.dropped:
        faults = "; ".join(source.spool.faults)
        _say(sys.stdout, f"{plural(run.dropped, 'record')} lost to a fault of ours: {faults}")
    _say_of_faults(wanted, source.spool.injected, {one.receiver for one in source.spool.receivers})


def _say_of_faults(
    wanted: Wanted, became: Mapping[str, tuple[int, bool, str]], known: Collection[str] = ()
) -> None:
    """Say which faults on purpose did not happen, and why."""
    for text in wanted.inject:
        calls, met, problem = became.get(text, (0, False, ""))
        near = ", ".join(nearest(text.partition(":")[0], known)) if not calls else ""
        if problem:
            _say(sys.stdout, f"--inject '{text}': {problem}")
        elif not calls:
            _say(sys.stdout, f"--inject '{text}' met no call{f' (nearest: {near})' if near else ''}")
        elif not met:
            _say(sys.stdout, f"--inject '{text}' did not happen: there were {plural(calls, 'call')}")


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
