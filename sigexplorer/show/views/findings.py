"""Findings on a terminal: the place, the line of source with a caret, what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.segment import Segment
from rich.text import Text

from sigexplorer.findings import Finding, Level, Report
from sigexplorer.show.findings import summary
from sigexplorer.show.text import safe
from sigexplorer.show.views.piped import UNLIMITED

#: The pieces of a line, each with its style.
Line = tuple[tuple[str, str], ...]

_STYLES: dict[Level, str] = {"error": "bold red", "warning": "yellow", "note": "dim"}
_MESSAGE = 500  # characters
_TAB = 4
_NARROWEST = 20  # columns of source, on the narrowest terminal


def render(report: Report, width: int) -> RenderableType:
    """Return the findings for a terminal ``width`` columns wide."""
    lines = list(_lines(report, width))
    if width >= UNLIMITED:
        return _Plain(tuple("".join(text for text, _ in line) for line in lines))
    return Group(*(Text.assemble(*line) for line in lines))


@dataclass(frozen=True, slots=True)
class _Plain:
    """Lines that are written as they are: thousands of them are not worth being laid out."""

    lines: Iterable[str]

    def __rich_console__(self, _console: Console, _options: ConsoleOptions) -> Iterator[Segment]:
        for line in self.lines:
            yield Segment(f"{line}\n")


def _lines(report: Report, width: int) -> Iterator[Line]:
    explained: set[str] = set()
    for finding in report.findings:
        style = _STYLES[finding.level]
        place = safe(f"{finding.file}:{finding.line}:{finding.column}", _MESSAGE)
        message = safe(finding.message, _MESSAGE)
        yield (place, "bold"), (" ", ""), (finding.code, style), (f" {finding.level}: {message}", "")
        yield from _source(finding, width, style)
        if finding.code not in explained:  # the tenth time nobody reads it
            explained.add(finding.code)
            fix = " (--fix does it)" if finding.fixable else ""
            yield ((f"      = {safe(finding.help, _MESSAGE)}{fix}", "dim"),)
        yield (("", ""),)
    yield ((summary(report), "bold" if report.findings else ""),)


def _source(finding: Finding, width: int, style: str) -> Iterator[Line]:
    text = finding.source.rstrip().expandtabs(_TAB)
    if not text.strip():
        return
    start = len(finding.source[: finding.column - 1].expandtabs(_TAB))
    same_line = finding.end_line == finding.line
    end = len(finding.source[: finding.end_column - 1].expandtabs(_TAB)) if same_line else len(text)
    room = max(_NARROWEST, width - 8)
    shown = safe(text, room)
    yield (f"{finding.line:>4} ", "dim"), ("| ", "dim"), (shown, "")
    marks = min(max(1, end - start), max(0, len(shown) - start))
    if marks and shown == text[:room]:  # escaped, it would point elsewhere
        yield (" " * 5, ""), ("| ", "dim"), (" " * start, ""), ("^" * marks, style)
