"""Pages of the signals around ``Model.delete()`` and ``QuerySet.delete()``."""

from __future__ import annotations

from sigexplorer.catalog.page import Argument, Note, Page

_ARGUMENTS = (
    Argument("instance", "Model", "the object being deleted"),
    Argument("using", "str", "the alias of the database deleted from"),
    Argument(
        "origin",
        "Model | QuerySet",
        "the object or queryset whose delete() was called, the same for every row of a cascade",
        changed="added in Django 4.1",
    ),
)

_SENDER = (
    "the model class of each deleted object: the proxy class when a proxy is deleted; deleting a multi-table"
    " child sends once for the child and, without keep_parents=True, once for each parent"
)

_FAST_DELETE = Note(
    "Before deleting, Django asks has_listeners() of pre_delete and post_delete. Where nobody listens, no"
    " model refers to that of the rows, and it has neither a parent with a table nor a generic relation, they"
    " go by one DELETE and neither signal is sent; what refers to a row can vanish so while it is announced."
)

_COST = Note(
    "Merely connecting a receiver gives up that fast path: the rows of a queryset, and what goes with an"
    " object, are selected, built and deleted in batches. A receiver without a sender does it for every"
    " model, and slows remove(), clear() and set() of many-to-many relations, although rows of automatic"
    " through models are never announced."
)

_ORIGIN = Note(
    "Do not print or log origin: the repr() of a queryset runs a query. Where delete() was called on"
    " an object, origin is that object; for all that go in its cascade it is another one."
)

_NOT_SENT = Note(
    "on_delete=SET_NULL and SET_DEFAULT update the other rows without any signal, and deleting an object"
    " removes its many-to-many rows without m2m_changed."
)

_DB_CASCADE = Note(
    "Rows deleted by on_delete=DB_CASCADE go inside the database: no signal, even with a receiver connected.",
    since=(6, 1),
)

PRE_DELETE = Page(
    name="pre_delete",
    module="django.db.models.signals",
    group="delete",
    summary="a model instance is about to be deleted",
    when=(
        "In Collector.delete(), inside its transaction: once for every collected object, cascades included,"
        " but for rows of automatic through models; all of them before the first row goes."
    ),
    sender=_SENDER,
    arguments=_ARGUMENTS,
    pitfalls=(
        _FAST_DELETE,
        _COST,
        Note(
            "What to delete was collected before: changes made here to related rows do not change the list."
            " What goes by the fast path is looked for afterwards, and goes even if it was added here."
        ),
        Note("An exception here comes out of delete() and rolls back the whole deletion."),
        Note(
            "The deletion may still be rolled back after this. Take what you need from the object and its"
            " relations now, and act in transaction.on_commit()."
        ),
        _ORIGIN,
        _NOT_SENT,
        _DB_CASCADE,
    ),
    example="""\
import logging
from functools import partial

from django.db import transaction
from django.db.models.signals import pre_delete
from django.dispatch import receiver

from blog.models import Post

logger = logging.getLogger(__name__)


@receiver(pre_delete, sender=Post, dispatch_uid="log-deleted-post")
def log_deleted_post(sender, instance, using, **kwargs):
    # Key and tags can be read now; after delete() the one is None and the others are gone.
    tags = ", ".join(instance.tags.using(using).values_list("name", flat=True))
    log = partial(logger.info, "deleted post %s, tagged %s", instance.pk, tags or "nothing")
    transaction.on_commit(log, using=using)
""",
    trigger="deletes a post that has a comment",
    related=("post_delete", "m2m_changed", "pre_save"),
    sent_by=("django.db.models.deletion",),
    scenarios=("listening", "delete-cascade", "proxy-and-child-models", "bulk-operations"),
)

POST_DELETE = Page(
    name="post_delete",
    module="django.db.models.signals",
    group="delete",
    summary="a model instance was deleted",
    when=(
        "In Collector.delete(), right after the DELETE of all rows of one model and still inside the"
        " transaction; model by model, after every pre_delete."
    ),
    sender=_SENDER,
    arguments=_ARGUMENTS,
    pitfalls=(
        Note(
            "The row is gone: do not save() the instance, which would insert it again, and do not"
            " refresh_from_db()."
        ),
        Note(
            "instance.pk is still set here and becomes None when delete() returns, of a composite key each"
            " part: an on_commit() callback that reads it in a surrounding transaction finds None. Copy the"
            " key first."
        ),
        _FAST_DELETE,
        _COST,
        Note(
            "The transaction has not committed: an exception here, or a later rollback, brings the row back."
            " Remove files and cache entries in transaction.on_commit()."
        ),
        Note(
            "It does not prove that a row was there: delete() of another copy of an object already deleted"
            " sends it again, off the fast path."
        ),
        Note(
            "Rows that referred to the object, and objects of other models in the cascade, may be gone too."
        ),
        _ORIGIN,
        _NOT_SENT,
        _DB_CASCADE,
    ),
    example="""\
from functools import partial

from django.core.cache import cache
from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver

from blog.models import Post


@receiver(post_delete, sender=Post, dispatch_uid="forget-cached-post")
def forget_cached_post(sender, instance, using, **kwargs):
    key = f"post:{instance.pk}"  # now: the pk is None once delete() has returned
    transaction.on_commit(partial(cache.delete, key), using=using)
""",
    trigger="deletes a post that has a comment",
    related=("pre_delete", "m2m_changed", "post_save"),
    sent_by=("django.db.models.deletion",),
    scenarios=("listening", "delete-cascade", "proxy-and-child-models", "bulk-operations"),
)
