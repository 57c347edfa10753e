"""What the rules say of Django is so, on the Django at hand."""

from __future__ import annotations

import asyncio
import gc
from functools import partial
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.dispatch import Signal, receiver


def heard(signal: Signal, sender: object = None, **named: Any) -> list[Any]:
    """Send a signal and return what its receivers returned."""
    gc.collect()
    return [response for _, response in signal.send(sender=sender, **named)]


def answer(**_named: object) -> str:
    """Be a receiver that stays."""
    return "heard"


def test_sx003_without_kwargs() -> None:
    """A receiver without **kwargs makes the send raise, because signal= is always passed."""
    signal = Signal()
    signal.connect(bare)
    with pytest.raises(TypeError, match="signal"):
        signal.send(sender=None)


def bare(sender: object) -> None:
    """Take no more than a sender."""


def test_sx004_what_nothing_holds() -> None:
    """A lambda, a partial and a function inside of another one are never heard; weak=False keeps them."""
    signal = Signal()
    signal.connect(lambda **_named: "lambda")
    signal.connect(partial(answer, extra=1))

    def install() -> None:
        def inner(**_named: object) -> str:
            return "inner"

        signal.connect(inner)

    install()
    assert heard(signal) == []
    signal.connect(lambda **_named: "kept", weak=False)
    assert heard(signal) == ["kept"]


class Index:
    """Have a method of the class, and one of its objects."""

    @classmethod
    def of_class(cls, **_named: object) -> str:
        """Be heard, as the class stays."""
        return "heard"

    def of_object(self, **_named: object) -> str:
        """Go with the object."""
        return "never"


def test_sx004_what_its_class_holds() -> None:
    """A class method got from an object that is gone is still heard: the class holds it."""
    signal = Signal()
    signal.connect(Index().of_class)
    signal.connect(Index().of_object)
    assert heard(signal) == ["heard"]


def test_sx005_a_name_that_is_given_again() -> None:
    """The first of two receivers of one name is gone."""
    module: dict[str, Any] = {"signal": Signal(), "receiver": receiver}
    one = "@receiver(signal)\ndef log(**kwargs):\n    return {}\n"
    exec(one.format(1) + one.format(2), module)  # noqa: S102 - our own text
    assert heard(module["signal"]) == [2]


def test_sx006_a_decorator_above_receiver() -> None:
    """What stands above @receiver does not run when the signal is sent."""
    signal = Signal()

    def loud(function: Any) -> Any:
        return lambda **named: f"{function(**named)}!"

    held = receiver(signal)(answer)
    assert loud(held)() == "heard!"
    assert heard(signal) == ["heard"]


def test_sx007_a_generator() -> None:
    """The body of a generator does not run."""
    signal, ran = Signal(), []

    def generator(**_named: object) -> Any:
        ran.append(1)
        yield

    signal.connect(generator)
    heard(signal)
    assert ran == []


def test_sx008_and_sx009_who_is_connected() -> None:
    """One uid is one receiver; without sender and with one is two."""
    signal = Signal()
    signal.connect(answer, dispatch_uid="x")
    signal.connect(bare, dispatch_uid="x")
    assert heard(signal) == ["heard"]
    other = Signal()
    other.connect(answer)
    other.connect(answer, sender=int)
    assert heard(other, int) == ["heard", "heard"]


def test_sx011_a_disconnect_that_matches_nothing() -> None:
    """Another sender, no uid, or weak= disconnect nothing."""
    signal = Signal()
    signal.connect(answer, sender=int)
    signal.connect(answer, dispatch_uid="x")
    assert not signal.disconnect(answer, sender=str)
    assert not signal.disconnect(answer)
    assert signal.disconnect(answer, sender=int)
    with pytest.raises(TypeError):
        signal.disconnect(answer, weak=False)  # type: ignore[call-arg]


def test_sx012_a_method() -> None:
    """A decorated method is called without self."""
    signal = Signal()

    class Index:
        @receiver(signal)
        def add(self, sender: object, **_named: object) -> None:
            raise AssertionError(sender)

    assert Index
    with pytest.raises(TypeError, match="self"):
        signal.send(sender=None)


def test_sx016_providing_args() -> None:
    """Signal takes no providing_args."""
    with pytest.raises(TypeError):
        Signal(providing_args=["order"])  # type: ignore[call-arg]


def test_sx023_a_text_as_sender() -> None:
    """A text is compared by identity."""
    signal = Signal()
    signal.connect(answer, sender="app.Model")
    label, name = "app", "Model"
    assert heard(signal, f"{label}.{name}") == []


def test_sx060_and_sx062_event_loops() -> None:
    """Where a loop is running, send() of an async receiver and asyncio.run() raise RuntimeError."""
    signal = Signal()

    async def receive(**_named: object) -> None:
        """Be async."""

    signal.connect(receive)

    async def in_a_loop() -> None:
        with pytest.raises(RuntimeError):
            signal.send(sender=None)
        coroutine = receive()
        with pytest.raises(RuntimeError):
            asyncio.run(coroutine)
        coroutine.close()
        await sync_to_async(signal.send)(sender=None)  # outside of it: no error

    asyncio.run(in_a_loop())
