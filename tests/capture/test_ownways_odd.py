"""Methods of a project's own that are written in unusual ways, or come to unusual ends, notice nothing."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any

import pytest
from capturing import both, calls, connect, counting_calls, observing, only, raising, returning, unawaited
from django.dispatch import Signal

from sigexplorer.capture import dispatch, holding, lanes
from sigexplorer.capture.lanes import STREAM
from sigexplorer.capture.sources import source_of

if TYPE_CHECKING:
    from sigexplorer.model import Dispatch, Trace

inner = Signal()


def _inner(name: str) -> Callable[..., str]:
    def receiver(**_named: object) -> str:
        inner.send(None, name=name)
        return name

    receiver.__qualname__ = name
    return receiver


first, last = _inner("first"), _inner("last")
bad = raising("bad", ValueError, "no")


class Own(Signal):
    """Has what its subclasses share."""

    def _found(self, sender: object) -> list[Any]:
        return list(self._live_receivers(sender)[0])

    def _async(self, sender: object) -> list[Any]:
        return list(self._live_receivers(sender)[1])


def _connected(cls: type[Signal], *receivers: Any) -> Any:
    signal = cls()
    connect(signal, *receivers)
    return signal


def _outer(trace: Trace) -> Dispatch:
    (found,) = [one for one in trace.dispatches if one.name != "inner"]
    return found


def _is_as_before() -> bool:
    return lanes.here.lane.open is None and lanes.running.get() is None


def swallowing(call: Callable[[], Any]) -> Any:
    """Call something, whatever comes of it."""
    with suppress(ValueError):
        return call()


class Lambda(Own):
    """Calls its receivers in a lambda."""

    def send(self, sender: object, **named: Any) -> list[Any]:
        """Send, and go on after errors."""
        call = lambda receiver: receiver(signal=self, sender=sender, **named)  # noqa: E731 - what is tested
        answers = []
        for receiver in self._found(sender):
            try:
                answers.append(call(receiver))
            except ValueError:
                answers.append("raised")
        inner.send(None, name="afterwards")
        return answers


class Late(Own):
    """Calls its receivers in a generator expression, whose error it takes."""

    def send(self, sender: object, **named: Any) -> list[Any]:
        """Send as long as there is no error."""
        answers = (one(signal=self, sender=sender, **named) for one in self._found(sender))
        gone = []
        with suppress(ValueError):
            gone += answers
        inner.send(None, name="afterwards")
        return gone


class Swallowed(Own):
    """Lets somebody else take the errors of its receivers."""

    def send(self, sender: object, **named: Any) -> list[Any]:
        """Send."""
        answers = [
            swallowing(lambda one=one: one(signal=self, sender=sender, **named))  # type: ignore[misc]
            for one in self._found(sender)
        ]
        inner.send(None, name="afterwards")
        return answers


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Lambda, [("first", "returned"), ("bad", "raised"), ("last", "returned")]),
        (Late, [("first", "returned"), ("bad", "raised")]),
        (Swallowed, [("first", "returned"), ("bad", "unknown"), ("last", "returned")]),
    ],
)
def test_errors_in_lambdas_and_generator_expressions(kind: type[Signal], told: list[tuple[str, str]]) -> None:
    """The receiver that raised is told, and what is sent afterwards is not filed under it."""
    signal = _connected(kind, first, bad, last)
    _, trace = both(lambda: signal.send(None))
    outer = _outer(trace)
    assert calls(outer)[: len(told)] == told
    nested = {one.argument("name"): (one.parent, one.parent_call) for one in trace.dispatches[1:]}
    assert nested["afterwards"] == (outer.id, None)
    assert nested.get("last", (outer.id, 2)) == (outer.id, 2)
    assert _is_as_before()


class Weakly(Own):
    """Resolves its weak receivers one by one."""

    def send(self, sender: object, **named: Any) -> list[Any]:
        """Send to who is left."""
        answers = []
        for entry in list(self.receivers):
            receiver = entry[1]()
            if receiver is not None:
                answers.append(receiver(signal=self, sender=sender, **named))
        return answers


def test_a_receiver_that_dies_meanwhile() -> None:
    """It is not kept alive."""

    def story() -> list[Any]:
        box: list[Any] = [returning("second", 2)]
        alone: list[Any] = []

        def once(**_named: object) -> str:
            box.clear()
            alone.clear()
            return "once"

        alone.append(once)
        signal = _connected(Weakly, once, box[0])
        signal.connect(once, dispatch_uid="again")
        del once
        return signal.send(None)  # type: ignore[no-any-return] # a list

    assert both(story)[0] == ["once"]


class Looking(Own):
    """Looks at its variables."""

    def send(self, sender: object, **named: Any) -> list[Any]:
        """Send what there is."""
        del named
        return [(one, one(signal=self, sender=sender, seen=sorted(locals()))) for one in self._found(sender)]

    def send_robust(self, sender: object, position: object = None, **named: Any) -> list[Any]:
        """Send it all."""
        given = {name: held for name, held in locals().items() if name not in ("self", "named")}
        return [(one, one(signal=self, **given)) for one in self._found(sender)]


def test_who_looks_at_its_variables_finds_its_own() -> None:
    """Such a method is wrapped, and called as the program has called it."""

    def told(**named: object) -> list[str]:
        return [*sorted(named), str(named.get("seen"))]

    signal = _connected(Looking, told)
    answers, trace = both(lambda: (signal.send(None), signal.send_robust("x", "y")))
    assert not [one for one in str(answers).split("'") if one.startswith("_sigexplorer")]
    assert [one.sender for one in trace.dispatches] == [None, "x"]


def test_a_method_with_no_room_for_our_notes() -> None:
    """What is nested as deep as Python goes is wrapped."""

    class Deep(Own):
        def send(self, sender: object, **named: Any) -> list[Any]:
            n = nullcontext
            with (
                n(), n(), n(), n(), n(), n(), n(), n(), n(), n(), n(), n(), n(), n(), n(), n(), n(), n(1),
            ):  # fmt: skip
                return [(one, one(signal=self, sender=sender, **named)) for one in self._found(sender)]

    signal = _connected(Deep, first)
    assert calls(_outer(both(lambda: signal.send(None))[1])) == [("first", "returned")]


class Paused(Own):
    """Pauses before it sends."""

    async def asend(self, sender: object, **named: Any) -> list[Any]:
        """Send to each."""
        await asyncio.sleep(0)
        return [await one(signal=self, sender=sender, **named) for one in self._async(sender)]


async def waiting(**_named: object) -> str:
    """Receive."""
    await inner.asend(None, name="waiting")
    return "waited"


def test_a_coroutine_that_is_closed_in_another_context() -> None:
    """It gets nothing of ours to see, and its dispatch is told."""
    assert source_of(Paused.asend) is not None  # though it calls a function of an imported module

    def story() -> str:
        coroutine = _connected(Paused, waiting).asend(None)
        contextvars.copy_context().run(coroutine.send, None)
        coroutine.close()
        return "closed"

    assert only(both(story)[1]).method == "asend"


class Mixin:
    """Sends something, whether it is a signal or not."""

    def send(self, sender: object, **named: Any) -> Any:
        """Deliver."""
        return self.deliver(sender=sender, **named)

    def send_robust(self, *given: Any, **named: Any) -> Any:
        """Deliver too."""
        return locals() and self.deliver(*given, **named)

    def deliver(self, *given: Any, **named: Any) -> Any:
        """Deliver."""
        return given, named


class Mixed(Mixin, Signal):
    """Is one."""


class Mail(Mixin):
    """Is none."""


def test_what_is_no_signal_is_let_alone() -> None:
    """A mixed-in method is no dispatch where a class that is no signal has it."""
    assert issubclass(Mixed, Signal)
    mail = Mail()
    _, trace = both(lambda: (mail.send("x", a=1), mail.send_robust("x", "y", a=1)))
    assert trace.dispatches == ()


class Ways(Own):
    """Has a generator, an async one, and what only looks like a way to send."""

    def each(self, sender: object, **named: Any) -> Iterator[Any]:
        """Send to one after the other."""
        for one in self._found(sender):
            yield one(signal=self, sender=sender, **named)

    async def aeach(self, sender: object, **named: Any) -> AsyncIterator[Any]:
        """Send to one async receiver after the other."""
        for one in self._async(sender):
            try:
                yield await one(signal=self, sender=sender, **named)
            except ValueError:
                yield "raised"

    def register_all(self, names: list[str]) -> list[dict[str, Any]]:
        """Make what has nothing to do with sending."""
        return [dict(signal=self, name=name) for name in names]  # noqa: C408 - what is tested

    def send(self, sender: object, **named: Any) -> Any:
        """Send when somebody asks for the answers."""

        def answers() -> Iterator[Any]:
            for one in self._found(sender):
                yield one(signal=self, sender=sender, **named)

        return answers()

    def send_robust(self, sender: object, **named: Any) -> Any:
        """Run each async receiver by itself."""
        return [asyncio.run(one(signal=self, sender=sender, **named)) for one in self._async(sender)]


async def failing(**_named: object) -> None:
    """Receive, and fail."""
    raise ValueError("no")


def test_an_async_generator() -> None:
    """Its receivers are told with what they raise and what they send."""
    signal = _connected(Ways, waiting, failing)

    async def main() -> list[Any]:
        return [answer async for answer in signal.aeach(None)]

    answers, trace = both(lambda: asyncio.run(main()))
    assert answers == ["waited", "raised"]
    assert calls(trace.dispatches[0]) == [("waiting", "returned"), ("failing", "raised")]
    assert (trace.dispatches[1].parent, trace.dispatches[1].parent_call) == (trace.dispatches[0].id, 0)


def test_a_generator_that_is_left_early() -> None:
    """That is no error; who iterates has sent it."""
    signal = _connected(Ways, first, last)
    with observing(origins=True) as tracer:
        assert next(signal.each(None)) == "first"
        gc.collect()
    outer = _outer(tracer.trace())
    assert (outer.error, calls(outer)) == (None, [("first", "returned")])
    assert outer.origin is not None
    assert outer.origin.function == "test_a_generator_that_is_left_early"


def test_what_runs_once_the_send_is_over() -> None:
    """Whether receivers were called by what a send returned is not known."""
    signal = _connected(Ways, first)
    answers, trace = both(lambda: list(signal.send(None)))
    assert answers == ["first"]
    assert calls(_outer(trace)) == [("first", "unknown")]


def test_async_receivers_that_a_sync_send_runs() -> None:
    """What became of them is not known: they run out of our sight."""
    signal = _connected(Ways, waiting)
    answers, trace = both(lambda: signal.send_robust(None))
    assert answers == ["waited"]
    assert calls(_outer(trace)) == [("waiting", "unknown")]


def test_what_is_no_way_to_send() -> None:
    """What passes the signal to something else than what it goes through is no dispatch."""
    signal = Ways()
    assert both(lambda: len(signal.register_all(["a", "b"])))[1].dispatches == ()


class Gathered(Own):
    """Calls all before it awaits any."""

    async def asend(self, sender: object, **named: Any) -> list[Any]:
        """Send."""
        coroutines = [one(signal=self, sender=sender, **named) for one in self._async(sender)]
        return [await one for one in coroutines]


def test_receivers_that_nobody_awaits() -> None:
    """Their dispatch is over once they are gone, and they are told as skipped."""
    signal = _connected(Gathered, failing, waiting)
    with unawaited(), observing() as tracer:
        for _ in range(3):
            with suppress(ValueError):
                asyncio.run(signal.asend(None))
        gc.collect()
        assert not STREAM.pending
    assert [calls(one) for one in tracer.trace().dispatches] == [
        [("failing", "raised"), ("waiting", "skipped")]
    ] * 3


class Prepared(Own):
    """Makes the arguments of each receiver where it calls it."""

    def _prepared(self, named: dict[str, Any]) -> dict[str, Any]:
        inner.send(None, name="prepared")
        if "boom" in named:
            raise ValueError("boom")
        return named

    def send(self, sender: object, **named: Any) -> list[Any]:
        """Send."""
        return [one(signal=self, sender=sender, **self._prepared(named)) for one in self._found(sender)]


def test_arguments_that_are_made_in_the_call() -> None:
    """What that sends, and its errors, are not the receiver's, which is not called yet."""
    signal = _connected(Prepared, first)
    _, trace = both(lambda: signal.send(None))
    outer = _outer(trace)
    nested = {one.argument("name"): (one.parent, one.parent_call) for one in trace.dispatches[1:]}
    assert nested == {"prepared": (outer.id, None), "first": (outer.id, 0)}

    def fails() -> None:
        with suppress(ValueError):
            signal.send(None, boom=1)

    failed = _outer(both(fails)[1])
    assert (calls(failed), failed.error) == ([("first", "skipped")], "ValueError: boom")


def test_receivers_of_many_threads() -> None:
    """Each call is told of the receiver that was called, however its threads take turns."""

    class Many(Own):
        def send(self, sender: object, **named: Any) -> None:
            def call(receiver: Any) -> None:
                receiver(signal=self, sender=sender, **named)

            threads = [threading.Thread(target=call, args=(one,)) for one in self._found(sender)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    def wide(number: int) -> Callable[..., int]:
        def receiver(**_named: object) -> int:
            return number

        receiver.__qualname__ = f"r{number}"
        return receiver

    receivers = [wide(number) for number in range(8)]
    signal = _connected(Many, *receivers)
    with observing() as tracer:
        for _ in range(5):
            signal.send(None)
    for one in tracer.trace().dispatches:
        assert sorted(call.receiver.rpartition(".")[2] for call in one.calls) == [f"r{n}" for n in range(8)]
        assert all(call.receiver.endswith(f"r{call.result}") for call in one.calls)


def test_what_was_seen_is_forgotten_for_every_method() -> None:
    """A process that was forked looks anew at dispatches of methods of any name."""
    signal = _connected(Ways, first)
    with observing():
        list(signal.each(None))
        from sigexplorer.capture import overriding

        every = {each.method: each for each in overriding.named()}
        assert every["each"].silent
        dispatch.forget()
        assert not every["each"].silent


def test_a_dispatch_to_many_receivers() -> None:
    """It costs in proportion to their number."""

    def work(number: int) -> int:
        receivers = [returning(f"r{place}") for place in range(number)]
        signal = _connected(Ways, *receivers)
        with observing():
            list(signal.each(None))
            with counting_calls(holding) as made:
                list(signal.each(None))
        return len(made)

    assert work(80) < 5 * work(20)
