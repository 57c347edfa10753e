"""Facts about models as classes."""

from __future__ import annotations

from sigexplorer.catalog.fact import Fact

FACTS = (
    Fact(
        id="class-prepared",
        statement=(
            "A receiver of class_prepared that is connected in AppConfig.ready() hears of no model that a"
            " module models of the project defines"
        ),
        why=(
            "These are imported before ready(). Connect in the module of an AppConfig, or in the"
            " package that is imported first."
        ),
        scenario="model-classes",
        source=("django/apps/registry.py: Apps.populate", "django/db/models/base.py: ModelBase._prepare"),
        signals=("class_prepared",),
    ),
    Fact(
        id="class-prepared-registry",
        statement="When class_prepared is sent, the model is not in the registry of apps yet",
        why="ModelBase registers the class last; the documentation says otherwise.",
        scenario="model-classes",
        source=("django/db/models/base.py: ModelBase.__new__", "docs: ref/signals class_prepared"),
        signals=("class_prepared",),
    ),
    Fact(
        id="historical-class",
        statement=(
            "migrate builds the models of the past, and sends class_prepared for each, of module __fake__"
        ),
        why="The state of a migration renders its models as classes, again after each change.",
        scenario="data-migration",
        source=("django/db/migrations/state.py: ModelState.render",),
        signals=("class_prepared",),
    ),
    Fact(
        id="historical-save",
        statement=(
            "A save() in a data migration, of a model from its apps, has a class of the past as its sender,"
            " which receivers of the real class do not hear"
        ),
        why=(
            "apps.get_model() of a migration returns a class of its own; receivers without a sender"
            " are called, with an instance of which isinstance() says that it is none of your class."
        ),
        scenario="data-migration",
        source=("django/db/migrations/state.py: StateApps",),
        signals=("pre_save", "post_save"),
    ),
)
