"""Facts, as documents: all of them, those of a signal, and one with its proof."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from sigexplorer.catalog import facts
from sigexplorer.catalog.fact import Fact
from sigexplorer.catalog.page import Page, Version, dotted
from sigexplorer.show.document import Block, Bullets, Commands, Document, Grid, Heading, Paragraph
from sigexplorer.show.text import plural

if TYPE_CHECKING:
    from sigexplorer.model import Trace

#: Facts that were not tried and are named; of more their number is enough: something ended the run.
_NAMED = 20


def listing(found: Sequence[Fact], version: Version) -> Document:
    """Return facts with what they say, and the scenario that proves each."""
    rows = tuple(
        (_title(fact, version), _said(fact, version), fact.versions, fact.scenario) for fact in found
    )
    return (Heading(plural(len(rows), "fact"), level=1), Grid(("fact", "says", "Django", "scenario"), rows))


def _title(fact: Fact, version: Version) -> str:
    return fact.id if fact.exists_in(version) else f"{fact.id} (from {dotted(fact.added)})"


def _said(fact: Fact, version: Version) -> str:
    outcome = fact.outcome_in(version)
    return f"{fact.statement}. {outcome}" if outcome else f"{fact.statement}."


def of_signal(page: Page, version: Version) -> Document:
    """Return what is proven of one signal, each fact with its id."""
    own = [fact for fact in facts.concerning(page.name) if fact.exists_in(version)]
    blocks: list[Block] = [Heading("Facts")]
    if own:
        blocks.append(Bullets(tuple(f"{fact.id}: {_said(fact, version)}" for fact in own)))
    others = ", ".join(fact.id for fact in facts.of_every_signal() if fact.exists_in(version))
    blocks += [
        Paragraph(f"Of every signal: {others}.", quiet=True),
        Commands(((f"sigexplorer scenario --fact {own[0].id if own else 'weak-local'}", "proves one"),)),
    ]
    return tuple(blocks)


def stated(fact: Fact, version: Version) -> Document:
    """Return what a fact says, before it is proven."""
    return (Heading(f"{fact.id}: {_said(fact, version)}", level=1),)


def explained(fact: Fact, version: Version) -> Document:
    """Return why a fact is so, how other versions differ, and where to read on."""
    blocks: list[Block] = [Heading("Why"), Paragraph(fact.why)]
    others = [note for note in fact.outcomes if not note.holds_in(version)]
    if not fact.outcomes:
        blocks += [Heading("Versions"), Paragraph(f"Django {fact.versions}, the same in each.")]
    if others:
        told = (f"{_versions(note.since, note.before)}: {note.text}" for note in others)
        blocks += [Heading("Other versions of Django"), Bullets(tuple(told))]
    blocks += [Heading("Source"), Bullets(fact.source)]
    if fact.signals:
        blocks += [Heading("Signals"), Paragraph(", ".join(fact.signals))]
    return tuple(blocks)


def _versions(since: Version, before: Version) -> str:
    return f"before {dotted(before)}" if since == (0, 0) else f"from {dotted(since)} on"


def verdicts(traces: Iterable[Trace]) -> dict[str, bool]:
    """Return whether each fact that was tried held: every claim about it did."""
    found: dict[str, bool] = {}
    for trace in traces:
        for claim in trace.claims:
            if claim.fact is not None:
                found[claim.fact] = found.get(claim.fact, True) and claim.held
    return found


def census(traces: Sequence[Trace], version: Version) -> Document:
    """Return how many of all facts held, and which did not, or could not be tried."""
    tried = verdicts(traces)
    here = [fact.id for fact in facts.FACTS if fact.exists_in(version)]
    later = [fact.id for fact in facts.FACTS if not fact.exists_in(version)]
    told = f"{sum(tried.get(name, False) for name in here)} of {plural(len(here), 'fact')} held"
    if later:
        told += f"; {len(later)} of a newer Django: {', '.join(later)}"
    blocks: list[Block] = [Heading(told, level=1)]
    failed = [name for name in here if not tried.get(name, True)]
    unseen = unknown(traces)
    if failed and unseen:
        blocks.append(Paragraph(f"{unseen}, which may be why these are not proven: {', '.join(failed)}."))
    elif failed:
        blocks.append(Bullets(tuple(f"{name} did not hold" for name in failed)))
    untried = [name for name in here if name not in tried]
    if untried:
        names = f": {', '.join(untried)}" if len(untried) <= _NAMED else ""
        blocks.append(Paragraph(f"{len(untried)} not tried, and so not proven{names}."))
    return tuple(blocks)


def unknown(traces: Iterable[Trace]) -> str:
    """Return what could not be seen of Django's dispatch in any of these runs; nothing where all was."""
    return "; ".join(dict.fromkeys(note for trace in traces for note in trace.run.notes))
