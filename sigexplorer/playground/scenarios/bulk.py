"""What sends nothing."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import F
from django.db.models.signals import post_delete, pre_delete

from blog.models import Post, Tag
from sigexplorer.playground.props import connected
from sigexplorer.playground.steps import Steps


def bulk_operations(step: Steps) -> None:
    """Write and delete many rows at once."""
    author = User.objects.create_user("amy")
    receivers = ("blog.receivers.reindex", "blog.receivers.write_audit_entry")

    with step("bulk_create()"):
        posts = Post.objects.bulk_create([Post(author=author, title=f"Part {part}") for part in range(3)])
    _claim_bypass(step, "bulk_create", "blog.Post", 3)
    step.claim("these receivers were not told", step.bypasses()[0].would_call, receivers)

    with step("bulk_update()"):
        for post in posts:
            post.title += "!"
        Post.objects.bulk_update(posts, ["title"])
    _claim_bypass(step, "bulk_update", "blog.Post", 3)

    with step("update()"):
        Post.objects.update(body="all the same")
    _claim_bypass(step, "update", "blog.Post", 3)

    with step("update() with an F() expression"):
        Post.objects.update(views=F("views") + 1)
    _claim_bypass(step, "update", "blog.Post", 3)

    with step("delete() of a queryset with receivers"):
        Post.objects.filter(title="Part 0!").delete()
    step.claim(
        "delete() is no bulk operation where receivers listen", step.senders("post_delete"), ["blog.Post"]
    )

    Tag.objects.create(name="django")
    heard = connected(pre_delete, hear, sender=Tag), connected(post_delete, hear, sender=Tag)
    with step("raw delete of what receivers are connected to"), heard[0], heard[1]:
        Tag.objects.all()._raw_delete("default")
    operations = [(bypass.operation, bypass.model, bypass.rows) for bypass in step.bypasses()]
    raw = [("raw_delete", "blog.Tag", 1)]
    step.claim("_raw_delete() deletes the row", operations, raw, fact="raw-delete")
    step.claim("and the receivers are not called", step.names(), [], fact="raw-delete")


def hear(**_kwargs: object) -> None:
    """Receive."""


def _claim_bypass(step: Steps, operation: str, model: str, rows: int) -> None:
    saves = [name for name in step.names() if name in ("pre_save", "post_save")]
    step.claim(f"{operation}() sends no save signal", saves, [], fact="bulk")
    seen = [(bypass.operation, bypass.model, bypass.rows) for bypass in step.bypasses()]
    step.claim(f"though {rows} rows were written", seen, [(operation, model, rows)], fact="bulk")
