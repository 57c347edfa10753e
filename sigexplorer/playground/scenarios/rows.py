"""What post_save says, and what it does not."""

from __future__ import annotations

from collections.abc import Callable
from unittest import mock

from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.db.models.signals import post_delete, post_save, pre_save
from django.forms import modelform_factory

from blog.models import Post, Review, Tag
from sigexplorer.playground.place import demo_folder
from sigexplorer.playground.props import connected, statements
from sigexplorer.playground.shop.stock import Shelf, Ticket, tables
from sigexplorer.playground.steps import Steps


def saving(step: Steps) -> None:
    """Save with a key, with fewer fields, with an expression, from a form and from a fixture."""
    for part in (_created, _made_keys, _only_a_key, _fewer_fields, _expression, _form, _fixture, _async):
        with step.part():
            part(step)


def _created(step: Steps) -> None:
    tag = Tag.objects.create(name="news")
    with step("save a new object with the key of a row that exists"):
        Tag(pk=tag.pk, name="reports").save()
    (sent,) = step.sent("post_save")
    step.claim(
        "created is False: an UPDATE found the row", sent.argument("created"), expected=False, fact="created"
    )

    with step("save an old object whose row is gone"):
        Tag.objects.filter(pk=tag.pk).delete()
        tag.save()
    (sent,) = step.sent("post_save")
    step.claim("created is True: the UPDATE found none", sent.argument("created"), fact="created")


def _made_keys(step: Steps) -> None:
    with tables(Ticket):
        first, refused = Ticket.objects.create(), ""
        with (
            step("save a new object with the key of a row that exists, where keys have a default"),
            statements() as written,
        ):
            try:
                with transaction.atomic():
                    Ticket(pk=first.pk, place=2).save()
            except IntegrityError as problem:
                refused = type(problem).__name__
        told = "it is inserted at once, which the database refuses"
        words = [word for word in written if word in {"UPDATE", "INSERT"}]
        step.claim(told, (words, refused), (["INSERT"], "IntegrityError"), fact="created")

        with step("save it as an object that is no new one"):
            again = Ticket(pk=first.pk, place=2)
            again._state.adding = False
            again.save()
        (sent,) = step.sent("post_save")
        told = "then the UPDATE comes first, here too"
        step.claim(told, sent.argument("created"), expected=False, fact="created")


def _only_a_key(step: Steps) -> None:
    with tables(Shelf):
        shelf = Shelf.objects.create()
        with step("save the key of a row that has nothing else"), statements() as asked:
            Shelf(pk=shelf.pk).save()
        (sent,) = step.sent("post_save")
        seen = (asked, sent.argument("created"))
        step.claim("a SELECT finds it", seen, (["SELECT"], False), fact="created")

    post = Post.objects.create(author=User.objects.create_user("bob"), title="Senders")
    with step("save a multi-table child of a row that exists"):
        Review(post_ptr=post, author=post.author, title=post.title, rating=5).save()
    (sent,) = step.sent("post_save", "blog.Review")
    step.claim("the row of the child counts, and is new", sent.argument("created"), fact="created")
    post.delete()


def _fewer_fields(step: Steps) -> None:
    def correct(instance: Post, **_kwargs: object) -> None:
        instance.title = instance.title.title()
        instance.body = "set by a receiver"

    post = Post.objects.create(author=User.objects.create_user("amy"), title="signals")
    with step("change another field in pre_save"), connected(pre_save, correct, sender=Post):
        post.save(update_fields=["title"])
    step.claim("the object has it", post.body, "set by a receiver", fact="pre-save-update-fields")
    row = Post.objects.values_list("title", "body").get(pk=post.pk)
    step.claim(
        "of the row only update_fields are written", row, ("Signals", ""), fact="pre-save-update-fields"
    )


def _expression(step: Steps) -> None:
    seen: list[object] = []

    def look(instance: Post, **_kwargs: object) -> None:
        seen.append(instance.views)

    post = Post.objects.get()
    with step("save an F() expression"), connected(post_save, look, sender=Post):
        post.views = F("views") + 1
        post.save()
    if step.django < (6, 0):
        step.claim(
            "in post_save it is an expression still", isinstance(seen[0], int), expected=False, fact="f-expr"
        )
    else:
        step.claim("in post_save it is the value", seen, [1], fact="f-expr")
        _not_returned(step, post, look, seen)


def _not_returned(step: Steps, post: Post, look: Callable[..., None], seen: list[object]) -> None:
    post.views = F("views") + 1
    poor = mock.patch.object(type(connection.features), "can_return_rows_from_update", new=False)
    with (
        step("save one on a database that cannot return what it has updated"),
        poor,
        connected(post_save, look, sender=Post),
        statements() as asked,
    ):
        post.save(update_fields=["views"])
    words = [word for word in asked if word in {"UPDATE", "SELECT"}]
    told = "it is the value, too, which is read when the receiver looks"
    step.claim(told, (seen[-1], words[:2]), (2, ["UPDATE", "SELECT"]), fact="f-expr")


def _form(step: Steps) -> None:
    seen: list[int] = []

    def count_tags(instance: Post, **_kwargs: object) -> None:
        seen.append(instance.tags.count())

    post, tag = Post.objects.get(), Tag.objects.get()
    post_form = modelform_factory(Post, fields=["title", "tags"])
    with (
        step("save a form with two fields, one of them many-to-many"),
        connected(post_save, count_tags, sender=Post),
    ):
        form = post_form({"title": "Signals", "tags": [tag.pk]}, instance=post)
        form.save()
    names = [name for name in step.names() if name in {"post_save", "m2m_changed"}]
    step.claim(
        "post_save is sent before the tags are set",
        names[0],
        "post_save",
        fact="m2m-form",
    )
    step.claim("so a receiver of it sees none", (seen, post.tags.count()), ([0], 1), fact="m2m-form")


def _fixture(step: Steps) -> None:
    fixture = demo_folder() / "blog" / "fixtures" / "blog.json"
    with step("load a fixture while Post has a save() of its own"), mock.patch.object(Post, "save") as save:
        call_command("loaddata", fixture, verbosity=0)
    step.claim("save() is not called", save.called, expected=False, fact="raw")
    saved = {dispatch.argument("raw") for dispatch in step.sent("post_save", "blog.Post")}
    step.claim("post_save is sent, with raw=True", saved, {True}, fact="raw")
    raw = [dict(dispatch.arguments).get("raw", "not there") for dispatch in step.sent("m2m_changed")]
    said = "not there" if step.django < (6, 1) else True
    told = "m2m_changed has no raw" if step.django < (6, 1) else "m2m_changed says raw=True too"
    step.claim(told, raw, [said, said], fact="raw")


def _async(step: Steps) -> None:
    async def save_and_delete() -> None:
        await Tag(name="async").asave()
        tag = await Tag.objects.acreate(name="async, too")
        await tag.adelete()

    with (
        step("save with asave() and acreate(), delete with adelete()"),
        connected(post_delete, hear, sender=Tag),
    ):
        async_to_sync(save_and_delete)()
    names = ["pre_save", "post_save", "pre_save", "post_save", "pre_delete", "post_delete"]
    sent = [dispatch for dispatch in step.sent() if dispatch.group in {"save", "delete"}]
    step.claim("the same signals are sent", [dispatch.name for dispatch in sent], names, fact="async-orm")
    methods = {dispatch.method for dispatch in sent}
    step.claim("with send(), as their sync siblings send them", methods, {"send"}, fact="async-orm")


def hear(**_kwargs: object) -> None:
    """Receive."""
