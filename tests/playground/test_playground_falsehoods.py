"""A check of the checks: where a fact is made false, its claims fail, and say what was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import falsehoods_calling
import falsehoods_rows
import falsehoods_serving
import pytest
from falsehoods import FALSEHOODS
from stories import VERSION

from sigexplorer.catalog import facts
from sigexplorer.playground import proving, runs, steps

if TYPE_CHECKING:
    from falsehoods import Falsify

THEMES = (falsehoods_calling, falsehoods_rows, falsehoods_serving)
POSSIBLE = [(name, way) for name, way in FALSEHOODS if facts.find(name).exists_in(VERSION)]


def test_there_are_ways_to_falsify_many_facts() -> None:
    """At least thirty facts, of every topic, are tried."""
    assert len({name for name, _ in POSSIBLE}) >= 30
    assert {way.__module__ for _, way in POSSIBLE} == {theme.__name__ for theme in THEMES}


@pytest.mark.usefixtures("playground")
@pytest.mark.parametrize(
    ("name", "way"), POSSIBLE, ids=[f"{name}-{getattr(way, '__name__', '')}" for name, way in POSSIBLE]
)
def test_a_falsehood_is_seen(name: str, way: Falsify, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a fact is made false its claims fail, each saying what was seen instead."""
    monkeypatch.setattr(steps, "excerpt", lambda _caller: None)  # the code that would be shown takes longest
    way(monkeypatch)
    with runs.open_playground(listen=False):
        trace = proving.prove(facts.find(name))
    failed = [claim for claim in trace.claims if not claim.held]
    assert {claim.fact for claim in failed} == {name}
    assert all(claim.detail for claim in failed)
    assert not trace.held
