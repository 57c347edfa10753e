"""How long a receiver lives."""

from __future__ import annotations

import functools
from collections.abc import Callable

from sigexplorer.playground.props import assigned, left_as_found
from sigexplorer.playground.shop.signals import order_placed
from sigexplorer.playground.steps import Steps


def weak_references(step: Steps) -> None:
    """Connect what nothing else holds: local functions, lambdas, partials, methods of nobody."""
    for part in (_local, _temporary, _kept, _debugging, _same_name, _swept):
        with left_as_found(order_placed), assigned(DEBUG=False), step.part():
            part(step)


def _local(step: Steps) -> None:
    with step("connect a function that is defined inside of another"):

        def set_up() -> None:
            def write_bill(**_kwargs: object) -> None:
                pass

            order_placed.connect(write_bill)

        set_up()
        order_placed.send(sender=None)
    step.claim(
        "it is gone when the function returns: nothing else holds it", step.called(), [], fact="weak-local"
    )

    with step("connect it with weak=False"):

        def set_up_for_good() -> None:
            def write_bill(**_kwargs: object) -> None:
                pass

            order_placed.connect(write_bill, weak=False, dispatch_uid="bill")

        set_up_for_good()
        order_placed.send(sender=None)
    step.claim("weak=False keeps it", step.called(), ["write_bill"], fact="weak-local")
    order_placed.disconnect(dispatch_uid="bill")

    with step("return it to somebody who keeps it"):

        def set_up_and_return() -> Callable[..., None]:
            def pack(**_kwargs: object) -> None:
                pass

            order_placed.connect(pack)
            return pack

        kept = set_up_and_return()
        order_placed.send(sender=None)
    step.claim("so does whoever holds it", step.called(), [kept.__name__], fact="weak-local")


class Printer:
    """Something with a method that can be connected."""

    def print_label(self, **_kwargs: object) -> None:
        """Print the label of an order."""


def _temporary(step: Steps) -> None:
    def write_bill(copies: int, **_kwargs: object) -> None:
        pass

    with step("connect a lambda, a partial and the method of an object that nobody keeps"):
        order_placed.connect(lambda **_kwargs: None)
        order_placed.connect(functools.partial(write_bill, copies=2))
        order_placed.connect(Printer().print_label)
        order_placed.send(sender=None)
    step.claim("none of them lives until the next line", step.called(), [], fact="weak-lambda")


def _kept(step: Steps) -> None:
    def write_bill(copies: int, **_kwargs: object) -> None:
        pass

    with step("keep them"):
        kept = (lambda **_kwargs: None, functools.partial(write_bill, copies=2), Printer())
        order_placed.connect(kept[0])
        order_placed.connect(kept[1])
        order_placed.connect(kept[2].print_label)
        order_placed.send(sender=None)
    step.claim("whoever is held is called", len(step.called()), 3, fact="weak-lambda")


def _debugging(step: Steps) -> None:
    with step("connect them where DEBUG is True"), assigned(DEBUG=True):

        def set_up() -> None:
            def write_bill(**_kwargs: object) -> None:
                pass

            order_placed.connect(write_bill)
            order_placed.connect(lambda **_kwargs: None)
            order_placed.connect(functools.partial(write_bill, copies=2))
            order_placed.connect(Printer().print_label)

        set_up()
        order_placed.send(sender=None)
    called = step.called()
    step.claim("then the local function stays", "write_bill" in called, fact="weak-local")
    step.claim("and so do the lambda and the partial, but not the method", len(called), 3, fact="weak-lambda")
    step.claim(
        "of which nobody keeps the object", "print_label" in called, expected=False, fact="weak-lambda"
    )


#: Stands for a module that defines two functions of one name.
MODULE = """
from django.dispatch import receiver

@receiver(order_placed)
def handle_order(*, signal, **kwargs):
    return "write the bill"

@receiver(order_placed)
def handle_order(*, signal, **kwargs):
    return "pack the order"
"""


def _same_name(step: Steps) -> None:
    with left_as_found(order_placed), step("define two receivers with one name in one module"):
        exec(MODULE, {"order_placed": order_placed})  # noqa: S102 - our own
        responses = order_placed.send(sender=None)
    step.claim(
        "the second definition drops the first, which nothing else holds",
        [response for _, response in responses],
        ["pack the order"],
        fact="rebind",
    )

    strong = MODULE.replace("(order_placed)", "(order_placed, weak=False)")
    with left_as_found(order_placed), step("define them with weak=False"):
        exec(strong, {"order_placed": order_placed})  # noqa: S102 - our own
        responses = order_placed.send(sender=None)
    answers = [response for _, response in responses]
    step.claim("then both are called", answers, ["write the bill", "pack the order"], fact="rebind")

    with left_as_found(order_placed), step("define them where DEBUG is True"), assigned(DEBUG=True):
        exec(MODULE, {"order_placed": order_placed})  # noqa: S102 - our own
        responses = order_placed.send(sender=None)
    answers = [response for _, response in responses]
    step.claim("then both are called", answers, ["write the bill", "pack the order"], fact="rebind")


def _swept(step: Steps) -> None:
    before = len(order_placed.receivers)
    with step("count the receivers of a signal"):

        def write_bill(**_kwargs: object) -> None:
            pass

        order_placed.connect(write_bill)
        del write_bill
        counted = len(order_placed.receivers) - before
    step.claim("a dead receiver is still counted", counted, 1, fact="dead-receivers")

    with step("send"):
        order_placed.send(sender=None)
        swept = len(order_placed.receivers) - before
    step.claim("the next send sweeps it out", swept, 0, fact="dead-receivers")

    with step("count them after a lambda was connected, and nobody kept it"):
        order_placed.connect(lambda **_kwargs: None)
        order_placed.send(sender=None)
        left = len(order_placed.receivers) - before
    if step.django < (6, 1):
        step.claim("it is swept out like any other", left, 0, fact="dead-receivers")
    else:
        step.claim("it was dead before it was listed, and stays", left, 1, fact="dead-receivers")
