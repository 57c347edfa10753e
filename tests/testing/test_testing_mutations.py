"""Every assertion is seen to fail: what holds does not once any one thing in it is changed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
import shop
from django.contrib.auth.models import Group, User
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save

import sigexplorer
from blog.models import Post, PublishedPost, Tag
from blog.receivers import reindex, write_audit_entry

#: What holds, and the same with one thing changed; ``w`` has the trace and what was saved.
PAIRS: dict[str, tuple[Callable[[Any], object], Callable[[Any], object]]] = {
    "signal": (lambda w: w.t.assert_sent(post_save), lambda w: w.t.assert_sent("class_prepared")),
    "signal, named": (
        lambda w: w.t.assert_sent("django.db.models.signals.post_save"),
        lambda w: w.t.assert_sent("django.db.models.signals.class_prepared"),
    ),
    "signal, glob": (lambda w: w.t.assert_sent("*_save"), lambda w: w.t.assert_sent("*_migrate")),
    "signal, group": (lambda w: w.t.assert_sent("%m2m"), lambda w: w.t.assert_sent("%auth")),
    "signal, own": (lambda w: w.t.assert_sent(shop.paid), lambda w: w.t.assert_sent("shop._quiet")),
    "sender": (
        lambda w: w.t.assert_sent(post_save, Post),
        lambda w: w.t.assert_sent(post_save, Group),
    ),
    "sender, proxy": (
        lambda w: w.t.assert_sent(post_save, Post),
        lambda w: w.t.assert_sent(post_save, PublishedPost),
    ),
    "sender, label": (
        lambda w: w.t.assert_sent(post_save, "blog.Post"),
        lambda w: w.t.assert_sent(post_save, "blog.Comment"),
    ),
    "sender, bare": (
        lambda w: w.t.assert_sent(post_save, "post"),
        lambda w: w.t.assert_sent(post_save, "Comment"),
    ),
    "sender, path": (
        lambda w: w.t.assert_sent(post_save, "blog.models.Post"),
        lambda w: w.t.assert_sent(post_save, "blog.models.Comment"),
    ),
    "sender, glob": (
        lambda w: w.t.assert_sent(post_save, "blog.P*"),
        lambda w: w.t.assert_sent(post_save, "blog.C*"),
    ),
    "sender, between": (
        lambda w: w.t.assert_sent(m2m_changed, Post.tags.through),
        lambda w: w.t.assert_sent(m2m_changed, User.groups.through),
    ),
    "sender, own": (
        lambda w: w.t.assert_sent("paid", shop.Web),
        lambda w: w.t.assert_sent("paid", Post),
    ),
    "sender, text": (
        lambda w: w.t.assert_sent("paid", "till"),
        lambda w: w.t.assert_sent("shipped", "till"),
    ),
    "sender, none": (
        lambda w: w.t.assert_sent("paid", None),
        lambda w: w.t.assert_sent("shipped", None),
    ),
    "times": (
        lambda w: w.t.assert_sent(post_save, Post, times=2),
        lambda w: w.t.assert_sent(post_save, Post, times=1),
    ),
    "times, more": (
        lambda w: w.t.assert_sent(post_save, Post, 2),
        lambda w: w.t.assert_sent(post_save, Post, 3),
    ),
    "times, none": (
        lambda w: w.t.assert_sent(post_delete, Post, 0),
        lambda w: w.t.assert_sent(post_delete, Tag, 0),
    ),
    "bool": (
        lambda w: w.t.assert_sent(post_save, instance=w.first, created=True),
        lambda w: w.t.assert_sent(post_save, instance=w.first, created=False),
    ),
    "none": (
        lambda w: w.t.assert_sent(pre_save, update_fields=None),
        lambda w: w.t.assert_sent(pre_save, update_fields={"title"}),
    ),
    "number": (
        lambda w: w.t.assert_sent("paid", order=7),
        lambda w: w.t.assert_sent("paid", order=8),
    ),
    "fraction": (
        lambda w: w.t.assert_sent("paid", sum=1.5),
        lambda w: w.t.assert_sent("paid", sum=1.25),
    ),
    "text": (
        lambda w: w.t.assert_sent("paid", by="card"),
        lambda w: w.t.assert_sent("paid", by="coin"),
    ),
    "set": (
        lambda w: w.t.assert_sent("m2m_changed", action="post_add", pk_set={w.tag}),
        lambda w: w.t.assert_sent("m2m_changed", action="post_add", pk_set={w.tag + 1}),
    ),
    "one of two": (
        lambda w: w.t.assert_sent("paid", order=7, by="card"),
        lambda w: w.t.assert_sent("paid", order=7, by="cash"),
    ),
    "instance": (
        lambda w: w.t.assert_sent("post_save", instance=w.first, times=1),
        lambda w: w.t.assert_sent("post_save", instance=Post(pk=w.second.pk + 1)),
    ),
    "instance, other model": (
        lambda w: w.t.assert_sent("post_delete", instance=w.deleted),
        lambda w: w.t.assert_sent("post_delete", instance=w.first),
    ),
    "instance, unsaved": (
        lambda w: w.t.assert_sent("pre_save", instance=w.second),
        lambda w: w.t.assert_sent("pre_save", instance=Post()),
    ),
    "not sent": (
        lambda w: w.t.assert_not_sent("post_delete", Post),
        lambda w: w.t.assert_not_sent("post_delete", Tag),
    ),
    "not sent, argument": (
        lambda w: w.t.assert_not_sent("post_save", created=False),
        lambda w: w.t.assert_not_sent("post_save", created=True),
    ),
    "not sent, sender": (
        lambda w: w.t.assert_not_sent("post_save", "Comment"),
        lambda w: w.t.assert_not_sent("post_save", "AuditEntry"),
    ),
    "order": (
        lambda w: w.t.assert_order("pre_save", "post_save", "m2m_changed", "post_delete"),
        lambda w: w.t.assert_order("pre_save", "m2m_changed", "post_save", "post_delete", "pre_save"),
    ),
    "order, pairs": (
        lambda w: w.t.assert_order((pre_save, Post), (pre_save, "AuditEntry"), (post_save, Tag)),
        lambda w: w.t.assert_order(
            (post_save, Tag), (pre_save, Post), (pre_save, "AuditEntry"), (post_save, Tag)
        ),
    ),
    "order, sender": (
        lambda w: w.t.assert_order(pre_save, post_save, sender=Post),
        lambda w: w.t.assert_order(pre_save, post_save, sender="Comment"),
    ),
    "order, so often": (
        lambda w: w.t.assert_order(*["m2m_changed"] * 2),
        lambda w: w.t.assert_order(*["m2m_changed"] * 3),
    ),
    "called": (lambda w: w.t.assert_called(reindex), lambda w: w.t.assert_called(shop.push)),
    "called, named": (
        lambda w: w.t.assert_called("reindex"),
        lambda w: w.t.assert_called("greet_user"),
    ),
    "called, glob": (
        lambda w: w.t.assert_called("blog.receivers.*"),
        lambda w: w.t.assert_called("django.contrib.*"),
    ),
    "called, times": (
        lambda w: w.t.assert_called(reindex, 2),
        lambda w: w.t.assert_called(reindex, 1),
    ),
    "called, never": (
        lambda w: w.t.assert_called("count_failed_login", 0),
        lambda w: w.t.assert_called(reindex, 0),
    ),
    "called, skipped": (
        lambda w: w.t.assert_called(shop.fail),
        lambda w: w.t.assert_called(shop.book),
    ),
    "called, muted": (
        lambda w: w.t.assert_called(write_audit_entry, 1),
        lambda w: w.t.assert_called(write_audit_entry, 2),
    ),
    "called, signal": (
        lambda w: w.t.assert_called(reindex, signal=post_save),
        lambda w: w.t.assert_called(reindex, signal=post_delete),
    ),
    "called, sender": (
        lambda w: w.t.assert_called(reindex, sender=Post),
        lambda w: w.t.assert_called(reindex, sender=Tag),
    ),
    "connected": (
        lambda w: w.t.assert_connected(reindex),
        lambda w: w.t.assert_connected(shop.book),
    ),
    "connected, signal": (
        lambda w: w.t.assert_connected("reindex", post_save),
        lambda w: w.t.assert_connected("reindex", pre_save),
    ),
    "connected, sender": (
        lambda w: w.t.assert_connected("reindex", post_save, Post),
        lambda w: w.t.assert_connected("reindex", post_save, Tag),
    ),
    "connected, every sender": (
        lambda w: w.t.assert_connected("count_failed_login", "user_login_failed", None),
        lambda w: w.t.assert_connected("reindex", post_save, None),
    ),
    "most": (
        lambda w: w.t.assert_max_dispatches(w.count),
        lambda w: w.t.assert_max_dispatches(w.count - 1),
    ),
    "nothing": (lambda w: w.empty.assert_no_signals(), lambda w: w.t.assert_no_signals()),
}


@pytest.fixture
def what(ada: User) -> SimpleNamespace:
    """Return a trace of a little of everything, and what was saved and deleted in it."""
    trace, made = sigexplorer.trace(), SimpleNamespace(empty=sigexplorer.trace())
    shop.paid.connect(shop.fail, sender=shop.Phone)
    shop.paid.connect(shop.book, sender=shop.Phone)
    with trace:
        made.first = Post.objects.create(title="first", author=ada)
        with sigexplorer.mute(receiver=write_audit_entry):
            made.second = Post.objects.create(title="second", author=ada)
        tag = made.deleted = Tag.objects.create(name="tag")
        made.tag = tag.pk
        made.first.tags.add(tag)
        shop.paid.send(shop.Web, order=7, by="card", sum=1.5)
        shop.paid.send("till", order=9, by="cash")
        shop.paid.send(None)
        with suppress(ValueError):
            shop.paid.send(shop.Phone)
        shop.shipped.send(shop.Web)
        Tag.objects.get().delete()
    with made.empty:
        pass
    shop.paid.disconnect(shop.fail, sender=shop.Phone)
    shop.paid.disconnect(shop.book, sender=shop.Phone)
    made.t, made.count = trace, len(trace.dispatches)
    return made


@pytest.mark.parametrize(("holds", "fails"), PAIRS.values(), ids=PAIRS)
def test_an_assertion_fails_for_each_thing_that_it_claims(
    what: SimpleNamespace, holds: Callable[[Any], object], fails: Callable[[Any], object]
) -> None:
    """It holds, and fails with a timeline, or with who is connected, once one thing is another."""
    holds(what)
    with pytest.raises(AssertionError) as caught:
        fails(what)
    said = str(caught.value)
    assert "dispatches" in said or "is not connected" in said
