"""``sigexplorer diff``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

from sigexplorer.cli import options
from sigexplorer.cli.declare import Argument, Option
from sigexplorer.errors import RecordingError, UsageError
from sigexplorer.show.text import safe

if TYPE_CHECKING:
    from sigexplorer.model import Trace
    from sigexplorer.show.comparison import Difference
    from sigexplorer.show.filters import Filters, Names
    from sigexplorer.show.outline import Outline
    from sigexplorer.show.recording import Recording
    from sigexplorer.show.slower import Times

Before = Annotated[
    Path, Argument(help="A recording, or the text of an outline.", metavar="A", readable=False)
]
After = Annotated[Path, Argument(help="Another one.", metavar="B", readable=False)]
WithTimes = Annotated[bool, Option("--times", help="Tell also which receivers became slower.")]
MoreBefore = Annotated[
    list[Path] | None, Option("-a", help="With --times: one more recording like A.", metavar="FILE")
]
MoreAfter = Annotated[
    list[Path] | None, Option("-b", help="With --times: one more recording like B.", metavar="FILE")
]

_OUTLINE = 64 * 1024 * 1024  # bytes of the largest text that is read as an outline


def diff(
    before: Before,
    after: After,
    times: WithTimes = False,
    more_before: MoreBefore = None,
    more_after: MoreAfter = None,
    *,
    chosen: options.Chosen,
    step: options.Step = None,
    verbose: options.Verbose = False,
    written: options.Written,
) -> int:
    """Tell what changed between two traces; times, ids and keys do not matter."""
    from sigexplorer.show.files import check_kept

    filters = options.filters(chosen, options.Part(step=step))
    given = [before, after, *(more_before or []), *(more_after or [])]
    if given.count(Path("-")) > 1:
        raise UsageError("'-' is the standard input: it can be one recording only")
    if not times and (more_before or more_after):
        raise UsageError("-a and -b are more recordings for --times")
    check_kept(written.output, *filter(Path.is_file, given))
    slower = None
    if not times:
        found = _compared((partial(_opened, file) for file in (before, after)), filters, everything=verbose)
    else:
        first, second = _opened(before), _opened(after)
        found = _compared((lambda: first, lambda: second), filters, everything=verbose)
        slower = _times(_each_once(first, more_before or []), _each_once(second, more_after or []), filters)
    _write((str(before), str(after)), found, slower, written)
    return 1 if found or (slower and slower.slower) else 0


#: What is in a file: traces, or the outline of one.
_Opened: TypeAlias = "list[Trace] | Outline"


def _opened(file: Path) -> _Opened:
    from sigexplorer.show.outline import parse
    from sigexplorer.show.recording import Recording, assemble

    recording = Recording(options.recorded(file))
    text = _text_of_outline(recording)
    if text is not None:
        try:
            return parse(text)
        except ValueError as problem:
            raise RecordingError(f"'{file}': {problem}") from None
    traces = list(assemble(recording.records()))
    if recording.warning:
        _say(recording.warning)
    return traces


def _each_once(first: _Opened, files: Iterable[Path]) -> list[_Opened]:
    """Open more recordings of a side: the same run twice says nothing about what differs between runs."""
    found = [first]
    for file in files:
        opened = _opened(file)
        if opened in found:
            _say(f"'{file}' holds a run that was given before: it counts once")
        else:
            found.append(opened)
    return found


def _say(text: str) -> None:
    sys.stderr.write(f"sigexplorer: {safe(text, 1_000)}\n")


def _compared(
    opening: Iterable[Callable[[], _Opened]], filters: Filters, *, everything: bool
) -> list[Difference]:
    """Compare two files, which are opened one after the other: of each its outline is held, and no more."""
    from sigexplorer.show.comparison import Difference, compare, pairs
    from sigexplorer.show.filters import Names

    names = Names(filters)
    outlines = [_outlines(opened(), filters, names, everything=everything) for opened in opening]
    if all(isinstance(each, list) for each in outlines):
        names.check()
    found: list[Difference] = []
    for mine, other in pairs(*(each if isinstance(each, list) else [each] for each in outlines)):
        if mine is not None and other is not None:
            found += compare(mine, other)
            if bool(mine.steps) != bool(other.steps):
                _say("one has steps and the other has none: what stands in a step is not found in the other")
        else:
            title, kind = (mine.title, "gone") if mine else (other.title if other else "", "new")
            found.append(Difference("step", title, None, f"trace {kind}", None, None, None))
    return found


def _outlines(
    opened: _Opened, filters: Filters, names: Names, *, everything: bool
) -> list[Outline] | Outline:
    from sigexplorer.show.comparison import narrowed
    from sigexplorer.show.filters import apply
    from sigexplorer.show.outline import Outline, outlined

    if isinstance(opened, Outline):
        return narrowed(opened, filters)
    for trace in opened:
        names.see_all(trace)
    return [outlined(apply(trace, filters), everything=everything) for trace in opened]


def _text_of_outline(recording: Recording) -> str | None:
    """Return the text of a file that begins as outlines do, None where it does not."""
    try:
        with recording.open() as stream:
            if stream.read(2) != b"# ":
                return None
            return f"# {stream.read(_OUTLINE).decode()}"
    except UnicodeDecodeError:
        raise RecordingError(f"'{recording.file}' is no UTF-8") from None
    except OSError as problem:
        raise RecordingError(f"cannot read '{recording.file}': {problem.strerror or problem}") from problem


def _times(before: list[_Opened], after: list[_Opened], filters: Filters) -> Times:
    from sigexplorer.show.filters import apply
    from sigexplorer.show.outline import Outline
    from sigexplorer.show.slower import slower

    sides: list[list[list[Trace]]] = [[], []]
    for side, files in zip(sides, (before, after), strict=True):
        for opened in files:
            if isinstance(opened, Outline):
                raise UsageError("an outline has no times", "--times compares recordings")
            side.append([apply(trace, filters) for trace in opened])
    return slower(*sides)


def _write(
    names: tuple[str, str],
    found: list[Difference],
    slower: Times | None,
    written: options.Written,
) -> None:
    from sigexplorer.cli.output import emit, to_json
    from sigexplorer.show import comparison_page
    from sigexplorer.show.exporters import markdown
    from sigexplorer.show.views import document

    shown = comparison_page.page(names, found, slower)
    writers = {
        "json": lambda: to_json(comparison_page.records(names, found, slower)),
        "markdown": lambda: markdown.write(shown),
    }
    emit(lambda width: document.render(shown, width), writers, written.format_name, written.output)
