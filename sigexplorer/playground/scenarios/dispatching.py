"""Connecting receivers, and how they are called."""

from __future__ import annotations

import gc

from asgiref.sync import async_to_sync
from django.dispatch import Signal, receiver

from sigexplorer.playground.props import connected
from sigexplorer.playground.steps import Steps

order_placed = Signal()
order_paid = Signal()


async def first(**_kwargs: object) -> str:
    """Receive in the loop."""
    return "async one"


def second(**_kwargs: object) -> str:
    """Receive."""
    return "sync"


async def third(**_kwargs: object) -> str:
    """Receive in the loop, too."""
    return "async two"


def fourth(**_kwargs: object) -> str:
    """Receive, too."""
    return "sync two"


def async_receivers(step: Steps) -> None:
    """Send a signal with sync and async receivers from both worlds."""
    with step("send() from synchronous code"), connected(order_placed, first, second, third, fourth):
        responses = order_placed.send(None)
    answers = [answer for _, answer in responses]
    step.claim(
        "sync receivers come first, in the order of connection",
        answers,
        ["sync", "sync two", "async one", "async two"],
        fact="async-order",
    )
    marked = [call.is_async for call in step.sent()[0].calls]
    step.claim("then the async ones, together", marked, [False, False, True, True], fact="async-order")

    with step("asend() from asynchronous code"), connected(order_placed, first, second, third, fourth):
        responses = async_to_sync(order_placed.asend)(None)
    in_order = [answer for _, answer in responses]
    step.claim("asend() answers in the same order", in_order, answers, fact="async-order")

    async def send_in_a_loop() -> str:
        try:
            order_placed.send(None)
        except RuntimeError:
            return "RuntimeError"
        return "nothing"

    with step("send() inside of a running event loop"), connected(order_placed, first, second, third, fourth):
        raised = async_to_sync(send_in_a_loop)()
    step.claim("send() cannot wait for async receivers there", raised, "RuntimeError", fact="async-in-send")
    outcomes = [call.outcome for call in step.sent()[0].calls]
    skipped = ["returned", "returned", "skipped", "skipped"]
    step.claim("though the sync receivers have run", outcomes, skipped, fact="async-in-send")


def receiver_error(step: Steps) -> None:
    """Let the second of three receivers fail, under each way of sending."""

    def reserve(**_kwargs: object) -> str:
        return "reserved"

    def charge(**_kwargs: object) -> str:
        message = "card declined"
        raise ValueError(message)

    def ship(**_kwargs: object) -> str:
        return "shipped"

    with connected(order_placed, reserve, charge, ship):
        _send_and_fail(step)


def _send_and_fail(step: Steps) -> None:
    error: Exception | None = None
    with step("send()"):
        try:
            order_placed.send(None)
        except ValueError as raised:
            error = raised
    step.claim("the error comes out of send()", str(error), "card declined")
    step.claim("and the receivers after it never run", _outcomes(step), ["returned", "raised", "skipped"])

    with step("send_robust()"):
        responses = order_placed.send_robust(None)
    step.claim("send_robust() calls them all", _outcomes(step), ["returned", "raised", "returned"])
    step.claim("the error is the receiver's response", repr(responses[1][1]), "ValueError('card declined')")


def _outcomes(step: Steps) -> list[str]:
    return [call.outcome for dispatch in step.sent() for call in dispatch.calls]


def connect_and_disconnect(step: Steps) -> None:
    """Connect in every way there is."""
    _weak_and_strong(step)
    _once(step)
    _by_sender(step)
    _several_signals(step)


def _weak_and_strong(step: Steps) -> None:
    def connect(*, weak: bool) -> None:
        def local(**_kwargs: object) -> None:
            pass

        order_placed.connect(local, weak=weak, dispatch_uid=f"weak={weak}")

    connect(weak=True)
    gc.collect()
    with step("a local function, connected as usual"):
        order_placed.send(None)
    step.claim("it is gone with the function that defined it: nothing else held it", step.called(), [])

    connect(weak=False)
    with step("a local function, connected with weak=False"):
        order_placed.send(None)
    step.claim("weak=False keeps it", step.called(), ["local"])
    order_placed.disconnect(dispatch_uid="weak=False")


def _once(step: Steps) -> None:
    def greet(**_kwargs: object) -> None:
        pass

    def other(**_kwargs: object) -> None:
        pass

    with step("the same function twice"):
        order_placed.connect(greet)
        order_placed.connect(greet)
        order_placed.send(None)
    step.claim("it is connected once", step.called(), ["greet"])
    order_placed.disconnect(greet)

    with step("two functions with one dispatch_uid"):
        order_placed.connect(greet, dispatch_uid="greeting")
        order_placed.connect(other, dispatch_uid="greeting")
        order_placed.send(None)
    step.claim("the first one stays, the second is dropped in silence", step.called(), ["greet"])

    with step("disconnect() without the dispatch_uid"):
        found = order_placed.disconnect(greet)
        order_placed.send(None)
    step.claim(
        "disconnect() must repeat the dispatch_uid: it returns False",
        (found, step.called()),
        (False, ["greet"]),
    )
    step.claim("with it, it returns True", order_placed.disconnect(dispatch_uid="greeting"))


def _by_sender(step: Steps) -> None:
    class Shop:
        pass

    def for_shop(**_kwargs: object) -> None:
        pass

    def for_all(**_kwargs: object) -> None:
        pass

    order_placed.connect(for_shop, sender=Shop)
    order_placed.connect(for_all)
    with step("send from the sender that was asked for"):
        order_placed.send(Shop)
    step.claim("both are called, in the order of connection", step.called(), ["for_shop", "for_all"])

    with step("send from another sender"):
        order_placed.send(dict)
    step.claim("only the one without a sender hears it", step.called(), ["for_all"])

    with step("connect again"):
        order_placed.disconnect(for_shop, sender=Shop)
        order_placed.connect(for_shop, sender=Shop)
        order_placed.send(Shop)
    step.claim(
        "disconnecting and connecting moves a receiver to the end", step.called(), ["for_all", "for_shop"]
    )
    order_placed.disconnect(for_shop, sender=Shop)
    order_placed.disconnect(for_all)


def _several_signals(step: Steps) -> None:
    @receiver([order_placed, order_paid])
    def notify(**_kwargs: object) -> None:
        pass

    with step("@receiver with a list of signals"):
        order_placed.send(None)
        order_paid.send(None)
    step.claim("one function, connected to each", step.called(), ["notify", "notify"], fact="receiver-list")
    for signal in (order_placed, order_paid):
        signal.disconnect(notify)
