"""The page of the signal of model classes."""

from __future__ import annotations

from sigexplorer.catalog.page import Note, Page

CLASS_PREPARED = Page(
    name="class_prepared",
    module="django.db.models.signals",
    group="model",
    summary="a model class was defined",
    when=(
        "At the end of the class statement of a model, when its fields and managers are set and just before"
        " the app registry learns of it."
    ),
    sender=(
        "the model class: concrete, proxy and swapped ones, automatic through models and the historical"
        " models of migrate; never an abstract one"
    ),
    arguments=(),
    pitfalls=(
        Note(
            "AppConfig.ready() is too late: it runs after django.setup() has imported every models module."
            " Connect at module level of an apps.py, which Django imports before the first models module."
        ),
        Note(
            "The model is not in the app registry yet, although Django's documentation says registered:"
            " get_model() raises and relations to later models are still strings. Wait with"
            " apps.lazy_model_operation()."
        ),
        Note(
            "It is a plain Signal, so a sender such as 'blog.Post' is compared as a string and never matches;"
            " and the class to connect to does not exist yet. Connect without a sender and look at"
            " sender._meta.label."
        ),
        Note(
            "migrate builds historical models and sends it for each, hundreds of times: their __module__ is"
            " '__fake__'."
        ),
        Note("An exception here comes out of the class statement: the project does not start."),
    ),
    example="""\
# blog/apps.py
from django.apps import AppConfig
from django.db.models.signals import class_prepared

models_defined = []


def note_model(sender, **kwargs):
    if sender.__module__ != "__fake__":  # not the historical models of migrate
        models_defined.append(sender._meta.label)


# Here and not in ready(): every apps.py is imported before the first models.py.
class_prepared.connect(note_model, dispatch_uid="note-model")


class BlogConfig(AppConfig):
    name = "blog"
""",
    trigger="defines a model in an app registry of its own",
    related=("pre_init", "post_init", "pre_migrate"),
    sent_by=("django.db.models.base",),
    scenarios=("migrate",),
)
