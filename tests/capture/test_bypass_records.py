"""What the record of a bypass says, and that looking for bypasses changes nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from capturing import bypasses, connected, observing, seen
from django.apps.registry import Apps
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection, connections, models
from django.db.models.deletion import Collector
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.dispatch import Signal

from blog.models import AuditEntry, Category, Post, Profile, PublishedPost, Tag
from sigexplorer.capture.listening import Listener

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.usefixtures("database")


def receive(**_named: object) -> None:
    """Receive anything."""


def receive_too(**_named: object) -> None:
    """Receive anything, too."""


@contextmanager
def heard(*signals: Signal, sender: object = None) -> Iterator[None]:
    """Let somebody listen to these signals."""
    with contextlib.ExitStack() as stack:
        for signal in signals:
            stack.enter_context(connected(signal, receive, sender=sender))
        yield


def test_would_call_names_the_receivers_that_were_passed_by() -> None:
    """What signals would have reached: receivers of the model and of every sender, in order, once."""
    with (
        connected(pre_save, receive, sender=Tag),
        connected(post_save, receive, receive_too),
        connected(pre_save, receive_too, sender=Category),
    ):
        trace = seen(lambda: (Tag.objects.bulk_create([Tag(name="a")]), Tag.objects.update(name="b")))
    here = "test_bypass_records"
    assert [bypass.would_call for bypass in trace.bypasses] == [
        (f"{here}.receive", f"{here}.receive_too")
    ] * 2


def test_would_call_of_deletions_and_relations(post: Post) -> None:
    """A deletion passes by receivers of deletion, rows of a relation those of m2m_changed."""
    with connected(post_save, receive, sender=AuditEntry):
        trace = seen(lambda: AuditEntry.objects.all()._raw_delete("default"))
        assert [bypass.would_call for bypass in trace.bypasses] == [()]
    with (
        connected(pre_delete, receive, sender=AuditEntry),
        connected(post_delete, receive_too, sender=AuditEntry),
    ):
        trace = seen(lambda: AuditEntry.objects.all()._raw_delete("default"))
        assert [bypass.would_call for bypass in trace.bypasses] == [
            ("test_bypass_records.receive", "test_bypass_records.receive_too")
        ]
    post.tags.add(Tag.objects.create(name="a"))
    trace = seen(post.delete)
    (relation,) = [bypass for bypass in trace.bypasses if bypass.model == "blog.Post_tags"]
    assert relation.would_call == ("blog.receivers.count_retagging",)
    assert bypasses(seen(lambda: Post.objects.update(views=1)))[0][1] == "blog.Post"


def test_would_call_of_an_update_of_posts(post: Post) -> None:
    """The blog's own receivers of post_save are passed by when posts are updated."""
    (bypass,) = seen(lambda: Post.objects.filter(pk=post.pk).update(views=1)).bypasses
    assert bypass.would_call == ("blog.receivers.reindex", "blog.receivers.write_audit_entry")


def test_our_own_receiver_is_never_passed_by(post: Post) -> None:
    """Listening to everything adds nobody to what would have been called."""
    listener = Listener()
    listener.connect()
    try:
        trace = seen(lambda: (Post.objects.update(views=1), Tag.objects.bulk_create([Tag(name="a")])))
    finally:
        listener.disconnect()
    assert [bypass.would_call for bypass in trace.bypasses] == [
        ("blog.receivers.reindex", "blog.receivers.write_audit_entry"),
        (),
    ]
    assert post.pk


def test_a_proxy_is_its_own_model(post: Post) -> None:
    """An update through a proxy passes by the receivers that a save through it would reach."""
    with connected(post_save, receive, sender=PublishedPost):
        trace = seen(lambda: PublishedPost.objects.all().update(views=1))
    (bypass,) = trace.bypasses
    assert bypass.model == "blog.PublishedPost"
    assert bypass.would_call == ("test_bypass_records.receive",)
    assert post.pk


def test_where_a_bypass_stands() -> None:
    """A bypass has an id among the dispatches, a step, the call that caused it and the line it came from."""
    signal = Signal()

    def before(**_named: object) -> None:
        """Receive first."""

    def writing(**_named: object) -> None:
        Tag.objects.bulk_create([Tag(name="a")])

    signal.connect(before)
    signal.connect(writing)
    with observing() as tracer:
        with tracer.step("one"):
            signal.send(None)
        Tag.objects.all()._raw_delete("default")
    trace = tracer.trace()
    first, second = trace.bypasses
    (dispatch,) = [each for each in trace.dispatches if each.group == "custom"]
    assert (first.parent, first.parent_call, first.step) == (dispatch.id, 1, 1)
    assert (second.parent, second.parent_call, second.step) == (None, None, None)
    assert dispatch.id < first.id < second.id
    assert first.origin is not None
    assert first.origin.file == "test_bypass_records.py"
    assert first.origin.line == writing.__code__.co_firstlineno + 1
    assert first.origin.function.endswith("writing")
    ids = [each.id for each in (*trace.dispatches, *trace.bypasses)]
    assert sorted(ids) == list(range(1, len(ids) + 1))


def test_a_receiver_of_a_bypass() -> None:
    """A write by a receiver that runs in the midst of a bypass is a bypass of its own."""

    class Loud(models.QuerySet[Any]):
        def bulk_create(self, objs: Any, *positional: Any, **named: Any) -> Any:
            """Tell others in the midst of it."""
            return super().bulk_create(self._telling(objs), *positional, **named)

        def _telling(self, objs: Any) -> Iterator[Any]:
            signal.send(Tag)
            yield from objs

    def writing(**_named: object) -> None:
        AuditEntry.objects.bulk_create([AuditEntry(text="told")])

    signal = Signal()
    signal.connect(writing)
    trace = seen(lambda: Loud(Tag).bulk_create([Tag(name="a")]))
    assert sorted(bypasses(trace)) == [("bulk_create", "blog.AuditEntry", 1), ("bulk_create", "blog.Tag", 1)]


def test_a_write_inside_of_a_deletion(post: Post) -> None:
    """A receiver of a deletion that deletes by itself does so by the name that it uses."""

    def writing(**_named: object) -> None:
        AuditEntry.objects.all()._raw_delete("default")
        AuditEntry.objects.filter(pk=0).delete()

    with connected(pre_delete, writing, sender=Post):
        trace = seen(post.delete)
    assert [name for name, model, _ in bypasses(trace) if model == "blog.AuditEntry"] == [
        "raw_delete",
        "fast_delete",
    ]


@contextmanager
def statements() -> Iterator[list[str]]:
    """Note every statement of both databases."""
    executed: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        executed.append(sql)
        return execute(sql, params, many, context)

    with connections["default"].execute_wrapper(note), connections["archive"].execute_wrapper(note):
        yield executed


def cars() -> tuple[Any, Any]:
    """Return two models, one of which has a field called ``model``, with tables."""
    registry = Apps()

    def options() -> type:
        return type("Meta", (), {"apps": registry, "app_label": "blog"})

    def make(name: str, /, **members: Any) -> Any:
        return type(name, (models.Model,), {"__module__": __name__, "Meta": options(), **members})

    brand = make("Brand", name=models.TextField())
    car = make("Car", model=models.ForeignKey(brand, models.CASCADE), plate=models.TextField())
    with connection.schema_editor() as editor:
        editor.create_model(brand)
        editor.create_model(car)
    return brand, car


@pytest.mark.parametrize("listened", [False, True])
def test_a_field_called_model_is_not_asked(*, listened: bool) -> None:
    """Deleting an instance that has a field ``model`` runs the same SQL; the field is not fetched."""
    brand, car = cars()
    for name in ("one", "two"):
        car.objects.create(plate=name, model=brand.objects.create(name=name))
    with heard(pre_delete) if listened else contextlib.nullcontext():
        with statements() as unobserved:
            car.objects.get(plate="one").delete()
        with statements() as observed, observing():
            car.objects.get(plate="two").delete()
    assert observed == unobserved


def test_a_relation_to_nothing_breaks_no_deletion() -> None:
    """An instance whose field ``model`` points at a row that is gone is deleted as without us."""
    brand, car = cars()
    with connection.constraint_checks_disabled():
        gone = car.objects.create(plate="x", model_id=4711)
        assert brand.objects.count() == 0
        trace = seen(car.objects.get(pk=gone.pk).delete)
    assert car.objects.count() == 0
    assert bypasses(trace) == [("fast_delete", "blog.Car", 1)]


def test_a_content_type_is_deleted_like_others() -> None:
    """Django's own model with a field ``model`` is no exception."""
    kind = ContentType.objects.create(app_label="blog", model="post")
    trace = seen(kind.delete)
    assert not any(model == "?" for _, model, _ in bypasses(trace))
    assert ContentType.objects.count() == 0


def test_a_collector_without_an_origin() -> None:
    """A collector that is used by itself, as the admin does, works and is reported."""
    entry = AuditEntry.objects.create(text="a")
    collector = Collector(using="default")
    collector.collect([entry])
    # Looked up while we observe: the method that was there before is not ours.
    assert bypasses(seen(lambda: collector.delete())) == [  # noqa: PLW0108
        ("fast_delete", "blog.AuditEntry", 1)
    ]


def test_answers_are_djangos(ada: User) -> None:
    """Every operation returns what it returns without us."""

    def story() -> list[object]:
        tags = Tag.objects.bulk_create([Tag(name=name) for name in "ab"])
        answers: list[object] = [[tag.pk is not None for tag in tags]]
        answers.append(Tag.objects.bulk_update(tags, ["name"]))
        answers.append(Tag.objects.filter(name="a").update(name="c"))
        answers.append(Tag.objects.filter(name="c").delete())
        answers.append(Tag.objects.get(name="b").delete())
        answers.append(AuditEntry(pk=99).delete())
        answers.append(AuditEntry.objects.all()._raw_delete("default"))
        post = Post.objects.create(title="x", author=ada)
        post.tags.add(Tag.objects.create(name="d"))
        answers.append(post.delete())
        Tag.objects.all().delete()
        AuditEntry.objects.all().delete()
        return answers

    unobserved = story()
    with observing():
        assert story() == unobserved
    assert Profile.objects.count() == 1


async def _abulk() -> None:
    await Tag.objects.abulk_create([Tag(name="a")])
    await Tag.objects.aupdate(name="b")


def test_the_async_forms_are_the_same() -> None:
    """abulk_create(), aupdate() and the like are reported as what they call."""
    from asgiref.sync import async_to_sync

    assert bypasses(seen(async_to_sync(_abulk))) == [
        ("bulk_create", "blog.Tag", 1),
        ("update", "blog.Tag", 1),
    ]
