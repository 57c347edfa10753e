"""Facts: listed by ``docs --facts``, proven by ``scenario --fact``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from sigexplorer.cli.declare import Option
from sigexplorer.errors import UsageError

if TYPE_CHECKING:
    from sigexplorer.catalog.fact import Fact
    from sigexplorer.catalog.page import Version
    from sigexplorer.cli.present import Answer
    from sigexplorer.show.look import Look


def complete_fact(incomplete: str) -> list[str]:
    """Return the facts that begin like this, for the shell."""
    from sigexplorer.catalog import facts

    return [fact.id for fact in facts.FACTS if fact.id.startswith(incomplete)]


#: The option of ``scenario``.
Proven = Annotated[
    list[str] | None,
    Option(
        "--fact",
        help="Prove this fact: the code, what happened and why.",
        metavar="FACT",
        complete=complete_fact,
    ),
]

#: The option of ``docs``.
Listed = Annotated[bool, Option("--facts", help="List the facts that scenarios prove.")]


def prove(names: Sequence[str], look: Look, answer: Answer, database: str | None, *, listen: bool) -> int:
    """Prove these facts: of each the code, what happened and why; return the exit code."""
    from sigexplorer.catalog import facts
    from sigexplorer.catalog.installed import django_version
    from sigexplorer.catalog.page import dotted
    from sigexplorer.cli.stories import Story, tell
    from sigexplorer.playground import proving, runs

    version = django_version()
    chosen = [facts.find(name) for name in dict.fromkeys(names)]
    for fact in chosen:
        if not fact.exists_in(version):
            raise UsageError(
                f"'{fact.id}' needs Django {dotted(fact.added)}, and is not proven with {dotted(version)}",
                f"{fact.statement}: sigexplorer docs --facts --search {fact.id}",
            )
    stories = [
        Story(
            fact.id,
            fact.added,
            partial(proving.prove, fact),
            f"scenario {fact.scenario}",
            marked=_folded(fact),
            fact=fact,
        )
        for fact in chosen
    ]
    look = replace(look, sources=True)
    place = runs.open_playground(listen=listen, database=database)
    return tell(stories, look, answer, place, everything=False)


def _folded(fact: Fact) -> frozenset[str]:
    """Return the signals that a fact is about and that a timeline would fold: they are what proves it."""
    from sigexplorer.catalog import find

    return frozenset(name for name in fact.signals if find(name).group in {"init", "model"})


def hint_at(name: str) -> None:
    """Raise where what was looked for by ``name`` is a fact: it is proven, not looked up."""
    from sigexplorer.catalog import facts

    if facts.exists(name):
        raise UsageError(f"'{name}' is a fact", f"sigexplorer scenario --fact {name} proves it")


def refuse_others(
    wanted: Sequence[str], names: list[str] | None, settings: str | None, *, run_all: bool, compare: bool
) -> None:
    """Raise where the ``wanted`` facts are to be proven and scenarios are to be run."""
    if names or run_all:
        raise UsageError(
            "name scenarios or a --fact but not both", "sigexplorer docs --facts lists the facts"
        )
    if settings is not None:
        raise UsageError("facts are proven in the bundled project", "leave --settings out")
    if compare:
        from sigexplorer.catalog.facts import find

        proofs = " ".join(dict.fromkeys(find(name).scenario for name in wanted))
        raise UsageError(
            "--compare compares scenarios, and not a --fact", f"sigexplorer scenario {proofs} --compare"
        )


def record(fact: Fact, version: Version) -> dict[str, Any]:
    """Return a fact as its record."""
    from sigexplorer.catalog.page import ANCIENT, dotted

    return {
        **asdict(fact),
        "source": list(fact.source),
        "signals": list(fact.signals),
        "outcomes": [
            {
                "text": note.text,
                "since": dotted(note.since) if note.since != ANCIENT else None,
                "before": dotted(note.before) if note.before < _NEVER else None,
            }
            for note in fact.outcomes
        ],
        "outcome": fact.outcome_in(version) or None,
        "added": dotted(fact.added) if fact.added != ANCIENT else None,
        "exists": fact.exists_in(version),
    }


_SHOWN = 60  # characters of a text that was not found

_NEVER: Version = (99, 0)


def answer(signal: str | None, search: str | None, format_name: str | None, output: Path | None) -> None:
    """List the facts, those that concern a signal, or those that mention a text."""
    from sigexplorer import catalog
    from sigexplorer.catalog import facts
    from sigexplorer.catalog.installed import django_version
    from sigexplorer.cli.output import emit, hint, to_json
    from sigexplorer.show import facts as shown
    from sigexplorer.show.exporters import markdown
    from sigexplorer.show.text import safe
    from sigexplorer.show.views import document

    if search is not None and not search.strip():
        raise UsageError("--search needs a text")
    version = django_version()
    found = facts.FACTS if signal is None else facts.concerning(catalog.find(signal).name)
    found = facts.search(found, search) if search else found
    listed = shown.listing(found, version)
    writers = {
        "json": lambda: to_json(
            {"schema": "sigexplorer.facts/1", "facts": [record(fact, version) for fact in found]}
        ),
        "markdown": lambda: markdown.write(listed),
    }
    emit(lambda width: document.render(listed, width), writers, format_name, output)
    if not found and search:
        hint(f"no fact has '{safe(search, _SHOWN)}' in it: sigexplorer docs --facts lists them all")
