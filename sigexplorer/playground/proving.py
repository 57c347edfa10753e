"""Prove one fact."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sigexplorer.capture.tracer import Tracer
from sigexplorer.catalog.fact import Fact
from sigexplorer.model import Claim, Step, Trace
from sigexplorer.playground import runs
from sigexplorer.playground.excerpt import GOING_ON, IN_STEP
from sigexplorer.playground.scenarios import find


def prove(fact: Fact) -> Trace:
    """Run the scenario that proves a fact, in an open playground, and return what is about the fact."""
    story = runs.scenario_code(find(fact.scenario))
    return _about(fact.id, runs.recorded(f"fact {fact.id}", story, sources=True))


def _told_once(steps: Iterable[Step]) -> Iterator[Step]:
    """Yield steps, those that go on from where the one before began without what was made before both."""
    known = ""
    for step in steps:
        made, mark, done = (step.source or "").partition(f"{IN_STEP}\n")
        again = bool(mark) and made == known
        yield replace(step, source=f"{GOING_ON}\n{done}") if again else step
        known = made if mark else ""


def _about(fact: str, tracer: Tracer) -> Trace:
    """Return the claims about a fact, and their steps."""
    trace = tracer.trace()
    claims = [claim for claim in trace.claims if claim.fact == fact]
    steps = {claim.step for claim in claims}
    if not claims:
        claims.append(Claim("it was tried", held=False, detail="the scenario did not come so far", fact=fact))
        steps |= {step.id for step in trace.steps if step.error}
    # Without a step: what broke the scenario, or our own recording.
    claims += [
        claim
        for claim in trace.claims
        if not (claim.held or claim.fact) and (claim.step is None or claim.step in steps)
    ]
    return replace(
        trace,
        run=replace(trace.run, queries=sum(tracer.queries_of.get(step or 0, 0) for step in steps)),
        steps=tuple(_told_once(step for step in trace.steps if step.id in steps)),
        dispatches=tuple(dispatch for dispatch in trace.dispatches if dispatch.step in steps),
        bypasses=tuple(bypass for bypass in trace.bypasses if bypass.step in steps),
        callbacks=tuple(callback for callback in trace.callbacks if callback.step in steps),
        claims=tuple(claims),
    )
