"""The timeline: steps as headings, a row for each dispatch, indented under what caused it."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from sigexplorer.model import Claim, Step, Trace, summarise
from sigexplorer.show.filters import apply
from sigexplorer.show.folding import Section, Timeline, fold
from sigexplorer.show.look import Look
from sigexplorer.show.text import duration, plural, safe
from sigexplorer.show.views import columns


def render(trace: Trace, look: Look, width: int) -> RenderableType:
    """Return the whole timeline of ``trace`` for a terminal ``width`` columns wide."""
    narrowed = apply(trace, look.filters)
    timeline = fold(narrowed, look.filters, keep=look.marked, everything=look.verbose)
    parts: list[RenderableType] = [
        _header(trace, narrowed, timeline),
        *_sections(trace, timeline, look, width),
    ]
    if not any(section.rows for section in timeline.sections) and not trace.steps:
        parts.append(Text("no dispatches to show", style="dim"))
    apart = [claim for claim in trace.claims if claim.step is None]
    if apart:
        parts += ["", *(_claim(claim, look.limit) for claim in apart)]
    return Group(*parts)


def _header(trace: Trace, narrowed: Trace, timeline: Timeline) -> Text:
    summary = summarise(trace)
    counts = [plural(summary.dispatches, "dispatch", "dispatches"), plural(summary.calls, "receiver call")]
    counts += [plural(summary.queries, "SQL statement")]
    if summary.bypasses:
        counts.append(plural(summary.bypasses, "bypass", "bypasses"))
    if summary.errors:
        counts.append(plural(summary.errors, "error"))
    text = Text(safe(trace.run.title, 200), style="bold")
    mode = "listening" if trace.run.listened else "watching only"
    text.append(f"\n{', '.join(counts)}, Django {safe(trace.run.django)}, {mode}", style="not bold")
    for note in _left_out(trace, narrowed, timeline):
        text.append(f"\n{note}", style="not bold dim")
    for note in trace.run.notes:
        text.append(f"\n{safe(note, 300)}", style="not bold yellow")
    return text


def _left_out(trace: Trace, narrowed: Trace, timeline: Timeline) -> Iterator[str]:
    filtered = len(trace.dispatches) - len(narrowed.dispatches)
    passed = len(trace.bypasses) - len(narrowed.bypasses)
    if filtered or passed:
        bypasses = f", {plural(passed, 'bypass', 'bypasses')}" if passed else ""
        yield f"left out by filters: {plural(filtered, 'dispatch', 'dispatches')}{bypasses}"
    if timeline.folded:
        names = ", ".join(f"{count:,} {safe(name)}" for name, count in timeline.folded.items())
        yield f"folded: {names} (-v shows them)"


def _sections(trace: Trace, timeline: Timeline, look: Look, width: int) -> Iterator[RenderableType]:
    """Draw each step; the columns are as wide in all of them, and named once."""
    drawn, titles, widths = columns.draw(timeline, look, width)
    named = False
    for section, rows in zip(timeline.sections, drawn, strict=True):
        yield ""
        if section.step is not None:
            yield from _heading(section, look)
        if rows:
            yield columns.table(titles, widths, rows, named=not named)
            named = True
        elif section.step is not None:
            yield Text(f"  {_nothing(trace, section.step)}", style="dim")
        yield from (_claim(claim, look.limit) for claim in trace.claims if _belongs(claim, section))


def _nothing(trace: Trace, step: Step) -> str:
    """Say why a step shows no rows: nothing was sent, or it is not shown."""
    sent = sum(dispatch.step == step.id for dispatch in trace.dispatches)
    return f"{plural(sent, 'dispatch', 'dispatches')}, none shown" if sent else "no signal was sent"


def _belongs(claim: Claim, section: Section) -> bool:
    return section.step is not None and claim.step == section.step.id


def _heading(section: Section, look: Look) -> Iterator[RenderableType]:
    step = section.step
    assert step is not None  # noqa: S101 - said by the caller
    text = Text(safe(step.title, 200), style="bold cyan")
    text.append(f"  {duration(step.duration_ns)}", style="not bold dim")
    if step.error:
        text.append(f"\n  stopped by {safe(step.error, 400)}", style="not bold red")
    yield text
    if look.sources and step.source:
        yield source(step.source)


def source(python: str) -> RenderableType:
    """Return Python, highlighted; never wrapped or indented, so that it can be copied."""
    from rich.syntax import Syntax

    shown = "\n".join(safe(line, 500) for line in python.splitlines())
    text = Syntax(shown, "python", theme="ansi_dark", background_color="default").highlight(shown)
    text.rstrip()
    text.no_wrap, text.overflow = True, "ignore"
    return text


def _claim(claim: Claim, limit: int) -> Text:
    if claim.held:
        return Text("held    ", style="green").append(safe(claim.text, 400), style="default")
    text = Text("FAILED  ", style="bold red").append(safe(claim.text, 400), style="default")
    if claim.detail:
        text.append(f"\n        {safe(claim.detail, max(limit, 400))}", style="red")
    return text
