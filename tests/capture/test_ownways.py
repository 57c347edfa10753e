"""Classes of signals that call their receivers themselves are seen as Django's are, and notice nothing."""

from __future__ import annotations

import asyncio
import inspect
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from capturing import both, calls, connect, observing, outcome, parents, raising
from django.dispatch import Signal
from ownsignals import Elsewhere, Exotic, Plugin, Threaded

from sigexplorer import mute
from sigexplorer.capture.sources import source_of
from sigexplorer.show.recording import dump, load

if TYPE_CHECKING:
    from sigexplorer.model import Trace

inner = Signal()


def _adding(name: str) -> Callable[..., int]:
    def receiver(value: int = 0, **_named: object) -> int:
        inner.send(None, name=name)
        return value + 1

    receiver.__qualname__ = receiver.__name__ = name
    return receiver


b, a, off, z = map(_adding, ("b", "a", "off", "z"))
bad = raising("bad", KeyError, "no")
bad.__name__ = "bad"


def _plugin(*receivers: Callable[..., Any]) -> Plugin:
    signal = Plugin()
    signal.off = {"off"}
    connect(signal, *receivers)
    return signal


def _told(trace: Trace) -> list[tuple[object, ...]]:
    return [(one.method, calls(one), one.error) for one in trace.dispatches if one.name != "inner"]


def test_what_pretix_does() -> None:
    """The calls are told in their order, each with its time, result and what it sent; who is off has none."""
    signal = _plugin(b, a, off)
    answers, trace = both(lambda: signal.send("x", value=1))
    assert answers == [(a, 2), (b, 2)]
    outer = trace.dispatches[0]
    assert (outer.method, calls(outer)) == ("send", [("a", "returned"), ("b", "returned")])
    assert [call.result for call in outer.calls] == [2, 2]
    assert all(call.duration_ns for call in outer.calls)
    assert outer.calls[0].start_ns + outer.calls[0].duration_ns <= outer.calls[1].start_ns
    assert outer.start_ns <= outer.calls[0].start_ns
    assert [(one.parent, one.parent_call) for one in trace.dispatches[1:]] == [(outer.id, 0), (outer.id, 1)]
    assert dict(outer.arguments) == {"value": 1}


def test_who_raised_and_who_was_skipped() -> None:
    """Skipped is who comes after it in what the method goes through, and not who was left out before."""
    signal = _plugin(z, bad, b, a)
    signal.off = {"a"}
    seen, trace = both(lambda: outcome(lambda: signal.send(None)))
    assert seen == ("raised", (KeyError, ["no"]))
    told = [("b", "returned"), ("bad", "raised"), ("z", "skipped")]
    assert _told(trace)[0] == ("send", told, "KeyError: no")
    robust = only_outer(both(lambda: [type(answer) for _, answer in signal.send_robust(None)])[1])
    assert calls(robust) == [("b", "returned"), ("bad", "raised"), ("z", "returned")]
    assert (robust.error, robust.calls[1].error) == (None, "KeyError: no")


def only_outer(trace: Trace) -> Any:
    """Return the one dispatch that nothing caused."""
    (found,) = [one for one in trace.dispatches if one.parent is None]
    return found


def test_a_method_of_a_name_of_its_own() -> None:
    """What passes the signal on is a dispatch, whatever it is called; also while nobody listens."""
    signal, nobody = _plugin(b, a), _plugin()
    _, trace = both(lambda: (signal.send_chained("x", "value", value=1), nobody.send_chained("x", "value")))
    chained, silent = (one for one in trace.dispatches if one.parent is None)
    assert (chained.method, [call.result for call in chained.calls]) == ("send_chained", [2, 3])
    assert (silent.method, silent.unheard) == ("send_chained", True)
    told = dump(trace)
    assert (told["dispatches"][0]["method"], told["dispatches"][0]["own_method"]) == ("send", "send_chained")
    assert load(told) == trace


def test_an_error_before_anybody_is_called() -> None:
    """The dispatch has the error, and no calls."""
    signal = _plugin(a)
    _, trace = both(lambda: outcome(lambda: signal.send("nobody")))
    assert _told(trace) == [("send", [], "LookupError: nobody")]


def test_other_ways_to_call() -> None:
    """Helpers are part of the dispatch; generators, comprehensions, mixed-in methods are seen."""
    signal = Exotic()
    connect(signal, a, bad, b)

    def story() -> list[Any]:
        return [
            signal.send(None),
            signal.first(None, value=4),
            outcome(lambda: list(signal.one_by_one(None))),
        ]

    _, trace = both(story)
    assert _told(trace)[:1] == [
        ("send", [("a", "returned"), ("bad", "raised"), ("b", "returned")], None),
    ]
    assert ("first", [("a", "returned")], None) in _told(trace)
    one_by_one = ("one_by_one", [("a", "returned"), ("bad", "raised"), ("b", "skipped")], "KeyError: no")
    assert one_by_one in _told(trace)
    assert len([one for one in trace.dispatches if one.parent is None]) == 3


def test_async_receivers() -> None:
    """They are told with their times, also where they run at the same time, and what each sent."""
    signal, order = Exotic(), []

    def waiting(name: str, *, fails: bool = False) -> Callable[..., Any]:
        async def receiver(**_named: object) -> str:
            await asyncio.sleep(0)
            order.append(name)
            await inner.asend(None, name=name)
            if fails:
                raise KeyError(name)
            return name

        receiver.__qualname__ = name
        return receiver

    first, second = waiting("first"), waiting("second", fails=True)
    connect(signal, a, first, second)

    async def main() -> list[Any]:
        robust = await signal.asend_robust(None)
        return [type(answer) for _, answer in robust] + [await _caught(signal.asend(None))]

    _, trace = both(lambda: asyncio.run(main()))
    robust, plain = (one for one in trace.dispatches if one.parent is None)
    assert calls(robust) == [("first", "returned"), ("second", "raised")]
    assert calls(plain) == [("a", "returned"), ("first", "returned"), ("second", "raised")]
    nested = [(one.argument("name"), one.parent, one.parent_call) for one in trace.dispatches if one.parent]
    assert sorted(nested) == sorted(
        [("first", robust.id, 0), ("second", robust.id, 1),
         ("a", plain.id, 0), ("first", plain.id, 1), ("second", plain.id, 2)]
    )  # fmt: skip


async def _caught(awaitable: Any) -> object:
    try:
        return await awaitable
    except KeyError as error:
        return error.args


def test_receivers_in_threads() -> None:
    """What runs at the same time in threads is told apart."""
    signal = Threaded()
    connect(signal, a, b)
    _, trace = both(lambda: signal.send(None))
    outer = only_outer(trace)
    assert sorted(calls(outer)) == [("a", "returned"), ("b", "returned")]
    nested = {
        one.argument("name"): outer.calls[one.parent_call or 0].receiver for one in trace.dispatches[1:]
    }
    assert {name: who.endswith(f".{name}") for name, who in nested.items()} == {"a": True, "b": True}


def test_what_cannot_be_seen_is_not_known() -> None:
    """Receivers that are called elsewhere have no time; whether they were called, only their answers tell."""
    signal, nobody = Elsewhere(), Elsewhere()
    connect(signal, a, b)
    _, trace = both(lambda: (signal.send(None), signal.send_robust(None), nobody.send_robust(None)))
    answered, silent, unheard = (one for one in trace.dispatches if one.parent is None)
    assert [(call.outcome, call.result, call.duration_ns) for call in answered.calls] == [
        ("returned", 1, None),
        ("returned", 1, None),
    ]
    assert [(call.outcome, call.duration_ns) for call in silent.calls] == [("unknown", None)] * 2
    assert (silent.unheard, unheard.unheard) == (False, True)


def test_nobody_can_tell() -> None:
    """Stacks, tracebacks, names, and the receivers that the method is given, are what they were."""
    signal, log = _plugin(bad), []

    def looking(**_named: object) -> None:
        frame = inspect.currentframe()
        caller: Any = frame.f_back if frame else None
        log.append((caller.f_code.co_qualname, caller.f_lineno, len(inspect.stack())))

    def story() -> list[Any]:
        log.clear()
        signal.send(None)
        return [*log, looking]

    signal = _plugin(looking)
    both(story)
    failing = _plugin(bad)

    def fails() -> str:
        try:
            failing.send(None)
        except KeyError as error:
            tail = error.__traceback__.tb_next if error.__traceback__ else None
            return "".join(traceback.format_tb(tail))
        return ""

    assert "receiver(signal=self, sender=sender, **named)" in both(fails)[0]
    with observing():
        assert (Plugin.send.__qualname__, Plugin.send.__doc__) == ("Plugin.send", "Send, if the sender may.")
        assert inspect.signature(Plugin.send) == inspect.signature(Plugin.send_robust)
    assert source_of(Plugin.send) is not None


def test_muted_receivers_are_told() -> None:
    """A receiver that is muted is not given to the method, and told as muted."""
    signal = _plugin(a, b, z)
    with observing() as tracer, mute(receiver=b, strict=True):
        signal.send(None)
    told = [("a", "returned"), ("b", "muted"), ("z", "returned")]
    assert calls(only_outer(tracer.trace())) == told


def test_a_receiver_that_sends_its_own_signal_again() -> None:
    """The one is part of the other."""
    signal = _plugin()

    def again(depth: int = 0, **_named: object) -> None:
        if depth < 2:
            signal.send(None, name=depth + 1, depth=depth + 1)

    connect(signal, again)
    with observing() as tracer:
        signal.send(None, name=0)
    assert parents(tracer.trace()) == {0: (None, None), 1: (0, 0), 2: (1, 0)}


@pytest.mark.parametrize("method", [Plugin.send, Exotic.asend_robust, Threaded.send])
def test_the_source_of_a_method_is_what_runs(method: Callable[..., Any]) -> None:
    """It is compared with the code; where it differs, the method is only wrapped."""
    source = source_of(method)
    assert source is not None
    assert source.passes_on
    assert source_of(Elsewhere.send_robust) is not None  # the decorator's own function
    assert not source_of(Elsewhere.send_robust).passes_on  # type: ignore[union-attr] # as above
