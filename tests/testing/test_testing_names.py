"""A name that nothing has is an error at once, and no assertion holds for a typing mistake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
import shop
from django.apps import apps
from django.contrib.auth.models import AbstractUser, User
from django.db.models.signals import m2m_changed, post_delete, post_init, post_save
from django.dispatch import Signal

import sigexplorer
from blog.models import Post, PublishedPost, Review, Tag
from blog.receivers import count_failed_login, reindex
from sigexplorer import Traced
from sigexplorer.capture.tracer import Tracer
from sigexplorer.errors import SigexplorerWarning, UnknownNameError, UsageError
from sigexplorer.playground import runs
from sigexplorer.testing.steps import OwnSteps

TAG = Tag(pk=1)


@pytest.fixture
def trace() -> Traced:
    """Return the trace of one sale, of a signal, and of what only looks like another signal's sender."""
    with sigexplorer.trace() as trace:
        shop.paid.send("till", order=7)
        shop.shipped.send(Post)
        post_delete.send(Tag, instance=TAG)
    return trace


#: What is asked, and what is unknown; with the nearest name.
UNKNOWN: dict[str, tuple[Callable[[Traced], object], str, str]] = {
    "bare sender": (lambda t: t.assert_not_sent(post_save, "Pst"), "sender 'Pst'", "blog.Post"),
    "bare sender, by times": (lambda t: t.assert_sent(post_save, "Pst", 0), "sender 'Pst'", "blog.Post"),
    "sender of a find": (lambda t: t.find("post_save", sender="Pst"), "sender 'Pst'", "blog.Post"),
    "sender in an order": (
        lambda t: t.assert_order("paid", (post_save, "Pst")),
        "sender 'Pst'",
        "blog.Post",
    ),
    "sender of a call": (
        lambda t: t.assert_called(reindex, 0, signal="post_save", sender="Pst"),
        "sender 'Pst'",
        "blog.Post",
    ),
    "sender of a group": (lambda t: t.assert_not_sent("%save", "Pst"), "sender 'Pst'", "blog.Post"),
    "path of no model": (
        lambda t: t.assert_not_sent(post_save, "blog.receivers.reindex"),
        "sender 'blog.receivers.reindex'",
        "blog.Review",
    ),
    "glob of senders": (lambda t: t.assert_not_sent(post_save, "blgo.*"), "sender 'blgo.*'", "blog.Post"),
    "glob of any sender": (lambda t: t.assert_not_sent("paid", "blgo.*"), "sender 'blgo.*'", "blog.Post"),
    "sender of one's own": (lambda t: t.assert_not_sent("paid", "tll"), "sender 'tll'", "till"),
    "sender of any signal": (
        lambda t: t.assert_called(reindex, 0, sender="Pst"),
        "sender 'Pst'",
        "blog.Post",
    ),
    "connected": (
        lambda t: t.assert_connected("count_failed_login", "user_login_failed", "Pst"),
        "sender 'Pst'",
        "blog.Post",
    ),
    "connected, to a model's": (
        lambda _: sigexplorer.assert_connected(reindex, "post_save", "Pst"),
        "sender 'Pst'",
        "blog.Post",
    ),
    "muted": (
        lambda _: sigexplorer.mute("post_save", sender="Pst").__enter__(),
        "sender 'Pst'",
        "blog.Post",
    ),
    "only": (lambda _: sigexplorer.only("%save", sender="Pst").__enter__(), "sender 'Pst'", "blog.Post"),
    "injected": (
        lambda _: sigexplorer.inject(reindex, delay=1, signal="post_save", sender="Pst").__enter__(),
        "sender 'Pst'",
        "blog.Post",
    ),
    "glob of receivers": (
        lambda t: t.assert_called("blgo.*", times=0),
        "receiver 'blgo.*'",
        "blog.receivers.reindex",
    ),
    "glob of muted receivers": (
        lambda _: sigexplorer.mute(receiver="blgo.*").__enter__(),
        "receiver 'blgo.*'",
        "blog.receivers.reindex",
    ),
    "glob of receivers that fail": (
        lambda _: sigexplorer.inject("blgo.*", delay=1).__enter__(),
        "receiver 'blgo.*'",
        "blog.receivers.reindex",
    ),
    "argument": (
        lambda t: t.assert_not_sent(post_save, Post, creatd=True),
        "argument 'creatd' of post_save",
        "created",
    ),
    "argument, by times": (
        lambda t: t.assert_sent("post_save", times=0, creatd=True),
        "argument 'creatd' of post_save",
        "created",
    ),
    "argument of a find": (
        lambda t: t.find("post_save", creatd=True),
        "argument 'creatd' of post_save",
        "created",
    ),
    "argument of a group": (
        lambda t: t.assert_not_sent("%delete", instnce=1),
        "argument 'instnce' of %delete",
        "instance",
    ),
    "action": (
        lambda t: t.assert_not_sent("m2m_changed", action="post_ad"),
        "action 'post_ad' of m2m_changed",
        "post_add",
    ),
    "database": (
        lambda t: t.assert_not_sent("%save", using="defualt"),
        "using 'defualt' of %save",
        "default",
    ),
    "setting": (
        lambda t: t.assert_not_sent("setting_changed", setting="DEBUGG"),
        "setting 'DEBUGG' of setting_changed",
        "DEBUG",
    ),
    "field": (
        lambda t: t.assert_not_sent("post_save", Post, update_fields={"titel"}),
        "field 'titel' of blog.Post",
        "title",
    ),
    "field of any": (
        lambda t: t.find("%save", update_fields={"titel"}),
        "field 'titel' of update_fields in %save",
        "title",
    ),
    "model in a text": (
        lambda t: t.assert_not_sent("post_save", instance="<blog.Psot pk=7>"),
        "model 'blog.Psot'",
        "blog.Post",
    ),
    "glob of what Django made": (
        lambda t: t.assert_not_sent("post_save", "blog.Post_*"),
        "sender 'blog.Post_*'",
        "blog.Post",
    ),
    "argument of one's own": (
        lambda t: t.assert_not_sent("paid", ordr=7),
        "argument 'ordr' of paid",
        "order",
    ),
}


@pytest.mark.parametrize(("ask", "what", "near"), UNKNOWN.values(), ids=UNKNOWN)
def test_a_name_that_nothing_has_is_an_error(
    trace: Traced, ask: Callable[[Traced], object], what: str, near: str
) -> None:
    """It says what is unknown, and of the nearest three the right one."""
    with pytest.raises(UnknownNameError) as caught:
        ask(trace)
    assert caught.value.message == f"unknown {what}"
    assert near in caught.value.hint


#: What is asked, and what is wrong with it, though the thing is known.
IMPOSSIBLE: dict[str, tuple[Callable[[Traced], object], str]] = {
    "instance": (lambda t: t.assert_not_sent(post_save, Post(pk=7)), "a model does: give the class"),
    "several": (lambda t: t.assert_not_sent(post_save, [Post, Tag]), "is no sender (one at a time)"),
    "none": (lambda t: t.assert_not_sent(post_save, None), "leave the sender out where any is meant"),
    "no model": (lambda t: t.assert_not_sent("pre_save", shop.Web), "it is no model"),
    "abstract": (lambda t: t.assert_not_sent("post_save", AbstractUser), "it is abstract"),
    "not between": (lambda t: t.assert_not_sent(m2m_changed, Post), "the model between does: blog.Post_tags"),
    "not between, named": (
        lambda t: t.assert_not_sent("m2m_changed", "Post"),
        "the model between does: blog.Post_tags",
    ),
    "muted": (lambda _: sigexplorer.mute("m2m_changed", sender=User).__enter__(), "auth.User_groups"),
    "group that is counted": (lambda t: t.assert_not_sent("%init"), "'%init' is only counted"),
    "glob that is counted": (lambda t: t.assert_not_sent("*_init"), "'*_init' is only counted"),
    "key for an instance": (
        lambda t: t.assert_not_sent(post_save, instance=7),
        "'instance' of post_save is never 7",
    ),
    "name for an instance": (lambda t: t.assert_not_sent(post_save, instance="one"), "is never 'one'"),
    "text for a flag": (lambda t: t.assert_not_sent(post_save, created="True"), "is never 'True'"),
    "number for a flag": (lambda t: t.find("%save", raw=7), "'raw' of %save is never 7"),
    "list for a set": (lambda t: t.assert_not_sent(post_save, update_fields=["title"]), "a set of names"),
    "none for a database": (lambda t: t.assert_not_sent(post_save, using=None), "is never None"),
    "instance of another model": (
        lambda t: t.assert_not_sent(post_save, Post, instance=Tag(pk=1)),
        "'blog.Post' sends no instance of 'blog.Tag'",
    ),
    "instance of another model, by name": (
        lambda t: t.assert_not_sent("%delete", "Post", instance=Tag(pk=1)),
        "'blog.Post' sends no instance of 'blog.Tag'",
    ),
    "instance of another model, in a text": (
        lambda t: t.assert_not_sent("post_save", Post, instance="<blog.Tag pk=1>"),
        "'blog.Post' sends no instance of 'blog.Tag'",
    ),
    "instance that another model sent": (
        lambda t: t.assert_not_sent("post_delete", Post, instance=TAG),
        "'blog.Post' sends no instance of 'blog.Tag'",
    ),
    "saved by Django": (lambda t: t.assert_not_sent("post_save", Post.tags.through), "Django made it"),
    "deleted by Django": (lambda t: t.assert_not_sent("%delete", "blog.Post_tags"), "Django made it"),
    "no field": (lambda t: t.assert_not_sent("pre_save", Tag, update_fields=set()), "is never empty"),
    "key of fields": (lambda t: t.assert_not_sent("pre_save", Tag, update_fields={"id"}), "the primary key"),
    "model of neither side": (
        lambda t: t.assert_not_sent("m2m_changed", Post.tags.through, model=User),
        "never 'auth.User' (what it can be: blog.Post | blog.Tag)",
    ),
    "model of no side, in a text": (
        lambda t: t.assert_not_sent("m2m_changed", model="<class blog.Comment>"),
        "never 'blog.Comment'",
    ),
    "instance of neither side": (
        lambda t: t.assert_not_sent("m2m_changed", "blog.Post_tags", instance=User(pk=1)),
        "is never a 'auth.User'",
    ),
    "instances for keys": (lambda t: t.find("m2m_changed", pk_set={TAG}), "has keys, and no instances"),
    "texts for keys": (
        lambda t: t.assert_not_sent("m2m_changed", Post.tags.through, pk_set={"1"}),
        "'1' is never in 'pk_set' of m2m_changed (keys are: BigAutoField)",
    ),
    "no keys of an action": (
        lambda t: t.assert_not_sent("m2m_changed", action="post_add", pk_set=None),
        "'post_add' of m2m_changed always has a 'pk_set'",
    ),
    "keys of a clear": (
        lambda t: t.assert_not_sent("m2m_changed", action="pre_clear", pk_set={1}),
        "'pre_clear' of m2m_changed has no 'pk_set'",
    ),
    "no user": (lambda t: t.assert_not_sent("user_logged_in", user=Post(pk=7)), "no 'blog.Post' logs in"),
    "model that migrates": (
        lambda t: t.assert_not_sent("post_migrate", Post),
        "the configuration of an app does",
    ),
    "model that migrates, by name": (lambda t: t.assert_not_sent("post_migrate", "Post"), "of an app does"),
    "model that logs in": (lambda t: t.assert_not_sent("user_logged_in", Post), "one of users that log in"),
    "model that is asked": (lambda t: t.assert_not_sent("request_started", Post), "(no model does)"),
    "model of settings": (
        lambda _: sigexplorer.mute("setting_changed", sender=Post).__enter__(),
        "no model does",
    ),
    "times of what is not": (
        lambda t: t.assert_not_sent("paid", times=2),
        "assert_not_sent takes no 'times'",
    ),
    "decorator without a call": (lambda _: sigexplorer.trace(shop.book), "to decorate a function: @trace()"),  # type: ignore[arg-type]
    "muting without a call": (lambda _: sigexplorer.mute(shop.book), "@mute(...) decorates a function"),  # type: ignore[arg-type]
    "only without a call": (lambda _: sigexplorer.only([shop.book]), "@only(...) decorates a function"),  # type: ignore[list-item]
    "receiver for a signal": (
        lambda _: sigexplorer.mute("blog.receivers.reindex").__enter__(),
        "'blog.receivers.reindex' is a receiver (give it as receiver=)",
    ),
    "three in a pair": (lambda t: t.assert_order(("paid", None, 3)), "is no pair"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize(("ask", "why"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_never_sends_a_signal_is_an_error(
    trace: Traced, ask: Callable[[Traced], object], why: str
) -> None:
    """An assertion that nothing came from it would hold for ever."""
    with pytest.raises(UsageError) as caught:
        ask(trace)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    "ask",
    [
        lambda t: t.assert_not_sent("post_save", User),
        lambda t: t.assert_not_sent("%delete", "User"),
        lambda t: t.assert_not_sent("user_logged_in", "auth.User"),
        lambda _: sigexplorer.mute("post_save", sender="auth.User").__enter__(),
        lambda t: t.assert_not_sent("user_logged_in", user=User(pk=7)),
    ],
)
def test_a_model_that_is_swapped_out_sends_nothing(
    trace: Traced, ask: Callable[[Traced], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Itself and by name: a project that has its own user model means that one."""
    monkeypatch.setattr(type(User._meta), "swapped", property(lambda own: own.swappable and "shop.Customer"))
    with pytest.raises(UsageError, match=r"it is swapped out for 'shop\.Customer'"):
        ask(trace)


@pytest.mark.parametrize(
    "ask",
    [
        lambda t: t.assert_sent("paid", "till", 1),
        lambda t: t.assert_called("rein*", times=0),
        lambda t: t.assert_not_sent("paid", "shop.Web"),
        lambda t: t.assert_not_sent("paid", "shop.book"),
        lambda t: t.assert_not_sent("paid", "Post"),
        lambda t: t.assert_not_sent("shop._quiet", weight=3),  # never sent: who knows
        lambda t: t.assert_not_sent("*", weight=3),
        lambda t: t.assert_not_sent("post_migrate", "blog"),
        lambda t: t.assert_not_sent("post_migrate", "blog.apps.BlogConfig"),
        lambda t: t.assert_not_sent("user_login_failed", "django.contrib.auth"),
        lambda t: t.assert_not_sent("request_started", "django.core.handlers.*"),
        lambda t: t.assert_not_sent("post_save", "blog.models.Post"),
        lambda t: t.assert_not_sent(shop._quiet, Post(pk=7)),
        lambda t: t.assert_not_sent("post_save", "BLOG.post", using="default"),
        lambda t: t.assert_not_sent("post_save", Post, created=1, update_fields={"title"}, instance=mock.ANY),
        lambda t: t.assert_not_sent("post_save", instance="<blog.Post pk=7>", raw=False, update_fields=None),
        lambda t: t.assert_not_sent("post_save", PublishedPost, instance=Post(pk=7)),
        lambda t: t.assert_not_sent("user_logged_in", User, user=User(pk=7)),
        lambda t: t.assert_not_sent("user_logged_out", type(None), user=None),
        lambda t: t.assert_not_sent("m2m_changed", pk_set={1}, model=Tag, reverse=False),
        lambda t: t.assert_not_sent("m2m_changed", Post.tags.through, model=Post, instance=Review(pk=7)),
        lambda t: t.assert_not_sent("m2m_changed", pk_set={1, object()}, instance="<auth.User pk=1>"),
        lambda t: t.assert_not_sent("pre_save", Review, update_fields={"title", "author_id"}),
        lambda t: t.assert_not_sent("post_*", "blog.Post_tags"),
        lambda t: t.assert_not_sent(shop._quiet, Post.tags.through),
        lambda t: t.assert_not_sent("post_migrate", apps.get_app_config("blog"), verbosity=0),
        lambda t: t.assert_not_sent("setting_changed", setting="DEBUG", value=object()),
    ],
)
def test_a_name_that_something_has_is_none(trace: Traced, ask: Callable[[Traced], object]) -> None:
    """Whatever may send a signal, and whatever it may be sent with, can be asked for."""
    ask(trace)


@pytest.mark.parametrize("sender", [shop.KIOSK, "stall"], ids=["of a module", "of a function"])
def test_a_sender_that_somebody_listens_to_is_known(sender: str) -> None:
    """A text that a receiver is connected for, though nothing came from it yet; in quotes as it is shown."""
    shop.paid.connect(shop.book, sender=sender)
    try:
        with sigexplorer.trace() as trace:
            pass
        for name in (sender, f"'{sender}'"):
            trace.assert_not_sent("paid", name)
            assert trace.assert_connected(shop.book, shop.paid, name)
            with trace, sigexplorer.mute("paid", sender=name, strict=True):
                shop.paid.send(sender)
            trace.assert_sent("paid", name, times=1)
            trace.start()
            trace.stop()
    finally:
        shop.paid.disconnect(shop.book, sender=sender)


def test_what_may_come_later_can_be_muted() -> None:
    """A text that a signal of one's own may be sent with: what it met is told at the end."""
    with pytest.warns(SigexplorerWarning, match="met nothing"), sigexplorer.mute("paid", sender="stall"):
        shop.paid.send(None)


def test_a_scenario_tells_the_nearest_names_too() -> None:
    """What is wrong with an assertion in a step is told in the same words as in a test."""
    tracer = Tracer("a scenario", steps_only=True)
    steps = OwnSteps(tracer)

    def play(step: OwnSteps) -> None:
        with step("sell"):
            shop.paid.send("till", order=7)
        step.assert_sent("paid", order=7)
        step.assert_sent("post_sav")

    runs._play(tracer, steps, play)  # type: ignore[arg-type]
    (claim,) = tracer.claims
    assert (claim.detail or "").startswith("unknown signal 'post_sav' (nearest: post_save, ")


def test_a_step_has_what_the_steps_inside_of_it_sent() -> None:
    """Assertions are about the step that runs, or else the one that ended last."""
    steps = OwnSteps(Tracer("a scenario", steps_only=True))

    def play(step: OwnSteps) -> None:
        with step("outer"):
            shop.paid.send(None)
            with step("inner"):
                shop.paid.send(None)
                step.assert_sent("paid", times=1)
            shop.paid.send(None)
            step.assert_sent("paid", times=3)
        step.assert_sent("paid", times=3)
        assert step.names() == ["paid"] * 3
        with step("another"):
            pass
        step.assert_no_signals()

    runs._play(steps._tracer, steps, play)  # type: ignore[arg-type]
    assert not steps._tracer.claims


def test_before_the_first_step_there_is_nothing_to_assert_on() -> None:
    """Nothing was recorded, so that no signals, or any, would hold whatever was sent."""
    steps = OwnSteps(Tracer("a scenario", steps_only=True))
    for ask in (steps.assert_no_signals, lambda: steps.assert_not_sent("paid")):
        with pytest.raises(UsageError, match="no step has begun"):
            ask()


def test_signals_without_a_name_are_told_apart() -> None:
    """One that no module holds is known by itself, in a trace as in a mute."""
    one, other = Signal(), Signal()
    one.connect(shop.book)
    other.connect(shop.ship)
    with sigexplorer.trace() as trace, sigexplorer.mute(one, strict=True):
        assert one.send(None) == []
        assert other.send(None) == [(shop.ship, "on its way")]
    trace.assert_sent(one, times=1)
    trace.assert_order(one, other)
    trace.assert_called(shop.ship, signal=other)
    trace.assert_not_sent(Signal())
    sigexplorer.assert_connected(shop.book, one)
    for ask in (
        lambda: trace.assert_order(other, one),
        lambda: trace.assert_called(shop.ship, signal=one),
        lambda: trace.assert_sent(Signal()),
        lambda: sigexplorer.assert_connected(shop.book, other),
    ):
        with pytest.raises(AssertionError):
            ask()


def test_who_hears_every_sender_is_connected_for_each() -> None:
    """A receiver that is connected for every sender is connected for any that there is."""
    assert sigexplorer.assert_connected(count_failed_login, "user_login_failed", "django.contrib.auth")


def test_methods_of_two_objects_are_not_taken_for_each_other() -> None:
    """A trace has their names, which are one: to assert on either is an error; to mute it is none."""
    here, there = shop.Desk(), shop.Desk()
    shop.paid.connect(here.note)
    try:
        with sigexplorer.trace() as trace:
            shop.paid.send(None)
        trace.assert_called(here.note, times=1)
        trace.assert_called(shop.Desk.note, times=1)
        for ask in (trace.assert_called, sigexplorer.assert_connected):
            with pytest.raises(UsageError, match="the name of another receiver"):
                ask(there.note)
        with sigexplorer.mute(receiver=here.note, strict=True):
            assert shop.paid.send(None) == []
    finally:
        shop.paid.disconnect(here.note)


def _local() -> type:
    class Local:
        """A sender that goes by the name of another."""

    return Local


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (shop.Desk(), shop.Desk()),
        (_local(), _local()),
        ("7", 7),
        (7, "7"),
        (10**9, 10**9 + 1),
        (None, shop.Web),
    ],
    ids=["objects", "classes", "text and number", "number and text", "numbers", "none"],
)
def test_senders_of_one_name_are_told_apart(one: object, other: object) -> None:
    """A sender is the object itself: nothing is said of it for what another of its name did."""
    shop.paid.connect(shop.book)
    try:
        with sigexplorer.trace() as trace:
            shop.paid.send(one)
        assert trace.assert_called(shop.book, sender=other, times=0) == []
    finally:
        shop.paid.disconnect(shop.book)
    trace.assert_sent("paid", sender=one, times=1)
    trace.assert_called(shop.book, sender=one, times=1)
    for asked in (
        lambda: trace.assert_sent("paid", sender=other),
        lambda: trace.assert_order(("paid", other)),
    ):
        with pytest.raises(AssertionError):
            asked()
    assert trace.find("paid", sender=other) == []


def test_who_is_connected_for_another_of_that_name_is_not_connected() -> None:
    """For that very class, as Django has it."""
    one, other = _local(), _local()
    shop.paid.connect(shop.book, sender=one)
    try:
        sigexplorer.assert_connected(shop.book, shop.paid, one)
        with pytest.raises(AssertionError, match="is not connected to paid for"):
            sigexplorer.assert_connected(shop.book, shop.paid, other)
    finally:
        shop.paid.disconnect(shop.book, sender=one)


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    "asked",
    [
        {"receiver": "os.path.join"},
        {"receiver": Post},
        {"receiver": lambda **_named: None},
        {"receiver": "reindex", "signal": "pre_save"},
        {"receiver": "reindex", "sender": Tag},
    ],
    ids=["function", "model", "unconnected", "other signal", "other sender"],
)
def test_what_nothing_can_call_is_not_said_to_be_uncalled(trace: Traced, asked: dict[str, Any]) -> None:
    """It is not connected, at least not to that signal or for that sender: the assertion would ever hold."""
    receiver = asked.pop("receiver")
    with pytest.raises(UsageError, match=r"is not connected.*: nothing calls it"):
        trace.assert_called(receiver, times=0, **asked)
    trace.assert_called("reindex", times=0, signal="%save", sender="Post")


def test_what_was_only_counted_is_not_said_to_be_unsent() -> None:
    """A glob that it fits, or a receiver that it calls, cannot be told about."""
    post_init.connect(shop.book)
    try:
        with sigexplorer.trace() as trace:
            Tag(name="new")
        for ask in (
            lambda: trace.assert_not_sent("post_*"),
            lambda: trace.assert_sent("*", sender=Tag),
            lambda: trace.assert_called(shop.book, times=0),
        ):
            with pytest.raises(UsageError, match="which is only counted"):
                ask()
        trace.assert_not_sent("post_*", sender=Post)
        trace.assert_not_sent("post_*", created=True)
        assert trace.find() == []
    finally:
        post_init.disconnect(shop.book)
