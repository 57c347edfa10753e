"""Writes that by design send no signal: each is reported once, and nothing else is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from capturing import bypasses, connected, seen
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import F
from django.db.models.signals import post_delete, pre_delete
from django.db.utils import IntegrityError
from django.dispatch import Signal

from blog.models import AuditEntry, Category, Comment, Post, Review, Tag

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.usefixtures("database")


def receive(**_named: object) -> None:
    """Receive anything."""


@contextmanager
def heard(*signals: Signal, sender: object = None) -> Iterator[None]:
    """Let somebody listen to these signals."""
    with contextlib.ExitStack() as stack:
        for signal in signals:
            stack.enter_context(connected(signal, receive, sender=sender))
        yield


def test_bulk_create() -> None:
    """Objects created in bulk are one bypass, with their number."""
    trace = seen(lambda: Tag.objects.bulk_create([Tag(name="a"), Tag(name="b")]))
    assert bypasses(trace) == [("bulk_create", "blog.Tag", 2)]
    assert bypasses(seen(lambda: Tag.objects.bulk_create(Tag(name=name) for name in "cde"))) == [
        ("bulk_create", "blog.Tag", 3)
    ]
    assert not [dispatch for dispatch in trace.dispatches if dispatch.group == "save"]


def test_bulk_create_in_batches() -> None:
    """The batches of one bulk_create are one bypass."""
    tags = [Tag(name=str(number)) for number in range(10)]
    assert bypasses(seen(lambda: Tag.objects.bulk_create(tags, batch_size=3))) == [
        ("bulk_create", "blog.Tag", 10)
    ]


def test_bulk_update_is_one_bypass() -> None:
    """bulk_update calls update() for each batch; that is its own affair."""
    tags = Tag.objects.bulk_create([Tag(name=str(number)) for number in range(10)])
    for tag in tags:
        tag.name += "!"
    found = bypasses(seen(lambda: Tag.objects.bulk_update(tags, ["name"], batch_size=3)))
    assert found == [("bulk_update", "blog.Tag", 10)]


def test_update_with_and_without_expressions(post: Post) -> None:
    """An update of rows is one bypass with the rows that matched, F() or not."""
    assert bypasses(seen(lambda: Post.objects.update(title="new"))) == [("update", "blog.Post", 1)]
    counted = seen(lambda: Post.objects.filter(pk=post.pk).update(views=F("views") + 1))
    assert bypasses(counted) == [("update", "blog.Post", 1)]
    assert bypasses(seen(lambda: Post.objects.filter(pk=0).update(views=1))) == [("update", "blog.Post", 0)]


def test_update_of_a_child_table_is_one_bypass(ada: User) -> None:
    """An update that reaches a parent's table as well is one operation."""
    Review.objects.create(title="a", author=ada, rating=1)
    trace = seen(lambda: Review.objects.update(title="b", rating=2))
    assert bypasses(trace) == [("update", "blog.Review", 1)]


def test_update_through_relations(post: Post) -> None:
    """Related managers that update the rows of the other side in one statement are seen doing so."""
    shelf = Category.objects.create(name="shelf")
    assert bypasses(seen(lambda: shelf.posts.add(post))) == [("update", "blog.Post", 1)]
    assert bypasses(seen(lambda: shelf.posts.remove(post))) == [("update", "blog.Post", 1)]
    assert bypasses(seen(lambda: shelf.posts.add(post, bulk=False))) == []


def test_delete_of_a_queryset_without_listeners() -> None:
    """One DELETE for many rows is a fast delete."""
    Tag.objects.bulk_create([Tag(name=name) for name in "abc"])
    AuditEntry.objects.bulk_create([AuditEntry(text=name) for name in "abc"])
    trace = seen(lambda: AuditEntry.objects.filter(text__in="ab").delete())
    assert bypasses(trace) == [("fast_delete", "blog.AuditEntry", 2)]
    assert trace.dispatches == ()


def test_delete_of_an_instance_without_listeners() -> None:
    """The same for a single object."""
    entry = AuditEntry.objects.create(text="a")
    trace = seen(entry.delete)
    assert bypasses(trace) == [("fast_delete", "blog.AuditEntry", 1)]
    assert trace.dispatches == ()
    assert bypasses(seen(lambda: AuditEntry(pk=99).delete())) == [("fast_delete", "blog.AuditEntry", 0)]


def test_delete_with_listeners_is_no_bypass() -> None:
    """Where somebody listens, the rows are fetched and their signals sent."""
    entries = [AuditEntry.objects.create(text=name) for name in "abc"]
    with heard(pre_delete, sender=AuditEntry):
        trace = seen(lambda: (AuditEntry.objects.filter(text__in="ab").delete(), entries[2].delete()))
    assert bypasses(trace) == []
    assert len([dispatch for dispatch in trace.dispatches if dispatch.name == "pre_delete"]) == 3


def test_raw_delete() -> None:
    """_raw_delete() by itself, as Django's own code and bold projects call it, is a raw delete."""
    AuditEntry.objects.create(text="a")
    trace = seen(lambda: AuditEntry.objects.all()._raw_delete("default"))
    assert bypasses(trace) == [("raw_delete", "blog.AuditEntry", 1)]


def test_cascades(post: Post) -> None:
    """What a deletion takes along without signals is reported beside the signals that are sent."""
    Comment.objects.bulk_create([Comment(post=post, name=name) for name in "ab"])
    post.tags.add(Tag.objects.create(name="a"))
    trace = seen(post.delete)
    assert {(name, rows) for _, name, rows in bypasses(trace) if rows} == {
        ("blog.Comment", 2),
        ("blog.Post_tags", 1),
    }
    assert {bypass.operation for bypass in trace.bypasses} == {"fast_delete"}
    sent = [(each.name, each.sender) for each in trace.dispatches if each.group == "delete"]
    assert sent == [("pre_delete", "blog.Post"), ("post_delete", "blog.Post")]


def test_cascades_while_somebody_listens_to_all_deletions(post: Post) -> None:
    """Rows of an automatic through model vanish without a signal even then."""
    Comment.objects.bulk_create([Comment(post=post, name=name) for name in "ab"])
    post.tags.add(Tag.objects.create(name="a"), Tag.objects.create(name="b"))
    with heard(post_delete):
        trace = seen(post.delete)
    assert [(name, rows) for _, name, rows in bypasses(trace)] == [("blog.Post_tags", 2)]
    assert {each.sender for each in trace.dispatches if each.name == "post_delete"} == {
        "blog.Comment",
        "blog.Post",
    }


@pytest.mark.parametrize("listened", [False, True])
def test_set_null(post: Post, *, listened: bool) -> None:
    """Rows that lose what they pointed at are updated without signals, whoever listens."""
    shelf = Category.objects.create(name="shelf")
    Post.objects.update(category=shelf)
    with heard(pre_delete, post_delete) if listened else contextlib.nullcontext():
        trace = seen(shelf.delete)
    assert [found for found in bypasses(trace) if found[0] == "update"] == [("update", "blog.Post", 1)]
    post.refresh_from_db()
    assert post.category is None


def test_set_null_of_nothing() -> None:
    """A deletion that nobody pointed at updates nothing."""
    shelf = Category.objects.create(name="shelf")
    updates = [found for found in bypasses(seen(shelf.delete)) if found[0] == "update" and found[2]]
    assert updates == []


def test_many_to_many_without_listeners() -> None:
    """add() without listeners writes the rows and sends nothing; remove(), clear() and set() always send."""
    group = Group.objects.create(name="editors")
    kind = ContentType.objects.create(app_label="blog", model="post")
    one, two = (Permission.objects.create(name=name, codename=name, content_type=kind) for name in "ab")
    added = seen(lambda: group.permissions.add(one, two))
    assert bypasses(added) in (
        [("bulk_create", "auth.Group_permissions", 2)],
        [("bulk_create", "auth.Group_permissions", None)],  # it ignores rows that are there already
    )
    assert [each.name for each in added.dispatches if each.group == "m2m"] == []
    for act in (
        lambda: group.permissions.remove(one),
        group.permissions.clear,
        two.group_set.clear,
    ):
        trace = seen(act)
        assert bypasses(trace) == []
        assert [each.name for each in trace.dispatches] == ["m2m_changed", "m2m_changed"]


@pytest.mark.parametrize("name", ["delete", "bulk_create", "_raw_delete"])
def test_many_to_many_beside_others_patches(name: str, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a manager announces is no bypass either where somebody else has wrapped QuerySet's methods."""
    found = models.QuerySet.__dict__[name]

    def theirs(*positional: object, **named: object) -> object:
        return found(*positional, **named)

    monkeypatch.setattr(models.QuerySet, name, theirs)
    tags = [Tag.objects.create(name=name) for name in "ab"]
    trace = seen(lambda: (post.tags.add(*tags), post.tags.remove(tags[0]), post.tags.clear()))
    assert bypasses(trace) == []
    assert len([each for each in trace.dispatches if each.group == "m2m"]) == 6


def test_many_to_many_with_listeners(post: Post) -> None:
    """With a receiver of m2m_changed add() sends it, and nothing is bypassed."""
    tags = [Tag.objects.create(name=name) for name in "abc"]
    trace = seen(lambda: (post.tags.add(*tags), post.tags.set(tags[:1]), post.tags.clear()))
    assert bypasses(trace) == []
    assert {each.name for each in trace.dispatches if each.group == "m2m"} == {"m2m_changed"}


@pytest.mark.parametrize("operation", ["bulk_create", "update", "fast_delete"])
def test_rows_of_an_automatic_through_model_by_hand(operation: str, post: Post) -> None:
    """Rows of a relation that are written without its manager send nothing, whoever listens."""
    through = Post.tags.through
    one, two = (Tag.objects.create(name=name) for name in "ab")
    if operation != "bulk_create":
        post.tags.add(one)
    acts: dict[str, Callable[[], object]] = {
        "bulk_create": lambda: through.objects.bulk_create([through(post=post, tag=one)]),
        "update": lambda: through.objects.filter(post=post).update(tag=two),
        "fast_delete": lambda: through.objects.filter(post=post).delete(),
    }
    trace = seen(acts[operation])
    assert [each.name for each in trace.dispatches if each.group == "m2m"] == []
    assert bypasses(trace) == [(operation, "blog.Post_tags", 1)]


def test_many_to_many_while_somebody_listens_to_all_deletions(post: Post) -> None:
    """Rows of a relation are then deleted one by one: announced by the manager, and not by hand."""
    tags = [Tag.objects.create(name=name) for name in "abc"]
    post.tags.set(tags)
    with heard(pre_delete):
        announced = seen(lambda: (post.tags.remove(tags[0]), post.tags.set([tags[1]]), post.tags.clear()))
        post.tags.set(tags)
        by_hand = seen(lambda: Post.tags.through.objects.filter(post=post).delete())
    assert bypasses(announced) == []
    assert bypasses(by_hand) == [("raw_delete", "blog.Post_tags", 3)]
    assert [each.name for each in by_hand.dispatches if each.group in ("m2m", "delete")] == []


def test_what_sends_signals_is_no_bypass(ada: User) -> None:
    """create(), save(), get_or_create() and update_or_create() go by signals."""

    def story() -> None:
        tag = Tag.objects.create(name="a")
        tag.save()
        tag.save(update_fields=["name"])
        Tag.objects.get_or_create(name="a")
        Tag.objects.get_or_create(name="b")
        Tag.objects.update_or_create(name="b", defaults={"name": "c"})
        Post.objects.create(title="x", author=ada).refresh_from_db()
        list(Tag.objects.all())

    assert bypasses(seen(story)) == []


def test_operations_that_fail_are_no_bypasses() -> None:
    """An operation that the database refuses has written nothing; its error is Django's."""
    Tag.objects.create(name="a")

    def story() -> None:
        with pytest.raises(IntegrityError):
            Tag.objects.bulk_create([Tag(name="a")])

    assert bypasses(seen(story)) == []


@pytest.mark.parametrize(("arguments", "named"), [((), {"ignore_conflicts": True}), ((None, True), {})])
def test_rows_that_may_have_been_there_already(arguments: Any, named: Any) -> None:
    """Where conflicts are ignored, by name or by position, nobody says how many rows were written."""
    Tag.objects.create(name="a")
    tags = [Tag(name="a"), Tag(name="b")]
    trace = seen(lambda: Tag.objects.bulk_create(tags, *arguments, **named))
    assert bypasses(trace) == [("bulk_create", "blog.Tag", None)]


def test_operations_on_nothing() -> None:
    """An operation that touches no row changes nothing: it says so, or is not reported."""
    trace = seen(
        lambda: (
            Tag.objects.bulk_create([]),
            Tag.objects.none().update(name="a"),
            Tag.objects.none().delete(),
        )
    )
    assert {rows for _, _, rows in bypasses(trace)} <= {0}
