"""What fails in a receiver fails as it does in Django, and is recorded as what it was."""

from __future__ import annotations

import asyncio
import functools
import logging
from typing import Any

import pytest
from capturing import (
    METHODS,
    TASK_GROUP,
    asynchronous,
    both,
    calls,
    comparable,
    connect,
    frames,
    only,
    outcome,
    raising,
    returning,
    send,
    short,
    unawaited,
)
from django.dispatch import Signal, dispatcher

each_method = pytest.mark.parametrize("method", METHODS)
each_sync = pytest.mark.parametrize("method", METHODS[:2])
each_async = pytest.mark.parametrize("method", METHODS[2:])
each_plain = pytest.mark.parametrize("method", ["send", "asend"])
each_robust = pytest.mark.parametrize("method", ["send_robust", "asend_robust"])


@each_sync
@pytest.mark.parametrize("kind", [ValueError, StopIteration, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_errors_of_sync_receivers_pass_through_as_they_are(method: str, kind: type[BaseException]) -> None:
    """Type, arguments and traceback of an error are Django's; receivers after it are called as by Django."""
    before, after = returning("before", 1), returning("after", 2)
    failing = raising("failing", kind, "no", 7)
    caught = method == "send_robust" and issubclass(kind, Exception)

    def story() -> tuple[object, list[str]]:
        signal = Signal()
        connect(signal, before, failing, after)
        try:
            return comparable(signal.send_robust(None) if method == "send_robust" else signal.send(None)), []
        except BaseException as error:  # noqa: BLE001 - whatever the receiver raises
            return comparable(error), frames(error)

    (seen, went_through), trace = both(story)
    dispatch = only(trace)
    if caught:
        assert seen == [[before, 1], [failing, (kind, ["no", 7])], [after, 2]]
        assert calls(dispatch) == [("before", "returned"), ("failing", "raised"), ("after", "returned")]
        assert dispatch.error is None
    else:
        assert seen == (kind, ["no", 7])
        assert went_through == ["story", method, "receiver"]
        assert calls(dispatch) == [("before", "returned"), ("failing", "raised"), ("after", "skipped")]
        assert dispatch.error == f"{kind.__name__}: no, 7"
    assert dispatch.failed
    assert dispatch.calls[1].error == f"{kind.__name__}: no, 7"
    assert dispatch.calls[1].result is None


@each_async
@pytest.mark.parametrize("kind", [ValueError, KeyError, GeneratorExit])
def test_errors_of_sync_receivers_pass_through_asend(method: str, kind: type[BaseException]) -> None:
    """An error in the thread of the sync receivers comes out of asend as it does from Django."""
    before, after = returning("before", 1), returning("after", 2)
    failing = raising("failing", kind, "no", 7)

    def story() -> tuple[Any, ...]:
        signal = Signal()
        connect(signal, before, failing, after)
        return outcome(lambda: send(signal, method))

    seen, trace = both(story)
    if method == "asend_robust" and issubclass(kind, Exception):
        assert seen == ("returned", [[before, 1], [failing, (kind, ["no", 7])], [after, 2]])
        assert [name for _, name in calls(only(trace))] == ["returned", "raised", "returned"]
    else:
        assert seen == ("raised", (kind, ["no", 7]))
        assert [name for _, name in calls(only(trace))] == ["returned", "raised", "skipped"]
        assert only(trace).error.startswith(kind.__name__)
        assert only(trace).calls[1].error == f"{kind.__name__}: no, 7"


@each_method
@pytest.mark.parametrize("kind", [ValueError, StopIteration, GeneratorExit, KeyboardInterrupt, SystemExit])
def test_errors_of_async_receivers_are_djangos(method: str, kind: type[BaseException]) -> None:
    """An async receiver's error reaches the caller, or the response, as it does from Django."""
    failing = asynchronous(raising("failing", kind, "no", 7))

    def story() -> tuple[Any, ...]:
        signal = Signal()
        signal.connect(failing)
        return outcome(lambda: send(signal, method))

    seen, trace = both(story)
    what = RuntimeError if kind is StopIteration else kind  # a coroutine cannot raise StopIteration
    if method.endswith("robust") and issubclass(kind, Exception):
        assert seen[0] == "returned"
        assert seen[1][0][1][0] is what
    else:
        assert seen[0] == "raised"
        assert seen[1][0] is what
        assert only(trace).error is not None
    assert calls(only(trace)) == [("failing", "raised")]
    assert only(trace).calls[0].error.startswith(what.__name__)


@each_method
def test_siblings_of_a_failing_async_receiver_fare_as_in_django(method: str) -> None:
    """5.2 and 6.0 let the others finish, 6.1 cancels them; a robust send never does either."""

    def story() -> list[object]:
        log: list[object] = []

        async def failing(**_named: object) -> None:
            await asyncio.sleep(0)
            raise ValueError("no")

        async def sibling(**_named: object) -> str:
            try:
                for _ in range(5):
                    await asyncio.sleep(0)
            except asyncio.CancelledError:
                log.append("cancelled")
                raise
            log.append("finished")
            return "done"

        signal = Signal()
        connect(signal, failing, sibling)
        answer = outcome(lambda: send(signal, method))
        log.append(answer[0])
        return log

    seen, trace = both(story)
    if method.endswith("robust"):
        assert seen == ["finished", "returned"]
        expected = [("failing", "raised"), ("sibling", "returned")]
    elif TASK_GROUP or method == "send":  # the loop of a failed send() ends, and with it what runs in it
        assert seen == ["cancelled", "raised"]
        expected = [("failing", "raised"), ("sibling", "raised")]
    else:
        assert seen == ["finished", "raised"]
        expected = [("failing", "raised"), ("sibling", "returned")]
    assert calls(only(trace)) == expected
    assert (only(trace).error is None) is method.endswith("robust")


@each_method
def test_two_failing_async_receivers_fare_as_in_django(method: str) -> None:
    """Two failures are the first of them on 5.2 and 6.0, and an exception group on 6.1."""
    one = asynchronous(raising("one", ValueError, 1))
    other = asynchronous(raising("other", KeyError, 2))

    def story() -> tuple[Any, ...]:
        signal = Signal()
        connect(signal, one, other)
        return outcome(lambda: send(signal, method))

    seen, trace = both(story)
    if method.endswith("robust"):
        assert seen == ("returned", [[one, (ValueError, [1])], [other, (KeyError, [2])]])
    else:
        assert seen[0] == "raised"
        assert seen[1][0] is (ExceptionGroup if TASK_GROUP else ValueError)
    assert calls(only(trace)) == [("one", "raised"), ("other", "raised")]


@each_plain
def test_a_failing_sync_receiver_and_async_ones(method: str) -> None:
    """After a sync error no async receiver runs, but in asend of 5.2 and 6.0, which runs both at once."""

    def story() -> list[object]:
        log: list[object] = []
        signal = Signal()
        failing = raising("failing", ValueError, "no")

        async def awaited(**_named: object) -> None:
            log.append("awaited")

        connect(signal, failing, awaited)
        log.append(outcome(lambda: send(signal, method)))
        return log

    seen, trace = both(story)
    at_once = method == "asend" and not TASK_GROUP
    assert seen == ["awaited"] * at_once + [("raised", (ValueError, ["no"]))]
    last = "returned" if at_once else "skipped"
    assert calls(only(trace)) == [("failing", "raised"), ("awaited", last)]
    assert only(trace).calls[1].duration_ns == 0 or at_once


@each_method
def test_an_async_receiver_that_cannot_be_called(method: str) -> None:
    """A coroutine function that does not take the arguments raised: it was not merely skipped."""

    async def narrow(sender: object) -> None:
        """Take no ``signal``."""

    def story() -> tuple[Any, ...]:
        signal = Signal()
        signal.connect(narrow)
        return outcome(lambda: send(signal, method, more=1))

    with unawaited():
        seen, trace = both(story)
    error = seen[1][0][1][0] if method.endswith("robust") else seen[1][0]
    assert error is TypeError
    assert calls(only(trace)) == [("narrow", "raised")]
    assert "unexpected keyword argument" in only(trace).calls[0].error


class Failing(Signal):
    """Does not say who is connected."""

    def _live_receivers(self, _sender: object) -> Any:
        raise LookupError("no")


@each_method
def test_an_error_before_the_receivers_are_known(method: str) -> None:
    """It is told of the dispatch, which called nobody, and its traceback is Django's."""

    def story() -> tuple[Any, ...]:
        signal = Failing()
        connect(signal, returning("never"))
        try:
            send(signal, method, "me")
        except LookupError as error:
            return comparable(error), frames(error)
        return ()

    (seen, went_through), trace = both(story)
    assert seen == (LookupError, ["no"])
    assert went_through
    assert (only(trace).sender, calls(only(trace)), only(trace).error) == ("me", [], "LookupError: no")


@each_robust
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_robust_sends_fail_for_receivers_without_a_name(method: str, kind: str) -> None:
    """Django's log names a failed receiver by __qualname__; one that has none makes the robust send fail."""
    failing = raising("failing", ValueError, "no")
    nameless = functools.partial(failing if kind == "sync" else asynchronous(failing), more=1)
    after = returning("after")

    def story() -> tuple[Any, ...]:
        signal = Signal()
        connect(signal, nameless, weak=False)
        connect(signal, after)
        answer = outcome(lambda: send(signal, method))
        return answer[0], answer[1][0], answer[1][1]

    seen, trace = both(story)
    assert seen[:2] == ("raised", AttributeError)
    assert "__qualname__" in seen[2][0]
    assert only(trace).error.startswith("AttributeError")
    called = {short(call.receiver): call for call in only(trace).calls}
    assert called["failing"].outcome == "raised"
    assert called["failing"].error == "ValueError: no"


@each_robust
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_robust_sends_log_what_django_logs(method: str, kind: str) -> None:
    """The log of django.dispatch has the same records, message, error and traceback included."""
    failing = raising("failing", ValueError, "no")
    receiver = failing if kind == "sync" else asynchronous(failing)

    def story() -> list[tuple[object, ...]]:
        signal = Signal()
        signal.connect(receiver)
        records: list[logging.LogRecord] = []
        handler = logging.Handler()
        handler.emit = records.append  # type: ignore[method-assign]
        dispatcher.logger.addHandler(handler)
        try:
            ((_, error),) = send(signal, method)
        finally:
            dispatcher.logger.removeHandler(handler)
        return [
            (
                record.name,
                record.levelname,
                record.getMessage(),
                record.funcName,
                record.lineno,
                record.exc_info[1] is error,
                frames(error) if kind == "sync" and method == "send_robust" else None,
            )
            for record in records
        ]

    seen, _ = both(story)
    assert [record[:4] for record in seen] == [
        (
            "django.dispatch",
            "ERROR",
            "Error calling failing in Signal.send_robust() (no)",
            "_log_robust_failure",
        )
    ]
