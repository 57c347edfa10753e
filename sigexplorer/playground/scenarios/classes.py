"""Models as classes: when they are announced, and those of migrations."""

from __future__ import annotations

import sys

from django.apps import apps
from django.apps.registry import Apps
from django.core.management import call_command
from django.db import models
from django.db.models.signals import class_prepared, post_save

from blog.models import Category
from sigexplorer.playground.props import connected, left_as_found
from sigexplorer.playground.steps import Steps


def model_classes(step: Steps) -> None:
    """Define models, and set an application up."""
    with left_as_found(class_prepared), step.part():
        _too_late(step)
    with step.part():
        _registered(step)


def _too_late(step: Steps) -> None:
    sys.modules.pop("sigexplorer.playground.garden.models", None)

    def in_time(**_kwargs: object) -> None:
        pass

    class_prepared.connect(in_time)
    with step("set up an application whose ready() connects to class_prepared"):
        Apps(["sigexplorer.playground.garden"])
    (sent,) = step.sent("class_prepared", "garden.Plant")
    called = [call.receiver.rpartition(".")[2] for call in sent.calls]
    step.claim("the model was defined before ready()", called, ["in_time"], fact="class-prepared")

    with step("define another model, later"):

        class Tree(models.Model):  # noqa: DJ008 - nobody reads them
            class Meta:
                app_label = "garden"
                apps = Apps()

    called = step.called("class_prepared")
    step.claim("only what comes later is heard", called, ["in_time", "too_late"], fact="class-prepared")


def _registered(step: Steps) -> None:
    registry = Apps()
    seen: list[bool] = []

    def look(sender: type[models.Model], **_kwargs: object) -> None:
        seen.append(sender._meta.model_name in registry.all_models["garden"])

    with step("look for a model in its registry, in class_prepared"), connected(class_prepared, look):

        class Tree(models.Model):  # noqa: DJ008 - nobody reads them
            class Meta:
                app_label = "garden"
                apps = registry

    step.claim("it is not there", seen, [False], fact="class-prepared-registry")
    there = "tree" in registry.all_models["garden"]
    step.claim("though it is right after", there, fact="class-prepared-registry")


def data_migration(step: Steps) -> None:
    """Run a migration that saves rows."""
    call_command("migrate", fake=True, verbosity=0, interactive=False)
    call_command("migrate", "blog", "0001", verbosity=0, interactive=False)
    modules: list[str] = []
    same: list[bool] = []
    instances: list[bool] = []

    def note_module(sender: type[models.Model], **_kwargs: object) -> None:
        modules.append(sender.__module__)

    def for_category(**_kwargs: object) -> None:
        pass

    def for_all(sender: type[models.Model], instance: models.Model, **_kwargs: object) -> None:
        if sender._meta.label == "blog.Category":
            same.append(sender is Category)
            instances.append(isinstance(instance, Category))

    with (
        step("run a data migration"),
        connected(class_prepared, note_module),
        connected(post_save, for_category, sender=Category),
        connected(post_save, for_all),
    ):
        call_command("migrate", "blog", verbosity=0, interactive=False)
    blog = len(list(apps.get_app_config("blog").get_models(include_auto_created=True)))
    built = len(modules) >= blog
    step.claim("models are built anew for it, and announced", built, fact="historical-class")
    step.claim(
        "in a module __fake__, which there is not", set(modules), {"__fake__"}, fact="historical-class"
    )
    step.claim("it saves two rows of another class", same, [False, False], fact="historical-save")
    step.claim("of which the real one is no base", instances, [False, False], fact="historical-save")
    saved = step.sent("post_save", "blog.Category")
    called = {call.receiver.rpartition(".")[2] for dispatch in saved for call in dispatch.calls}
    missed = "for_category" not in called
    step.claim("a receiver of the real class misses them", missed, fact="historical-save")
    step.claim("one for every sender hears them", "for_all" in called, fact="historical-save")
