"""What dispatches have in common is known again, and never taken for something else."""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from typing import Any

import pytest
from capturing import calls, connect, observing, only, returning, short
from django.dispatch import Signal

from sigexplorer.capture import dispatch, shapes
from sigexplorer.model import Call, Dispatch
from sigexplorer.spool.rows import Shape


def sent(signal: Signal, *senders: object) -> list[Dispatch]:
    """Return the dispatches of a signal sent by each in turn."""
    with observing() as tracer:
        for sender in senders:
            signal.send(sender)
    return list(tracer.trace().dispatches)


def names(dispatch_: Dispatch) -> list[str]:
    """Return the receivers that were called."""
    return [name for name, _ in calls(dispatch_)]


def test_what_is_alike_shares_a_shape() -> None:
    """A thousand dispatches of one kind are one row of the table."""
    signal = Signal()
    connect(signal, returning("one"), weak=False)
    with observing() as tracer:
        signal.send(Signal)
        before = len(shapes.TABLE)
        for _ in range(1_000):
            signal.send(Signal)
        assert len(shapes.TABLE) == before
    assert len(tracer.trace().dispatches) == 1_001


@pytest.mark.parametrize(
    "again",
    [{"dispatch_uid": "b"}, {"weak": True, "dispatch_uid": "a"}, {"weak": False}, {"sender": Signal}],
    ids=str,
)
def test_connected_again_in_another_way(again: dict[str, Any]) -> None:
    """A receiver that is connected again is told as it is connected now."""
    signal, receiver = Signal(), returning("one")
    with observing() as tracer:
        signal.connect(receiver, weak=False, dispatch_uid="a")
        signal.send(Signal)
        signal.disconnect(receiver, dispatch_uid="a")
        signal.connect(receiver, **again)
        signal.send(Signal)
    first, second = (each.calls[0] for each in tracer.trace().dispatches)
    assert (first.weak, first.dispatch_uid) == (False, "a")
    assert (second.weak, second.dispatch_uid) == (again.get("weak", True), again.get("dispatch_uid"))


def test_connected_and_disconnected_meanwhile() -> None:
    """Each dispatch tells the receivers that it had, whatever is connected before the next."""
    signal = Signal()
    one, two, three = (returning(name) for name in ("one", "two", "three"))
    told = []
    with observing() as tracer:
        for change, receiver in (
            (signal.connect, one), (signal.connect, two), (signal.disconnect, one), (signal.connect, three),
            (signal.disconnect, three), (signal.connect, one), (signal.disconnect, two),
            (signal.disconnect, one),
        ):  # fmt: skip
            change(receiver)
            signal.send(Signal)
            told.append([short(each.__qualname__) for each in signal._live_receivers(Signal)[0]])
    assert [names(each) for each in tracer.trace().dispatches] == told


def test_receivers_that_die() -> None:
    """A receiver that is gone is told no more, and one that comes in its place is told by its own name."""
    signal = Signal()
    with observing() as tracer:
        for name in ("one", "two", "three"):
            receiver = returning(name)
            signal.connect(receiver)
            signal.send(Signal)
            del receiver
            gc.collect()
            signal.send(Signal)
    assert [names(each) for each in tracer.trace().dispatches] == [["one"], [], ["two"], [], ["three"], []]


def test_senders_that_die_and_numbers_that_come_again() -> None:
    """A class that has the address of one that is gone is told by its own name; none is kept alive."""
    signal = Signal()
    connect(signal, returning("one"), weak=False)
    gone: list[weakref.ref[type]] = []
    addresses = set()
    with observing() as tracer:
        for number in range(300):
            sender = type(f"Sender{number}", (), {})
            addresses.add(id(sender))
            signal.send(sender)
            gone.append(weakref.ref(sender))
            del sender
            gc.collect(0) if number % 30 else gc.collect()
    gc.collect()
    assert [short(str(each.sender)) for each in tracer.trace().dispatches] == [
        f"Sender{n}" for n in range(300)
    ]
    assert not [each for each in gone if each() is not None]
    assert not dispatch._SHAPES["send"].known.get(id(signal))


def test_signals_that_die_leave_nothing() -> None:
    """A signal that is gone takes along what was known of it."""
    before = len(dispatch._SHAPES["send"].known), len(dispatch._SHAPES["send"]._guards)
    with observing():
        during = len(dispatch._SHAPES["send"].known), len(dispatch._SHAPES["send"]._guards)
        for _ in range(100):
            Signal().send(Signal)
        gc.collect()
        assert (len(dispatch._SHAPES["send"].known), len(dispatch._SHAPES["send"]._guards)) <= (
            during[0] + 1,
            during[1] + 2,
        )
    assert before[0] >= 0


def test_instances_are_senders_too() -> None:
    """A sender whose words may change is put into words at each dispatch."""

    class Sender:
        pass

    told = sent(Signal(), Sender(), Sender(), 1, 2, "a", None, [1])
    assert [each.sender for each in told][2:6] == ["1", "2", "a", None]


def test_receivers_taken_away_by_hand() -> None:
    """Emptied and restored, as test helpers mute signals, each dispatch tells who was called."""
    signal = Signal()
    connect(signal, returning("one"), returning("two"), weak=False)
    with observing() as tracer:
        signal.send(Signal)
        held, signal.receivers = signal.receivers, []
        signal.sender_receivers_cache.clear()
        signal.send(Signal)
        signal.receivers = held
        signal.send(Signal)
        signal.receivers = held[:1]
        signal.send(Signal)
        signal.receivers = held[::-1]
        signal.send(Signal)
    assert [names(each) for each in tracer.trace().dispatches] == [
        ["one", "two"], [], ["one", "two"], ["one"], ["two", "one"],
    ]  # fmt: skip


def test_a_receiver_swapped_by_hand() -> None:
    """An entry that somebody puts in another's place is told by its own name."""
    signal = Signal()
    connect(signal, returning("one"), weak=False)
    other = Signal()
    connect(other, returning("two"), weak=False)
    with observing() as tracer:
        signal.send(Signal)
        signal.receivers[0] = other.receivers[0]
        signal.send(Signal)
    assert [names(each) for each in tracer.trace().dispatches] == [["one"], ["two"]]


def test_a_caching_signal() -> None:
    """With use_caching the same holds, sender by sender."""
    signal = Signal(use_caching=True)
    one, two = returning("one"), returning("two")

    class Other:
        pass

    with observing() as tracer:
        signal.connect(one, sender=Signal)
        for sender in (Signal, Other, Signal, Other):
            signal.send(sender)
        signal.connect(two)
        for sender in (Signal, Other):
            signal.send(sender)
    assert [names(each) for each in tracer.trace().dispatches] == [
        ["one"],
        [],
        ["one"],
        [],
        ["one", "two"],
        ["two"],
    ]


def test_a_registration_is_looked_at_anew_by_the_next_observer() -> None:
    """What was known of a signal is known for one observation only."""
    signal, receiver = Signal(), returning("one")
    signal.connect(receiver)
    first: Call = only_call(signal)
    receiver.__qualname__ = "renamed"
    assert (short(first.receiver), short(only_call(signal).receiver)) == ("one", "renamed")


def only_call(signal: Signal) -> Call:
    """Send once; return the one call."""
    with observing() as tracer:
        signal.send(Signal)
    (call,) = only(tracer.trace()).calls
    return call


def test_senders_that_do_not_last_are_not_kept() -> None:
    """A thousand texts and objects that send are told each as it was, and the table has one shape for all."""
    signal = Signal()
    before = len(shapes.TABLE)
    with observing() as tracer:
        for number in range(1000):
            signal.send(f"order {number}")
    assert [each.sender for each in tracer.trace().dispatches] == [
        f"order {number}" for number in range(1000)
    ]
    assert len(shapes.TABLE) - before <= 1  # there may have been an equal one


def test_senders_of_signals_that_are_gone_are_not_referred_to() -> None:
    """A sender has no more weak references for all the signals that it has sent and that are gone."""

    class Sender:
        pass

    with observing():
        for _ in range(50):
            Signal().send(Sender)
        gc.collect()
        assert weakref.getweakrefcount(Sender) <= 2


def test_what_others_still_have_is_not_asked_for_again() -> None:
    """A shape that is left and still in use does not wait to be forgotten, and is when its last user goes."""
    signal, one = Signal(), returning("one")
    connect(signal, one, weak=False)

    def forget(**_: object) -> None:
        for _round in range(3):
            shapes.forget(len(shapes.TABLE))

    with observing():
        signal.send(Signal)
        number = dispatch._SHAPES["send"].known[id(signal)][id(Signal)].number
        other = returning("other")
        for change in (signal.connect, signal.disconnect):
            change(other)
            signal.send(Signal)
        forget()
        assert shapes.TABLE[number] is not shapes._FORGOTTEN
        assert not any(number in left for left in shapes._left)
        del signal, change, other  # which Django lets hold the signal
        gc.collect()
        forget()
        assert shapes.TABLE[number] is shapes._FORGOTTEN
        assert not any(number in left for left in (*shapes._left, shapes._shared))


def test_threads_that_find_a_shape_at_once_agree() -> None:
    """Each shape is found under its number, and an equal one under the same."""
    wrong: list[object] = []

    def find(thread: int) -> None:
        for number in range(2000):
            shape = Shape(f"{thread % 2}.{number}", "n", "g", "send", None, (), ())
            place = shapes._number(shape)
            if shapes.TABLE[place] != shape or shapes._number(shape._replace()) != place:
                wrong.append(shape)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=find, args=[number]) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []
