"""Signals and transactions."""

from __future__ import annotations

from contextlib import suppress

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.signals import post_save

from blog import memory
from blog.models import Post, Tag
from sigexplorer.playground.props import connected
from sigexplorer.playground.steps import Steps


class ChangedMindError(Exception):
    """Ends a transaction."""


def rollback(step: Steps) -> None:
    """Publish a post in a transaction that fails, in a savepoint that fails, and for good."""
    author = User.objects.create_user("amy")

    with step("a transaction that is rolled back"), suppress(ChangedMindError), transaction.atomic():
        Post.objects.create(author=author, title="Never").publish()
        raise ChangedMindError
    sent = step.sent("post_save", "blog.Post")
    step.claim("post_save was sent and heard", len(sent[0].calls), 2, fact="rollback")
    undone = {dispatch.rolled_back for dispatch in sent}
    step.claim("and is not undone by the rollback", undone, {True}, fact="rollback")
    step.claim("the row is gone", Post.objects.count(), 0, fact="rollback")
    step.claim("the on_commit callback of a receiver never ran", list(memory.outbox), [], fact="rollback")
    step.claim("what another receiver did at once is done", list(memory.feed), ["Never"], fact="rollback")

    _savepoint(step, author)

    with step("a transaction that is committed"), transaction.atomic():
        Post.objects.get(title="Kept").publish()
        waiting = list(memory.outbox)
    step.claim("before the commit the callback waits", waiting, [])
    step.claim("after it the callback has run", list(memory.outbox), ["new post: Kept"])

    with step("no transaction at all"):
        Post.objects.get(title="Kept").publish()
    in_transaction = {dispatch.in_transaction for dispatch in step.sent("post_published")}
    step.claim(
        "outside of atomic() on_commit() runs at once",
        (in_transaction, len(memory.outbox)),
        ({False}, 2),
        fact="on-commit-autocommit",
    )
    _at_once(step)


def _savepoint(step: Steps, author: User) -> None:
    with step("a savepoint that is rolled back"), transaction.atomic():
        Post.objects.create(author=author, title="Kept")
        with suppress(ChangedMindError), transaction.atomic():
            Post.objects.create(author=author, title="Lost").publish()
            raise ChangedMindError
    saved = step.sent("post_save", "blog.Post")
    step.claim("all was heard", [len(sent.calls) for sent in saved], [2, 2, 2], fact="savepoint")
    fates = [dispatch.rolled_back for dispatch in saved]
    step.claim(
        "only what was sent since the savepoint is rolled back", fates, [False, True, True], fact="savepoint"
    )
    titles = list(Post.objects.values_list("title", flat=True))
    step.claim("the row of the savepoint is gone", titles, ["Kept"], fact="savepoint")
    step.claim("and so is what waited for the commit there", list(memory.outbox), [], fact="savepoint")


def _at_once(step: Steps) -> None:
    done: list[str] = []

    def write_letter(**_kwargs: object) -> None:
        transaction.on_commit(lambda: done.append("the callback"))
        done.append("the rest of the receiver")

    with step("a transaction of another database"), transaction.atomic(using="archive"):
        transaction.on_commit(lambda: done.append("at once"))
        transaction.on_commit(lambda: done.append("with the other one"), using="archive")
        waiting = list(done)
    step.claim("a callback waits for its own", waiting, ["at once"], fact="on-commit-autocommit")
    done.clear()

    with step("a receiver that goes on after on_commit()"), connected(post_save, write_letter, sender=Tag):
        Tag.objects.create(name="django")
    inside = ["the callback", "the rest of the receiver"]
    step.claim("the callback runs inside of the receiver", done, inside, fact="on-commit-autocommit")
