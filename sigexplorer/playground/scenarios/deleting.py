"""Deleting rows, and what is lost on the fast path."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models.signals import m2m_changed, post_delete

from blog.models import Category, Comment, Post, Tag
from sigexplorer.playground.props import connected
from sigexplorer.playground.shop.stock import Line, Order, Product, Shelf, tables
from sigexplorer.playground.steps import Steps


def delete_cascade(step: Steps) -> None:
    """Delete a user with a post, a comment, a tag and a profile."""
    author = User.objects.create_user("amy")
    category = Category.objects.create(name="Guides")
    post = Post.objects.create(author=author, title="Signals", category=category)
    post.tags.add(Tag.objects.create(name="django"))
    post.comments.create(name="Bob", text="I see.")
    comment = post.comments.create(name="Eve", text="Me too.")
    _delete_what_nothing_points_at(step, comment, category)
    _delete_what_much_points_at(step, author)
    with step.part():
        _delete_what_has_rows_between(step)


def _delete_what_nothing_points_at(step: Steps, comment: Comment, category: Category) -> None:
    with step("delete a comment, which nothing points at"):
        comment.delete()
    quiet = [] if not step.listening else ["pre_delete", "post_delete"]
    said = (
        "somebody listens, so even a leaf sends"
        if step.listening
        else "nobody listens, so a leaf sends nothing"
    )
    step.claim(said, step.names(), quiet)

    with step("delete the post's category"):
        category.delete()
    step.claim(
        "SET_NULL changes the post without any signal",
        "blog.Post" in step.senders("pre_save"),
        expected=False,
    )
    updates = [(bypass.operation, bypass.model) for bypass in step.bypasses()]
    step.claim("it is an UPDATE that bypasses the post's receivers", updates, [("update", "blog.Post")])


def _delete_what_much_points_at(step: Steps, author: User) -> None:
    with step("delete the user"):
        author.delete()
    deleted = step.senders("pre_delete")
    step.claim("CASCADE sends for every row it takes along", {"auth.User", "blog.Post"} <= set(deleted))
    step.claim(
        "every pre_delete comes before the first post_delete", _sorted_by_kind(step.names(group="delete"))
    )
    origins = {
        str(dispatch.argument("origin"))
        for dispatch in step.sent(sender="blog.Post")
        if dispatch.group == "delete"
    }
    step.claim("origin is what delete() was called on", origins, {f"<auth.User pk={1}>"})
    step.claim(
        "rows of the many-to-many table go without m2m_changed",
        step.sent("m2m_changed"),
        [],
        fact="m2m-delete",
    )
    quiet = [bypass.model for bypass in step.bypasses() if bypass.model == "blog.Post_tags"]
    step.claim("which is a bypass", quiet, ["blog.Post_tags"], fact="m2m-delete")
    told = "blog.Comment" in deleted
    said = (
        "comments send, because somebody listens"
        if step.listening
        else "comments go by the fast path, unheard"
    )
    step.claim(said, told, step.listening)

    with step("delete a queryset"):
        Comment.objects.all().delete()
    step.claim("deleting nothing sends nothing", step.names(), [])


def _delete_what_has_rows_between(step: Steps) -> None:
    def hear(**_kwargs: object) -> None:
        pass

    with tables(Shelf, Product, Order, Line):
        order = Order.objects.create()
        order.products.add(Product.objects.create(shelf=Shelf.objects.create()))
        with (
            step("delete an order, which has products by a model of one's own"),
            connected(m2m_changed, hear, sender=Line),
            connected(post_delete, hear, sender=Line),
        ):
            order.delete()
        step.claim("here, too, no m2m_changed is sent", step.sent("m2m_changed"), [], fact="m2m-delete")
        told = "but the row between is announced as what it is"
        step.claim(told, step.senders("post_delete"), ["shop.Line", "shop.Order"], fact="m2m-delete")


def _sorted_by_kind(names: list[str]) -> bool:
    return names == sorted(names, key=["pre_delete", "post_delete"].index)
