"""A trace as a document: its steps and their dispatches, what was claimed, and the numbers."""

from __future__ import annotations

from collections.abc import Iterator

from sigexplorer.model import Claim
from sigexplorer.show.document import Block, Bullets, Document, Grid, Heading, Paragraph
from sigexplorer.show.folding import Row, timeline_of
from sigexplorer.show.look import Look
from sigexplorer.show.profile import Profile
from sigexplorer.show.profiling import profile_of, profiles
from sigexplorer.show.selecting import select
from sigexplorer.show.selection import Selection, selected
from sigexplorer.show.shortening import shorten
from sigexplorer.show.source import InMemory, Source
from sigexplorer.show.summary_page import summary
from sigexplorer.show.text import duration
from sigexplorer.show.views import cells, heading

_COLUMNS = ("#", "at ms", "signal", "sender", "arguments", "receivers", "SQL")


def reports(source: Source, look: Look) -> Iterator[Document]:
    """Yield everything that a reader wants of each trace; of a long one the first and the last part."""
    if isinstance(source, InMemory):
        for trace in source.traces:
            yield _report(selected(trace, look), profile_of(trace), look)
    else:
        for shown, profile in zip(select(source, look), profiles(source, look), strict=True):
            yield _report(shown, profile, look)


def _report(shown: Selection, profile: Profile, look: Look) -> Document:
    trace = shown.trace
    timeline = timeline_of(shown, look)
    cut = shorten(timeline, shown, look.rows)
    title, *notes = heading.header(shown, timeline).plain.split("\n")
    blocks: list[Block] = [Heading(title, level=1), *(Paragraph(note) for note in notes)]
    for part in (cut.before, cut.after):
        for section in part.sections if part else ():
            if section.step is not None:
                blocks.append(Heading(f"{section.step.title} ({duration(section.step.duration_ns)})"))
                blocks += [Paragraph(f"stopped by {section.step.error}")] * bool(section.step.error)
            blocks += _rows(section.rows, timeline.where, look) or [Paragraph("nothing to show")]
            if section.step is not None:
                blocks += _claims(claim for claim in trace.claims if claim.step == section.step.id)
        if part is cut.before and cut.told:
            blocks.append(Paragraph(cut.told))
    apart = _claims(claim for claim in trace.claims if claim.step is None)
    blocks += [Heading("Claims"), *apart] if apart else []
    blocks += _numbers(profile)
    return tuple(blocks)


def _rows(rows: tuple[Row, ...], where: str, look: Look) -> list[Block]:
    titles = (*_COLUMNS[:2], where, *_COLUMNS[2:]) if where else _COLUMNS
    drawn = []
    for row in rows:
        told = [_line(cell.plain) for cell in cells.wide(row, look)]
        drawn.append((*told[:2], row.where, *told[2:]) if where else tuple(told))
    return [Grid(titles, tuple(drawn), frozenset({"#", "at ms", "SQL"}))] if rows else []


def _line(cell: str) -> str:
    """Keep the indentation, which Markdown would swallow."""
    bare = cell.lstrip(" ")
    return "\N{NO-BREAK SPACE}" * (len(cell) - len(bare)) + bare


def _claims(claims: Iterator[Claim]) -> list[Block]:
    told = tuple(
        f"{'held' if claim.held else 'FAILED'}: {claim.text}{f' ({claim.detail})' if claim.detail else ''}"
        for claim in claims
    )
    return [Bullets(told)] if told else []


def _numbers(profile: Profile) -> list[Block]:
    if not profile.summary.dispatches:
        return []
    return [Heading("In numbers"), *summary(profile, wide=True)[2 + len(profile.run.notes) :]]
