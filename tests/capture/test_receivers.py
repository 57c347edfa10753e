"""Receivers into words: what was written, and where."""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from asgiref.sync import sync_to_async
from capturing import METHODS, both, observing, only, send
from django.dispatch import Signal
from django.utils.functional import SimpleLazyObject
from hostile_things import HOSTILE, alert

from sigexplorer.capture import receivers

each_method = pytest.mark.parametrize("method", METHODS)


class Shop:
    """Somebody with methods."""

    def method(self, **_named: object) -> None:
        """Receive."""

    @classmethod
    def of_class(cls, **_named: object) -> None:
        """Receive."""

    @staticmethod
    def static(**_named: object) -> None:
        """Receive."""

    def __call__(self, **_named: object) -> None:
        """Receive."""


def plain(**_named: object) -> None:
    """Receive."""


@functools.lru_cache
def cached(**_named: object) -> None:
    """Receive."""


@functools.wraps(plain)
def decorated(**_named: object) -> None:
    """Receive."""


nothing = lambda **_named: None  # noqa: E731 - what is connected is a lambda

SHOP = Shop()

RECEIVERS: dict[str, tuple[Any, str, Any]] = {
    "function": (plain, "plain", plain),
    "lambda": (nothing, "<lambda>", nothing),
    "decorated": (decorated, "plain", plain),
    "cached": (cached, "cached", cached.__wrapped__),
    "method": (SHOP.method, "Shop.method", Shop.method),
    "class method": (Shop.of_class, "Shop.of_class", Shop.of_class.__func__),
    "static method": (Shop.static, "Shop.static", Shop.static),
    "callable object": (SHOP, "Shop", Shop.__call__),
    "partial": (functools.partial(plain, more=1), "plain", plain),
    "partial of a partial": (functools.partial(functools.partial(SHOP.method)), "Shop.method", Shop.method),
    "partial of an object": (functools.partial(SHOP), "Shop", Shop.__call__),
    "wrapped for async": (sync_to_async(plain), "plain", plain),
}


@pytest.mark.parametrize("kind", RECEIVERS)
def test_receivers_are_named_by_what_was_written(kind: str) -> None:
    """Partials, methods and decorators are named by what they wrap, and found where that is written."""
    receiver, name, function = RECEIVERS[kind]
    words = receivers.words(receiver)
    assert words == (f"test_receivers.{name}", "test_receivers.py", function.__code__.co_firstlineno)


@pytest.mark.parametrize(
    ("receiver", "name"),
    [
        (print, "builtins.print"),
        ([].append, "builtins.list.append"),
        (sys.getrecursionlimit, "sys.getrecursionlimit"),
        (functools.partial(print), "builtins.print"),
        (dict, "builtins.dict"),
        (Shop, "test_receivers.Shop"),
    ],
)
def test_receivers_without_source(receiver: Any, name: str) -> None:
    """Built-ins and classes are named by themselves; those without Python source have no line."""
    words = receivers.words(receiver)
    assert words.name == name
    if receiver is not Shop:
        assert (words.file, words.line) == (None, None)


@pytest.mark.parametrize("make", [mock.Mock, mock.MagicMock, mock.AsyncMock])
def test_mocks_as_receivers(make: Callable[[], Any]) -> None:
    """A mock is named by its class, and is not asked anything."""
    receiver = make()
    words = receivers.words(receiver)
    assert words.name == f"unittest.mock.{make.__name__}"
    assert receiver.mock_calls == []
    assert "__wrapped__" not in receiver._mock_children


def test_a_wrapper_that_wraps_itself() -> None:
    """Unwrapping ends, even where __wrapped__ goes in a circle."""

    def one(**_named: object) -> None:
        """Receive."""

    def other(**_named: object) -> None:
        """Receive."""

    one.__wrapped__, other.__wrapped__ = other, one  # type: ignore[attr-defined]
    assert receivers.words(one).name.startswith("test_receivers.")


@pytest.mark.parametrize("thing", HOSTILE)
def test_naming_a_receiver_runs_no_code_of_it(thing: str) -> None:
    """Whatever is connected is named without being called, compared or asked for attributes."""
    receiver = HOSTILE[thing]()
    with alert() as called:
        words = receivers.words(receiver)
    assert called == []
    assert type(words.name) is str
    assert len(words.name) <= 1_200


@pytest.mark.parametrize("weak", [False, True], ids=["strong", "weak"])
@pytest.mark.parametrize("thing", ["hostile object", "instance of a hostile class"])
def test_a_dispatch_asks_receivers_what_django_asks(thing: str, *, weak: bool) -> None:
    """A receiver notices of an observed dispatch what it notices of any: Django's questions, and the call."""
    receiver = HOSTILE[thing]()
    signal = Signal()
    signal.connect(receiver, weak=weak)

    def story() -> list[str]:
        with alert(raising=False) as called, contextlib.suppress(AttributeError, TypeError):
            signal.send(None)
        return list(called)

    seen, trace = both(story)
    assert "__call__" in seen
    assert only(trace).calls[0].outcome == "raised"


@each_method
def test_an_unevaluated_lazy_object_as_a_sender(method: str) -> None:
    """A lazy sender is not evaluated by being named."""
    sender = SimpleLazyObject(lambda: pytest.fail("evaluated"))
    with observing() as tracer:
        send(Signal(), method, sender)
    assert only(tracer.trace()).sender == "<SimpleLazyObject, not evaluated>"
