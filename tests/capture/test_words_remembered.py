"""What is remembered to be quick says the same as what is not."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from capturing import in_full
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from hypothesis import given
from hypothesis import strategies as st

from blog.models import Tag
from sigexplorer import masking
from sigexplorer.capture import arguments, classes, words

_PIECES = [
    "password", "Token", "Bearer ", "sk_live_", "ghp_", "xoxb-", "eyJ", "://", "user:", "@", "$", "md5", "=",
    ": ", ",", "'", "\u017fecret", "api_key", "COOKIE", "to\u212aen",
    "sess\u0131onid", "abcdefgh12345678", ".", " ",
]  # fmt: skip


@given(st.lists(st.sampled_from(_PIECES), max_size=8).map("".join))
def test_a_text_without_marks_is_not_searched_in_vain(text: str) -> None:
    """What is left out by its marks is what the two patterns do not match."""
    shown = masking._SHAPE.sub(masking.SECRET, text)
    shown = masking._ASSIGNED.sub(lambda found: found["name"] + masking.SECRET, shown)
    assert masking.without_shapes(text) == shown


@pytest.mark.parametrize(
    "named",
    [
        {
            "instance": User(pk=7),
            "raw": False,
            "using": "default",
            "update_fields": frozenset({"last_login"}),
        },
        {"instance": Tag(pk="seven"), "using": "other", "origin": QuerySet(Tag)},
        {"action": "pre_add", "model": Tag, "pk_set": {3, 1, 2}, "reverse": None},
        {"action": "password=abc", "pk_set": set(), "token": "x", "password": None},
        {"pk_set": {2**70, 1}, "instance": Tag(pk=2**70), "created": True},
        {"setting": "API_KEY", "value": "x", "environ": {"REQUEST_METHOD": "GET", "PATH_INFO": "/"}},
    ],
)
def test_usual_arguments_say_the_same_quickly(named: dict[str, Any]) -> None:
    """What is read at once is what the long way says, the first time and again."""
    long_way = list(in_full(named))
    assert arguments.quickly(named) == long_way
    assert arguments.quickly(named) == long_way


def test_a_set_says_its_numbers_in_order() -> None:
    """A set of primary keys reads the same each time."""
    assert words.value({30, 1, 200}) == "{1, 30, 200}"
    assert words.value({True, 5}) in ("{True, 5}", "{5, True}")


def test_a_class_that_gets_other_bases_is_looked_at_anew() -> None:
    """What it is, and where its instances hold what they hold."""

    class Above:
        """Is one base more."""

    class Old:
        """What it was."""

    class New(Above):
        """What it is."""

    class Moving(Old):
        """What gets another base."""

    one: Any = Moving()
    one.held = 1
    for is_moved in (False, True):
        if is_moved:
            Moving.__bases__ = (New,)
        assert words.attribute(one, "held") == 1
        assert [words.is_a(one, classes.class_path(base)) for base in (Old, New, Above)] == [
            not is_moved, is_moved, is_moved,
        ]  # fmt: skip


def test_a_class_that_goes_is_forgotten() -> None:
    """Nothing is kept of a class longer than the class."""

    def known() -> int:
        made = type("Passing", (), {})
        assert words.value(made()) == "<Passing>"
        return id(made)

    number = known()
    gc.collect()
    assert number not in classes.CLASSES


@pytest.mark.parametrize("keys", [("abc", None, "abcd"), (None, "abc", None)])
def test_a_key_that_is_not_to_be_told_never_is(keys: tuple[str | None, ...]) -> None:
    """The first time as ever after: a session is told by whether it has a key."""
    classes.CLASSES.pop(id(Session), None)
    told = [words.value(Session(session_key=key)) for key in keys]
    assert told == [f"<sessions.Session pk={None if key is None else masking.SECRET}>" for key in keys]


def test_the_same_few_names_are_put_into_words_once() -> None:
    """The fields of an update come again and again; what is no plain text is never compared with them."""

    class Name(str):
        """A text that nobody may ask."""

        __slots__ = ()

        def __hash__(self) -> int:
            return hash("title")

        def __eq__(self, other: object) -> bool:
            raise AssertionError

    words._names.cache_clear()
    for _ in range(3):
        assert words.value(frozenset({"title", "slug"})) == "{'slug', 'title'}"
    assert words._names.cache_info().misses == 1
    for unusual in (Name("title"), 1, "x" * 100):
        words.value(frozenset({unusual}))
    assert words._names.cache_info().currsize == 1
