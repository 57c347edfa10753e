"""Live objects into words: what each kind looks like, and that words stay short and harmless."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import enum
import functools
import json
import math
import pathlib
import uuid
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from capturing import check_words, observing
from django.dispatch import Signal
from hypothesis import given, settings
from hypothesis import strategies as st

from sigexplorer.capture import words


class Colour(enum.Enum):
    """Colours."""

    RED = "red"


class Access(enum.Flag):
    """Rights."""

    READ = 1
    WRITE = 2


class Point(NamedTuple):
    """A place."""

    x: int
    y: int


@pytest.mark.parametrize(
    ("thing", "text"),
    [
        (None, None),
        (True, True),
        (False, False),
        (0, 0),
        (-(2**63), -(2**63)),
        (2**63 - 1, 2**63 - 1),
        (2**63, "<int of 64 bits>"),
        (1.5, 1.5),
        ("", ""),
        ("text", "text"),
        ("it's", "it's"),
        (["it's", 1, None, 1.5, True], '["it\'s", 1, None, 1.5, True]'),
        ((), "()"),
        ((1,), "(1,)"),
        ([], "[]"),
        ({}, "{}"),
        ({"a": {"b": 1}}, "{'a': {'b': 1}}"),
        ({2, 1}, "{1, 2}"),
        (frozenset({"b", "a"}), "{'a', 'b'}"),
        (set("hgfedcba"), "{'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}"),
        ({30, 4, 200, 1}, "{1, 4, 30, 200}"),
        (b"bytes", "<bytes of 5>"),
        (bytearray(3), "<bytearray of 3>"),
        (memoryview(b"abc"), "<memoryview of 3>"),
        (Colour.RED, "<Colour.RED>"),
        (Access.READ | Access.WRITE, "<Access.READ|WRITE>"),
        (dt.datetime(2026, 11, 20, 10, 30, tzinfo=dt.UTC), "2026-11-20T10:30:00+00:00"),
        (dt.date(2026, 11, 20), "2026-11-20"),
        (dt.time(10, 30), "10:30:00"),
        (dt.timedelta(days=1), "1 day, 0:00:00"),
        (decimal.Decimal("1.50"), "1.50"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (pathlib.PurePosixPath("a/b"), "a/b"),
        (ValueError("no", 1), "<ValueError: no, 1>"),
        (KeyError("name"), "<KeyError: name>"),
        (ValueError(), "<ValueError>"),
        (object(), "<object>"),
        (dict, "<class builtins.dict>"),
        (range(3), "<range>"),
        (1j, "<complex>"),
        ([1] * 20, "[" + "1, " * 12 + "… 8 more]"),
        ([[[[1]]]], "[[[<list of 1>]]]"),
    ],
    ids=lambda thing: type(thing).__name__,  # the same in every process
)
def test_plain_things(thing: object, text: object) -> None:
    """JSON scalars stay themselves, small collections are shown, and everything else has a short text."""
    found = words.value(thing)
    assert found == text
    assert type(found) is type(text)


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf], ids=str)
def test_numbers_that_json_does_not_have(number: float) -> None:
    """NaN and the infinities would make a document that is no JSON: they are texts, alone and inside."""
    found = words.value(number)
    assert found == str(number)
    json.dumps(words.value([number]), allow_nan=False)
    with observing() as tracer:
        Signal().send(None, number=number)
    assert tracer.trace().dispatches[0].argument("number") == str(number)


def test_subclasses_of_plain_types() -> None:
    """A subclass of a plain type is shown by the methods of that type, or by its name."""
    assert words.value(type("Text", (str,), {"__str__": lambda _self: "lie"})("truth")) == "'truth'"
    assert words.value(type("Number", (int,), {"__repr__": lambda _self: "lie"})(7)) == "7"
    assert words.value(type("List", (list,), {"__iter__": lambda _self: iter("lie")})([1])) == "<List>"
    assert words.value(type("Dict", (dict,), {"items": lambda _self: ["lie"]})(a=1)) == "<Dict>"
    check_words(words.value(Point(1, 2)))
    check_words(words.value(collections.Counter("aab")))
    check_words(words.value(collections.OrderedDict(a=1)))
    check_words(words.value(collections.deque([1])))


def _nested(depth: int) -> list[Any]:
    nested: list[Any] = []
    for _ in range(depth):
        nested = [nested]
    return nested


def _of_itself(collection: Any) -> Any:
    if isinstance(collection, dict):
        collection["self"] = collection
    else:
        collection.append(collection)
    return collection


def _released() -> memoryview:
    view = memoryview(b"abc")
    view.release()
    return view


@pytest.mark.parametrize(
    "make",
    [
        lambda: "x" * 10_000_000,
        lambda: b"x" * 10_000_000,
        lambda: "\ud800" * 1_000_000,
        lambda: "\x00\U000e0001" * 1_000_000,
        lambda: "é" * 1_000_000,
        lambda: ["\ud800" * 1_000_000] * 20,
        lambda: 10**5000,
        lambda: -(10**5000),
        lambda: [10**5000],
        lambda: {10**5000, 10**5001},
        lambda: {10**5000: 10**5000},
        lambda: type("Number", (int,), {})(10**5000),
        lambda: ValueError(10**5000),
        lambda: ValueError("x" * 10_000_000, "y" * 10_000_000),
        lambda: decimal.Decimal("1" * 100_000),
        lambda: list(range(1_000_000)),
        lambda: set(range(1_000_000)),
        lambda: dict.fromkeys(range(1_000_000)),
        lambda: [["x" * 1_000] * 100] * 100,
        lambda: {"x" * 1_000_000: {"y" * 1_000_000: ["z" * 1_000_000]}},
        lambda: _nested(10_000),
        lambda: _of_itself([]),
        lambda: _of_itself({}),
        lambda: _of_itself([_of_itself({"a": 1})]),
        lambda: type("A" * 1_000_000, (), {}),
        functools.partial(object.__new__, type("A" * 1_000_000, (), {})),
        lambda: ValueError(*range(100_000)),
        lambda: "password=" + "x" * 2_000,
        lambda: "token=a " * 100_000,
        _released,
        lambda: memoryview(bytearray(8)).cast("Q"),
    ],
)
def test_long_and_deep_things_are_cut(make: Callable[[], Any]) -> None:
    """However large something is, its words are short and can be written."""
    thing = make()
    check_words(words.value(thing))
    check_words(words.value([thing]))
    check_words(words.sender(thing))
    check_words(words.describe(thing))
    if isinstance(thing, BaseException):
        check_words(words.error(thing))


@pytest.mark.parametrize(
    "mixed", [{1, "a"}, {None, 1, "a"}, {1.5, 2, (1, 2)}, {"a", b"a"}, set(range(5_000)), {True, "x", 7}]
)
def test_sets_of_anything(mixed: set[object]) -> None:
    """Members that cannot be put in order are shown as they come, and large sets are not put in order."""
    text = str(words.value(mixed))
    check_words(text)
    for member in list(mixed)[:1] if len(mixed) > 12 else mixed:
        assert words.describe(member) in text


def test_text_without_dimension() -> None:
    """A memoryview of one number has no length; it is shown all the same."""
    one = memoryview(bytearray(8)).cast("B").cast("Q", shape=())
    check_words(words.value(one))


def test_a_cut_text_says_how_long_it_was() -> None:
    """What was left out is counted."""
    assert words.value("x" * 2_000) == "x" * 1_000 + "… (2,000 characters)"


def test_lone_surrogates_are_written_as_escapes() -> None:
    """A text that cannot be encoded becomes one that can."""
    assert words.value("a\ud800b") == "a\\ud800b"
    assert words.value(["a\ud800b"]) == "['a\\ud800b']"
    assert words.error(ValueError("a\ud800b")) == "ValueError: a\\ud800b"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.decimals(),
    lambda inner: (
        st.lists(inner, max_size=20)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=20) | st.integers(), inner, max_size=20)
    ),
    max_leaves=30,
)


@settings(deadline=None, max_examples=200, derandomize=True, database=None)
@given(anything)
def test_anything_becomes_a_scalar_of_json(thing: Any) -> None:
    """Whatever is built of plain things has words that a JSON document can hold."""
    check_words(words.value(thing))
    check_words(words.value(thing, "some_name"))
    check_words(words.error(ValueError(thing)))
