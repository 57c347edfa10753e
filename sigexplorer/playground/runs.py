"""Run a trigger or a scenario and return its trace."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module

from sigexplorer.capture import words
from sigexplorer.capture.tracer import Tracer
from sigexplorer.catalog.fact import Fact
from sigexplorer.catalog.page import Page, Version, dotted
from sigexplorer.errors import UsageError
from sigexplorer.model import Claim, Trace
from sigexplorer.playground.boot import PLAYGROUND
from sigexplorer.playground.scenarios import Scenario, find
from sigexplorer.playground.steps import Steps
from sigexplorer.playground.triggers import TRIGGERS

#: What triggers and scenarios are.
Story = Callable[[Steps], None]


def check_version(name: str, added: Version, version: Version) -> None:
    """Raise if the installed Django is older than what ``name`` needs."""
    if version < added:
        raise UsageError(f"'{name}' comes with Django {dotted(added)}", f"this is Django {dotted(version)}")


def trigger_code(page: Page) -> Story:
    """Return the function that makes Django send the signal of ``page``; the project must be booted."""
    return _function("triggers", TRIGGERS[page.name])


def scenario_code(scenario: Scenario) -> Story:
    """Return the function of a built-in scenario; the project must be booted."""
    return _function("scenarios", scenario.code)


def _function(kind: str, place: str) -> Story:
    module, _, name = place.partition(":")
    found: Story = getattr(import_module(f"sigexplorer.playground.{kind}.{module}"), name)
    return found


def run_trigger(page: Page) -> Trace:
    """Make Django send a signal, in an open playground; the claim is that it did."""

    def story(step: Steps) -> None:
        trigger_code(page)(step)
        step.claim(f"Django sent {page.name}", any(dispatch.signal == page.path for dispatch in step.sent()))

    return _run(f"trigger {page.name}", story, sources=False)


def run_scenario(scenario: Scenario, *, sources: bool = False) -> Trace:
    """Run a scripted story in an open playground, and check its claims as it goes."""

    def story(step: Steps) -> None:
        scenario_code(scenario)(step)

    return _run(f"scenario {scenario.name}", story, sources=sources)


def prove(fact: Fact) -> Trace:
    """Run the scenario that proves a fact, and keep of it what is about the fact: claims and their steps."""
    scenario = find(fact.scenario)

    def story(step: Steps) -> None:
        scenario_code(scenario)(step)

    return _run(f"fact {fact.id}", story, sources=True, fact=fact.id)


def trigger_source(page: Page) -> str:
    """Return the Python that makes Django send a signal; the project must be booted."""
    return inspect.getsource(trigger_code(page))


@contextmanager
def open_playground(*, listen: bool) -> Iterator[None]:
    """Boot the bundled project for some runs, and leave no receiver of ours behind."""
    try:
        PLAYGROUND.boot(listen=listen)
        yield
    finally:
        PLAYGROUND.shut()


def _run(title: str, story: Story, *, sources: bool, fact: str | None = None) -> Trace:
    PLAYGROUND.reset()
    tracer = Tracer(title, listened=PLAYGROUND.listener.connected, steps_only=True)
    try:
        tracer.start()
        story(Steps(tracer, PLAYGROUND, sources=sources))
    except KeyboardInterrupt:
        tracer.complete = False  # what there is so far is worth showing
    except Exception as problem:  # noqa: BLE001 - a scenario that breaks is a claim that failed
        tracer.claims.append(Claim("it ran to its end", held=False, detail=words.error(problem)))
    finally:
        tracer.stop()
        PLAYGROUND.forget()
    tracer.claims += [
        Claim("sigexplorer recorded everything", held=False, detail=fault) for fault in tracer.faults
    ]
    return tracer.trace() if fact is None else _about(fact, tracer)


def _about(fact: str, tracer: Tracer) -> Trace:
    """Return what was recorded of one fact."""
    trace = tracer.trace()
    claims = [claim for claim in trace.claims if claim.fact == fact]
    broken = {step.id for step in trace.steps if step.error}
    steps = {claim.step for claim in claims}
    if not claims:
        claims.append(Claim("it was tried", held=False, detail="the scenario did not come so far", fact=fact))
        steps |= broken
    # Without a step: what broke the scenario, or our own recording.
    claims += [
        claim
        for claim in trace.claims
        if not (claim.held or claim.fact) and (claim.step is None or claim.step in steps)
    ]
    return replace(
        trace,
        run=replace(trace.run, queries=sum(tracer.queries_of.get(step or 0, 0) for step in steps)),
        steps=tuple(step for step in trace.steps if step.id in steps),
        dispatches=tuple(dispatch for dispatch in trace.dispatches if dispatch.step in steps),
        bypasses=tuple(bypass for bypass in trace.bypasses if bypass.step in steps),
        callbacks=tuple(callback for callback in trace.callbacks if callback.step in steps),
        claims=tuple(claims),
    )
