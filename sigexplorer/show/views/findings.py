"""Findings on a terminal: the place, the line of source with a caret, what to do."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from sigexplorer.findings import Finding, Level, Report
from sigexplorer.show.findings import summary
from sigexplorer.show.text import safe

_STYLES: dict[Level, str] = {"error": "bold red", "warning": "yellow", "note": "dim"}
_MESSAGE = 500  # characters
_TAB = 4
_NARROWEST = 20  # columns of source, on the narrowest terminal


def render(report: Report, width: int) -> RenderableType:
    """Return the findings for a terminal ``width`` columns wide."""
    parts: list[RenderableType] = []
    explained: set[str] = set()
    for finding in report.findings:
        parts += [*_finding(finding, width, help_too=finding.code not in explained), Text("")]
        explained.add(finding.code)
    return Group(*parts, Text(summary(report), style="bold" if report.findings else ""))


def _finding(finding: Finding, width: int, *, help_too: bool) -> list[Text]:
    style = _STYLES[finding.level]
    place = safe(f"{finding.file}:{finding.line}:{finding.column}", _MESSAGE)
    lines = [
        Text.assemble(
            (place, "bold"),
            " ",
            (finding.code, style),
            f" {finding.level}: ",
            safe(finding.message, _MESSAGE),
        )
    ]
    lines += _source(finding, width, style)
    if help_too:  # once for each rule: the tenth time nobody reads it
        fix = " (--fix does it)" if finding.fixable else ""
        lines.append(Text(f"      = {safe(finding.help, _MESSAGE).replace('``', chr(39))}{fix}", style="dim"))
    return lines


def _source(finding: Finding, width: int, style: str) -> list[Text]:
    text = finding.source.rstrip().expandtabs(_TAB)
    if not text.strip():
        return []
    start = len(finding.source[: finding.column - 1].expandtabs(_TAB))
    same_line = finding.end_line == finding.line
    end = len(finding.source[: finding.end_column - 1].expandtabs(_TAB)) if same_line else len(text)
    room = max(_NARROWEST, width - 8)
    shown = safe(text, room)
    number = f"{finding.line:>4} "
    drawn = [Text.assemble((number, "dim"), ("| ", "dim"), shown)]
    marks = min(max(1, end - start), max(0, len(shown) - start))
    if marks and len(shown) <= room and shown == text[:room]:  # escaped, it would point elsewhere
        drawn.append(Text.assemble(" " * 5, ("| ", "dim"), " " * start, ("^" * marks, style)))
    return drawn
