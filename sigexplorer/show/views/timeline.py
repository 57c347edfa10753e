"""The timeline: steps as headings, a row for each dispatch, indented under what caused it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from sigexplorer.model import Claim, Step, Trace
from sigexplorer.show.folding import Section, Timeline, timeline_of
from sigexplorer.show.look import Look
from sigexplorer.show.selection import Selection, selected
from sigexplorer.show.shortening import Cut, shorten
from sigexplorer.show.text import ROWS, duration, plural, safe
from sigexplorer.show.views import columns, heading, plain
from sigexplorer.show.views.code import Source
from sigexplorer.show.views.phrase import Phrase
from sigexplorer.show.views.piped import Piped, Together
from sigexplorer.show.views.tables import Lines, Table

#: A piece of a timeline: an empty text is an empty line.
Part = Piped | Literal[""]


def render(trace: Trace, look: Look, width: int) -> Together:
    """Return the whole timeline of ``trace`` for a terminal ``width`` columns wide."""
    return draw(selected(trace, look), look, width)


def draw(shown: Selection, look: Look, width: int) -> Together:
    """Return the timeline of what was selected: of a long one its first and its last rows."""
    timeline = timeline_of(shown, look)
    cut = shorten(timeline, shown, look.rows)
    parts: list[Part] = [heading.header(shown, timeline), *_sections(shown, cut, look, width)]
    if not any(section.rows for section in timeline.sections) and not shown.trace.steps:
        parts.append(Phrase("no dispatches to show", style="dim"))
    apart = [claim for claim in shown.trace.claims if claim.step is None]
    if apart:
        parts += ["", *(_claim(claim, look.limit) for claim in apart)]
    return Together(*parts)


def _sections(shown: Selection, cut: Cut, look: Look, width: int) -> Iterator[Part]:
    """Draw each step; the columns are as wide in all of them, and named once."""
    parts = [part for part in (cut.before, cut.after) if part]
    sections = [section for part in parts for section in part.sections]
    together = Timeline(tuple(sections), where=cut.before.where)
    if sum(len(section.rows) for section in sections) > ROWS:
        tables: Iterator[Piped] = map(Lines, plain.sections(together, look, width))
    else:
        tables = _tables(together, look, width)
    first = len(cut.before.sections)
    begun = {section.step.id for section in cut.before.sections if section.step and section.rows}
    for place, (section, table) in enumerate(zip(sections, tables, strict=True)):
        if place == first:
            yield from ("", Phrase(cut.told, style="yellow"))
        continued = place >= first and section.step is not None and section.step.id in begun
        yield ""
        yield from _section(shown, section, table, look, continued=continued)
    if first == len(sections) and cut.told:
        yield from ("", Phrase(cut.told, style="yellow"))


def _tables(timeline: Timeline, look: Look, width: int) -> Iterator[Table]:
    drawn, titles, widths = columns.draw(timeline, look, width)
    named = False
    for rows in drawn:
        yield Table(titles, widths, rows, named=not named)
        named = named or bool(rows)


def _section(
    shown: Selection, section: Section, table: Piped, look: Look, *, continued: bool
) -> Iterator[Part]:
    step = section.step
    if step is not None:
        yield from _heading(step, look, continued=continued)
    if section.rows:
        yield table
    elif step is not None:
        yield Phrase(f"  {_nothing(shown, step)}", style="dim")
    if step is not None:
        yield from (_claim(claim, look.limit) for claim in shown.trace.claims if claim.step == step.id)


def _nothing(shown: Selection, step: Step) -> str:
    """Say why a step shows no rows: nothing was sent, or it is not shown."""
    sent = shown.sent[step.id]
    return f"{plural(sent, 'dispatch', 'dispatches')}, none shown" if sent else "no signal was sent"


def _heading(step: Step, look: Look, *, continued: bool) -> Iterator[Part]:
    text = Phrase(safe(step.title, 200), style="bold cyan")
    text.append(", continued" if continued else f"  {duration(step.duration_ns)}", style="not bold dim")
    if step.error and not continued:
        text.append(f"\n  stopped by {safe(step.error.partition(chr(10))[0], 400)}", style="not bold red")
    yield text
    if look.sources and step.source and not continued:
        yield Source(step.source)


def _claim(claim: Claim, limit: int) -> Phrase:
    text = Phrase("held    ", style="green") if claim.held else Phrase("FAILED  ", style="bold red")
    text.append(safe(claim.text, 400), style="default")
    if claim.fact:
        text.append(f"  [{safe(claim.fact, 100)}]", style="not bold dim")
    if claim.detail:
        text.append(f"\n        {safe(claim.detail, max(limit, 400))}", style="red")
    return text
