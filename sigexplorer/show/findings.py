"""What ``check`` found, and its rules, as documents."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sigexplorer.findings import LEVELS, Report, RulePage
from sigexplorer.show.document import Block, Code, Document, Grid, Heading, Paragraph
from sigexplorer.show.text import plural


def table(report: Report) -> Document:
    """Return the findings as a table."""
    rows = tuple(
        (f"{one.file}:{one.line}:{one.column}", one.code, one.level, one.message) for one in report.findings
    )
    heading = Heading("Mistakes in signal code", 1)
    grid: tuple[Block, ...] = (Grid(("place", "code", "level", "message"), rows),) if rows else ()
    return (heading, *grid, Paragraph(summary(report)))


def summary(report: Report) -> str:
    """Return the whole report in a line."""
    counts = [
        plural(count, level)
        for level in LEVELS
        if (count := sum(one.level == level for one in report.findings))
    ]
    parts = [f"{', '.join(counts) or 'nothing found'} in {plural(report.files, 'file')}"]
    if report.fixed:
        parts.append(f"{report.fixed:,} fixed")
    if report.baselined:
        parts.append(f"{report.baselined:,} in the baseline")
    if report.unread:
        parts.append(f"{plural(len(report.unread), 'file')} not checked")
    fixable = sum(one.fixable for one in report.findings)
    return "; ".join(parts) + (f" ({fixable:,} can be fixed with --fix)" if fixable else "")


def rule(page: RulePage) -> Document:
    """Return the explanation of one rule."""
    kind = f"{page.level}, {page.theme}{', fixed by --fix' if page.fixable else ''}"
    paragraphs = [Paragraph(_plain(text)) for text in page.text.split("\n\n") if text.strip()]
    return (
        Heading(f"{page.code} {page.name}", 1),
        Paragraph(f"{_plain(page.summary)}. ({kind})"),
        *paragraphs,
        Heading("Wrong"),
        Code(page.wrong),
        Heading("Right"),
        Code(page.right),
        Paragraph(f"Leave one alone with: # sigexplorer: ignore[{page.code}]", quiet=True),
    )


def rules(pages: Sequence[RulePage]) -> Document:
    """Return the list of rules."""
    rows = tuple(
        (page.code, page.level, "fix" if page.fixable else "", page.theme, _plain(page.summary))
        for page in pages
    )
    return (
        Heading("Rules of sigexplorer check", 1),
        Grid(("code", "level", "", "theme", "what is found"), rows),
        Paragraph(
            "sigexplorer check --explain SX003 says why, with a wrong and a right example.", quiet=True
        ),
    )


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("``", "'"))
