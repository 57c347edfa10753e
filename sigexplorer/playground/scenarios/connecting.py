"""What connect() and @receiver do with what they are given."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path

from django.dispatch import Signal, receiver

from sigexplorer.playground import shop
from sigexplorer.playground.props import assigned, connected, imported, left_as_found
from sigexplorer.playground.shop.signals import order_placed
from sigexplorer.playground.steps import Steps


def connecting(step: Steps) -> None:
    """Connect functions twice, under one uid, decorated, and with the wrong parameters."""
    for part in (
        _twice,
        _one_uid,
        _two_names,
        _decorated,
        _parameters,
        _strict_when_debugging,
        _generator,
        _disconnecting,
    ):
        with left_as_found(order_placed), step.part():
            part(step)


class Printer:
    """Something with a method that can be connected."""

    def print_label(self, **_kwargs: object) -> None:
        """Print the label of an order."""


def _twice(step: Steps) -> None:
    with step("connect a function twice"):

        def write_bill(**_kwargs: object) -> None:
            pass

        order_placed.connect(write_bill)
        order_placed.connect(write_bill)
        order_placed.send(sender=None)
    step.claim("the same function is one receiver", step.called(), ["write_bill"], fact="dup")
    order_placed.disconnect(write_bill)

    with step("connect the same method of two objects"):
        upstairs, downstairs = Printer(), Printer()
        order_placed.connect(upstairs.print_label)
        order_placed.connect(downstairs.print_label)
        order_placed.send(sender=None)
    step.claim("it is two receivers", step.called(), ["print_label", "print_label"], fact="dup")


def _one_uid(step: Steps) -> None:
    with step("connect two functions with one dispatch_uid"):

        def write_bill(**_kwargs: object) -> None:
            pass

        def pack(**_kwargs: object) -> None:
            pass

        order_placed.connect(write_bill, dispatch_uid="orders")
        order_placed.connect(pack, dispatch_uid="orders")
        order_placed.send(sender=None)
    step.claim("the first is kept, the second dropped in silence", step.called(), ["write_bill"], fact="uid")


def _two_names(step: Steps) -> None:
    file = Path(shop.__file__).parent / "receivers.py"
    with step("import one file of receivers under two names"):
        modules = [imported(file, name) for name in ("shop.receivers", "project.shop.receivers")]
        order_placed.send(sender=None)
    step.claim(
        "its receiver is connected twice, and called twice",
        step.called(),
        ["write_bill", "write_bill"],
        fact="two-names",
    )
    names = {call.receiver.rpartition(".")[0] for call in step.sent()[0].calls}
    step.claim("once under each name", names, {module.__name__ for module in modules}, fact="two-names")


def _decorated(step: Steps) -> None:
    counted: list[str] = []

    def counting(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def wrapper(**kwargs: object) -> None:
            counted.append(function.__name__)
            function(**kwargs)

        return wrapper

    with step("put @receiver below another decorator"):

        @counting
        @receiver(order_placed)  # noqa: DJ013 - that is the mistake
        def write_bill(**_kwargs: object) -> None:
            pass

        order_placed.send(sender=None)
    step.claim("the function is called", step.called(), ["write_bill"], fact="decorator-order")
    step.claim("and what decorates it is not", counted, [], fact="decorator-order")
    order_placed.disconnect(write_bill.__wrapped__)  # type: ignore[attr-defined]

    with step("put @receiver above it"):

        @receiver(order_placed)
        @counting
        def pack(**_kwargs: object) -> None:
            pass

        order_placed.send(sender=None)
    step.claim("then it is", counted, ["pack"], fact="decorator-order")


def _parameters(step: Steps) -> None:
    def greet(sender: object, **_kwargs: object) -> None:
        pass

    def greet_without(sender: object) -> None:
        pass

    problem = ""
    with step("leave signal out of the parameters"), connected(order_placed, greet):
        order_placed.send(sender=None)
    step.claim("signal= goes to **kwargs", step.called(), ["greet"], fact="signal-kwarg")

    with step("leave **kwargs out too"), connected(order_placed, greet_without):
        try:
            order_placed.send(sender=None)
        except TypeError as raised:
            problem = str(raised)
    step.claim(
        "signal= is passed all the same, and the call fails",
        "unexpected keyword argument 'signal'" in problem,
        fact="signal-kwarg",
    )

    with step("declare providing_args, as tutorials do"):
        try:
            Signal(providing_args=["order"])  # type: ignore[call-arg]
        except TypeError as raised:
            problem = str(raised)
    step.claim("Signal() takes no such argument", "providing_args" in problem, fact="providing-args")


def _strict_when_debugging(step: Steps) -> None:
    def greet(sender: object) -> None:
        pass

    problem: Exception | None = None
    with step("connect a receiver without **kwargs where DEBUG is True"), assigned(DEBUG=True):
        try:
            order_placed.connect(greet)
        except ValueError as raised:
            problem = raised
    step.claim(
        "connect() rejects it",
        str(problem),
        "Signal receivers must accept keyword arguments (**kwargs).",
        fact="kwargs-debug",
    )

    with step("connect it where DEBUG is False"), assigned(DEBUG=False), connected(order_placed, greet):
        try:
            order_placed.send(sender=None)
        except TypeError as raised:
            problem = raised
    step.claim(
        "connect() takes it", [call.outcome for call in step.sent()[0].calls], ["raised"], fact="kwargs-debug"
    )
    step.claim("and the send fails", type(problem), TypeError, fact="kwargs-debug")


def _generator(step: Steps) -> None:
    ran: list[str] = []

    with step("connect a function that yields"):

        def write_bill(**_kwargs: object) -> Iterator[str]:
            ran.append("bill")
            yield "bill"

        order_placed.connect(write_bill)
        order_placed.send(sender=None)
    step.claim("it is called", step.called(), ["write_bill"], fact="generator")
    step.claim("which makes a generator, and runs none of it", ran, [], fact="generator")


def _disconnecting(step: Steps) -> None:
    with step("disconnect without what was said when connecting"):

        def write_bill(**_kwargs: object) -> None:
            pass

        order_placed.connect(write_bill, sender=Printer, dispatch_uid="bill")
        found = [
            order_placed.disconnect(write_bill),
            order_placed.disconnect(write_bill, sender=Printer),
            order_placed.disconnect(write_bill, dispatch_uid="bill"),
        ]
        order_placed.send(sender=Printer)
    step.claim("disconnect() returns False", found, [False, False, False], fact="disconnect")
    step.claim("and the receiver stays", step.called(), ["write_bill"], fact="disconnect")

    with step("disconnect with the sender and the dispatch_uid"):
        repeated = order_placed.disconnect(sender=Printer, dispatch_uid="bill")
        order_placed.send(sender=Printer)
    step.claim("then it returns True", repeated, fact="disconnect")
    step.claim("and the receiver is gone", step.called(), [], fact="disconnect")
