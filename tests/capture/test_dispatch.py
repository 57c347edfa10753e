"""The four send methods, observed and not: the same to everybody but us."""

from __future__ import annotations

import functools
import inspect
import sys
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from capturing import (
    METHODS,
    asynchronous,
    both,
    calls,
    connect,
    observing,
    only,
    outcome,
    returning,
    send,
)
from django.dispatch import Signal, dispatcher

each_method = pytest.mark.parametrize("method", METHODS)
each_sync = pytest.mark.parametrize("method", METHODS[:2])
each_cache = pytest.mark.parametrize("caching", [False, True], ids=["plain", "caching"])


class Sender:
    """Somebody to send."""

    def receive(self, **_named: object) -> str:
        """Receive, as a method."""
        return "method"


class Callback:
    """An object that can be called."""

    def __call__(self, **_named: object) -> str:
        """Receive, as a function."""
        return "object"


# What the caller gets.


@each_method
@each_cache
def test_responses_are_the_same_objects(method: str, *, caching: bool) -> None:
    """A response pairs the connected receiver itself with what it returned, sync before async."""
    answers = [object() for _ in range(4)]
    first, third = returning("first", answers[0]), returning("third", answers[2])
    second = asynchronous(returning("second", answers[1]))
    fourth = asynchronous(returning("fourth", answers[3]))

    def story() -> list[list[tuple[Any, Any]]]:
        signal = Signal(use_caching=caching)
        connect(signal, first, second, third, fourth)
        return [send(signal, method, Sender) for _ in range(2)]

    seen, trace = both(story)
    assert (
        seen == [[(first, answers[0]), (third, answers[2]), (second, answers[1]), (fourth, answers[3])]] * 2
    )
    for dispatch in trace.dispatches:
        assert calls(dispatch) == [(name, "returned") for name in ("first", "third", "second", "fourth")]
        assert [call.is_async for call in dispatch.calls] == [False, False, True, True]
        assert [call.order for call in dispatch.calls] == [1, 2, 3, 4]
        assert (dispatch.method, dispatch.error, dispatch.failed) == (method, None, False)


@each_method
def test_every_kind_of_receiver_is_called_as_it_is(method: str) -> None:
    """Methods, partials, callable objects and built-ins stand in the responses unwrapped."""
    instance, callback, built_in = Sender(), Callback(), functools.partial(returning("under", 1), more=2)

    def story() -> list[tuple[Any, Any]]:
        signal = Signal()
        connect(signal, instance.receive, callback, built_in, dict, weak=False)
        *rest, (last, answer) = send(signal, method, None, named=1)
        assert answer.pop("signal") is signal
        return [*rest, (last, answer)]

    seen, trace = both(story)
    expected = [(instance.receive, "method"), (callback, "object"), (built_in, 1)]
    assert seen == [*expected, (dict, {"sender": None, "named": 1})]
    assert seen[1][0] is callback
    assert [call.outcome for call in only(trace).calls] == ["returned"] * 4


@each_method
def test_receivers_get_signal_sender_and_arguments_of_any_name(method: str) -> None:
    """What is sent arrives, also under names that our own code uses."""
    names = (
        "named",
        "watch",
        "method",
        "receiver",
        "responses",
        "marks",
        "token",
        "observer",
        "found",
        "key",
    )

    def story() -> list[dict[str, object]]:
        signal = Signal()
        got: list[dict[str, object]] = []

        def receiver(**named: object) -> None:
            assert named.pop("signal") is signal
            got.append(named)

        async def awaited(**named: object) -> None:
            receiver(**named)

        connect(signal, receiver, awaited)
        send(signal, method, "sender", **{name: place for place, name in enumerate(names)})
        return got

    seen, trace = both(story)
    assert seen == [{"sender": "sender"} | {name: place for place, name in enumerate(names)}] * 2
    assert [name for name, _ in only(trace).arguments] == list(names)


@each_method
def test_wrong_calls_are_refused_in_djangos_words(method: str) -> None:
    """A send without a sender, or with an argument twice, raises exactly what Django raises."""

    def story() -> list[object]:
        signal = Signal()
        receiver = returning("receiver")
        signal.connect(receiver)
        wrong: list[Callable[[], object]] = [
            getattr(signal, method),
            lambda: getattr(signal, method)(1, 2),
            lambda: getattr(signal, method)(None, self=1),
        ]
        return [outcome(act) for act in wrong]

    seen, _ = both(story)
    assert all(kind == "raised" and problem[0] is TypeError for kind, problem in seen)


@each_method
def test_the_methods_look_like_djangos(method: str) -> None:
    """Whoever asks a send method what it is gets Django's answer."""

    def story() -> tuple[object, ...]:
        found = getattr(Signal, method)
        return (
            inspect.iscoroutinefunction(found),
            inspect.signature(found).parameters.keys(),
            found.__name__,
            found.__qualname__,
            found.__module__,
        )

    seen, _ = both(story)
    assert seen[0] is method.startswith("a")


@each_method
@each_cache
def test_an_unhashable_sender_matters_only_to_receivers(method: str, *, caching: bool) -> None:
    """A sender that cannot be hashed is refused as soon as, and not before, somebody is connected."""

    def story() -> list[object]:
        signal = Signal(use_caching=caching)
        receiver = returning("receiver")
        before = outcome(lambda: send(signal, method, []))
        signal.connect(receiver)
        return [before, outcome(lambda: send(signal, method, []))[1][0]]

    seen, trace = both(story)
    assert seen == [("returned", []), TypeError]
    assert [(dispatch.calls, dispatch.error is None) for dispatch in trace.dispatches] == [
        ((), True),
        ((), False),
    ]


@each_method
@each_cache
def test_a_sender_nobody_listens_to_is_unheard(method: str, *, caching: bool) -> None:
    """Nobody at all, nobody for that sender, and the same again from the cache: three empty answers."""

    def story() -> list[object]:
        signal = Signal(use_caching=caching)
        nobody = send(signal, method, Sender)
        receiver = returning("receiver")
        signal.connect(receiver, sender=Callback)
        return [nobody, send(signal, method, Sender), send(signal, method, Sender)]

    seen, trace = both(story)
    assert seen == [[], [], []]
    assert [dispatch.unheard for dispatch in trace.dispatches] == [True, True, True]
    assert {dispatch.method for dispatch in trace.dispatches} == {method}


# What the receivers see.


@each_method
def test_the_stack_of_a_sync_receiver_is_as_deep(method: str) -> None:
    """A sync receiver is called from the very frame of the send method, not from one below it."""

    def story() -> list[tuple[int, list[str]]]:
        stacks = []

        def receiver(**_named: object) -> None:
            frame, names = sys._getframe(), []
            while frame is not None:
                names.append(frame.f_code.co_name)
                frame = frame.f_back
            stacks.append((len(names), [] if method.startswith("a") else names[:3]))

        signal = Signal()
        signal.connect(receiver)
        send(signal, method)
        return stacks

    ((_, names),), _ = both(story)
    assert names == ([] if method.startswith("a") else ["receiver", method, "send"])


@each_sync
def test_warnings_of_receivers_point_at_the_same_line(method: str) -> None:
    """A stacklevel that passes over the send method reaches the line that sent."""

    def receiver(**_named: object) -> None:
        for level in (1, 3, 4, 5):  # 2 is the send method itself, wherever it is written
            warnings.warn(f"from {level}", stacklevel=level)

    def story() -> list[tuple[str, str, int]]:
        signal = Signal()
        signal.connect(receiver)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            getattr(signal, method)(None)
        return [(str(warning.message), warning.filename, warning.lineno) for warning in caught]

    seen, _ = both(story)
    here = story.__code__
    assert [(message, file) for message, file, _ in seen[:2]] == [
        ("from 1", here.co_filename),
        ("from 3", here.co_filename),
    ]
    assert seen[1][2] == here.co_firstlineno + 5


@each_method
@each_cache
def test_the_registry_and_its_cache_are_left_alone(method: str, *, caching: bool) -> None:
    """has_listeners(), the list of receivers and the cache are what they are without us."""
    receiver, awaited = returning("receiver"), asynchronous(returning("awaited"))

    def story() -> list[object]:
        signal = Signal(use_caching=caching)
        asked = [signal.has_listeners(Sender), signal.has_listeners(Callback)]
        connect(signal, receiver, awaited, sender=Sender)
        found = signal.receivers
        for sender in (Sender, Callback, Sender):
            send(signal, method, sender)
        asked += [signal.has_listeners(Sender), signal.has_listeners(Callback)]
        cache = {
            sender: "nobody" if held is dispatcher.NO_RECEIVERS else len(held)
            for sender, held in signal.sender_receivers_cache.items()
        }
        keys = [entry[0] for entry in found]
        return [asked, signal.receivers is found, keys, cache, signal._dead_receivers]

    seen, trace = both(story)
    assert seen[0] == [False, False, True, False]
    assert seen[1] is True
    assert len(seen[2]) == 2
    assert seen[3] == ({Sender: 2, Callback: "nobody"} if caching else {})
    assert len(trace.dispatches) == 3  # a question is no dispatch


@each_method
@each_cache
def test_connecting_and_disconnecting_during_a_send(method: str, *, caching: bool) -> None:
    """Changes made by a receiver show in the next send, not in this one."""

    def story() -> list[str]:
        log: list[str] = []
        signal = Signal(use_caching=caching)

        def late(**_named: object) -> None:
            log.append("late")

        def leaving(**_named: object) -> None:
            log.append("leaving")

        def changing(**_named: object) -> None:
            log.append("changing")
            signal.connect(late)
            signal.disconnect(leaving)

        connect(signal, changing, leaving)
        send(signal, method, Sender)
        log.append("again")
        send(signal, method, Sender)
        return log

    seen, trace = both(story)
    assert seen == ["changing", "leaving", "again", "changing", "late"]
    assert [[name for name, _ in calls(dispatch)] for dispatch in trace.dispatches] == [
        ["changing", "leaving"],
        ["changing", "late"],
    ]
    assert [call.dispatch_uid for dispatch in trace.dispatches for call in dispatch.calls] == [None] * 4


@each_method
@each_cache
def test_receivers_that_die(method: str, *, caching: bool) -> None:
    """A receiver whose last reference goes is called once more by the send under way, and then never."""

    def story() -> list[str]:
        log: list[str] = []
        signal = Signal(use_caching=caching)
        alive: dict[str, object] = {}

        def killing(**_named: object) -> None:
            log.append("killing")
            alive.clear()

        def make(name: str) -> Callable[..., None]:
            def receiver(**_named: object) -> None:
                log.append(name)

            return receiver

        signal.connect(killing)
        alive["doomed"] = make("doomed")
        signal.connect(alive["doomed"])
        signal.connect(make("stillborn"))
        send(signal, method, Sender)
        log.append(f"{len(signal.receivers)} left, dead: {signal._dead_receivers}")
        send(signal, method, Sender)
        return [*log, f"{len(signal.receivers)} left"]

    seen, _ = both(story)
    assert [line for line in seen if "left" not in line] == ["killing", "doomed", "killing"]
    assert seen[-1] == "1 left"


# Who is seen at all.


def test_sends_by_other_ways_are_seen_once() -> None:
    """A send through a subclass, or through the class itself, is one dispatch."""

    class Loud(Signal):
        def send(self, sender: object, **named: object) -> list[tuple[Any, Any]]:
            """Say more."""
            return super().send(sender, loud=True, **named)

    signal = Loud()
    with observing() as tracer:
        signal.send(None, name=1)
        Signal.send(signal, None, name=2)
        Signal.send(signal, sender=None, name=3)
    assert [dict(dispatch.arguments) for dispatch in tracer.trace().dispatches] == [
        {"loud": True, "name": 1},
        {"name": 2},
        {"name": 3},
    ]


def test_a_method_kept_from_before_goes_on_unseen() -> None:
    """A bound method that was taken before we came is Django's, and works."""
    signal = Signal()
    receiver = returning("receiver", 1)
    signal.connect(receiver)
    fire = signal.send
    with observing() as tracer:
        assert fire(None) == [(receiver, 1)]
    assert tracer.trace().dispatches == ()


@each_method
def test_one_receiver_connected_twice_is_two_calls(method: str) -> None:
    """The same function under two dispatch_uids is called twice, and each call has its own."""
    signal = Signal()
    receiver, awaited = returning("receiver"), asynchronous(returning("awaited"))
    signal.connect(receiver, dispatch_uid="one")
    signal.connect(awaited, dispatch_uid="three", weak=False)
    signal.connect(receiver, dispatch_uid="two", weak=False)
    signal.connect(awaited, sender=Sender)
    with observing() as tracer:
        assert len(send(signal, method, Sender)) == 4
    assert [(call.receiver, call.dispatch_uid, call.weak) for call in only(tracer.trace()).calls] == [
        ("capturing.receiver", "one", True),
        ("capturing.receiver", "two", False),
        ("capturing.awaited", "three", False),
        ("capturing.awaited", None, True),
    ]
