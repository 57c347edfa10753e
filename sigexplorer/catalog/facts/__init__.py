"""The facts, story by story, and how they are found."""

from __future__ import annotations

from importlib import import_module

from sigexplorer.catalog.fact import Fact
from sigexplorer.errors import UnknownNameError

#: The modules of this package, in the order in which a reader would want to follow them.
_TOPICS = (
    "connecting",
    "senders",
    "calling",
    "asynchronous",
    "saving",
    "instances",
    "deleting",
    "relations",
    "transactions",
    "models",
    "migrating",
    "requests",
    "auth",
    "testing",
    "processes",
)


def _collected() -> tuple[Fact, ...]:
    modules = (import_module(f"{__name__}.{topic}") for topic in _TOPICS)
    return tuple(fact for module in modules for fact in module.FACTS)


#: Every fact, topic by topic.
FACTS: tuple[Fact, ...] = _collected()

_BY_ID = {fact.id: fact for fact in FACTS}


def find(name: str) -> Fact:
    """Return the fact with that id."""
    try:
        return _BY_ID[name]
    except KeyError:
        raise UnknownNameError("fact", name, _BY_ID) from None


def exists(name: str) -> bool:
    """Tell whether there is a fact with that id, in whatever Django."""
    return name in _BY_ID


def concerning(signal: str) -> tuple[Fact, ...]:
    """Return the facts about the signal of that short name, and not those about all signals."""
    return tuple(fact for fact in FACTS if signal in fact.signals)


def of_every_signal() -> tuple[Fact, ...]:
    """Return the facts that concern every signal."""
    return tuple(fact for fact in FACTS if not fact.signals)


def proven_by(scenario: str) -> tuple[Fact, ...]:
    """Return the facts that a scenario proves."""
    return tuple(fact for fact in FACTS if fact.scenario == scenario)


def search(facts: tuple[Fact, ...], text: str) -> tuple[Fact, ...]:
    """Return the facts that mention ``text``, in any letter case."""
    wanted = text.casefold()
    return tuple(fact for fact in facts if wanted in _said(fact).casefold())


def _said(fact: Fact) -> str:
    outcomes = (note.text for note in fact.outcomes)
    return "\n".join((fact.id, fact.statement, fact.why, *fact.signals, *outcomes, *fact.source))
