"""Pages of the signals around ``Model.__init__()``."""

from __future__ import annotations

from sigexplorer.catalog.page import Argument, Note, Page

_SENDER = (
    "the model class being instantiated: the proxy class for a proxy, a historical class inside migrations"
)

_PER_ROW = Note(
    "It runs once for every row that a query returns, and for every through row that add() of a"
    " many-to-many relation builds: no queries here, and nothing slow."
)

_SECOND_INSTANCE = Note(
    "refresh_from_db() and loading a deferred field of one instance build a second one of the model, sent"
    " here like any other and then thrown away."
)

_NOT_SENT = Note(
    "copy.copy(), copy.deepcopy() and unpickling make instances without it; values(), values_list() and"
    " count() make none."
)

PRE_INIT = Page(
    name="pre_init",
    module="django.db.models.signals",
    group="init",
    summary="a model instance is about to be built",
    when=(
        "At the start of Model.__init__(), before any attribute is set: for every call of the constructor and"
        " for every row that a query turns into an instance."
    ),
    sender=_SENDER,
    arguments=(
        Argument(
            "args",
            "tuple[Any, ...]",
            "the positional arguments of the constructor; the column values when a row is loaded, with"
            " DEFERRED for those left out",
        ),
        Argument(
            "kwargs", "dict[str, Any]", "the keyword arguments of the constructor, the dictionary itself"
        ),
    ),
    pitfalls=(
        _PER_ROW,
        Note("There is no instance yet, so none is passed: what needs one belongs in post_init."),
        Note(
            "kwargs is the dictionary that __init__() takes all columns out of: a key set here becomes an"
            " argument of the constructor, and a reference kept here has lost them later. Copy what you keep."
        ),
        Note(
            "kwargs is the name of an argument of this signal, so call the catch-all something else:"
            " def receiver(sender, args, kwargs, **rest)."
        ),
        Note("args is a tuple, although Django's documentation says list."),
        _SECOND_INSTANCE,
        _NOT_SENT,
    ),
    example="""\
from collections import Counter

from django.db.models.signals import pre_init
from django.dispatch import receiver

from blog.models import Post

built = Counter()


@receiver(pre_init, sender=Post, dispatch_uid="count-built-posts")
def count_built(sender, args, kwargs, **rest):
    # Look, do not touch: the constructor still needs both.
    built["by keyword" if kwargs else "by position"] += 1
""",
    trigger="builds a model instance without saving it",
    related=("post_init", "pre_save", "class_prepared"),
    sent_by=("django.db.models.base",),
    scenarios=("save-user", "proxy-and-child-models", "load-fixture", "bulk-operations"),
)

POST_INIT = Page(
    name="post_init",
    module="django.db.models.signals",
    group="init",
    summary="a model instance was built",
    when=(
        "At the end of Model.__init__(), when every field that was passed or has a default is set: for every"
        " call of the constructor and for every row that a query turns into an instance."
    ),
    sender=_SENDER,
    arguments=(Argument("instance", "Model", "the object just built, whether it is in the database or not"),),
    pitfalls=(
        _PER_ROW,
        Note(
            "A row from the database looks new here: _state.adding is true and _state.db is None, because"
            " from_db() sets them after __init__()."
        ),
        Note(
            "Reading a deferred field here runs a query for every row; reading two of them recurses until"
            " RecursionError. Look into instance.__dict__, which has only what was loaded."
        ),
        Note(
            "What a receiver stores on the instance is not renewed by refresh_from_db(): the fresh values are"
            " copied from a second instance, on which the receiver ran."
        ),
        _SECOND_INSTANCE,
        _NOT_SENT,
        Note(
            "Django connects a receiver of its own for every model that has an ImageField with width_field or"
            " height_field, so such models pay for it with each row."
        ),
    ),
    example="""\
from django.db.models.signals import post_init
from django.dispatch import receiver

from blog.models import Post


@receiver(post_init, sender=Post, dispatch_uid="remember-title")
def remember_title(sender, instance, **kwargs):
    # Not instance.title: where the title is deferred, that would query for every row.
    instance.title_when_built = instance.__dict__.get("title")
""",
    trigger="builds a model instance without saving it",
    related=("pre_init", "post_save", "class_prepared"),
    sent_by=("django.db.models.base",),
    scenarios=("save-user", "proxy-and-child-models", "load-fixture", "bulk-operations"),
)
