"""Pages of the signals around ``Model.save()``."""

from __future__ import annotations

from sigexplorer.catalog.page import Argument, Note, Page

_INSTANCE = Argument("instance", "Model", "the object being saved")
_RAW = Argument("raw", "bool", "true when a fixture is loaded (loaddata): read and write nothing else then")
_USING = Argument("using", "str", "the alias of the database written to")
_UPDATE_FIELDS = Argument(
    "update_fields",
    "frozenset[str] | None",
    "the field names given to save(update_fields=...), or set by Django: for an object with deferred fields,"
    " and by update_or_create() of a row that exists",
    changed="added in Django 1.5",
)

_SENDER = (
    "the model class of the saved object: the proxy class for a proxy, the child class for"
    " multi-table inheritance, never the parent"
)

_NOT_SENT = Note(
    "update(), bulk_create(), bulk_update() and save(update_fields=[]) send nothing, nor does"
    " on_delete=SET_NULL. Rows of automatic through models send nothing, even by their own save()."
)

_HISTORICAL = Note(
    "A save() in a data migration has a historical class as sender: a receiver connected to the model misses"
    " it, one without a sender gets an object that has none of the model's own methods."
)

PRE_SAVE = Page(
    name="pre_save",
    module="django.db.models.signals",
    group="save",
    summary="a model instance is about to be saved",
    when=(
        "At the start of Model.save_base(): after an overridden save() called super(), before the INSERT or"
        " UPDATE and before the fields' own pre_save(), so auto_now still has its old value."
    ),
    sender=_SENDER,
    arguments=(_INSTANCE, _RAW, _USING, _UPDATE_FIELDS),
    pitfalls=(
        Note(
            "With update_fields only those columns are written: a change to another field stays on the object"
            " and is lost. Change a field only where update_fields is None or names it."
        ),
        Note(
            "A foreign key may be in update_fields by either of its names: author, as the caller wrote it, or"
            " author_id, as Django writes it for an object with deferred fields."
        ),
        Note(
            "There is no created argument: instance._state.adding says that the object was not loaded from"
            " the database, and a key may be set before the first save."
        ),
        _NOT_SENT,
        Note("Calling instance.save() here sends pre_save again, without end: set the attributes instead."),
        Note(
            "With raw (loaddata) an overridden save() is bypassed and related rows may not exist yet:"
            " return at once."
        ),
        Note("An exception here comes out of save(), and nothing is written."),
        _HISTORICAL,
    ),
    example="""\
from django.db.models.signals import pre_save
from django.dispatch import receiver

from blog.models import Post


@receiver(pre_save, sender=Post, dispatch_uid="tidy-title")
def tidy_title(sender, instance, raw, update_fields, **kwargs):
    if raw:  # loaddata: take the fixture as it is
        return
    if update_fields is None or "title" in update_fields:
        instance.title = instance.title.strip()
""",
    trigger="saves a new post",
    related=("post_save", "pre_init", "m2m_changed"),
    sent_by=("django.db.models.base",),
    scenarios=("save-user", "update-user", "proxy-and-child-models", "load-fixture", "bulk-operations"),
)

POST_SAVE = Page(
    name="post_save",
    module="django.db.models.signals",
    group="save",
    summary="a model instance was saved",
    when=(
        "At the end of Model.save_base(): after the INSERT or UPDATE, but before the transaction of"
        " the caller commits."
    ),
    sender=_SENDER,
    arguments=(
        _INSTANCE,
        Argument("created", "bool", "true when a row was inserted, false when one with the key was there"),
        _UPDATE_FIELDS,
        _RAW,
        _USING,
    ),
    pitfalls=(
        Note(
            "A rollback does not undo it: a mail sent here leaves even if the row never stays. Register the"
            " side effect with transaction.on_commit()."
        ),
        _NOT_SENT,
        Note(
            "Calling instance.save() here sends post_save again, without end; use update() or guard it with"
            " created."
        ),
        Note("Many-to-many values of a form or the admin are written later: they are not there yet."),
        Note("An exception here comes out of save(), but without a transaction the row is already stored."),
        Note(
            "An attribute that was assigned an F() expression is still the expression here.",
            before=(6, 0),
        ),
        _HISTORICAL,
    ),
    example="""\
from django.contrib.auth import get_user_model
from django.db.models.signals import post_save
from django.dispatch import receiver

from blog.models import Profile


@receiver(post_save, sender=get_user_model(), dispatch_uid="create-profile")
def create_profile(sender, instance, created, raw, using, **kwargs):
    if raw:  # loaddata brings the profiles along
        return
    if created:
        # Not create(): should another receiver have made the profile, there is one already.
        Profile.objects.using(using).get_or_create(user=instance)
""",
    trigger="saves a new post",
    related=("pre_save", "m2m_changed", "post_init"),
    sent_by=("django.db.models.base",),
    scenarios=("save-user", "update-user", "load-fixture", "bulk-operations", "rollback", "nested-signals"),
)
