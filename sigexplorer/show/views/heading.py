"""What stands above every view of a trace: its title, its numbers, and what is not shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sigexplorer.model import Run, Summary
from sigexplorer.show.folding import Timeline
from sigexplorer.show.selection import Selection
from sigexplorer.show.text import plural, safe
from sigexplorer.show.views.phrase import Phrase


def header(shown: Selection, timeline: Timeline) -> Phrase:
    """Return the title and the numbers of a trace, and what of it is not shown."""
    part = bool(shown.filtered or shown.passed)
    return title(shown.run, shown.summary, _left_out(shown, timeline), part=part)


def title(
    run: Run, summary: Summary, left_out: Iterator[str] | tuple[str, ...] = (), *, part: bool = False
) -> Phrase:
    """Return the title and the numbers of a run, and say so where only ``part`` of it is shown."""
    styled = (Phrase(told, style) for told, style in _lines(run, summary, left_out, part=part))
    return Phrase.joined("\n", styled)


def _lines(
    run: Run, summary: Summary, left_out: Iterator[str] | tuple[str, ...], *, part: bool
) -> Iterator[tuple[str, str]]:
    counts = [plural(summary.dispatches, "dispatch", "dispatches"), plural(summary.calls, "receiver call")]
    counts += [plural(summary.queries, "SQL statement")]
    if summary.bypasses:
        counts.append(plural(summary.bypasses, "bypass", "bypasses"))
    if summary.errors:
        counts.append(plural(summary.errors, "error"))
    yield safe(run.title, 200), "bold"
    mode = "listening" if run.listened else "watching only"
    counts += [f"Django {safe(run.django)}", *_databases(run), mode]
    yield f"{'the whole run: ' * part}{', '.join(counts)}", "not bold"
    for note in (*left_out, *_counted(summary)):
        yield note, "not bold dim"
    for note in run.notes:
        yield safe(note, 300), "not bold yellow"


def _databases(run: Run) -> list[str]:
    """Return what kinds of databases there were, where it was not only SQLite."""
    kinds = list(dict.fromkeys(safe(vendor) for _, vendor in run.databases))
    return kinds if set(kinds) - {"sqlite"} else []


def _left_out(shown: Selection, timeline: Timeline) -> Iterator[str]:
    if shown.filtered or shown.passed:
        bypasses = f", {plural(shown.passed, 'bypass', 'bypasses')}" if shown.passed else ""
        yield f"left out by filters: {plural(shown.filtered, 'dispatch', 'dispatches')}{bypasses}"
    folded = Counter(timeline.folded) + shown.folded
    if folded:
        names = ", ".join(f"{count:,} {safe(name)}" for name, count in folded.most_common())
        yield f"folded: {names} (-v shows them)"


def _counted(summary: Summary) -> Iterator[str]:
    if summary.counted:
        names = ", ".join(f"{sum(held.values()):,} {safe(name)}" for name, held in summary.counted.items())
        yield f"counted, not recorded: {names}"
