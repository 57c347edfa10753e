"""Run triggers or scenarios one after the other and show what came of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from sigexplorer.catalog.fact import Fact
from sigexplorer.catalog.installed import django_version
from sigexplorer.catalog.page import Version
from sigexplorer.cli.beside import noted_beside
from sigexplorer.cli.ending import Ending, entered
from sigexplorer.cli.output import hint
from sigexplorer.cli.present import Answer, present
from sigexplorer.errors import DatabaseUrlError
from sigexplorer.model import Trace
from sigexplorer.playground.ending import in_order
from sigexplorer.show import facts, keep, pages, views
from sigexplorer.show.filters import Filters, check
from sigexplorer.show.look import Look
from sigexplorer.show.source import InMemory
from sigexplorer.show.views import code, document
from sigexplorer.show.views.phrase import Phrase
from sigexplorer.show.views.piped import Together

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress


@dataclass(frozen=True, slots=True)
class Story:
    """Something to run: a trigger or a scenario."""

    name: str
    added: Version  # the Django it needs at least
    run: Callable[[], Trace]
    next: str  # the command to try afterwards
    marked: frozenset[str] = frozenset()  # signals to mark in its timeline
    source: Callable[[], str] | None = None  # the whole code, where it is to be shown
    fact: Fact | None = None  # what it proves, where it is about one fact


#: The exit code after Ctrl-C.
INTERRUPTED = 130

#: Two empty lines, between answers.
_GAP = ("", "")

#: A story and what came of it.
Told = tuple[Story, Trace]


def tell(
    stories: Sequence[Story],
    look: Look,
    answer: Answer,
    place: AbstractContextManager[Sequence[str] | None],
    *,
    everything: bool,
) -> int:
    """Run ``stories``, write what they sent, and return the exit code: 1 if a claim failed.

    ``place`` is entered while they run. With ``everything`` the timelines give way to one
    closing table, unless ``look`` is verbose.
    """
    answer.chosen()  # a wrong one ends here
    with in_order(), noted_beside(answer.output, last=answer.keep):
        return _tell(stories, look, answer, place, everything=everything)


def _tell(
    stories: Sequence[Story],
    look: Look,
    answer: Answer,
    place: AbstractContextManager[Sequence[str] | None],
    *,
    everything: bool,
) -> int:
    version = django_version()
    possible = [one for one in stories if version >= one.added]
    later = {story.name: story.added for story in stories if version < story.added}
    told: list[Told] = []
    with entered(place, told) as ending:
        told += _told(possible, ending, shown=everything)
    told = _tried(told, possible, ending)
    traces = [trace for _, trace in told]
    kept = answer.keep and keep.keep(traces)
    check(traces, look.filters)
    full = not everything or look.verbose or look.filters != Filters()
    look = replace(look, several=len(stories) > 1)
    drawing = partial(_drawing, told, later, look, full=full, everything=everything)
    present(InMemory(traces), look, answer, drawing)
    if answer.keep and not kept and keep.is_too_long():
        sys.stderr.write(f"sigexplorer: {keep.TOO_LONG}\n")
    if ending.lost is not None:
        return ending.tell()
    if len(told) < len(possible) or not traces[-1].run.complete:
        ending.tell()
        hint("interrupted: this is what there was so far")
        return INTERRUPTED
    left = ending.tell()
    if answer.chosen() == "table" and answer.output is None:
        hint(f"next: sigexplorer {told[-1][0].next}")
    return left if all(trace.held for _, trace in told) else 1


def _tried(told: list[Told], possible: Sequence[Story], ending: Ending) -> list[Told]:
    """Leave out the story that failed when the place was lost, for it proves nothing either way."""
    tried = told[:-1] if ending.lost and told and not told[-1][1].held else told
    if not tried:
        raise ending.loss() or KeyboardInterrupt
    ending.untried = len(possible) - len(tried)
    return tried


def _told(stories: Sequence[Story], ending: Ending, *, shown: bool) -> Iterator[Told]:
    """Run each story, up to one that is interrupted, with a progress bar where somebody sees it."""
    with _progress() if shown and sys.stderr.isatty() else nullcontext() as progress:
        task = progress.add_task("running", total=len(stories)) if progress else None
        for story in stories:
            try:
                trace = story.run()
            except KeyboardInterrupt:  # before its first step
                return
            except DatabaseUrlError as problem:  # the server has gone, and what comes would fail for that
                ending.lost = problem
                return
            yield story, trace
            if progress and task is not None:
                progress.advance(task)
            if not trace.run.complete:
                return


def _progress() -> Progress:
    from rich.console import Console
    from rich.progress import Progress

    return Progress(console=Console(stderr=True), transient=True)


def _drawing(
    told: list[Told],
    later: dict[str, Version],
    look: Look,
    view: str,
    width: int,
    *,
    full: bool,
    everything: bool,
) -> RenderableType:
    parts: list[RenderableType] = []
    for story, trace in told if full or view != "table" else ():
        if parts:
            parts += _GAP
        parts += _one(story, trace, look, view, width)
    if len(told) + len(later) > 1:
        outcomes = pages.outcomes([(story.name, trace) for story, trace in told], later)
        parts += [*(_GAP if parts else ()), document.render(outcomes, width)]
    tried = [trace for _, trace in told]
    if everything and facts.verdicts(tried):
        parts += [*_GAP, document.render(facts.census(tried, django_version()), width)]
    return Together(*parts)


def _one(story: Story, trace: Trace, look: Look, view: str, width: int) -> list[RenderableType]:
    source: list[RenderableType] = [code.Source(story.source()), ""] if story.source and look.sources else []
    drawn = [*source, *views.draw(view, InMemory([trace]), replace(look, marked=story.marked), width)]
    if view == "table" and not trace.claims:
        drawn.append(Phrase("\nno claims", style="dim"))
    if story.fact is None or view != "table":
        return drawn
    before, after = (show(story.fact, django_version()) for show in (facts.stated, facts.explained))
    return [document.render(before, width), "", *drawn, "", document.render(after, width)]
