"""Arguments compare as Python compares them, with what was really sent; what nobody knows is an error."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock
from uuid import UUID

import pytest
import shop
from django.contrib.auth.models import AnonymousUser, User
from django.db import models
from django.test.utils import isolate_apps
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

import sigexplorer
from blog.models import Post, PublishedPost, Tag
from sigexplorer import Traced
from sigexplorer.capture import keeping, words
from sigexplorer.capture.recorder import Recorder
from sigexplorer.errors import UsageError


@dataclass
class Basket:
    """Data: compared by what it holds."""

    items: list[str]


class Parcel(NamedTuple):
    """Data that nobody can refer to weakly."""

    weight: int


class Cart:
    """An object: compared by itself."""


class Label(str):  # noqa: SLOT000 - on purpose
    """A text that can be referred to weakly."""


class Odd:
    """Cannot be compared."""

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no eq")


CART, ODD = Cart(), Odd()
LONG = "x" * 5_000

#: What is sent, what it is the same as, and what it is not.
SENT: dict[str, tuple[object, tuple[object, ...], tuple[object, ...]]] = {
    "long text": (LONG, (LONG, mock.ANY), (LONG[:-1] + "y", LONG[:1_000])),
    "text with a secret": ("password=hunter2", ("password=hunter2",), ("password=hunter3",)),
    "safe text": (mark_safe("<b>"), ("<b>", mark_safe("<b>")), ("<i>",)),
    "bytes": (b"abc", (b"abc",), (b"abd", "abc")),
    "large number": (10**30, (10**30,), (10**30 + 1,)),
    "number": (1, (1, 1.0, True, mock.ANY), (2, "1")),
    "fraction": (0.1 + 0.2, (pytest.approx(0.3),), (pytest.approx(0.4), 0.3)),
    "decimal": (Decimal("1.50"), (Decimal("1.5"), "1.50"), (Decimal("1.51"),)),
    "date": (datetime(2026, 1, 2, tzinfo=UTC), (datetime(2026, 1, 2, tzinfo=UTC),), (datetime(2026, 1, 2),)),  # noqa: DTZ001 - on purpose
    "list": ([1, 2], ([1, 2], [1, mock.ANY], "[1, 2]"), ([1, 3], (1, 2), [1, 2, 3], [1])),
    "long list": (list(range(1_000)), (list(range(1_000)),), ([*range(999), 5], [*range(1_001)])),
    "list of numbers": ([1, 0], ([True, 0.0], pytest.approx([1, 0])), ([1, 1],)),
    "set": ({1, 2}, ({2, 1}, frozenset({1.0, 2})), ({1, 3}, {1}, [1, 2])),
    "frozenset": (frozenset({"title"}), ({"title"},), ({"titel"}, ["title"])),
    "ordered dict": (
        OrderedDict(a=1, b=2),
        ({"b": 2, "a": 1}, OrderedDict(a=1, b=2)),
        (OrderedDict(b=2, a=1),),
    ),
    "default dict": (defaultdict(list, a=[1]), ({"a": [1]}, {"a": (mock.ANY)}), ({}, [1])),
    "text of a subclass": (Label("abc"), ("abc",), ("abd", 3)),
    "dict": ({"a": {"b": [1]}}, ({"a": {"b": [1]}},), ({"a": {"b": [2]}}, {"c": {"b": [1]}}, {})),
    "secret in a dict": ({"password": "one"}, ({"password": "one"},), ({"password": "two"},)),
    "data": (Basket(["a"]), (Basket(["a"]),), (Basket(["b"]), Parcel(1))),
    "named tuple": (Parcel(1), (Parcel(1), (1,)), (Parcel(2),)),
    "object": (CART, (CART, mock.ANY), (Cart(), None)),
    "objects in a list": ([CART], ([CART],), ([Cart()],)),
    "function": (shop.book, (shop.book,), (shop.ship, lambda: None)),
    "class": (Cart, (Cart,), (Odd,)),
    "error": (ValueError("a"), (ValueError("a"), mock.ANY), (ValueError("b"), TypeError("a"))),
    "none": (None, (None,), ("None", False, 0)),
}


def sale(held: object, name: str = "held") -> Traced:
    """Return the trace of one sale of something."""
    with sigexplorer.trace() as trace:
        shop.paid.send(None, **{name: held})
    return trace


@pytest.mark.parametrize(("held", "same", "other"), SENT.values(), ids=SENT)
def test_what_was_sent_is_compared_whole(
    held: object, same: tuple[object, ...], other: tuple[object, ...]
) -> None:
    """However it is shown: shortened, or by its class alone."""
    trace = sale(held)
    for one in same:
        trace.assert_sent("paid", held=one, times=1)
    for one in other:
        trace.assert_not_sent("paid", held=one)


def test_a_secret_is_compared_and_never_shown() -> None:
    """What is masked compares as itself; the message of a failure masks both."""
    trace = sale("hunter2", "password")
    trace.assert_sent("paid", password="hunter2")  # noqa: S106 - on purpose
    for wrong in ("hunter3", "*" * 20):
        with pytest.raises(AssertionError) as caught:
            trace.assert_sent("paid", password=wrong)
        assert "nearly: #1 paid password is another" in str(caught.value)
        assert "hunter" not in str(caught.value)


class Telling:
    """Says what it was compared with."""

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        raise ValueError(other)


@pytest.mark.parametrize("held", ["hunter2", mark_safe("hunter2"), ["hunter2"]])
def test_a_comparison_that_fails_shows_no_secret(held: object) -> None:
    """Neither its message nor, in no frame below the assertion's own, what a traceback may show of it."""
    trace = sale(held, "password")
    wanted: object = [Telling()] if isinstance(held, list) else Telling()
    with pytest.raises(UsageError, match="raised ValueError") as caught:
        trace.assert_sent("paid", password=wanted)
    problem: BaseException | None = caught.value
    assert problem.__suppress_context__
    assert problem.__cause__ is None
    assert "hunter2" not in str(problem)
    frames = [entry.frame for entry in caught.traceback[1:]]
    assert not [
        (frame, name) for frame in frames for name, one in frame.f_locals.items() if "hunter2" in repr(one)
    ]


def test_what_is_kept_shows_nothing_of_itself() -> None:
    """Where variables are shown: a text, one of a class of its own, and a list."""

    class Text(str):  # noqa: SLOT000 - on purpose
        """Can be referred to weakly."""

    text = Text("hunter2")
    for one in ("hunter2", text, ["hunter2", {"hunter2": text}]):
        assert "hunter2" not in repr(keeping.node(one))


def test_what_changes_while_it_is_kept_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is copied at once, and compared as it was."""
    shared: dict[object, object] = {"cart": CART}
    plain = keeping._kept_so

    def kept_so(*arguments: Any) -> keeping.Node:
        shared[object()] = 1  # as another thread would
        return plain(*arguments)

    monkeypatch.setattr(keeping, "_kept_so", kept_so)
    with sigexplorer.trace() as trace:
        shop.paid.send(None, shared=shared, other=LONG)
    trace.assert_sent("paid", other=LONG, shared={"cart": CART})


def test_what_is_kept_is_not_put_into_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of thousands of objects nobody asks for the words of each."""
    described: list[object] = []
    monkeypatch.setattr(words, "describe", described.append)
    found = keeping.node([CART, Tag(pk=1), CART])
    assert described == []
    assert isinstance(found, keeping.Collected)


def test_lists_are_compared_as_they_were() -> None:
    """What was changed after it was sent was not sent."""
    items = [1, 2, 3]
    trace = sale(items)
    items.append(4)
    trace.assert_sent("paid", held=[1, 2, 3])


@pytest.mark.parametrize(
    ("held", "wanted", "why"),
    [
        (Cart, Cart, "what was sent is gone"),
        (lambda: [Cart()], lambda: [Cart()], "what was sent is gone"),
        (lambda: ODD, Odd, "its comparison raised RuntimeError: no eq"),
        (lambda: list(range(20_000)), lambda: list(range(20_000)), "it is too large to be kept"),
    ],
)
def test_what_nobody_knows_any_more_is_an_error(
    held: Callable[[], object], wanted: Callable[[], object], why: str
) -> None:
    """Neither that it was sent nor that it was not is said of it."""
    trace = sale(held())
    for ask in (trace.assert_sent, trace.assert_not_sent, trace.find):
        with pytest.raises(UsageError, match=why):
            ask("paid", held=wanted())


def test_an_object_without_an_end_is_no_fault() -> None:
    """A list that holds itself, and what raises where it is looked at."""
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(UsageError):
        sale(endless).assert_sent("paid", held=copy.copy(endless))


def test_nothing_lives_longer_for_being_recorded() -> None:
    """What can be referred to weakly is, instances first."""
    cart, user = Cart(), User(username="ada")
    gone = weakref.ref(cart), weakref.ref(user)
    with sigexplorer.trace() as trace:
        shop.paid.send(None, cart=cart, user=user, both=[cart, user])
        del cart, user
        gc.collect()
        assert [one() for one in gone] == [None, None]
    assert trace.dispatches[0].argument("cart") == "<Cart>"


# Instances of models.


@pytest.mark.usefixtures("database")
def test_an_unsaved_instance_is_only_itself() -> None:
    """It is neither what was saved nor another one that was not."""
    never, before = Tag(name="never"), Tag.objects.create(name="before")
    with sigexplorer.trace() as trace:
        saved, other = Tag.objects.create(name="saved"), Tag.objects.create(name="other")
    trace.assert_sent("pre_save", instance=saved, times=1)
    trace.assert_sent("pre_save", instance=other, times=1)
    for ask in ("pre_save", "post_save"):
        trace.assert_not_sent(ask, instance=never)
        trace.assert_not_sent(ask, instance=before)
        trace.assert_not_sent(ask, instance=Post(pk=saved.pk))
    never.save()
    trace.assert_not_sent("pre_save", instance=never)


@pytest.mark.usefixtures("database")
def test_a_deleted_instance_is_only_itself() -> None:
    """It has no key any more: neither is it what was deleted before, nor after."""
    first, second, third = (Tag.objects.create(name=name) for name in "abc")
    first.delete()
    with sigexplorer.trace() as trace:
        second.delete()
    third.delete()
    trace.assert_sent("post_delete", instance=second, times=1)
    trace.assert_not_sent("post_delete", instance=first)
    trace.assert_not_sent("post_delete", instance=third)


@pytest.mark.usefixtures("database")
def test_a_row_that_was_made_is_known_by_its_key() -> None:
    """Also before it had one, and though the object that was saved is gone."""
    with sigexplorer.trace() as trace:
        Tag.objects.create(name="a")
        Tag.objects.create(name="b")
    gc.collect()
    for tag in Tag.objects.all():
        trace.assert_sent("pre_save", instance=tag, times=1)
        trace.assert_sent("post_save", instance=tag, times=1)
    trace.assert_not_sent("pre_save", instance=Tag(pk=77))


def test_a_copy_is_another_row(ada: User) -> None:
    """An object that was saved under two keys is the row that it is now."""
    with sigexplorer.trace() as trace:
        post = Post.objects.create(title="first", author=ada)
        post.pk = None
        post.save(force_insert=True)
    (sent,) = trace.assert_sent("post_save", instance=post, times=1)
    assert sent.argument("instance") == f"<blog.Post pk={post.pk}>"


def test_a_proxy_is_the_same_row(ada: User) -> None:
    """As Django compares them."""
    post = Post.objects.create(title="first", author=ada)
    with sigexplorer.trace() as trace:
        PublishedPost(pk=post.pk, title="first", author=ada).save()
    trace.assert_sent("post_save", instance=post, sender=PublishedPost)
    trace.assert_not_sent("post_save", instance=post, sender=Post)


def _evaluated(made: object) -> Any:
    """Return what ``request.user`` is in a view that has looked at it."""
    found = SimpleLazyObject(lambda: made)
    assert found
    return found


def test_what_a_lazy_object_stood_for_is_compared_although_it_is_gone(ada: User) -> None:
    """A user by the key, nobody by the class, a text as it is; what was not evaluated is not."""
    other = User(pk=ada.pk + 1)
    trace = sale(_evaluated(User.objects.get()))
    anonymous, text = sale(_evaluated(AnonymousUser())), sale(gettext_lazy("Yes"))
    several = sale([_evaluated(User.objects.get()), gettext_lazy("Yes")])
    unknown = sale(SimpleLazyObject(pytest.fail))
    gc.collect()
    trace.assert_sent("paid", held=_evaluated(ada), times=1)
    trace.assert_not_sent("paid", held=other)
    anonymous.assert_sent("paid", held=AnonymousUser())
    anonymous.assert_not_sent("paid", held=ada)
    text.assert_sent("paid", held="Yes")
    text.assert_not_sent("paid", held="No")
    several.assert_sent("paid", held=[_evaluated(ada), "Yes"])
    several.assert_not_sent("paid", held=[other, "Yes"])
    with pytest.raises(UsageError, match="is gone"):
        unknown.assert_sent("paid", held=ada)


def test_a_lazy_sender_is_itself(ada: User) -> None:
    """And not another object that it stands for."""
    sender = _evaluated(ada)
    with sigexplorer.trace() as trace:
        shop.paid.send(sender)
    trace.assert_sent("paid", sender=sender, times=1)


def test_instances_in_a_list(ada: User) -> None:
    """Each is compared as it would be alone."""
    posts = [Post(title=name, author=ada) for name in "ab"]
    trace = sale(posts)
    trace.assert_sent("paid", held=posts)
    trace.assert_not_sent("paid", held=posts[::-1])
    trace.assert_not_sent("paid", held=[Post(), Post()])


@pytest.mark.usefixtures("database")
def test_what_is_written_meanwhile_has_atoms_only(tmp_path: Path) -> None:
    """A recording of the run that goes on around a test has none of it."""
    recorder = Recorder(tmp_path, "around")
    recorder.start()
    try:
        with sigexplorer.trace() as trace:
            tag = Tag.objects.create(name="a")
            shop.paid.send(None, password="hunter2", cart=CART, text=LONG)  # noqa: S106 - on purpose
    finally:
        recorder.stop()
    trace.assert_sent("post_save", instance=tag)
    assert (recorder.dropped, recorder.faults) == (0, [])
    (file,) = tmp_path.iterdir()
    assert b"weakref" not in file.read_bytes()
    assert b"hunter2" not in file.read_bytes()
    assert pickle.loads(pickle.dumps(trace.trace)) == trace.trace  # noqa: S301 - our own


def _model(key: models.Field[Any, Any]) -> Any:
    """Return a model with a key of that kind, in no project."""
    with isolate_apps():
        return type(
            "Doc",
            (models.Model,),
            {"id": key, "__module__": __name__, "Meta": type("Meta", (), {"app_label": "x"})},
        )


@pytest.mark.parametrize(
    ("key", "sent", "same", "other"),
    [
        (
            models.CharField(primary_key=True),
            "sk_live_abcdefghijkl",
            "sk_live_abcdefghijkl",
            "sk_live_abcdefghijkm",
        ),
        (models.UUIDField(primary_key=True), f"{UUID(int=1)}", UUID(int=1), UUID(int=2)),
        (models.UUIDField(primary_key=True), UUID(int=1), UUID(int=1).hex, "no uuid"),
        (models.IntegerField(primary_key=True), "7", 7, 8),
    ],
    ids=["secret", "text of a uuid", "uuid", "text of a number"],
)
def test_instances_are_compared_by_their_real_keys(
    key: models.Field[Any, Any], sent: object, same: object, other: object
) -> None:
    """Not by the words for them, which may be masked; a text is what the field makes of it."""
    model = _model(key)
    trace = sale([model(id=sent)])
    trace.assert_sent("paid", held=[model(id=same)])
    sale(model(id=sent)).assert_sent("paid", held=SimpleLazyObject(lambda: model(id=same)))
    trace.assert_not_sent("paid", held=[model(id=other)])
    trace.assert_not_sent("paid", held=[_model(models.IntegerField(primary_key=True))(id=sent)])
