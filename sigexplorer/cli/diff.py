"""``sigexplorer diff``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

from sigexplorer.cli import options
from sigexplorer.cli.declare import Argument, Option
from sigexplorer.errors import RecordingError, UsageError
from sigexplorer.show.text import safe

if TYPE_CHECKING:
    from sigexplorer.model import Trace
    from sigexplorer.show.comparison import Difference
    from sigexplorer.show.filters import Filters
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
    if not times and (more_before or more_after):
        raise UsageError("-a and -b are more recordings for --times")
    check_kept(
        written.output, *filter(Path.is_file, (before, after, *(more_before or []), *(more_after or [])))
    )
    first, second = _opened(before), _opened(after)
    found = _compared(first, second, filters, everything=verbose)
    slower = None
    if times:
        slower = _times(
            [first, *map(_opened, more_before or [])], [second, *map(_opened, more_after or [])], filters
        )
    _write((str(before), str(after)), found, slower, written)
    return 1 if found or (slower and slower.slower) else 0


#: What is in a file: traces, or the outline of one.
_Opened: TypeAlias = "list[Trace] | Outline"


def _opened(file: Path) -> _Opened:
    from sigexplorer.show.outline import parse
    from sigexplorer.show.recording import Recording, assemble

    recording = Recording(file)
    text = _text_of_outline(recording)
    if text is not None:
        try:
            return parse(text)
        except ValueError as problem:
            raise RecordingError(f"'{file}': {problem}") from None
    traces = list(assemble(recording.records()))
    if recording.warning:
        sys.stderr.write(f"sigexplorer: {safe(recording.warning, 1_000)}\n")
    return traces


def _compared(before: _Opened, after: _Opened, filters: Filters, *, everything: bool) -> list[Difference]:
    from sigexplorer.show.comparison import Difference, compare, pairs
    from sigexplorer.show.filters import check

    if isinstance(before, list) and isinstance(after, list):
        check([*before, *after], filters)
    first, second = (_outlines(each, filters, everything=everything) for each in (before, after))
    found: list[Difference] = []
    for mine, other in pairs(first, second):
        if mine is not None and other is not None:
            found += compare(mine, other)
        else:
            title, kind = (mine.title, "gone") if mine else (other.title if other else "", "new")
            found.append(Difference("step", title, None, f"trace {kind}", None, None, None))
    return found


def _outlines(opened: _Opened, filters: Filters, *, everything: bool) -> list[Outline]:
    from sigexplorer.show.comparison import narrowed
    from sigexplorer.show.filters import apply
    from sigexplorer.show.outline import Outline, outlined

    if isinstance(opened, Outline):
        return [narrowed(opened, filters)]
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
