"""What changes as soon as anybody listens: Django asks, and does less where nobody does."""

from __future__ import annotations

from django.contrib.auth.models import Group, User

from blog.models import Comment, Post
from sigexplorer.playground.steps import Steps


def listening(step: Steps) -> None:
    """Delete rows and change groups in the ways that are quicker while nobody listens."""
    author = User.objects.create_user("amy")
    post = Post.objects.create(author=author, title="Signals")
    _delete(step, post)
    _group(step, author)

    with step("save a post"):
        post.save()
    saved = ["blog.Post", "blog.AuditEntry"]
    step.claim("saving is the same either way", step.senders("pre_save"), saved)


def _delete(step: Steps, post: Post) -> None:
    first, *_others = (
        post.comments.create(name=name, text="I see.") for name in ("Bob", "Eve", "Mia", "Zoe")
    )
    with step("delete one comment"):
        first.delete()
    _claim_deletes(step, 1)
    with step("delete a queryset of three comments"):
        Comment.objects.all().delete()
    _claim_deletes(step, 3)

    other = Post.objects.create(author=post.author, title="Receivers")
    other.comments.create(name="Bob", text="Me too.")
    with step("delete a post with a comment"):
        other.delete()
    told = "blog.Comment" in step.senders("pre_delete")
    step.claim("its comment is announced only if anybody listens", told, step.listening)


def _claim_deletes(step: Steps, rows: int) -> None:
    expected = rows if step.listening else 0
    quiet = [] if step.listening else ["fast_delete"]
    seen = (len(step.sent("pre_delete")), len(step.sent("post_delete")))
    step.claim("delete signals are sent for each row, if anybody listens", seen, (expected, expected))
    step.claim("else it is one DELETE", [bypass.operation for bypass in step.bypasses()], quiet)


def _group(step: Steps, author: User) -> None:
    staff, editors = (Group.objects.create(name=name) for name in ("staff", "editors"))
    with step("add two groups to a user"):
        author.groups.add(staff, editors)
    step.claim(
        "add() sends m2m_changed only if anybody listens",
        [dispatch.argument("action") for dispatch in step.sent("m2m_changed")],
        ["pre_add", "post_add"] if step.listening else [],
    )

    with step("remove one of them"):
        author.groups.remove(staff)
    step.claim("remove() always does", len(step.sent("m2m_changed")), 2)

    with step("clear them"):
        author.groups.clear()
    step.claim("and so does clear()", len(step.sent("m2m_changed")), 2)
    deleted = [dispatch for dispatch in step.sent() if dispatch.group == "delete"]
    step.claim("rows of the through table are never announced", deleted, [])
