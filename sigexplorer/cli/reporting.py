"""The report of a traced program: beside its own output, when it has ended."""

from __future__ import annotations

import contextlib
import io
import platform
import shutil
import sys
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import sigexplorer
from sigexplorer import catalog
from sigexplorer.cli import options
from sigexplorer.cli.output import write
from sigexplorer.cli.present import Answer, present
from sigexplorer.cli.wanted import Wanted, where
from sigexplorer.errors import (
    NothingRecordedError,
    OutputError,
    RecordingError,
    SigexplorerError,
    UnknownNameError,
    likeness,
    nearest,
)
from sigexplorer.model import Dispatch, Run, Trace
from sigexplorer.project.injecting import is_named
from sigexplorer.show import keep, views
from sigexplorer.show.filters import Filters, matches
from sigexplorer.show.look import Look
from sigexplorer.show.recording import Recording
from sigexplorer.show.source import InMemory, Source
from sigexplorer.show.spooled import Spooled
from sigexplorer.show.text import plural, safe
from sigexplorer.show.views.piped import Together
from sigexplorer.spool import presence

if TYPE_CHECKING:
    from rich.console import RenderableType

_LINE = 1_000

_AT_ONCE = 256 * 1024  # characters

#: Bytes of the line of a dispatch that says as little as there can be.
_SHORTEST = 350

#: Bytes of a record whose report takes so long that somebody may wonder.
_LARGE = 8_000_000


def look(wanted: Wanted) -> Look:
    """Return how the trace is to be shown; what cannot be meant is an error."""
    return options.look(wanted.chosen, options.Part(), wanted.viewed)


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
    counts = wanted.viewed.counts or (wanted.live and wanted.written == options.Written())
    viewed = replace(wanted.viewed, counts=counts)
    return options.answer(viewed, wanted.written, keep=not wanted.no_keep)


def report(folder: Path, wanted: Wanted, problem: str, title: str = "", *, flush: bool = True) -> None:
    """Show, write and keep what was recorded in ``folder``; a failure of ours is one line.

    With ``flush`` what the program has written so far is seen before; ``title`` is what was traced.
    """
    with _beside_the_program(flush=flush) as stream:
        if _attempt(folder, wanted, problem, title, stream):
            if problem:
                _say(stream, f"not all was recorded: {problem}")
            shutil.rmtree(folder, ignore_errors=True)


def _attempt(folder: Path, wanted: Wanted, problem: str, title: str, stream: TextIO) -> bool:
    """Report; return whether nobody needs the folder any more."""
    left = where(folder)
    try:
        return _report(folder, wanted, stream)
    except NothingRecordedError:
        return _report_nothing(folder, wanted, problem, title, stream)
    except BrokenPipeError:
        return True
    except (OutputError, RecordingError) as fault:
        _say(stream, f"{fault.message}; {left}")
    except SigexplorerError as fault:
        _say(stream, f"{fault.message} ({fault.hint})" if fault.hint else fault.message)
        return True
    except Exception as fault:  # noqa: BLE001 - the program has ended, and its exit code is its own
        _say(stream, f"the report failed: {type(fault).__name__}: {fault}; {left}")
    return False


def _report(folder: Path, wanted: Wanted, stream: TextIO) -> bool:
    source = Spooled(folder)
    shown, form = look(wanted), replace(answer(wanted), stream=stream)
    _say_that_it_takes_long(folder, form, stream)
    removable = True
    with _kept(source, wanted=form.keep) as kept:
        try:
            _present(source, kept.file, shown, form)
        except UnknownNameError as fault:  # of the project's own: known only now
            _say(stream, f"{fault.message} ({fault.hint})" if fault.hint else fault.message)
            removable = False
    if not removable:
        removable = kept.is_last
        _say_total(source, folder, stream, kept=removable)
    if form.keep and kept.file is None and keep.is_too_long():
        _say(stream, keep.TOO_LONG)
    run = source.spool.run
    if run.dropped:
        faults = told_faults(source.spool.faults, run.dropped)
        _say(stream, f"{plural(run.dropped, 'record')} lost to a fault of ours: {faults}")
    known = {one.receiver for one in source.spool.receivers}
    _say_of_faults(wanted, source.spool.injected, known, stream)
    return removable


def _kept(source: Spooled, *, wanted: bool) -> contextlib.AbstractContextManager[keep.Kept]:
    """Keep the run, and give the recording that it is in meanwhile: that is read faster than the spools."""
    if not wanted:
        return contextlib.nullcontext(keep.Kept())
    if source.spool.dispatches * _SHORTEST > keep.LARGEST:
        keep.forget()
        return contextlib.nullcontext(keep.Kept())
    return keep.kept(source.lines())


def _report_nothing(folder: Path, wanted: Wanted, problem: str, title: str, stream: TextIO) -> bool:
    """Say that nothing was sent; a file says so too, and no longer what another run has left in it."""
    form = replace(answer(wanted), stream=stream)
    running, _ = presence.joined(folder)
    notes = [presence.told(running)] if running else []
    if not problem:
        for text in ("no Django signals were sent", *notes):
            _say(stream, text)
    _say_of_faults(wanted, {}, (), stream)
    if form.output is not None and str(form.output) != "-":
        notes += [f"not all was recorded: {problem}"] if problem else []
        try:
            present(InMemory([_nothing(folder, title, notes, listened=wanted.listen)]), Look(), form)
        except OutputError as fault:
            _say(stream, fault.message)
    return True


def _nothing(folder: Path, title: str, notes: Sequence[str], *, listened: bool) -> Trace:
    """Return the trace of a run in which no Django was imported."""
    from importlib import metadata  # it brings the whole of email along

    from sigexplorer.capture.words import bounded

    began, now = datetime.fromtimestamp(folder.stat().st_mtime, UTC), datetime.now(UTC)
    return Trace(
        Run(
            title=bounded(title),
            listened=listened,
            started_at=began.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            duration_ns=max(0, (now - began) // timedelta(microseconds=1)) * 1_000,
            sigexplorer=sigexplorer.__version__,
            django=metadata.version("django"),
            python=platform.python_version(),
            databases=(),
            complete=not notes,
            notes=tuple(notes),
        )
    )


def told_faults(noted: Sequence[str], dropped: int) -> str:
    """Return the faults that were noted, which are the first few of all, each once with its number."""
    counted = Counter(noted)
    told = [fault if times == 1 else f"{fault} ({times} times)" for fault, times in counted.items()]
    return "; ".join([*told, *([f"{dropped - len(noted)} more"] if dropped > len(noted) else [])])


def _say_of_faults(
    wanted: Wanted, became: Mapping[str, tuple[int, bool, str]], known: Collection[str], stream: TextIO
) -> None:
    """Say which faults on purpose did not happen, and why."""
    for text in wanted.inject or ():
        calls, met, problem = became.get(text, (0, False, ""))
        name = text.partition(":")[0].strip()
        if problem:
            _say(stream, f"--inject '{text}': {problem}")
        elif not calls and any(is_named(one, name) for one in known):
            _say(stream, f"--inject '{text}' met no call: that receiver is connected and was not called")
        elif not calls:
            near = ", ".join(nearest(name, known))
            _say(stream, f"--inject '{text}' met no call{f' (nearest: {near})' if near else ''}")
        elif not met:
            _say(stream, f"--inject '{text}' did not happen: there were {plural(calls, 'call')}")


def _say_that_it_takes_long(folder: Path, form: Answer, stream: TextIO) -> None:
    """Tell whoever waits, perhaps after Ctrl-C, what for; but not in what a program reads."""
    size = sum(file.stat().st_size for file in folder.iterdir())
    if size > _LARGE and (form.chosen() in views.VIEWS or form.output is not None):
        _say(stream, f"making the report of {size // 1_000_000:,} MB; Ctrl-C ends that and keeps the record")
        stream.flush()


def _present(source: Spooled, kept: Path | None, shown: Look, form: Answer) -> None:
    chosen = form.chosen()
    if chosen == "jsonl" and shown.filters == Filters():
        write(source.lines() if kept is None else _text_of(kept), form.output, form.stream)
    else:
        whole = source if kept is None else Recording(kept)
        present(whole, shown, form, partial(_drawing, whole, shown))
    if chosen in views.VIEWS and form.stream is not None:  # and nothing that a program reads
        _say_unmatched(source, shown.filters, form.stream)


def _text_of(file: Path) -> Iterator[str]:
    with file.open(encoding="utf-8", newline="") as stream:
        while chunk := stream.read(_AT_ONCE):
            yield chunk


def _say_total(source: Spooled, folder: Path, stream: TextIO, *, kept: bool) -> None:
    """Say how much was recorded, and where it is."""
    total = sum(isinstance(record, Dispatch) for record in source.spool.records())
    shown = "'sigexplorer show --last' shows them" if kept else where(folder)
    _say(stream, f"{plural(total, 'dispatch', 'dispatches')} without the filters: {shown}")


def _say_unmatched(source: Spooled, filters: Filters, stream: TextIO) -> None:
    """Say which patterns no signal matched that was sent."""
    for pattern in filters.wanted:
        if not any(matches(pattern, *sent) for sent in source.spool.signals):
            _say(stream, f"no signal that was sent matches '{pattern}'")


def _drawing(source: Source, shown: Look, view: str, width: int) -> RenderableType:
    """Draw a view; the timeline is followed by the summary."""
    drawn = ["", *views.draw(view, source, shown, width)]
    if view == "table":
        drawn += ["", *views.draw("summary", source, shown, width)]
    return Together(*drawn)


@contextlib.contextmanager
def _beside_the_program(*, flush: bool) -> Iterator[TextIO]:
    """Give where reports go, the standard error: after all that the program has written.

    The program's own streams stay what they are: threads of its own may still write.
    """
    with contextlib.suppress(Exception):
        if flush:
            sys.stdout.flush()
    stream = sys.__stderr__ if sys.__stderr__ is not None else sys.stderr
    yield stream if stream is not None else io.StringIO()
    with contextlib.suppress(Exception):
        if stream is not None:
            stream.flush()


def _say(stream: TextIO, text: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        stream.write(f"sigexplorer: {safe(text, _LINE)}\n")
