"""The receivers of the blog.

Those with ``@receiver`` are connected when this module is imported, the others by name;
``BlogConfig.ready()`` does both. Each takes the arguments it needs by keyword and leaves
the rest, which may grow with the next Django, to ``**kwargs``.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, TextIO

from django.apps import apps as installed_apps
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.signals import user_login_failed
from django.db import router, transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import Signal, receiver

from blog import memory
from blog.models import AuditEntry, Post, Profile
from blog.signals import post_published

if TYPE_CHECKING:
    from django.apps.registry import Apps
    from django.contrib.auth.models import User
    from django.http import HttpRequest

DEFAULT_TAG = "general"


@receiver(post_save, sender=settings.AUTH_USER_MODEL)
def create_profile(*, instance: User, created: bool, raw: bool, using: str, **_kwargs: object) -> None:
    """Give every new user a profile; a fixture brings its own."""
    if created and not raw:
        Profile.objects.using(using).create(user=instance)


@receiver([post_save, post_delete], sender=Post)
def reindex(*, signal: Signal, instance: Post, using: str, **_kwargs: object) -> None:
    """Ask the search engine to read a post again, or to forget it.

    Fixtures count too: nothing but the post's own key is looked at. Reviews are left out, and
    saves through PublishedPost with them: `sigexplorer check --demo` says so (SX022).
    """
    task = "remove" if signal is post_delete else "update"
    memory.search_queue.append(f"{task} {using}:{instance.pk}")


@receiver(post_published)
def announce_post(*, post: Post, using: str, **_kwargs: object) -> None:
    """Write to the subscribers once the post is certain to stay."""
    transaction.on_commit(partial(memory.outbox.append, f"new post: {post.title}"), using=using)


@receiver(post_published)
async def push_to_feed(*, post: Post, **_kwargs: object) -> None:
    """Add the post to the live feed."""
    memory.feed.append(post.title)


@receiver(user_login_failed)
def count_failed_login(**_kwargs: object) -> None:
    """Count the failure and nothing else: a mistyped user name may well be a password."""
    memory.counts["login failed"] += 1


def write_audit_entry(*, instance: Post, created: bool, raw: bool, using: str, **_kwargs: object) -> None:
    """Log the change of a post: a save inside a save, with signals of its own."""
    if not raw:
        verb = "created" if created else "changed"
        AuditEntry.objects.using(using).create(text=f"{verb} post {instance.pk}")


def count_retagging(*, action: str, **_kwargs: object) -> None:
    """Count changes of tags once they are made, from either side."""
    if action.startswith("post_"):
        memory.counts[f"tags {action}"] += 1


def greet_user(*, request: HttpRequest, user: User, **_kwargs: object) -> None:
    """Welcome the user on the next page; a request without the middleware gets no greeting."""
    messages.info(request, f"Welcome, {user.get_username()}.", fail_silently=True)


def create_default_tag(
    *,
    using: str,
    verbosity: int,
    apps: Apps = installed_apps,
    stdout: TextIO | None = None,
    **_kwargs: object,
) -> None:
    """Make sure that a first tag exists, after ``migrate`` and after ``flush``.

    ``migrate`` passes the models as of the last migration that ran, ``flush`` passes none.
    """
    try:
        tag_model = apps.get_model("blog", "Tag")
    except LookupError:  # migrated back to before there were tags
        return
    if not router.allow_migrate_model(using, tag_model):
        return
    _tag, created = tag_model.objects.using(using).get_or_create(name=DEFAULT_TAG)
    if created and verbosity > 1:
        (stdout or sys.stdout).write(f"Adding tag '{DEFAULT_TAG}'\n")
