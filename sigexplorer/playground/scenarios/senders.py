"""Who can be a sender, and how a receiver is matched with it."""

from __future__ import annotations

import io

from django.apps import apps
from django.contrib import auth
from django.contrib.auth.models import AbstractUser, User
from django.contrib.auth.signals import user_login_failed
from django.core.management import call_command
from django.core.management.sql import emit_pre_migrate_signal
from django.db import models
from django.db.models.signals import (
    class_prepared,
    m2m_changed,
    post_delete,
    post_init,
    post_migrate,
    post_save,
    pre_delete,
    pre_init,
    pre_migrate,
    pre_save,
)

from blog.apps import BlogConfig
from blog.models import Tag
from sigexplorer.playground.people import MISTYPED
from sigexplorer.playground.props import connected, left_as_found
from sigexplorer.playground.shop.signals import order_placed, order_shipped
from sigexplorer.playground.shop.stock import SHOP, Stored, Ticket, Van, Vehicle, tables
from sigexplorer.playground.steps import Steps

#: Objects among which one takes the place of another that was dropped.
_ENOUGH = 10_000


def senders(step: Steps) -> None:
    """Name senders by string, by class and by object, and let one of them die."""
    parts = (_by_label, _by_equal_text, _by_config, _abstract, _in_order, _dead, _remembered, _hashed)
    for part in parts:
        with left_as_found(order_placed), step.part():
            part(step)


def _by_label(step: Steps) -> None:
    def hear(**_kwargs: object) -> None:
        pass

    with step("connect to the name of a model"), connected(post_save, hear, sender="blog.Tag"):
        Tag.objects.create(name="django")
    step.claim("signals of models look it up", step.called("post_save"), ["hear"], fact="lazy-sender")

    with step("connect a signal of one's own to it"), connected(order_placed, hear, sender="blog.Tag"):
        order_placed.send(sender=Tag)
    step.claim("other signals take the text itself for the sender", step.called(), [], fact="lazy-sender")

    with (
        step("connect class_prepared to the name of a model that is defined then"),
        connected(class_prepared, hear, sender="shop.Poster"),
    ):
        type("Poster", (Stored,), {"__module__": __name__, "Meta": Stored.Meta})
    called = [name for name in step.called("class_prepared") if name == "hear"]
    step.claim("class_prepared is such another", called, [], fact="lazy-sender")
    SHOP.all_models["shop"].pop("poster", None)

    with step("connect to a name with a typing error"):
        post_save.connect(hear, sender="blog.Tga")
        Tag.objects.create(name="signals")
    step.claim("connect() waits for such a model, in silence", step.called("post_save"), [], fact="lazy-typo")
    apps._pending_operations.pop(("blog", "tga"), None)

    refused = ""
    with step("connect to one without its dot, and to one in capital letters"):
        try:
            post_save.connect(hear, sender="blogTag")
        except ValueError as problem:
            refused = type(problem).__name__
        with connected(post_save, hear, sender="blog.TAG"):
            Tag.objects.create(name="senders")
    seen = (refused, step.called("post_save"))
    told = "the first is refused, and the second is no error"
    step.claim(told, seen, ("ValueError", ["hear"]), fact="lazy-typo")


def _by_equal_text(step: Steps) -> None:
    def hear(**_kwargs: object) -> None:
        pass

    text = ".".join(("django", "contrib", "auth"))  # noqa: FLY002 - equal to the sender, and another object
    with (
        step("connect user_login_failed to the text that it is sent with"),
        connected(user_login_failed, hear, sender=text),
    ):
        auth.authenticate(None, username="amy", password=MISTYPED)
    (failure,) = step.sent("user_login_failed")
    step.claim("the sender is an equal text", failure.sender, text, fact="str-sender")
    step.claim(
        "which is another object, hence another sender",
        "hear" in step.called(),
        expected=False,
        fact="str-sender",
    )

    with (
        step("connect it to the very object"),
        connected(user_login_failed, hear, sender=auth.__name__),
    ):
        auth.authenticate(None, username="amy", password=MISTYPED)
    step.claim("only that one matches", "hear" in step.called("user_login_failed"), fact="str-sender")


def _by_config(step: Steps) -> None:
    def for_class(**_kwargs: object) -> None:
        pass

    def for_label(**_kwargs: object) -> None:
        pass

    def for_instance(**_kwargs: object) -> None:
        pass

    with (
        step("connect post_migrate to the class, the label and the instance of an AppConfig"),
        connected(post_migrate, for_class, sender=BlogConfig),
        connected(post_migrate, for_label, sender="blog"),
        connected(post_migrate, for_instance, sender=apps.get_app_config("blog")),
    ):
        call_command("flush", verbosity=0, interactive=False)
    called = [name for name in step.called("post_migrate") if name.startswith("for_")]
    step.claim("only the instance is the sender", called, ["for_instance"], fact="appconfig-sender")

    with (
        step("connect pre_migrate to them, and let Django send it as migrate does"),
        connected(pre_migrate, for_class, sender=BlogConfig),
        connected(pre_migrate, for_label, sender="blog"),
        connected(pre_migrate, for_instance, sender=apps.get_app_config("blog")),
    ):
        named = {"stdout": io.StringIO(), "apps": apps, "plan": []}
        emit_pre_migrate_signal(verbosity=0, interactive=False, db="default", **named)
    called = [name for name in step.called("pre_migrate") if name.startswith("for_")]
    step.claim("here, too", called, ["for_instance"], fact="appconfig-sender")


def _abstract(step: Steps) -> None:
    def for_abstract(**_kwargs: object) -> None:
        pass

    def for_base(**_kwargs: object) -> None:
        pass

    with (
        step("connect to the abstract model, and to the base class of all models"),
        connected(post_save, for_abstract, sender=AbstractUser),
        connected(post_save, for_base, sender=models.Model),
    ):
        User.objects.create_user("amy")
    heard = {"for_abstract", "for_base"} & set(step.called("post_save"))
    step.claim("neither hears of the model that is saved", heard, set(), fact="abstract")

    with tables(Vehicle, Van):
        listening = connected(post_save, for_base, sender=Vehicle)
        with step("connect to the parent of a multi-table child, and save the child"), listening:
            van = Van.objects.create()
        step.claim("the parent's receiver does not hear it", step.called("post_save"), [], fact="abstract")

        with step("delete the child"), connected(post_delete, for_base, sender=Vehicle):
            van.delete()
        told = "it does when the row of the parent goes"
        step.claim(told, step.called("post_delete"), ["for_base"], fact="abstract")


class Shop:
    """Something that sends; without a dict, so that another one takes its place in memory."""

    __slots__ = ("__weakref__",)


class Stall:
    """Something that sends, and to which nobody can have a weak reference."""

    __slots__ = ()


def _in_order(step: Steps) -> None:
    def first(**_kwargs: object) -> None:
        pass

    def second(**_kwargs: object) -> None:
        pass

    def third(**_kwargs: object) -> None:
        pass

    with (
        step("connect with and without a sender, in turns"),
        connected(order_placed, first),
        connected(order_placed, second, sender=Shop),
        connected(order_placed, third),
    ):
        order_placed.send(sender=Shop)
    step.claim(
        "they share one order, that of connection",
        step.called(),
        ["first", "second", "third"],
        fact="sender-none-order",
    )

    async def zeroth(**_kwargs: object) -> None:
        pass

    with step("connect an async one before them"), connected(order_placed, zeroth, first):
        order_placed.send(sender=Shop)
    told = "async ones have an order of their own, behind"
    step.claim(told, step.called(), ["first", "zeroth"], fact="sender-none-order")


def _dead(step: Steps) -> None:
    def hear(**_kwargs: object) -> None:
        pass

    def replace(kind: type) -> bool:
        """Connect to an object, drop it, send from one that takes its place; return whether one did."""
        sender = kind()
        place = id(sender)
        order_placed.connect(hear, sender=sender)
        del sender
        others = [kind()]
        while id(others[-1]) != place and len(others) < _ENOUGH:
            others.append(kind())
        order_placed.send(sender=others[-1])
        return id(others[-1]) == place

    with step("connect to an object, drop it, and send from one that takes its place in memory"):
        replaced = replace(Shop)
    called = ["hear"] if step.django < (6, 0) else []
    step.claim(
        "its id is that of the dead sender: " + ("the receiver is called" if called else "nobody is called"),
        (replaced, step.called()),
        (True, called),
        fact="sender-id-reuse",
    )

    with step("do it with objects that allow no weak reference"):
        replaced = replace(Stall)
    step.claim(
        "the receiver is called for another object, in every version",
        (replaced, step.called()),
        (True, ["hear"]),
        fact="sender-id-reuse",
    )


def _remembered(step: Steps) -> None:
    def hear(**_kwargs: object) -> None:
        pass

    raised: list[type[Exception]] = []
    with step("send from None and from a text, with use_caching, and nobody listens"):
        order_shipped.send(sender=None)  # it is a Signal(use_caching=True)
        order_shipped.send(sender="shop")
    step.claim("nothing is looked up, so anything goes", step.called(), [], fact="caching-sender")

    with step("do it again while somebody listens"), connected(order_shipped, hear):
        for sender in (None, "shop"):
            try:
                order_shipped.send(sender=sender)
            except TypeError as problem:
                raised.append(type(problem))
    step.claim(
        "the cache holds senders weakly, which None and texts do not allow",
        raised,
        [TypeError, TypeError],
        fact="caching-sender",
    )
    with step("do it when nobody listens any more"):
        order_shipped.send(sender=None)
    step.claim("then anything goes again", step.sent()[0].error, None, fact="caching-sender")
    of_models = (pre_init, post_init, pre_save, post_save, pre_delete, post_delete, m2m_changed)
    caching = [signal.use_caching for signal in (order_shipped, *of_models)]
    step.claim("it has use_caching, and so have those of models", caching, [True] * 8, fact="caching-sender")


def _hashed(step: Steps) -> None:
    def hear(**_kwargs: object) -> None:
        pass

    problem = ""
    with step("send from an instance that is not saved, and nobody listens"):
        order_placed.send(sender=Tag(name="django"))
    step.claim("nobody asks for its hash", step.sent("order_placed")[0].error, None, fact="unhashable-sender")

    with step("do it again while somebody listens"), connected(order_placed, hear):
        try:
            order_placed.send(sender=Tag(name="django"))
        except TypeError as raised:
            problem = str(raised)
    step.claim(
        "a sender is a key of the cache, and must be hashable",
        problem,
        "Model instances without primary key value are unhashable",
        fact="unhashable-sender",
    )

    with step("send from one that has its key before it is saved"), connected(order_placed, hear):
        order_placed.send(sender=Ticket())
    step.claim("that has a hash", step.called(), ["hear"], fact="unhashable-sender")
