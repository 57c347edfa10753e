"""The page of the signal of many-to-many relations."""

from __future__ import annotations

from sigexplorer.catalog.page import Argument, Note, Page, Table

_ACTIONS = Table(
    title="Actions",
    columns=("action", "when", "pk_set"),
    rows=(
        ("pre_add", "before rows are inserted", "the keys that are missing yet; may be empty"),
        ("post_add", "after rows were inserted", "the same set as pre_add"),
        ("pre_remove", "before rows are deleted", "the keys that were passed, related or not"),
        ("post_remove", "after rows were deleted", "the same set as pre_remove"),
        ("pre_clear", "before all rows are deleted", "None"),
        ("post_clear", "after all rows were deleted", "None"),
    ),
)

_CALLS = Table(
    title="What each call sends",
    columns=("call", "sends"),
    rows=(
        ("add(...)", "pre_add, post_add, where somebody listens; also when all are related already"),
        ("remove(...)", "pre_remove, post_remove; also when none was related"),
        ("clear()", "pre_clear, post_clear; also when there is nothing to clear"),
        ("set(...)", "a remove pair for what goes, then an add pair for what comes; nothing when equal"),
        ("set(..., clear=True)", "a clear pair, then an add pair for all of them"),
        ("set([], clear=True)", "a clear pair only"),
        ("create(...)", "an add pair, after the save signals of the new object"),
        ("add(), remove()", "nothing: there is nothing to do"),
    ),
)

_PITFALLS = (
    Note(
        "add() asks has_listeners() first: where nobody listens to the through model it sends nothing, and"
        " inserts into an automatic one in one statement. Merely connecting a receiver costs it a SELECT; a"
        " through model of your own is read first in any case. remove() and clear() send whether anybody"
        " listens or not."
    ),
    Note(
        "Connect to the through model, sender=Post.tags.through: sender=Post is accepted and never matches."
    ),
    Note(
        "Signals come in pairs: choose by action, or the work is done twice. For what clear() is about"
        " to remove, read the relation in pre_clear."
    ),
    Note(
        "From the other side (tag.posts.add(post)) instance and model are swapped and reverse is true; the"
        " sender stays the same."
    ),
    Note(
        "pk_set of remove() is what the caller passed: strings, unknown ids, objects that were not related."
        " Of add() it lists only the missing ones, so it may be empty. Where the foreign key of the through"
        " model has a to_field, it has the values of that field, and no primary keys."
    ),
    Note(
        "pk_set is the set that Django works with: changing it in a pre_ action changes which rows are"
        " written or deleted."
    ),
    Note(
        "Calling add() in a post_add receiver sends again, with an empty pk_set, without end: return when"
        " pk_set is empty."
    ),
    Note(
        "Everything runs in one transaction: an exception in a receiver undoes the change, and a later"
        " rollback does not undo what the receiver did. Use transaction.on_commit()."
    ),
    Note(
        "Deleting an object, and creating or deleting through rows directly, do not send it; rows of an"
        " automatic through model send nothing else either."
    ),
    Note(
        "With a through model of your own, add() sends no save signals for its rows, but remove() and clear()"
        " do send its delete signals where somebody listens to them."
    ),
    Note("A symmetrical relation to the same model writes two rows and sends one pair."),
    Note(
        "loaddata sends it like any set(); before Django 6.1 nothing tells a receiver so.",
        before=(6, 1),
    ),
)

M2M_CHANGED = Page(
    name="m2m_changed",
    module="django.db.models.signals",
    group="m2m",
    summary="the rows of a many-to-many relation are about to change, or have changed",
    when=(
        "In add(), remove(), clear() and set() of a many-to-many manager, before and after the rows of the"
        " through model are written, inside the same transaction."
    ),
    sender="the through model of the relation, such as Post.tags.through; from either side the same",
    arguments=(
        Argument("action", "str", "pre_add, post_add, pre_remove, post_remove, pre_clear or post_clear"),
        Argument(
            "instance", "Model", "the object whose manager was called, never a row of the through model"
        ),
        Argument("reverse", "bool", "true when the call came from the side that does not define the field"),
        Argument("model", "type[Model]", "the class of the objects added, removed or cleared"),
        Argument(
            "pk_set",
            "set[Any] | None",
            "their primary keys, or what to_field refers by; None for pre_clear and post_clear",
        ),
        Argument("using", "str", "the alias of the database written to"),
        Argument(
            "raw",
            "bool",
            "true when a fixture is loaded (loaddata): read and write nothing else then",
            since=(6, 1),
        ),
    ),
    pitfalls=_PITFALLS,
    example="""\
from functools import partial

from django.core.cache import cache
from django.db import transaction
from django.db.models.signals import m2m_changed
from django.dispatch import receiver

from blog.models import Post


@receiver(m2m_changed, sender=Post.tags.through, dispatch_uid="forget-tag-lists")
def forget_tag_lists(sender, instance, action, reverse, pk_set, using, **kwargs):
    if action not in {"post_add", "post_remove", "pre_clear"}:
        return
    if not reverse:  # post.tags.add(tag)
        posts = {instance.pk}
    elif pk_set is not None:  # tag.posts.add(post)
        posts = set(pk_set)
    else:  # tag.posts.clear(): only now can we still ask which posts
        posts = set(Post.objects.using(using).filter(tags=instance).values_list("pk", flat=True))
    keys = [f"tags-of-post:{pk}" for pk in posts]
    transaction.on_commit(partial(cache.delete_many, keys), using=using)
""",
    trigger="adds a tag to a post and removes it",
    related=("post_save", "pre_delete", "post_delete"),
    sent_by=("django.db.models.fields.related_descriptors",),
    scenarios=("listening", "many-to-many", "load-fixture"),
    tables=(_ACTIONS, _CALLS),
)
