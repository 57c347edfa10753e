"""The rows between two models."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.models import User
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete

from blog.models import Post, Tag
from sigexplorer.playground.props import connected, statements
from sigexplorer.playground.shop.stock import (
    Basket,
    Coupon,
    Customer,
    Line,
    Order,
    Product,
    Redemption,
    Shelf,
    tables,
)
from sigexplorer.playground.steps import Steps


def through_models(step: Steps) -> None:
    """Relate by a model of one's own, to oneself, with keys that are there and keys that are not."""
    for part in (_explicit, _automatic, _alone, _symmetrical, _nobody, _of_ones_own, _keys, _values):
        with step.part():
            part(step)


def hear(**_kwargs: object) -> None:
    """Receive."""


def _explicit(step: Steps) -> None:
    with tables(Shelf, Product, Order, Line):
        product = Product.objects.create(shelf=Shelf.objects.create())
        order = Order.objects.create()
        with step("add through a model of one's own"), connected(m2m_changed, hear, sender=Line):
            line = Line.objects.create(order=order, product=product)
        step.claim(
            "its row is saved, with save signals",
            step.senders("post_save"),
            ["shop.Line"],
            fact="m2m-through",
        )
        step.claim("without m2m_changed", step.sent("m2m_changed"), [], fact="m2m-through")

        with step("and delete it"), _listening(Line):
            line.delete()
        names = ["pre_delete", "post_delete"]
        step.claim("so it is for deleting", step.names(), names, fact="m2m-through")

        with step("call add() and its siblings all the same"), _listening(Line):
            order.products.add(product)
            order.products.remove(product)
            order.products.set([product])
            order.products.clear()
        actions = [str(dispatch.argument("action")) for dispatch in step.sent("m2m_changed")]
        ends = [f"{end}_{action}" for action in ("add", "remove", "add", "clear") for end in ("pre", "post")]
        step.claim("they send m2m_changed", actions, ends, fact="m2m-through")
        step.claim("and no save signal", step.names(group="save"), [], fact="m2m-through")
        deleted = ["pre_delete", "post_delete"] * 2
        told = "but delete signals, where somebody hears them"
        step.claim(told, step.names(group="delete"), deleted, fact="m2m-through")


@contextmanager
def _listening(through: type[Model]) -> Iterator[None]:
    with connected(m2m_changed, hear, sender=through), connected(post_delete, hear, sender=through):
        yield


def _automatic(step: Steps) -> None:
    post = Post.objects.create(author=User.objects.create_user("bob"), title="Receivers")
    tag = Tag.objects.create(name="receivers")
    with step("do so without a model of one's own"), _listening(Post.tags.through):
        post.tags.add(tag)
        post.tags.remove(tag)
        post.tags.set([tag])
        post.tags.clear()
    names = {dispatch.name for dispatch in step.sent() if dispatch.group in {"save", "delete", "m2m"}}
    step.claim("then m2m_changed is all", names, {"m2m_changed"}, fact="m2m-through")
    tag.delete()


def _alone(step: Steps) -> None:
    post = Post.objects.create(author=User.objects.create_user("mia"), title="Senders")
    tag = Tag.objects.create(name="senders")
    with step("save and delete a row of an automatic through model"), _listening(Post.tags.through):
        row = Post.tags.through.objects.create(post=post, tag=tag)
        row.delete()
    told = "nothing is sent of it, by whatever way it comes and goes"
    step.claim(told, step.names(), [], fact="m2m-through")
    tag.delete()


def _symmetrical(step: Steps) -> None:
    with tables(Customer):
        amy, bob = Customer.objects.create(), Customer.objects.create()
        with step("relate two to each other"), connected(m2m_changed, hear, sender=Customer.friends.through):
            amy.friends.add(bob)
        actions = [dispatch.argument("action") for dispatch in step.sent("m2m_changed")]
        step.claim("one pair is sent", actions, ["pre_add", "post_add"], fact="m2m-symmetrical")
        rows = Customer.friends.through.objects.count()
        step.claim("for two rows", rows, 2, fact="m2m-symmetrical")


def _nobody(step: Steps) -> None:
    with tables(Customer):
        amy, bob = Customer.objects.create(), Customer.objects.create()
        with step.unheard(), step("add while nobody listens, then remove, and clear"):
            with statements() as fast:
                amy.friends.add(bob)
            amy.friends.remove(bob)
            amy.friends.clear()
        actions = [dispatch.argument("action") for dispatch in step.sent("m2m_changed")]
        ends = ["pre_remove", "post_remove", "pre_clear", "post_clear"]
        step.claim("add() sends nothing, remove() and clear() do", actions, ends, fact="m2m-fast-add")
        step.claim(
            "and add() reads nothing before it writes", "SELECT" in fast, expected=False, fact="m2m-fast-add"
        )


def _of_ones_own(step: Steps) -> None:
    with tables(Shelf, Product, Order, Line):
        product = Product.objects.create(shelf=Shelf.objects.create())
        order = Order.objects.create()
        with (
            step.unheard(),
            step("add through a model of one's own while nobody listens"),
            statements() as slow,
        ):
            order.products.add(product)
        step.claim("nothing is sent here either", step.sent("m2m_changed"), [], fact="m2m-fast-add")
        told = "but what is there is read first: the model may have conflicts of its own"
        step.claim(
            told, [word for word in slow if word != "BEGIN"], ["SELECT", "INSERT"], fact="m2m-fast-add"
        )


def _keys(step: Steps) -> None:
    post = Post.objects.create(author=User.objects.create_user("amy"), title="Signals")
    there, new = Tag.objects.create(name="django"), Tag.objects.create(name="signals")
    post.tags.add(there)
    with step("add a tag that is there and one that is new"):
        post.tags.add(there, new)
    step.claim("pk_set has the missing one", _key_sets(step), {f"{{{new.pk}}}"}, fact="m2m-pkset")

    with step("add both again"):
        post.tags.add(there, new)
    step.claim("an empty pk_set is told twice, too", len(step.sent("m2m_changed")), 2, fact="m2m-pkset")
    step.claim("as an empty set", _key_sets(step), {"set()"}, fact="m2m-pkset")

    with step("remove a tag, and the key of none"):
        post.tags.remove(there.pk, 999)
    step.claim("pk_set has whatever was passed", _key_sets(step), {f"{{{there.pk}, 999}}"}, fact="m2m-pkset")

    with step("clear"):
        post.tags.clear()
    step.claim("of clear() it is None", _key_sets(step), {None}, fact="m2m-pkset")


def _values(step: Steps) -> None:
    with tables(Coupon, Basket, Redemption):
        basket, coupon = Basket.objects.create(), Coupon.objects.create(code="TEN")
        with step("add and remove by a foreign key with to_field"), _listening(Redemption):
            basket.coupons.add(coupon)
            basket.coupons.remove(coupon)
        told = "pk_set has the values of that field, which are no keys"
        step.claim(told, _key_sets(step), {"{'TEN'}"}, fact="m2m-pkset")


def _key_sets(step: Steps) -> set[object]:
    return {dispatch.argument("pk_set") for dispatch in step.sent("m2m_changed")}
