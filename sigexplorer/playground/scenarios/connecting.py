"""What connect() and @receiver do with what they are given."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from django.db.models.signals import post_save
from django.dispatch import Signal, receiver

from blog.models import Tag
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

    with step("connect it for a sender, too"), connected(order_placed, write_bill, sender=Printer):
        order_placed.send(sender=Printer)
    twice = ["write_bill", "write_bill"]
    step.claim("with another sender it is another receiver", step.called(), twice, fact="dup")
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

    with step("connect the second for a sender, with the same dispatch_uid"):
        order_placed.connect(pack, sender=Printer, dispatch_uid="orders")
        order_placed.send(sender=Printer)
    step.claim("with another sender both are", step.called(), ["write_bill", "pack"], fact="uid")

    with step("let the first be gone when the second is connected"):
        del write_bill
        order_placed.connect(pack, dispatch_uid="orders")
        order_placed.send(sender=None)
    step.claim("then the second takes its place", step.called(), ["pack"], fact="uid")


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
    for module in modules:
        order_placed.disconnect(module.write_bill)
    step.claim("once under each name", names, {module.__name__ for module in modules}, fact="two-names")

    with step("connect the one of each with a dispatch_uid"):
        for module in modules:
            order_placed.connect(module.write_bill, dispatch_uid="bill")
        order_placed.send(sender=None)
    step.claim("then only the first is connected", step.called(), ["write_bill"], fact="two-names")


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

    def greet_by_name(sender: object, signal: Signal) -> None:
        pass

    with (
        step("leave **kwargs out, and name all that is sent, where DEBUG is False"),
        assigned(DEBUG=False),
        connected(order_placed, greet_by_name),
    ):
        order_placed.send(sender=None)
    step.claim("that is called", step.called(), ["greet_by_name"], fact="signal-kwarg")

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

    with step("connect an async function that yields"):

        async def pack(**_kwargs: object) -> AsyncIterator[str]:
            ran.append("parcel")
            yield "parcel"

        order_placed.connect(pack)
        order_placed.send(sender=None)
    seen = (step.called(), ran)
    step.claim("it is called, and runs as little", seen, (["write_bill", "pack"], []), fact="generator")


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

    with step("disconnect from a model by its name"), connected(post_save, write_bill, sender=Tag):
        answer = post_save.disconnect(write_bill, sender="blog.Tag")
        Tag.objects.create(name="django")
    step.claim("then it returns None", answer, None, fact="disconnect")
    step.claim("though the receiver is gone, too", step.called("post_save"), [], fact="disconnect")
