"""A check of the checks: where a fact is made false, its claims fail, and say what was seen."""

from __future__ import annotations

import pytest
from falsehoods import FALSEHOODS
from stories import VERSION

from sigexplorer.catalog import facts
from sigexplorer.playground import proving, runs

POSSIBLE = [name for name in FALSEHOODS if facts.find(name).exists_in(VERSION)]


def test_there_are_ways_to_falsify_many_facts() -> None:
    """At least thirty facts, of every topic, are tried."""
    assert len(POSSIBLE) >= 30


@pytest.mark.usefixtures("playground")
@pytest.mark.parametrize("name", POSSIBLE)
def test_a_falsehood_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a fact is made false its claims fail, each saying what was seen instead."""
    FALSEHOODS[name](monkeypatch)
    with runs.open_playground(listen=False):
        trace = proving.prove(facts.find(name))
    failed = [claim for claim in trace.claims if not claim.held]
    assert {claim.fact for claim in failed} == {name}
    assert all(claim.detail for claim in failed)
    assert not trace.held
