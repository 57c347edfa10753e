"""``mute`` and ``only``: who is not called, where, and for how long; and nothing else changes."""

from __future__ import annotations

import asyncio
import threading
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial, wraps
from typing import Any

import pytest
import shop
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.models import User
from django.db.models.signals import post_delete, post_save
from django.dispatch import Signal

import sigexplorer
from sigexplorer import mute, only
from sigexplorer.capture import altering
from sigexplorer.errors import SigexplorerWarning, UnmetError, UsageError
from sigexplorer.model import Dispatch

METHODS = ("send", "send_robust", "asend", "asend_robust")


@pytest.fixture(autouse=True)
def _connected() -> Iterator[None]:
    """Connect two sync receivers and an async one to ``paid``."""
    for receiver in (shop.book, shop.ship, shop.push):
        shop.paid.connect(receiver)
    yield
    for receiver in (shop.book, shop.ship, shop.push):
        shop.paid.disconnect(receiver)


def send(method: str = "send", sender: Any = shop.Web) -> list[str]:
    """Send ``paid``, and return what each receiver answered."""
    sent = getattr(shop.paid, method)(sender)
    if method.startswith("a"):

        async def main() -> Any:
            return await sent

        sent = asyncio.run(main())
    return [answer for _, answer in sent]


ALL = ["booked", "on its way", "pushed"]


@pytest.mark.parametrize("method", METHODS)
def test_what_is_muted_is_not_called_and_does_not_answer(method: str) -> None:
    """The responses are those of a send to whom the receiver is not connected."""
    with mute(receiver=shop.book):
        assert send(method) == ["on its way", "pushed"]
    with mute(receiver="shop.push"):
        assert send(method) == ["booked", "on its way"]
    with mute(shop.paid):
        assert send(method) == []
    assert send(method) == ALL


def test_by_signal_sender_and_receiver() -> None:
    """Each narrows the others, as itself or by its name; several signals are any of them."""
    for muting in (
        mute("paid", sender="shop.Web", receiver="shop.book"),
        mute(shop.paid, sender=shop.Web, receiver="book"),
        mute(["shipped", shop.paid], sender=shop.Web, receiver="shop.b*"),
        mute("%custom", sender="shop.W*", receiver=shop.book),
    ):
        with muting:
            assert send() == ALL[1:]
            assert send(sender=shop.Phone) == ALL
    with pytest.raises(UsageError, match="nothing that is to be called"):
        sigexplorer.only()
    with pytest.raises(UsageError, match="nothing to mute"):
        mute()


def test_only() -> None:
    """All others are muted; what is sent by those that go on is not."""
    with only(receiver=shop.ship):
        assert send() == ["on its way"]
    with only("paid", sender=shop.Web):
        assert send() == ALL
        assert send(sender=shop.Phone) == []
    with only(receiver=shop.ship), only(receiver=shop.book):
        assert send() == []


def test_only_spares_djangos_own() -> None:
    """What Django connects for itself goes on: without it, it does not work."""
    from django.conf import settings
    from django.test import override_settings

    with only(receiver=shop.book), override_settings(TIME_ZONE="Asia/Tokyo"):
        send()
        assert settings.TIME_ZONE == "Asia/Tokyo"
        import os

        assert os.environ["TZ"] == "Asia/Tokyo"  # set by Django's receiver of setting_changed


def test_under_partials_methods_and_decorators() -> None:
    """A receiver is meant by what it wraps; a bound method, or a partial, only as itself."""

    @wraps(shop.book)
    def decorated(**named: object) -> str:
        return shop.book(**named)

    signal, desk, other = Signal(), shop.Desk(), shop.Desk()
    receivers: list[Callable[..., Any]] = [partial(shop.book), decorated, desk.note, other.note]
    for receiver in receivers:
        signal.connect(receiver)

    def called() -> int:
        return len(signal.send(None))

    with mute(receiver=shop.book):
        assert called() == 2
    with mute(receiver=receivers[0]):
        assert called() == 3
    with mute(receiver=desk.note):
        assert called() == 3
    with mute(receiver="shop.Desk.note"):
        assert called() == 2


def test_nested_and_after_errors() -> None:
    """Each ends its own, whatever is raised."""

    def failing() -> None:
        with mute(receiver=shop.ship):
            assert send() == ["pushed"]
            raise ZeroDivisionError

    with mute(receiver=shop.book):
        with pytest.raises(ZeroDivisionError):
            failing()
        assert send() == ALL[1:]
    assert send() == ALL


def test_one_object_may_be_used_again_and_inside_of_itself() -> None:
    """Each use is one of its own."""
    quiet = mute(receiver=shop.book)
    with quiet:
        with quiet:
            assert send() == ALL[1:]
        assert send() == ALL[1:]
    assert send() == ALL


def test_other_threads_are_not_muted() -> None:
    """A thread has a context of its own; one that mutes does so for itself."""
    found: list[list[str]] = []
    with mute(receiver=shop.book):
        thread = threading.Thread(target=lambda: found.append(send()))
        thread.start()
        thread.join()
        assert send() == ALL[1:]
    assert found == [ALL]


def test_many_threads_mute_by_the_same_object() -> None:
    """None of them ends what another has begun."""
    quiet, barrier = mute(receiver=shop.book), threading.Barrier(4)
    found: list[list[str]] = []

    def work(number: int) -> None:
        barrier.wait()
        for _ in range(20):
            with quiet:
                found.append(send())
        if number % 2:
            found.append(send()[1:])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(answers == ALL[1:] for answers in found)
    assert len(found) == 82


def test_other_tasks_are_not_muted() -> None:
    """A task that was there before is not muted; one that is begun inside is, until the end."""

    async def main() -> None:
        begin, muted, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def answers() -> list[str]:
            return [answer for _, answer in await shop.paid.asend(None)]

        async def before() -> list[str]:
            begin.set()
            await muted.wait()
            return await answers()

        async def inside() -> tuple[list[str], list[str]]:
            found = await answers()
            await ended.wait()
            return found, await answers()

        task = asyncio.create_task(before())
        await begin.wait()
        async with mute(receiver=shop.book):
            muted.set()
            assert await task == ALL
            assert await answers() == ALL[1:]
            child = asyncio.create_task(inside())
            await asyncio.sleep(0)
            assert await sync_to_async(lambda: len(shop.shipped.send(None)))() == 0
        with mute(shop.paid):  # something is muted, and not there
            ended.set()
            _, after = await child
            assert await answers() == []
        assert after == ALL

    asyncio.run(main())


def test_it_crosses_between_sync_and_async_code() -> None:
    """sync_to_async and async_to_sync carry it along."""

    async def main() -> list[str]:
        return await sync_to_async(send)()

    with mute(receiver=shop.book):
        assert async_to_sync(main)() == ALL[1:]


def test_receivers_that_mute_at_once_do_not_leave_it_behind() -> None:
    """Async receivers may share a context, and end in any order: afterwards nothing is muted."""
    signal = Signal()

    async def first(**_named: object) -> None:
        with mute(receiver=shop.book):
            await asyncio.sleep(0)

    async def second(**_named: object) -> None:
        with mute(receiver=shop.ship):
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    signal.connect(first)
    signal.connect(second)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SigexplorerWarning)
        signal.send(None)
    assert altering.HOOKS.observers == ()
    assert send() == ALL


def test_functions_are_decorated() -> None:
    """Of every kind; between the pieces of a generator nothing is muted."""
    quiet = mute(receiver=shop.book)

    @quiet
    def plain() -> list[str]:
        return send()

    @quiet
    async def coroutine() -> list[str]:
        return [answer for _, answer in await shop.paid.asend(None)]

    @quiet
    def generator() -> Iterator[list[str]]:
        yield send()
        try:
            yield send()
        except ZeroDivisionError:
            yield send()

    @quiet
    async def async_generator() -> AsyncIterator[list[str]]:
        yield await coroutine()
        try:
            yield await coroutine()
        except ZeroDivisionError:
            yield await coroutine()

    assert plain() == ALL[1:]
    assert asyncio.run(coroutine()) == ALL[1:]
    pieces: Any = generator()
    assert (next(pieces), send(), next(pieces), send()) == (ALL[1:], ALL, ALL[1:], ALL)
    assert (pieces.throw(ZeroDivisionError), send()) == (ALL[1:], ALL)
    pieces.close()

    async def main() -> None:
        items: Any = async_generator()
        found = [await anext(items), await anext(items), await items.athrow(ZeroDivisionError)]
        assert found == [ALL[1:]] * 3
        assert [answer for _, answer in await shop.paid.asend(None)] == ALL
        await items.aclose()

    asyncio.run(main())


def test_has_listeners_says_what_it_ever_says() -> None:
    """Muting changes no path that Django takes because somebody listens."""
    with mute(shop.paid):
        assert shop.paid.has_listeners(shop.Web)
        send()
    assert not shop.shipped.has_listeners(shop.Web)


@pytest.mark.usefixtures("database")
def test_djangos_own_signals_with_their_caches() -> None:
    """A receiver of models is muted where the signal keeps a cache of receivers by sender."""
    from blog.models import Profile

    entries, cache = list(post_save.receivers), dict(post_save.sender_receivers_cache)
    with mute("post_save", sender=User, receiver="blog.receivers.create_profile"):
        User.objects.create(username="quiet")
    assert Profile.objects.count() == 0
    assert all(one is other for one, other in zip(post_save.receivers, entries, strict=True))
    User.objects.create(username="loud")
    assert Profile.objects.count() == 1
    assert cache.items() <= dict(post_save.sender_receivers_cache).items()
    assert post_delete.receivers


def outcomes(dispatch: Dispatch) -> list[tuple[str, str]]:
    """Return the receivers of a dispatch, and what became of each."""
    return [(call.receiver, call.outcome) for call in dispatch.calls]


@pytest.mark.parametrize("method", METHODS)
def test_a_trace_shows_what_was_muted_at_its_place(method: str) -> None:
    """In its order, with what is sent inside of the others where it belongs, whichever came first."""
    for outer, inner in (
        (sigexplorer.trace(), mute(receiver=shop.book)),
        (mute(receiver=shop.book), sigexplorer.trace()),
    ):
        with outer, inner:
            send(method)
        trace: Any = outer if isinstance(outer, sigexplorer.Traced) else inner
        paid, shipped = trace.dispatches
        assert outcomes(paid) == [
            ("shop.book", "muted"),
            ("shop.ship", "returned"),
            ("shop.push", "returned"),
        ]
        assert [call.order for call in paid.calls] == [1, 2, 3]
        assert [call.result for call in paid.calls] == [None, "on its way", "pushed"]
        assert [call.is_async for call in paid.calls] == [False, False, True]
        assert paid.calls[0].duration_ns == 0
        assert (shipped.parent, shipped.parent_call) == (paid.id, 1)
        assert trace.trace.run.dropped == 0


@pytest.mark.parametrize("method", METHODS)
def test_a_trace_tells_different_mutes_apart(method: str) -> None:
    """Dispatches of one signal and sender, each with another receiver muted, are told each for itself."""
    everybody = (shop.book, shop.ship, shop.push)
    with sigexplorer.trace() as trace:
        send(method)
        for receiver in everybody:
            with mute(receiver=receiver):
                send(method)
        send(method)
    found = [[call.outcome for call in one.calls] for one in trace.find("paid")]
    whole = ["returned"] * 3
    assert found == [
        whole,
        ["muted", "returned", "returned"],
        ["returned", "muted", "returned"],
        ["returned", "returned", "muted"],
        whole,
    ]


class Sorted(Signal):
    """Sends in its own way: by the names of its receivers."""

    def send(self, sender: object, **named: Any) -> list[tuple[Any, Any]]:
        """Call each."""
        found = sorted(self._live_receivers(sender)[0], key=lambda receiver: receiver.__qualname__)
        return [(receiver, receiver(signal=self, sender=sender, **named)) for receiver in found]


class Choosy(Signal):
    """Resolves its receivers in its own way."""

    def _live_receivers(self, sender: object) -> Any:
        sync, asynchronous = super()._live_receivers(sender)
        return list(sync), asynchronous


@pytest.mark.parametrize("kind", [Sorted, Choosy])
def test_classes_of_signals_that_send_in_their_own_way(kind: type[Signal]) -> None:
    """Their receivers are muted too, and traced as muted."""
    signal = kind()
    signal.connect(shop.book)
    signal.connect(shop.ship)
    with sigexplorer.trace() as trace, mute(receiver=shop.ship):
        assert [answer for _, answer in signal.send(None)] == ["booked"]
    (dispatch,) = trace.dispatches
    assert dict(outcomes(dispatch))["shop.book"] == "returned"
    if kind is Sorted:
        assert dict(outcomes(dispatch))["shop.ship"] == "muted"


def test_our_own_receiver_is_never_muted() -> None:
    """Where we listen, muting all of a signal leaves our receiver, which is not in the trace."""
    from django.contrib.auth.signals import user_login_failed

    with sigexplorer.trace(listen=True) as trace, mute("user_login_failed"):
        (answer,) = user_login_failed.send("django.contrib.auth", credentials={}, request=None)
    assert answer[1] is None
    assert outcomes(trace.dispatches[0]) == [("blog.receivers.count_failed_login", "muted")]


def test_one_that_met_nothing_says_so() -> None:
    """By a warning at the line of its end, or an error where it is strict; not where something was raised."""
    met_nothing = r"mute\(paid, sender=shop.Phone\): it met nothing"
    with pytest.warns(SigexplorerWarning, match=met_nothing) as caught, mute(shop.paid, sender=shop.Phone):
        send()
    assert caught[0].filename == __file__
    with pytest.warns(SigexplorerWarning, match=r"only\(receiver='shop.fail'\)"), only(receiver="shop.fail"):
        send()
    with pytest.raises(UnmetError, match="met nothing"), mute(shop.shipped, strict=True):
        send()
    with pytest.raises(ZeroDivisionError), mute(shop.shipped, strict=True):
        raise ZeroDivisionError
    with pytest.warns(SigexplorerWarning) as caught:
        mute(shop.shipped)(len)("x")
    assert caught[0].filename == __file__


def test_a_fault_of_ours_calls_the_receiver_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program goes on as it is; that the mute did not work is said at its end."""

    def broken(*_call: object) -> bool:
        raise RuntimeError("ours")

    muting = mute(receiver=shop.book)
    monkeypatch.setattr("sigexplorer.testing.rules.Meant.__call__", broken)
    with pytest.warns(SigexplorerWarning, match="a fault of ours .* RuntimeError: ours"), muting:
        assert send() == ALL


def test_an_unknown_receiver_is_an_error_at_once() -> None:
    """With the nearest; one that exists and is not connected yet is none."""
    with pytest.raises(Exception, match=r"unknown receiver 'shop.boook' .nearest: shop.book"):
        mute(receiver="shop.boook").__enter__()
    with pytest.warns(SigexplorerWarning, match="met nothing"), mute(receiver="shop.fail"):
        send()


def test_a_trace_tells_all_muted_from_nobody_there() -> None:
    """A dispatch that would reach nobody but the muted is not taken for one that reaches nobody at all."""
    signal = Signal()
    with sigexplorer.trace() as trace:
        signal.send(shop.Web)
        signal.connect(shop.book)
        with mute(signal):
            signal.send(shop.Web)
            signal.send(shop.Web)
    assert [outcomes(one) for one in trace.dispatches] == [[], *[[("shop.book", "muted")]] * 2]
