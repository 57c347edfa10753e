"""Arguments of model signals read quickly are what they are when they are read with all care."""

from __future__ import annotations

from typing import Any

import pytest
from capturing import connected, in_full, observing
from django.apps.registry import Apps
from django.db import models
from django.db.models import signals
from django.utils.functional import SimpleLazyObject
from hypothesis import given, settings
from hypothesis import strategies as st

from blog.models import Category, Post, Tag
from sigexplorer.capture import keeping, readers
from sigexplorer.spool.assembly import _arguments
from sigexplorer.spool.rows import Shape

PATH = "django.db.models.signals."

#: What each signal is sent with, in Django's order.
SENT = {
    "pre_save": ("instance", "raw", "using", "update_fields"),
    "post_save": ("instance", "created", "update_fields", "raw", "using"),
    "post_init": ("instance",),
    "pre_delete": ("instance", "using", "origin"),
    "post_delete": ("instance", "using", "origin"),
}


class Text(str):
    """A text of the program's own."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


class Name(str):
    """A name that is no plain text."""

    __slots__ = ()


class Number(int):
    """A number of the program's own."""

    def __eq__(self, other: object) -> bool:
        raise AssertionError("compared")

    __hash__ = int.__hash__


class Proxy(Tag):
    """A proxy of a model."""

    class Meta:
        """Of the blog, as the model is, but not known to it: migrations would make rows for it."""

        app_label = "blog"
        apps = Apps()
        proxy = True


def instance(key: object, kind: Any = Tag) -> Any:
    """Return an instance with that primary key."""
    made = kind(name="a")
    made.__dict__["id"] = key
    return made


def deferred() -> Any:
    """Return an instance whose primary key is not loaded."""
    made = Tag(name="a")
    del made.__dict__["id"]
    return made


INSTANCES = [
    *map(
        instance,
        (1, 0, -1, None, True, 2**63 - 1, 2**63, 2**64, -(2**70), 10**400, Number(7), "7", 7.5, b"7"),
    ),
    deferred(),
    instance(1, Proxy),
    instance(1, Category),
    SimpleLazyObject(lambda: instance(1)),
    Tag,
    None,
    "text",
]
OTHERS = [
    True,
    False,
    1,
    0,
    None,
    "default",
    "archive",
    Text("default"),
    Text("x"),
    Number(1),
    frozenset({"name"}),
    ["name"],
]
USUAL = {"raw": False, "using": "default", "update_fields": None, "created": True}


def one_of(things: list[Any], draw: st.DrawFn) -> Any:
    """Choose one of some things that hypothesis itself must not look at."""
    return things[draw(st.integers(0, len(things) - 1))]


@st.composite
def sendings(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Make the arguments of a dispatch, most as usual, some not."""
    name = draw(st.sampled_from(sorted(SENT)))
    chosen = one_of(INSTANCES, draw)
    named: dict[str, Any] = {}
    for key in SENT[name]:
        if key == "instance" or (key == "origin" and draw(st.booleans())):
            named[key] = chosen
        elif draw(st.integers(0, 4)):
            named[key] = USUAL.get(key)
        else:
            named[key] = one_of(OTHERS + INSTANCES, draw)
    change = draw(st.integers(0, 9))
    if change == 0:
        named["more"] = one_of(OTHERS, draw)
    elif change == 1:
        del named[draw(st.sampled_from(sorted(named)))]
    elif change == 2:
        key = draw(st.sampled_from(sorted(named)))
        named[f"{key}_"] = named.pop(key)
    return name, named


def quickly(name: str, named: dict[str, Any], sender: Any = Tag) -> Any:
    """Return what the reader of a signal makes of arguments; None where it leaves them to others."""
    reader = readers.reader(PATH + name, sender)
    try:
        values = reader.read(sender, named)
    except KeyError:
        return None
    if values is None:
        return None
    shape = Shape(PATH + name, name, "save", "send", "blog.Tag", reader.arguments, ())
    return _arguments(shape, values)


def exactly(words: Any) -> list[tuple[Any, ...]]:
    """Return words with their types: 1 is not True, and a text of the program's own may lie."""
    return [(name, type(held), held) for name, held in words]


@settings(max_examples=1500, deadline=None)
@given(sending=sendings())
def test_read_quickly_or_with_care_it_is_the_same(sending: tuple[str, dict[str, Any]]) -> None:
    """Whatever a signal is sent with, where a reader answers it answers what the careful way does."""
    name, named = sending
    found = quickly(name, named)
    assert found is None or exactly(found) == exactly(in_full(named))


@pytest.mark.parametrize(
    ("method", "heard", "kept"),
    [("send", True, False), ("send_robust", True, False), ("send", True, True), ("send", False, True)],
)
def test_receivers_get_what_was_sent(method: str, *, heard: bool, kept: bool) -> None:
    """Whatever a signal is sent with, in whatever order, receivers are called with it, and it is told so."""
    got: list[Any] = []
    expected: list[Any] = []
    instances: list[Any] = []

    def receive(signal: object, sender: object, **named: object) -> None:  # noqa: ARG001
        got.append([(id(key), id(held)) for key, held in named.items()])

    def receive_again(**named: Any) -> None:
        receive(**named)

    @settings(max_examples=60, deadline=None)
    @given(sending=sendings(), shuffled=st.randoms(use_true_random=False), as_sent=st.integers(0, 2))
    def sends(sending: tuple[str, dict[str, Any]], shuffled: Any, as_sent: int) -> None:
        name, named = sending
        pairs = [(Name(key) if not as_sent and key == "raw" else key, held) for key, held in named.items()]
        if as_sent == 1:
            shuffled.shuffle(pairs)
        got.clear()
        with connected(getattr(signals, name), receive, receive_again, sender=Tag if heard else Category):
            for _ in range(2):
                getattr(getattr(signals, name), method)(Tag, **dict(pairs))
                expected.append(in_full(named))
                instances.append(named.get("instance"))
        assert got == [[(id(key), id(held)) for key, held in pairs]] * 4 * heard

    with observing() as tracer:
        if kept:
            tracer.keeping = True
            keeping.begin()
        sends()
    trace, originals = tracer.trace_and_kept()
    for each, instance_sent in zip(trace.dispatches, instances, strict=True):
        held = originals.get(each.id, {}).get("instance")
        assert not isinstance(held, keeping.Instance) or held.reference() is instance_sent
    told = [dict(each.arguments) for each in trace.dispatches]
    assert len(told) == len(expected)
    assert [sorted(exactly(one.items()), key=str) for one in told] == [
        sorted(exactly(one), key=str) for one in expected
    ]


@pytest.mark.parametrize("name", SENT)
def test_the_usual_is_read_quickly(name: str) -> None:
    """What Django sends as a rule is read in the quick way."""
    saved = instance(7)
    named = {key: saved if key in ("instance", "origin") else USUAL[key] for key in SENT[name]}
    assert quickly(name, named) == in_full(named)
    assert quickly(name, named) is not None


@pytest.mark.parametrize(
    "thing", [*INSTANCES[10:12], *INSTANCES[15:]], ids=lambda thing: type(thing).__name__
)
def test_the_unusual_is_left_to_others(thing: Any) -> None:
    """An instance of another class, or with a key that is no plain number, is not read quickly."""
    assert quickly("post_init", {"instance": thing}) is None


def test_nothing_is_fetched() -> None:
    """A deferred primary key is not loaded: it is told as none, by either way."""
    named = {"instance": deferred()}
    assert quickly("post_init", named) == in_full(named) == (("instance", "<blog.Tag pk=None>"),)


def test_only_models_of_djangos_making_are_read_quickly() -> None:
    """A class that computes its attributes, or its __dict__, is read with all care."""

    class Odd(models.Model):
        class Meta:
            app_label = "blog"
            abstract = True

        def __getattribute__(self, name: str) -> Any:
            return super().__getattribute__(name)

    assert not readers.reader(f"{PATH}post_save", Odd).arguments
    assert not readers.reader(f"{PATH}post_save", None).arguments
    assert not readers.reader(f"{PATH}m2m_changed", Tag).arguments
    assert readers.reader(f"{PATH}post_save", Post).arguments


@pytest.mark.parametrize("name", SENT)
def test_djangos_order_is_the_readers(name: str, database: None) -> None:
    """Names stand in the order in which Django sends them, in this Django too."""
    sent: list[tuple[str, ...]] = []

    def receive(*, signal: object, sender: object, **named: object) -> None:  # noqa: ARG001
        sent.append(tuple(named))

    signal = getattr(signals, name)
    signal.connect(receive, sender=Tag)
    try:
        Tag.objects.create(name="a").delete()
    finally:
        signal.disconnect(receive, sender=Tag)
    assert database is None
    assert set(sent) == {SENT[name]}
