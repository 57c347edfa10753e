"""Assertions on what was sent: they hold or say why not, and no mistyped name ever lets one hold."""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
import shop
from django.contrib.auth.models import User
from django.db.models.signals import post_save, pre_save
from django.dispatch import Signal

import sigexplorer
from sigexplorer.capture.lanes import STREAM
from sigexplorer.errors import SigexplorerError, SigexplorerWarning, UnknownNameError, UsageError

if TYPE_CHECKING:
    from sigexplorer import Traced

pytest_plugins = ["pytester"]


@contextmanager
def connected(signal: Signal, *receivers: Callable[..., Any], sender: object = None) -> Iterator[None]:
    """Connect receivers for a while."""
    for receiver in receivers:
        signal.connect(receiver, sender=sender)
    try:
        yield
    finally:
        for receiver in receivers:
            signal.disconnect(receiver, sender=sender)


@pytest.fixture
def checkout() -> Traced:
    """Return the trace of two sales: of one the book is kept, of the other it fails."""
    trace = sigexplorer.trace("checkout")
    with (
        connected(shop.paid, shop.book, shop.ship),
        connected(shop.shipped, shop.fail, sender=shop.Phone),
        trace,
    ):
        shop.paid.send(shop.Web, order=7, total=1.5)
        with suppress(ValueError):
            shop.paid.send(shop.Phone, order=8, total=2.5)
    return trace


def message(assertion: Callable[[], object]) -> str:
    """Return what a failed assertion says."""
    with pytest.raises(AssertionError) as caught:
        assertion()
    return str(caught.value)


def test_what_was_sent_is_returned(checkout: Traced) -> None:
    """By signal, sender and some of the arguments, each itself or its name."""
    (first,) = checkout.assert_sent(shop.paid, sender=shop.Web)
    assert first.argument("order") == 7
    assert checkout.assert_sent("shop.paid", sender="shop.Web", order=7, times=1) == [first]
    assert len(checkout.assert_sent("paid", times=2)) == 2
    assert len(checkout.assert_sent("*", times=4)) == 4
    assert len(checkout.assert_sent("%custom")) == 4
    assert checkout.assert_sent("paid", times=0, order=9) == []
    checkout.assert_not_sent("paid", order=9)
    checkout.assert_not_sent(post_save)
    checkout.assert_max_dispatches(4)


@pytest.mark.parametrize(
    ("arguments", "near"),
    [
        ({"order": 9}, "nearly: #1 paid order=7, not 9"),
        ({"order": "7"}, "nearly: #1 paid order=7, not '7'"),
        ({"order": True}, "order=7, not True"),
        ({"order": {"a"}}, "order=7, not {'a'}"),
        ({"sender": "shop.Desk"}, "nearly: #1 paid from shop.Web"),
        ({"sender": None}, "paid from None was not sent"),
        ({"times": 3}, "paid was sent twice, not 3 times"),
        ({"times": 1}, "paid was sent twice, not once"),
        ({"order": 7, "times": 2}, "paid with order=7 was sent once, not twice"),
    ],
    ids=str,
)
def test_what_was_not_sent_says_what_nearly_was(
    checkout: Traced, arguments: dict[str, Any], near: str
) -> None:
    """The message has what is wrong, what is most like it, and the timeline."""
    said = message(lambda: checkout.assert_sent(shop.paid, **arguments))
    assert near in said
    assert "4 dispatches" in said
    assert "shop.ship" in said
    assert "raised ValueError: no book" in said


def test_what_was_sent_although_it_should_not(checkout: Traced) -> None:
    """The timeline marks it."""
    said = message(lambda: checkout.assert_not_sent("paid", sender=shop.Phone))
    assert said.startswith("paid from shop.Phone was sent once")
    assert "> paid" in said
    assert message(checkout.assert_no_signals).startswith("4 dispatches sent, none wanted")
    assert message(lambda: checkout.assert_max_dispatches(3)).startswith(
        "4 dispatches sent, at most 3 wanted"
    )


def test_order(checkout: Traced) -> None:
    """Signals stand in that order, whatever is between them."""
    found = checkout.assert_order("paid", (shop.paid, shop.Phone), "shipped")
    assert [one.id for one in found] == [1, 3, 4]
    said = message(lambda: checkout.assert_order("shipped", "paid", (shop.shipped, shop.Web)))
    assert "shipped from shop.Web was not sent after #3 paid" in said
    assert "paid from shop.Web was not sent" in message(
        lambda: checkout.assert_order("paid", "paid", sender=shop.Web)
    )
    with pytest.raises(UsageError, match="no signals to compare"):
        checkout.assert_order()


def test_called(checkout: Traced) -> None:
    """A receiver ran, and so often; one that was skipped or muted did not."""
    assert [call.outcome for call in checkout.assert_called(shop.ship)] == ["returned", "raised"]
    assert checkout.assert_called("shop.ship", times=1, sender=shop.Web)[0].result == "on its way"
    assert len(checkout.assert_called("book", times=2, signal=shop.paid)) == 2
    with connected(shop.paid, shop.push):
        assert checkout.assert_called(shop.push, times=0) == []
    with connected(shop.paid, shop.fail, shop.book), sigexplorer.trace() as trace:
        with sigexplorer.mute(receiver=shop.book), pytest.raises(ValueError, match="no book"):
            shop.paid.send(None)
        with pytest.raises(ValueError, match="no book"):
            shop.paid.send(None)
    said = message(lambda: trace.assert_called(shop.book))
    assert "shop.book was not called" in said
    assert "nearly: #1 paid from None: muted" in said
    assert "nearly: #2 paid from None: skipped, because shop.fail raised ValueError: no book" in said
    assert "called once, not twice" in message(
        lambda: checkout.assert_called("shop.ship", 2, sender=shop.Web)
    )


def test_a_receiver_that_runs_has_been_called() -> None:
    """Also before it is over; what comes after it has not."""
    asked: list[str] = []

    def look(**_named: object) -> None:
        trace.assert_called(look, times=1)
        trace.assert_called(shop.book, times=0)
        asked.append(message(lambda: trace.assert_called(look, times=0)))

    with connected(shop.paid, look, shop.book), sigexplorer.trace() as trace:
        shop.paid.send(None)
    assert "look was called once" in asked[0]
    trace.assert_called(shop.book, times=1)


def test_whether_an_async_receiver_runs_now_is_not_known() -> None:
    """Neither that it was called nor that it was not is said of it, until the send is over."""

    async def look(**_named: object) -> None:
        await asyncio.sleep(0)
        for times in (None, 0, 1):
            with pytest.raises(UsageError, match=r"whether '.*look' was called is not known"):
                trace.assert_called(look, times=times)

    with connected(shop.paid, look), sigexplorer.trace() as trace:
        asyncio.run(shop.paid.asend(None))
    trace.assert_called(look, times=1)


def test_a_receiver_that_was_not_called_says_to_what_it_is_connected() -> None:
    """Or that it is not, and which ones are."""
    with connected(shop.shipped, shop.book, sender=shop.Web), sigexplorer.trace() as trace:
        said = message(lambda: trace.assert_called(shop.book))
    assert "it is connected to shipped from shop.Web" in said
    assert "it is not connected; receivers that are: " in message(lambda: trace.assert_called(shop.book))


def test_connected() -> None:
    """A receiver is connected to a signal for a sender, or for every one."""
    partial = functools.partial(shop.book)
    with connected(shop.paid, partial, sender=shop.Web), connected(shop.shipped, shop.fail):
        (found,) = sigexplorer.assert_connected("shop.book", shop.paid, shop.Web)
        assert (found.sender, found.order) == ("shop.Web", 1)
        assert sigexplorer.trace().assert_connected(shop.fail, "shipped", shop.Phone)
        said = message(lambda: sigexplorer.assert_connected(shop.book, shop.paid, shop.Phone))
        assert said.splitlines() == [
            "shop.book is not connected to paid for shop.Phone",
            "  it is connected to paid for shop.Web",
            "  paid has shop.book for shop.Web",
        ]
    assert "shop.book is not connected" in message(lambda: sigexplorer.assert_connected("shop.book"))


@pytest.mark.usefixtures("ada")
def test_an_instance_is_the_same_before_it_is_saved_and_after_it_is_deleted() -> None:
    """It is compared by its model and its key, as far as it had one then and has one now."""
    with sigexplorer.trace() as trace:
        grace = User.objects.create(username="grace")
        other = User.objects.create(username="other")
        trace.assert_sent(pre_save, instance=grace)
        trace.assert_sent(post_save, instance=grace, times=1)
        other.delete()
        trace.assert_sent("post_delete", instance=other)
    trace.assert_not_sent("post_delete", instance=grace)


NAMES = {
    "assert_sent": lambda trace, name: trace.assert_sent(name),
    "assert_not_sent": lambda trace, name: trace.assert_not_sent(name),
    "assert_order": lambda trace, name: trace.assert_order("paid", name),
    "find": lambda trace, name: trace.find(name),
    "assert_connected": lambda _trace, name: sigexplorer.assert_connected(shop.book, name),
    "mute": lambda _trace, name: sigexplorer.mute(name).__enter__(),
    "only": lambda _trace, name: sigexplorer.only(name).__enter__(),
    "inject": lambda _trace, name: sigexplorer.inject(shop.book, delay=1, signal=name).__enter__(),
}


@pytest.mark.parametrize("ask", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize(
    "name", ["post_sav", "django.db.models.signals.post_sav", "post_sv*", "no.such.module"]
)
def test_a_name_that_is_no_signal_is_an_error_at_once(
    checkout: Traced, ask: Callable[[Traced, str], object], name: str
) -> None:
    """With the nearest three, wherever it stands."""
    with pytest.raises(UnknownNameError) as caught:
        ask(checkout, name)
    assert caught.value.message == f"unknown signal '{name}'"
    assert caught.value.hint.count(",") == 2
    assert str(caught.value) == f"{caught.value.message} ({caught.value.hint})"


@pytest.mark.parametrize(
    "ask",
    [
        lambda trace: trace.assert_not_sent("paid", sender="blog.Pots"),
        lambda trace: trace.assert_not_sent("paid", sender="shop.Wbe"),
        lambda trace: trace.assert_called("shop.boook", times=0),
        lambda trace: trace.assert_not_sent("%sav"),
        lambda trace: trace.assert_not_sent("pre_init"),
        lambda trace: trace.assert_not_sent(shop.book),
        lambda trace: trace.assert_not_sent(7),
        lambda trace: trace.assert_called(7),
        lambda trace: trace.assert_sent("paid", times=-1),
        lambda trace: trace.assert_sent("paid", times="2"),
        lambda trace: trace.assert_max_dispatches(None),
    ],
)
def test_what_cannot_be_meant_is_an_error(checkout: Traced, ask: Callable[[Traced], object]) -> None:
    """Nothing passes in silence: an unknown sender, receiver or group, and what is none of them."""
    with pytest.raises(SigexplorerError):
        ask(checkout)


def test_a_short_name_of_several_signals_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error has their paths; Django's own goes before any other."""
    other = ModuleType("other")
    monkeypatch.setitem(sys.modules, "other", other)
    vars(other).update(post_save=Signal(), paid=Signal())
    with sigexplorer.trace() as trace:
        trace.assert_not_sent("post_save")
        trace.assert_not_sent("other.post_save")
        with pytest.raises(
            UsageError, match=r"'paid' is the name of several signals .*other.paid, shop.paid"
        ):
            trace.assert_not_sent("paid")


def test_records_that_were_lost_are_not_silent() -> None:
    """An assertion on a trace that a fault of ours cost some of warns, whether it holds or not."""
    with sigexplorer.trace() as trace:
        STREAM.failed(RuntimeError("ours"))
    with pytest.warns(SigexplorerWarning, match="1 record lost"):
        trace.assert_no_signals()


FAILING = """
    import sigexplorer
    from django.dispatch import Signal

    paid = Signal()

    def test_it():
        with sigexplorer.trace() as trace:
            paid.send(None, order=7)
        trace.assert_sent(paid, order=8)

    def test_name():
        with sigexplorer.trace() as trace:
            trace.assert_not_sent("post_sav")
"""


def test_pytest_shows_the_message_and_no_code_of_ours(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The failure points to the line of the test; the timeline stands beside it, whole."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent.parent))
    pytester.makepyfile(FAILING)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            ">*trace.assert_sent(paid, order=8)",
            "E*AssertionError: paid with order=8 was not sent",
            "E*nearly: #1 paid order=7, not 8",
            "E*paid*order=7*",
            "*test_pytest_shows*.py:9: AssertionError",
            '>*trace.assert_not_sent("post_sav")',
            "E*UnknownNameError: unknown signal 'post_sav' (nearest: post_save, *",
        ]
    )
    assert "sigexplorer/testing" not in result.stdout.str()
