"""``inject``: a receiver fails or is late on purpose, and the trace shows what comes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import shop
from django.contrib.auth.models import User
from django.db import transaction

import sigexplorer
from sigexplorer import inject, mute
from sigexplorer.capture import injecting
from sigexplorer.errors import SigexplorerWarning, UnmetError, UsageError
from sigexplorer.project.injecting import Faults, parse


@pytest.fixture(autouse=True)
def _connected() -> Iterator[None]:
    """Connect two sync receivers and an async one to ``paid``."""
    for receiver in (shop.book, shop.ship, shop.push):
        shop.paid.connect(receiver)
    yield
    for receiver in (shop.book, shop.ship, shop.push):
        shop.paid.disconnect(receiver)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return how long anybody would have waited; nobody does."""
    found: list[float] = []

    async def wait_asynchronously(seconds: float) -> None:
        found.append(-seconds)

    monkeypatch.setattr(injecting, "wait", found.append)
    monkeypatch.setattr(injecting, "wait_asynchronously", wait_asynchronously)
    return found


def _injected(glob: str) -> Any:
    return inject(glob, raises=KeyError)


@contextmanager
def _injected_by_trace(glob: str) -> Iterator[None]:
    faults = Faults([parse(f"{glob}:raise=KeyError", int)])
    faults.begin()
    try:
        yield
    finally:
        faults.end()


def test_a_receiver_raises_at_that_call() -> None:
    """At the second call, and at no other; those after it are skipped, and the trace says so."""
    with sigexplorer.trace() as trace, inject("shop.ship", raises=TimeoutError, when=2):
        shop.paid.send(None)
        with pytest.raises(TimeoutError, match="injected by sigexplorer"):
            shop.paid.send(None)
        shop.paid.send(None)
    outcomes = [[call.outcome for call in one.calls] for one in trace.find("paid")]
    assert outcomes == [["returned"] * 3, ["returned", "raised", "skipped"], ["returned"] * 3]
    (failed,) = [call for call in trace.assert_called(shop.ship) if call.outcome == "raised"]
    assert failed.error == "TimeoutError: injected by sigexplorer"
    assert (failed.file, failed.receiver) == ("shop.py", "shop.ship")


@pytest.mark.parametrize(("glob", "failed"), [("hop.*", 1), ("h?p.here", 1), ("shop.*", 0), ("*.here", 1)])
@pytest.mark.filterwarnings("ignore:.*it met nothing")
@pytest.mark.parametrize("begun", [_injected, _injected_by_trace])
def test_a_glob_is_of_the_end_of_a_name(begun: Any, glob: str, failed: int) -> None:
    """In ``inject`` as in ``trace --inject``; but of a whole name where it fits that of any receiver."""

    def here(**_named: object) -> None:
        """Receive."""

    here.__module__, here.__qualname__ = "my.hop" if "shop" not in glob else "my.shop", "here"
    shop.shipped.connect(here)
    try:
        with begun(glob):
            responses = shop.shipped.send_robust(None)
    finally:
        shop.shipped.disconnect(here)
    assert [type(answer) for _, answer in responses] == [KeyError if failed else type(None)]


def test_when_may_ask_for_the_arguments() -> None:
    """A function says at which calls."""
    with inject(shop.book, raises=ValueError("mine"), when=lambda order, **_: order > 7):
        shop.paid.send(None, order=7)
        with pytest.raises(ValueError, match="mine"):
            shop.paid.send(None, order=8)


def test_robust_sends_answer_with_it(caplog: pytest.LogCaptureFixture) -> None:
    """The receiver's name is in Django's log, and a response that equals it."""
    with inject(shop.ship, raises=TimeoutError):
        responses = dict(shop.paid.send_robust(None))
    assert isinstance(responses[shop.ship], TimeoutError)
    assert responses[shop.book] == "booked"
    assert "Error calling ship in Signal.send_robust()" in caplog.text


def test_delays_block_sync_receivers_and_not_the_event_loop(waits: list[float]) -> None:
    """A sync receiver waits in its thread, an async one in the loop; then they do their work, or raise."""
    with inject("shop.*", delay=0.5, signal=shop.paid, sender=shop.Web):
        assert [answer for _, answer in shop.paid.send(shop.Web)] == ["booked", "on its way", "pushed"]
        shop.paid.send(shop.Phone)
    assert waits == [0.5, 0.5, -0.5]

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await shop.paid.asend(None)

    with inject(shop.push, delay=2, raises=TimeoutError):
        asyncio.run(main())
    assert waits[3:] == [-2]


@pytest.mark.usefixtures("database")
def test_what_is_rolled_back_is_seen() -> None:
    """A receiver that fails in a transaction takes along what was done in it."""
    failing = inject("blog.receivers.create_profile", raises=TimeoutError)
    with sigexplorer.trace() as trace, failing, pytest.raises(TimeoutError), transaction.atomic():
        User.objects.create(username="ada")
    assert not User.objects.exists()
    assert [one.rolled_back for one in trace.assert_order("pre_save", "post_save")] == [True, True]
    trace.assert_not_sent("post_save", sender="blog.Profile")


def test_muted_is_not_called_and_so_does_not_fail() -> None:
    """A mute goes before a fault, which then met nothing."""
    met_nothing = pytest.warns(SigexplorerWarning, match="met nothing: no such receiver was called")
    with met_nothing, mute(receiver=shop.ship), inject(shop.ship, raises=TimeoutError):
        shop.paid.send(None)


def test_two_faults_of_one_receiver(waits: list[float]) -> None:
    """Both happen, in whichever order they stand, and each counts every call; what is inner raises."""
    with inject(shop.ship, raises=TimeoutError), inject(shop.ship, delay=1), pytest.raises(TimeoutError):
        shop.paid.send(None)
    with inject(shop.ship, delay=2), inject(shop.ship, raises=TimeoutError), pytest.raises(TimeoutError):
        shop.paid.send(None)
    assert waits == [1, 2]
    with inject(shop.ship, raises=ValueError, when=2), inject(shop.ship, raises=TimeoutError, when=1):
        for error in (TimeoutError, ValueError):
            with pytest.raises(error):
                shop.paid.send(None)


def test_one_that_had_no_effect_says_so() -> None:
    """It met no call, or not the one that it was meant for."""
    no_effect = pytest.warns(SigexplorerWarning, match="of 1 call none was number 2")
    with no_effect, inject(shop.ship, raises=TimeoutError, when=2):
        shop.paid.send(None)
    with pytest.raises(UnmetError, match="met nothing"), inject(shop.fail, delay=1, strict=True):
        shop.paid.send(None)


@inject(shop.book, raises=TimeoutError)
def pay() -> None:
    """Send while ``book`` fails."""
    shop.paid.send(None)


def test_functions_are_decorated() -> None:
    """Each call has the fault, and a count of its own."""
    for _ in range(2):
        with pytest.raises(TimeoutError):
            pay()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "nothing to inject"),
        ({"raises": "TimeoutError"}, "'TimeoutError' is no exception"),
        ({"raises": int}, "is no exception"),
        ({"raises": UnicodeDecodeError}, "cannot be made without arguments"),
        ({"delay": -1}, "'-1' is no delay"),
        ({"delay": float("nan")}, "is no delay"),
        ({"delay": "1s"}, "'1s' is no delay"),
        ({"delay": 1, "when": 0}, "'0' is no call"),
        ({"delay": 1, "when": True}, "'True' is no call"),
        ({"delay": 1, "when": "2"}, "is no call"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_an_error_at_once(options: dict[str, Any], said: str) -> None:
    """Before anything is sent."""
    with pytest.raises(UsageError, match=said):
        inject(shop.book, **options)
