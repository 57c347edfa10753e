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
from sigexplorer.capture.registry import registrations
from sigexplorer.capture.words import value

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


def nameless(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate as one does who has not heard of functools.wraps."""

    def wrapper(*values: object, **named: object) -> object:
        return function(*values, **named)

    wrapper.original = function  # type: ignore[attr-defined]
    return wrapper


class Box:
    """Has a method that is decorated so."""

    @nameless
    def method(self, **_named: object) -> None:
        """Receive."""


@nameless
@nameless
def hidden(**_named: object) -> None:
    """Receive."""


other = nameless(plain)  # plain itself is still plain

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
    "decorated without wraps": (hidden, "hidden", hidden.original.original),  # type: ignore[attr-defined]
    "method decorated without wraps": (Box().method, "Box.method", Box.method.original),  # type: ignore[attr-defined]
    "made of another": (other, "nameless.<locals>.wrapper", other),
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


# Registrations.


@pytest.mark.parametrize(
    "uid",
    [None, "name", 5, ("app", "name"), (1, 2), ("a", "b", "c"), (1, 2, 3), b"bytes", frozenset({1})],
    ids=str,
)
@pytest.mark.parametrize("kind", ["function", "method", "callable object", "partial"])
def test_a_registration_has_the_uid_that_it_was_given(kind: str, uid: object) -> None:
    """Whatever may be hashed is a dispatch_uid, and a receiver without one has none."""
    receiver, _, _ = RECEIVERS[kind]
    signal = Signal()
    signal.connect(receiver, weak=False, dispatch_uid=uid)
    (registration,) = registrations(signal)
    assert registration.dispatch_uid == uid
    assert (registration.receiver, registration.weak) == (receiver, False)
    with observing() as tracer:
        signal.send(None)
    (call,) = only(tracer.trace()).calls
    assert call.dispatch_uid == (None if uid is None else str(value(uid)))


def test_registrations_say_how_they_are_connected() -> None:
    """Senders, weak references and coroutine functions are told in the order of connection."""
    signal = Signal()

    async def awaited(**_named: object) -> None:
        """Receive."""

    signal.connect(plain, sender=Shop)
    signal.connect(SHOP.method)
    signal.connect(awaited, weak=False, sender="text")
    found = registrations(signal)
    assert [each.receiver for each in found] == [plain, SHOP.method, awaited]
    assert [each.weak for each in found] == [True, True, False]
    assert [each.is_async for each in found] == [False, False, True]
    assert [each.sender_id for each in found[:2]] == [id(Shop), None]
    assert found[0].sender in (Shop, None)  # Django keeps a reference since 6.0
    assert found[1].sender is None


@pytest.mark.parametrize("uid", [None, "name"])
def test_dead_receivers_are_told_as_dead(uid: str | None) -> None:
    """A receiver that is gone stays among the registrations until Django sweeps it away."""
    signal = Signal()

    def make() -> Callable[..., None]:
        def receiver(**_named: object) -> None:
            """Receive."""

        return receiver

    signal.connect(make(), dispatch_uid=uid)
    (gone,) = registrations(signal)
    assert (gone.receiver, gone.dispatch_uid, gone.weak) == (None, uid, True)
    with observing() as tracer:
        signal.send(None)
    assert only(tracer.trace()).unheard
    signal.connect(Shop().method)
    assert [(each.receiver, each.dispatch_uid) for each in registrations(signal)] == [(None, None)]


def test_two_methods_of_two_instances_are_told_apart() -> None:
    """The same method of two objects is two receivers, each with its own registration."""
    signal, other = Signal(), Shop()
    signal.connect(SHOP.method, dispatch_uid="one")
    signal.connect(other.method, dispatch_uid="other")
    signal.connect(other.method)
    with observing() as tracer:
        signal.send(None)
    assert [call.dispatch_uid for call in only(tracer.trace()).calls] == ["one", "other", None]
