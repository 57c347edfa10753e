"""Rows that go, and of which nobody is told."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models.signals import post_delete, pre_delete

from blog.models import Category, Comment, Post, Review, Tag
from sigexplorer.playground.props import connected, statements
from sigexplorer.playground.shop import stock
from sigexplorer.playground.shop.stock import Present, Product, Shelf, Sticker, Van, Vehicle, tables
from sigexplorer.playground.steps import Steps


def deleting(step: Steps) -> None:
    """Delete a leaf, what is none, a parent, a shelf and an object, with and without anybody listening."""
    author = User.objects.create_user("amy")
    parts = (_leaf, _referred_to, _no_leaf, _cost, _one_object, _parent, _late, _replaced, _models_in_turn)
    for part in (*parts, _key, _keys_of_a_child):
        with step.part():
            part(step, author)


def hear(**_kwargs: object) -> None:
    """Receive."""


def _leaf(step: Steps, author: User) -> None:
    post = Post.objects.create(author=author, title="Signals")
    quiet, heard = (post.comments.create(name=name) for name in ("Bob", "Eve"))
    with step.unheard(), step("delete a comment while nobody listens"):
        quiet.delete()
    step.claim("no signal is sent at all", step.names(group="delete"), [], fact="fast-delete")
    fast = [(bypass.operation, bypass.model, bypass.rows) for bypass in step.bypasses()]
    step.claim(
        "the row is gone by one DELETE", fast, [("fast_delete", "blog.Comment", 1)], fact="fast-delete"
    )

    with (
        step.unheard(),
        step("delete one while somebody listens"),
        connected(post_delete, hear, sender=Comment),
    ):
        heard.delete()
    step.claim(
        "then both are sent", step.names(group="delete"), ["pre_delete", "post_delete"], fact="fast-delete"
    )


def _referred_to(step: Steps, _author: User) -> None:
    tag = Tag.objects.create(name="unused")
    with step.unheard(), step("delete a tag that no post has, while nobody listens"):
        tag.delete()
    both = ["pre_delete", "post_delete"]
    told = "both are sent, for rows might refer to it"
    step.claim(told, step.names(group="delete"), both, fact="fast-delete")


def _no_leaf(step: Steps, _author: User) -> None:
    both = ["pre_delete", "post_delete"]
    with tables(Vehicle, Van):
        van = Van.objects.create()
        with step.unheard(), step("delete a multi-table child, while nobody listens"):
            van.delete()
        told = "both are sent of child and parent"
        step.claim(told, step.names(group="delete"), sorted(both * 2, reverse=True), fact="fast-delete")

    with tables(Present, Sticker):
        present = Present.objects.create()
        with step.unheard(), step("delete what has a generic relation, while nobody listens"):
            present.delete()
        step.claim("both are sent of it, too", step.names(group="delete"), both, fact="fast-delete")


def _cost(step: Steps, author: User) -> None:
    post = Post.objects.create(author=author, title="Signals")
    for name in ("Bob", "Eve", "Mia"):
        post.comments.create(name=name)
    with step.unheard(), step("delete a comment as a queryset, while nobody listens"), statements() as quick:
        Comment.objects.filter(name="Bob").delete()
    step.claim("it is one statement", _of_rows(quick), ["DELETE"], fact="listening-cost")

    for signal, name, told in ((pre_delete, "Eve", "pre_delete"), (post_delete, "Mia", "post_delete")):
        with (
            step.unheard(),
            step(f"delete one while somebody listens to {told} of every model"),
            connected(signal, hear),
            statements() as slow,
        ):
            Comment.objects.filter(name=name).delete()
        step.claim(
            "rows are read first, to have what to announce",
            _of_rows(slow),
            ["SELECT", "DELETE"],
            fact="listening-cost",
        )


def _one_object(step: Steps, author: User) -> None:
    post = Post.objects.create(author=author, title="Signals")
    comment = post.comments.create(name="Bob")
    post.comments.create(name="Eve")
    with (
        step.unheard(),
        step("delete one comment by its own delete(), while somebody listens to all"),
        connected(pre_delete, hear),
        statements() as own,
    ):
        comment.delete()
    told = "nothing is read: the object is there"
    step.claim(told, _of_rows(own), ["DELETE"], fact="listening-cost")

    with step.unheard(), step("delete its post so"), connected(pre_delete, hear), statements() as slow:
        post.delete()
    read = slow.count("SELECT")
    step.claim("what goes with it is read: reviews, comments, tags", read, 3, fact="listening-cost")


def _of_rows(words: list[str]) -> list[str]:
    """Leave out what opens and ends transactions."""
    return [word for word in words if word in {"SELECT", "DELETE"}]


def _parent(step: Steps, author: User) -> None:
    post = Post.objects.create(author=author, title="Signals")
    post.comments.create(name="Bob")
    post.comments.create(name="Eve")
    with step.unheard(), step("delete a post with two comments, and nobody listens to comments"):
        post.delete()
    step.claim(
        "the post is announced", "blog.Post" in step.senders("post_delete"), fact="fast-delete-cascade"
    )
    told = "blog.Comment" in step.senders("post_delete")
    step.claim("its comments are not", told, expected=False, fact="fast-delete-cascade")
    step.claim("and are gone", Comment.objects.filter(post=post.pk).count(), 0, fact="fast-delete-cascade")


def _late(step: Steps, author: User) -> None:
    def comment_on(instance: Post, **_kwargs: object) -> None:
        instance.comments.create(name="Eve")

    post = Post.objects.create(author=author, title="Signals")
    with (
        step.unheard(),
        step("write a comment on a post that goes, in pre_delete"),
        connected(pre_delete, comment_on, sender=Post),
    ):
        post.delete()
    left = Comment.objects.filter(post=post.pk).exists()
    told = "it goes too: on the fast path rows are looked for only then"
    step.claim(told, left, expected=False, fact="fast-delete-cascade")


def _replaced(step: Steps, author: User) -> None:
    category = Category.objects.create(name="Guides")
    Post.objects.create(author=author, title="Signals", category=category)
    with step("delete what is referred to with SET_NULL"):
        category.delete()
    step.claim("the post has changed", Post.objects.filter(category=None).exists(), fact="set-null")
    step.claim("and nothing was sent of it", step.sent(sender="blog.Post"), [], fact="set-null")

    with tables(Shelf, Product):
        first, second = Shelf.objects.create(), Shelf.objects.create()
        product = Product.objects.create(shelf=second)
        with step("delete what is referred to with SET_DEFAULT"):
            second.delete()
        product.refresh_from_db()
        step.claim("the product has changed", product.shelf_id, first.pk, fact="set-null")
        told = [name for name in step.names() if "shop.Product" in step.senders(name)]
        step.claim("and nothing was sent of it either", told, [], fact="set-null")


def _models_in_turn(step: Steps, author: User) -> None:
    Post.objects.all().delete()
    posts = [Post.objects.create(author=author, title=title) for title in ("One", "Two")]
    for post in posts:
        post.comments.create(name="Bob")
        post.tags.add(Tag.objects.create(name=post.title))
    with step("delete two posts with comments as a queryset"), connected(pre_delete, hear, sender=Comment):
        Post.objects.all().delete()
    before, after = (step.senders(name) for name in ("pre_delete", "post_delete"))
    names = step.names(group="delete")
    step.claim(
        "every pre_delete comes first", names, [*["pre_delete"] * 4, *["post_delete"] * 4], fact="cascade"
    )
    in_turn = [[after[0]] * 2, [after[2]] * 2]
    step.claim("then post_delete model by model", [after[:2], after[2:]], in_turn, fact="cascade")
    rows = [*["blog.Comment"] * 2, *["blog.Post"] * 2]
    told = "once for each row, those of the cascade too, but not those between posts and tags"
    step.claim(told, sorted(map(str, before)), rows, fact="cascade")
    origins = {str(dispatch.argument("origin")) for dispatch in step.sent() if dispatch.group == "delete"}
    step.claim("origin is what delete() was called on", origins, {"<QuerySet blog.Post>"}, fact="cascade")


def _key(step: Steps, author: User) -> None:
    post = Post.objects.create(author=author, title="Signals")
    key = post.pk
    seen: list[object] = []

    def note_key(instance: Post, **_kwargs: object) -> None:
        seen.append(instance.pk)

    with (
        step("look at the key in post_delete, and afterwards"),
        connected(post_delete, note_key, sender=Post),
    ):
        post.delete()
    step.claim("in post_delete it is there", seen, [key], fact="delete-pk")
    step.claim("after delete() it is None", post.pk, None, fact="delete-pk")


def _keys_of_a_child(step: Steps, author: User) -> None:
    review = Review.objects.create(author=author, title="Django", rating=5)
    key = review.pk
    with step("delete a multi-table child"):
        review.delete()
    told = "its own key is None; that of its parent, on the same object, is not"
    step.claim(told, (review.pk, review.id), (None, key), fact="delete-pk")


def database_cascade(step: Steps) -> None:
    """Delete a parcel whose letters the database deletes (from Django 6.1)."""
    parcel_model, letter_model = stock.Parcel, stock.Letter
    with tables(parcel_model, letter_model):
        parcel = parcel_model.objects.create()
        letter_model.objects.create(parcel=parcel)
        with (
            step("delete what is referred to with DB_CASCADE"),
            connected(pre_delete, hear, sender=letter_model),
            connected(post_delete, hear, sender=letter_model),
        ):
            parcel.delete()
        step.claim("the row is gone", letter_model.objects.count(), 0, fact="db-cascade")
        told = [name for name in ("pre_delete", "post_delete") if "shop.Letter" in step.senders(name)]
        step.claim("and connected receivers were not told", told, [], fact="db-cascade")
