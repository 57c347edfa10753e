"""Answers to questions about a receiver, as records."""

from __future__ import annotations

from collections.abc import Iterable

from sigexplorer.answers import Check, State
from sigexplorer.model import Origin


def answer(
    name: str,
    question: str,
    state: State,
    *evidence: str,
    at: Iterable[Origin | None] = (),
    fix: str = "",
) -> Check:
    """Return the answer to one question; ``at`` is where its evidence stands."""
    places = tuple(dict.fromkeys(place for place in at if place is not None))
    return Check(name, question, state, evidence, places, fix)


def written(origin: Origin | None) -> str:
    """Return a place as text."""
    return f"{origin.file}:{origin.line}" if origin else "a place that was not watched"
