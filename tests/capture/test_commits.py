"""on_commit: who registered a callback, what became of it, and that Django notices nothing."""

from __future__ import annotations

import contextlib
import functools
import logging
import threading
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest
from capturing import connected, counting_calls, observing, outcome, short
from django.db import connection, connections, transaction
from django.dispatch import Signal
from django.test import TestCase

from sigexplorer.capture import commits

if TYPE_CHECKING:
    from sigexplorer.model import Callback, Trace

pytestmark = pytest.mark.usefixtures("database")

atomic, on_commit = transaction.atomic, transaction.on_commit


class Undo(Exception):  # noqa: N818 - not an error
    """Rolls back what it leaves."""


class Log(list[str]):
    """What ran, in order."""

    def note(self, name: str, error: type[BaseException] | None = None) -> Callable[[], None]:
        """Return a callback of that name."""

        def callback() -> None:
            self.append(name)
            if error is not None:
                raise error(name)

        callback.__qualname__ = name
        return callback


Story = Callable[[Log], Any]


def returned(log: Log) -> None:
    """Register two, one of them within a savepoint."""
    with atomic():
        on_commit(log.note("first"))
        with atomic():
            on_commit(log.note("second"))
        log.append("before the commit")


def raised(log: Log) -> None:
    """Fail in the second: the third is never called."""
    with atomic():
        on_commit(log.note("first"))
        on_commit(log.note("second", ValueError))
        on_commit(log.note("third"))


def robust(log: Log) -> None:
    """Fail in the first, which Django logs and forgets."""
    with atomic():
        on_commit(log.note("first", ValueError), robust=True)
        on_commit(log.note("second"), robust=True)


def rolled_back(log: Log) -> None:
    """Roll back all of it."""
    with contextlib.suppress(Undo), atomic():
        on_commit(log.note("first"))
        raise Undo


def savepoint_rolled_back(log: Log) -> None:
    """Roll back what was registered within a savepoint, and in one within that."""
    with atomic():
        on_commit(log.note("first"))
        with contextlib.suppress(Undo), atomic():
            on_commit(log.note("second"))
            with atomic():
                on_commit(log.note("third"))
            raise Undo
        on_commit(log.note("fourth"))


def at_once(log: Log) -> None:
    """Register where no transaction is open."""
    on_commit(log.note("first"))
    on_commit(log.note("second", ValueError), robust=True)
    log.append("after")
    on_commit(log.note("third", KeyError))


def nested(log: Log) -> None:
    """Register another in a callback: it runs before the next of the first."""

    def outer() -> None:
        log.append("outer")
        with atomic():
            on_commit(log.note("inner"))
            log.append("in the inner transaction")

    outer.__qualname__ = "outer"
    with atomic():
        on_commit(outer)
        on_commit(log.note("last"))


def two_databases(log: Log) -> None:
    """Register for each of two databases."""
    with atomic():
        with contextlib.suppress(Undo), atomic(using="archive"):
            on_commit(log.note("archived"), using="archive")
            on_commit(log.note("first"))
            raise Undo
        with atomic(using="archive"):
            on_commit(log.note("again"), using="archive")
        log.append("archived")


def interrupted(log: Log) -> None:
    """Interrupt in a callback."""
    with atomic():
        on_commit(log.note("first", KeyboardInterrupt), robust=True)
        on_commit(log.note("second"))


def no_function(_log: Log) -> None:
    """Register what cannot be called."""
    with atomic():
        on_commit("nothing")


def of_any_kind(log: Log) -> None:
    """Register a partial, a bound method and a callable without a name."""

    class Nameless:
        def __call__(self) -> None:
            log.append("nameless")
            raise ValueError("nameless")

        def __repr__(self) -> str:
            return "nameless"

    with atomic():
        on_commit(functools.partial(log.append, "partial"))
        on_commit(functools.partial(log.note("of a partial", ValueError)), robust=True)
        on_commit(log.clear)
        on_commit(Nameless(), robust=True)


#: By the story: each callback by name, and what became of it.
ENDINGS: dict[Story, dict[str, str]] = {
    returned: {"first": "returned", "second": "returned"},
    raised: {"first": "returned", "second": "raised", "third": "discarded"},
    robust: {"first": "raised", "second": "returned"},
    rolled_back: {"first": "discarded"},
    savepoint_rolled_back: {
        "first": "returned", "second": "discarded", "third": "discarded", "fourth": "returned",
    },
    at_once: {"first": "returned", "second": "raised", "third": "raised"},
    nested: {"outer": "returned", "inner": "returned", "last": "returned"},
    two_databases: {"archived": "discarded", "first": "returned", "again": "returned"},
    interrupted: {"first": "raised", "second": "discarded"},
    no_function: {},
}  # fmt: skip


def told(trace: Trace) -> dict[str, Callback]:
    """Return the callbacks of a trace by the last part of their name."""
    return {short(each.function): each for each in trace.callbacks}


@pytest.mark.parametrize("story", ENDINGS, ids=lambda story: story.__name__)
def test_what_became_of_them(story: Story) -> None:
    """Each callback is told once: it returned, raised, was discarded with what it waited for, or waits."""
    with observing() as tracer:
        outcome(lambda: story(Log()))
    trace = tracer.trace()
    assert {name: each.ending for name, each in told(trace).items()} == ENDINGS[story]
    assert len(trace.callbacks) == len(ENDINGS[story])
    for each in trace.callbacks:
        assert (each.start_ns is None) == (each.ending in ("discarded", "waiting"))
        assert (each.error is not None) == (each.ending == "raised")
        assert each.origin is not None


@pytest.mark.parametrize("story", [*ENDINGS, of_any_kind], ids=lambda story: story.__name__)
def test_django_does_the_same(story: Story, caplog: pytest.LogCaptureFixture) -> None:
    """Order, errors and what is logged are the same observed and not."""
    seen = []
    caplog.set_level(logging.DEBUG, "django.db")
    for manager in (nullcontext(), observing()):
        log = Log()
        caplog.clear()
        with manager:
            ended = outcome(functools.partial(story, log))
        messages = [(each.levelname, each.getMessage().partition(" at 0x")[0]) for each in caplog.records
                    if each.name == "django.db.backends.base"]  # fmt: skip
        seen.append((ended, list(log), messages))
        assert connection.run_on_commit == []
    assert seen[0] == seen[1]


def test_the_list_is_djangos() -> None:
    """While a callback waits, the connection's list holds the very function, in Django's own entry."""
    entries = []
    for manager in (nullcontext(), observing()):
        with manager, contextlib.suppress(Undo), atomic():
            on_commit(print)
            on_commit(len, robust=True)
            entries.append(list(connection.run_on_commit))
            assert type(connection.run_on_commit) is list
            raise Undo
    assert entries[0][0][1:] == entries[1][0][1:]
    assert [entry[1] for entry in entries[1]] == [print, len]
    assert all(type(entry) is tuple for entry in entries[1])


def test_captured_callbacks_are_the_functions() -> None:
    """What Django's test case captures are the functions that were registered; it runs them if asked to."""
    log = Log()
    note = log.note("note")
    with observing() as tracer, contextlib.suppress(Undo), atomic():
        with TestCase.captureOnCommitCallbacks() as callbacks:
            on_commit(note)
        assert callbacks == [note]
        with TestCase.captureOnCommitCallbacks(execute=True) as callbacks:
            on_commit(note)
        assert callbacks == [note]
        assert log == ["note"]
        raise Undo
    assert len(tracer.trace().callbacks) == 2


def test_a_callback_is_tied_to_its_receiver() -> None:
    """A callback has the call that registered it for parent, and is named by what it sends."""
    registering, later = Signal(), Signal()

    def receive(**_named: object) -> None:
        on_commit(send_later)

    def send_later() -> None:
        later.send(None)

    with observing() as tracer, connected(registering, receive), atomic():
        registering.send(None)
    trace = tracer.trace()
    first, second = trace.dispatches
    (callback,) = trace.callbacks
    assert (callback.parent, callback.parent_call) == (first.id, 0)
    assert (second.parent, second.callback) == (None, callback.id)
    assert (second.in_transaction, first.in_transaction) == (False, True)
    assert first.callback is None


def test_a_transaction_of_the_time_before_is_not_told() -> None:
    """What was registered before the observer came runs as ever, and is no part of the trace."""
    log = Log()
    with atomic():
        on_commit(log.note("before"))
        with observing() as tracer:
            on_commit(log.note("after"))
    assert log == ["before", "after"]
    assert [(short(each.function), each.ending) for each in tracer.trace().callbacks] == [
        ("after", "waiting")
    ]


def test_a_callback_may_be_registered_twice() -> None:
    """One function given twice is two callbacks, of which one may be discarded."""
    log = Log()
    note = log.note("note")
    with observing() as tracer, atomic():
        on_commit(note)
        with contextlib.suppress(Undo), atomic():
            on_commit(note)
            raise Undo
        on_commit(note)
    assert log == ["note", "note"]
    assert [each.ending for each in tracer.trace().callbacks] == ["returned", "discarded", "returned"]


def test_threads_have_their_own() -> None:
    """Callbacks of two threads at once are told apart, each in its own connection."""
    log = Log()
    barrier = threading.Barrier(2, timeout=30)

    def work(name: str) -> None:
        try:
            with contextlib.suppress(Undo), atomic():
                barrier.wait()
                on_commit(log.note(name))
                barrier.wait()
                if name == "undone":
                    raise Undo
        finally:
            connections.close_all()

    with observing() as tracer:
        threads = [threading.Thread(target=work, args=[name]) for name in ("kept", "undone")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {name: each.ending for name, each in told(tracer.trace()).items()} == {
        "kept": "returned",
        "undone": "discarded",
    }
    assert log == ["kept"]


def _many_at_the_end(number: int) -> None:
    with atomic():
        for _ in range(number):
            on_commit(bool)


def _many_that_fail(number: int) -> None:
    with contextlib.suppress(ZeroDivisionError), atomic():
        on_commit(lambda: 1 // 0)
        for _ in range(number):
            on_commit(bool)


def _many_that_are_discarded(number: int) -> None:
    with atomic(), contextlib.suppress(Undo), atomic():
        for _ in range(number):
            on_commit(bool)
        raise Undo


def _many_savepoints(number: int) -> None:
    with atomic():
        for _ in range(number):
            on_commit(bool)
            with contextlib.suppress(Undo), atomic():
                raise Undo


@pytest.mark.parametrize(
    "story", [_many_at_the_end, _many_that_fail, _many_that_are_discarded, _many_savepoints]
)
def test_many_cost_no_more_each(story: Callable[[int], None]) -> None:
    """Twice as many callbacks, or savepoints that are rolled back beside them, are twice the work of ours."""
    work = []
    for number in (20, 40, 80):
        with observing() as tracer, counting_calls(commits) as calls:
            story(number)
        work.append(len(calls))
        assert len(tracer.trace().callbacks) in (number, number + 1)
    assert work[2] - work[1] == 2 * (work[1] - work[0])
