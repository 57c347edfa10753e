"""Run a story only watching, then listening: what is different is what listening itself changes."""

from __future__ import annotations

from sigexplorer.answers import BothWays, Observed
from sigexplorer.catalog.page import Page
from sigexplorer.playground import runs
from sigexplorer.playground.boot import PLAYGROUND
from sigexplorer.playground.scenarios import Scenario, find

#: The signals whose receivers Django asks for, with ``has_listeners()``, before it decides what to do.
ASKED_FOR = ("pre_delete", "post_delete", "m2m_changed")

#: The scenario that does what depends on it.
PROOF = "listening"


def run_both_ways(scenario: Scenario, *, page: Page | None = None) -> BothWays:
    """Run a scenario in a playground that is open and does not listen.

    With ``page``, one receiver listens to that signal; without, one to every built-in signal.
    What was interrupted is a ``listening`` that is not complete.
    """
    first = runs.observe_scenario(scenario)  # so that what is done only once in a process is no difference
    watching = runs.observe_scenario(scenario) if first.trace.run.complete else first
    listening = _listening(scenario, page) if watching.trace.run.complete else watching
    return BothWays(watching, listening)


def _listening(scenario: Scenario, page: Page | None) -> Observed:
    if page is None:
        PLAYGROUND.listener.connect()
    else:
        PLAYGROUND.listener.connect_to(page)
    try:
        return runs.observe_scenario(scenario)
    finally:
        PLAYGROUND.listener.disconnect()


def measure(page: Page) -> BothWays:
    """Return what a single receiver of the signal of ``page`` changes, measured now."""
    with runs.open_playground(listen=False):
        return run_both_ways(find(PROOF), page=page)
