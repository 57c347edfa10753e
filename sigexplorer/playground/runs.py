"""Run a trigger or a scenario and return its trace."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from sigexplorer.answers import Observed, Statement
from sigexplorer.capture.journal import beside
from sigexplorer.capture.listening import Listener
from sigexplorer.capture.statements import Statements
from sigexplorer.capture.tracer import Tracer
from sigexplorer.catalog.page import Page, Version, dotted
from sigexplorer.errors import UsageError
from sigexplorer.model import Claim, Trace
from sigexplorer.playground.boot import PLAYGROUND
from sigexplorer.playground.databases import IN_MEMORY, Databases
from sigexplorer.playground.ending import in_order
from sigexplorer.playground.scenarios import Scenario
from sigexplorer.playground.steps import Steps
from sigexplorer.playground.triggers import TRIGGERS

if TYPE_CHECKING:
    from sigexplorer.playground.own import Own

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


def observe_scenario(scenario: Scenario) -> Observed:
    """Run a scripted story in an open playground, and note its SQL, too."""
    statements = Statements()
    statements.start()
    try:
        tracer = recorded(f"scenario {scenario.name}", scenario_code(scenario), sources=False)
    finally:
        statements.stop()
    placed = [(*tracer.place(reading), sql) for reading, sql in statements.noted]
    return Observed(tracer.trace(), tuple(Statement(*each) for each in placed if each[0] is not None))


def trigger_source(page: Page) -> str:
    """Return the Python that makes Django send a signal; the project must be booted."""
    return inspect.getsource(trigger_code(page))


@contextmanager
def open_playground(*, listen: bool, database: str | None = None) -> Iterator[tuple[str, ...]]:
    """Boot the bundled project for some runs, and leave no receiver of ours behind.

    With ``database``, the URL of one that does not exist, its rows are there meanwhile; what should be
    known of the place is returned.
    """
    databases = IN_MEMORY if database is None else _elsewhere(database)
    with nullcontext() if database is None else in_order():
        try:
            PLAYGROUND.boot(listen=listen, databases=databases)
            yield databases.notes
        finally:
            try:
                PLAYGROUND.shut()
            except KeyboardInterrupt:  # before it has begun: once it has, it is not disturbed
                PLAYGROUND.shut()
                raise


def _elsewhere(url: str) -> Databases:
    from sigexplorer.playground.elsewhere import databases_at

    return databases_at(url)


def run_own(own: Own, *, listened: bool, sources: bool = False, make: Callable[..., Steps] = Steps) -> Trace:
    """Run a scenario of the user's, in open test databases; each assertion of it is a claim.

    ``make`` makes the ``step`` that it takes.
    """
    from sigexplorer.playground import asserts, testbed

    tracer = Tracer(f"scenario {own.name}", listened=listened, steps_only=True)
    steps = make(tracer, sources=sources)
    with asserts.telling(steps.note_held, steps.note_failed):
        testbed.run_as_test(partial(_play, tracer, steps, own.play))
    return _traced(tracer).trace()


@contextmanager
def open_testbed(settings: str, listener: Listener, *, interactive: bool) -> Iterator[None]:
    """Open test databases of the project that is set up, and let a listener hear of what they bring along."""
    from sigexplorer.playground import testbed

    with testbed.databases(settings, interactive=interactive):
        if listener.connected:
            listener.connect()
        yield


def _run(title: str, story: Story, *, sources: bool) -> Trace:
    return recorded(title, story, sources=sources).trace()


def recorded(title: str, story: Story, *, sources: bool) -> Tracer:
    """Run a story from the beginning, and return what has recorded it.

    Raises ``DatabaseUrlError`` if a server has gone meanwhile: the story cannot be told.
    """
    tracer = Tracer(title, listened=PLAYGROUND.listener.connected, steps_only=True)
    try:
        PLAYGROUND.reset()
        _play(tracer, Steps(tracer, PLAYGROUND, sources=sources), story)
    finally:
        PLAYGROUND.forget()
    return _traced(tracer)


def _play(tracer: Tracer, steps: Steps, story: Story) -> None:
    try:
        tracer.start()
        with beside(tracer):
            story(steps)
    except KeyboardInterrupt:
        tracer.complete = False  # what there is so far is worth showing
    except AssertionError as problem:
        from sigexplorer.playground import asserts

        steps.note_failed(*asserts.explain(problem))
    except (Exception, SystemExit) as problem:  # noqa: BLE001 - a scenario that breaks is a claim that failed
        steps.note_broken("it ran to its end", problem)
    finally:
        tracer.stop()


def _traced(tracer: Tracer) -> Tracer:
    tracer.claims += [
        Claim("sigexplorer recorded everything", held=False, detail=fault) for fault in tracer.faults
    ]
    return tracer
