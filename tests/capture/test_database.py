"""SQL statements, by the receiver that caused them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from capturing import METHODS, connect, connected, observing, only, short
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, connections, transaction
from django.db.models.signals import post_save
from django.db.utils import OperationalError
from django.dispatch import Signal

from blog.models import AuditEntry, Post, Profile, Tag

if TYPE_CHECKING:
    from sigexplorer.model import Dispatch, Trace

pytestmark = pytest.mark.usefixtures("database")


@contextmanager
def counting() -> Iterator[list[str]]:
    """Note every statement of this thread, as Django itself counts them."""
    executed: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        executed.append(sql)
        return execute(sql, params, many, context)

    with contextlib.ExitStack() as stack:
        for wrapper in connections.all():
            stack.enter_context(wrapper.execute_wrapper(note))
        yield executed


def dispatches(trace: Trace, name: str, sender: str) -> list[Dispatch]:
    """Return the dispatches of a signal by a sender."""
    return [each for each in trace.dispatches if (each.name, each.sender) == (name, sender)]


def test_statements_are_counted_by_call_dispatch_and_run() -> None:
    """The statement of a receiver is its own, its dispatch's and the run's; Django's own is the run's."""
    with counting() as executed, observing() as tracer:
        User.objects.create(username="ada")
    trace = tracer.trace()
    (saved,) = dispatches(trace, "post_save", "auth.User")
    assert [(short(call.receiver), call.queries) for call in saved.calls] == [("create_profile", 1)]
    assert saved.queries == 1
    (before,) = dispatches(trace, "pre_save", "auth.User")
    assert before.queries == 0
    assert trace.run.queries == len(executed) == 2
    assert Profile.objects.count() == 1


def test_statements_of_nested_dispatches_count_upwards() -> None:
    """What a nested dispatch executes counts for every call and dispatch around it, and for no other."""
    user = User.objects.create(username="ada")

    def count_entries(**_named: object) -> None:
        AuditEntry.objects.count()
        AuditEntry.objects.count()

    with (
        connected(post_save, count_entries, sender=AuditEntry),
        counting() as executed,
        observing() as tracer,
    ):
        Post.objects.create(title="first", author=user)
    trace = tracer.trace()
    (outer,) = dispatches(trace, "post_save", "blog.Post")
    (inner,) = dispatches(trace, "post_save", "blog.AuditEntry")
    assert [(short(call.receiver), call.queries) for call in inner.calls] == [("count_entries", 2)]
    assert inner.queries == 2
    assert {short(call.receiver): call.queries for call in outer.calls} == {
        "reindex": 0,
        "write_audit_entry": 3,
    }
    assert outer.queries == 3
    assert trace.run.queries == len(executed) == 4


@pytest.mark.parametrize("method", METHODS[:2])
def test_each_receiver_has_its_own_statements(method: str) -> None:
    """Sync and async receivers, failing ones included, each have what they executed and nobody else's."""
    signal = Signal()

    def two(**_named: object) -> None:
        Tag.objects.count()
        Tag.objects.count()

    def failing(**_named: object) -> None:
        Tag.objects.count()
        raise ValueError("no")

    async def awaited(**_named: object) -> None:
        await Tag.objects.acount()
        await Tag.objects.acount()
        await Tag.objects.acount()

    async def other(**_named: object) -> None:
        await Tag.objects.acount()

    def none(**_named: object) -> None:
        """Execute nothing."""

    receivers = [two, awaited, none, other]
    if method == "send_robust":
        receivers.insert(1, failing)
    connect(signal, *receivers)
    with counting() as executed, observing() as tracer:
        getattr(signal, method)(None)
    found = {short(call.receiver): call.queries for call in only(tracer.trace()).calls}
    expected = {"two": 2, "none": 0, "awaited": 3, "other": 1}
    if method == "send_robust":
        expected["failing"] = 1
    assert found == expected
    assert (
        only(tracer.trace()).queries == tracer.trace().run.queries == len(executed) == sum(expected.values())
    )


def test_the_statements_of_a_send_that_raised() -> None:
    """A receiver that raised keeps its count, and so do the dispatch and the calls around it."""
    outer, inner = Signal(), Signal()

    def failing(**_named: object) -> None:
        Tag.objects.count()
        raise ValueError("no")

    def relaying(**_named: object) -> None:
        Tag.objects.count()
        with contextlib.suppress(ValueError):
            inner.send(None, name="inner")

    connect(inner, failing)
    connect(outer, relaying)
    with observing() as tracer:
        outer.send(None, name="outer")
    counts = {
        each.argument("name"): (each.queries, each.calls[0].queries) for each in tracer.trace().dispatches
    }
    assert counts == {"outer": (2, 2), "inner": (1, 1)}


def test_every_way_to_execute_counts_once() -> None:
    """execute(), executemany(), raw SQL and what fails are one statement each, as Django counts them."""
    with counting() as executed, observing() as tracer:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.executemany("INSERT INTO blog_tag (name) VALUES (%s)", [("a",), ("b",), ("c",)])
            with contextlib.suppress(OperationalError):
                cursor.execute("SELECT nonsense FROM nowhere")
        list(Tag.objects.raw("SELECT * FROM blog_tag"))
        with transaction.atomic():
            Tag.objects.filter(name="a").exists()
    assert tracer.trace().run.queries == len(executed) >= 5


def test_statements_before_and_after_are_not_counted() -> None:
    """Only what is executed between start and stop counts."""
    Tag.objects.count()
    with observing() as tracer:
        Tag.objects.count()
    Tag.objects.count()
    assert tracer.trace().run.queries == 1


def test_statements_between_steps_are_preparation() -> None:
    """With steps only, statements outside of every step do not count for the run."""
    with observing(steps_only=True) as tracer:
        Tag.objects.create(name="a")
        with tracer.step("one"):
            Tag.objects.count()
        Tag.objects.count()
    assert tracer.trace().run.queries == 1
    assert tracer.trace().dispatches == ()


def test_preparation_alone_is_no_statement() -> None:
    """With steps only, and none of them, there are none; those of tracers before do not count either."""
    with observing():
        Tag.objects.count()
        with observing(steps_only=True) as tracer:
            Tag.objects.count()
    assert tracer.trace().run.queries == 0


def test_the_sql_is_what_it_is_without_us() -> None:
    """The same statements in the same order reach the database, transactions included."""

    def story() -> list[str]:
        with counting() as executed:
            user = User.objects.create(username="ada")
            post = Post.objects.create(title="first", author=user)
            post.tags.add(Tag.objects.create(name="a"), Tag.objects.create(name="b"))
            post.tags.set([Tag.objects.get(name="a")])
            Post.objects.bulk_create([Post(title=str(number), author=user) for number in range(3)])
            Post.objects.update(views=1)
            with transaction.atomic(), contextlib.suppress(IntegrityError), transaction.atomic():
                Tag.objects.create(name="a")
            Tag.objects.get_or_create(name="c")
            post.comments.create(name="reader", text="yes")
            Tag.objects.filter(name="b").delete()
            AuditEntry.objects.all().delete()
            post.delete()
            user.delete()
            Tag.objects.using("archive").create(name="a")
        # Savepoints are numbered for the life of a connection.
        return [sql.partition(" `s")[0].partition(' "s')[0] for sql in executed]

    from sigexplorer.playground.boot import PLAYGROUND

    unobserved = story()
    PLAYGROUND.reset()
    with observing() as tracer:
        observed = story()
    assert observed == unobserved
    assert len(observed) > 30
    assert tracer.trace().run.queries == len(observed)
