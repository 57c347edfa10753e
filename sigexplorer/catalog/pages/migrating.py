"""Pages of the signals around the ``migrate`` command."""

from __future__ import annotations

from sigexplorer.catalog.page import Argument, Note, Page

_SENDER = (
    "the AppConfig instance of each installed app that has a models module, not its class and not its label"
)

_APP_CONFIG = Argument(
    "app_config", "AppConfig", "the configuration of the app; the same object as the sender"
)
_VERBOSITY = Argument(
    "verbosity",
    "int",
    "how much to tell: print nothing at 0, what changes at 1 (the default), details from 2 on",
)
_INTERACTIVE = Argument(
    "interactive",
    "bool",
    "whether somebody can answer: when false (--noinput, tests) never prompt, and choose what is safe",
)
_USING = Argument("using", "str", "the alias of the database that is migrated")

_ONCE_PER_APP = Note(
    "A receiver without a sender runs once for every app with models, each time. Connect in ready() with"
    " sender=self: the class or the label is accepted and never matches."
)

_EVERY_RUN = Note(
    "Every run of migrate sends it of all these apps: for migrate blog too, and with nothing to do, when plan"
    " is empty. migrate --plan, --check and --prune send nothing."
)

_TEST_DATABASE = Note(
    "It also runs while the test database is created, with interactive false; and once for each database that"
    " is migrated, so use the one named by using, if the router allows the model there."
)

_FAKE = Note("With --fake the plan lists the same migrations, and nothing says that no SQL is run.")

PRE_MIGRATE = Page(
    name="pre_migrate",
    module="django.db.models.signals",
    group="migrate",
    summary="migrate is about to run",
    when=(
        "Early in the migrate command, once per app, after the plan is made and before the first migration"
        " runs."
    ),
    sender=_SENDER,
    arguments=(
        _APP_CONFIG,
        _VERBOSITY,
        _INTERACTIVE,
        _USING,
        Argument(
            "stdout",
            "OutputWrapper",
            "where to print: write to it, so that the caller of the command can catch the text",
            changed="added in Django 4.0",
        ),
        Argument(
            "apps",
            "StateApps",
            "the historical models as the database has them now, before the plan",
            changed="added in Django 1.10",
        ),
        Argument(
            "plan",
            "list[tuple[Migration, bool]]",
            "what will run, in order: pairs of a migration and whether it is run backwards",
            changed="added in Django 1.10",
        ),
    ),
    pitfalls=(
        _ONCE_PER_APP,
        _EVERY_RUN,
        Note(
            "The tables may not exist yet. Get models from apps and be ready for LookupError: the imported"
            " classes have columns that the database has not."
        ),
        Note(
            "plan is the list that migrate goes through. Django itself inserts renames of content types into"
            " its migrations; a receiver that only looks must not change it."
        ),
        _FAKE,
        Note("flush sends post_migrate only, never this signal."),
        _TEST_DATABASE,
        Note("An exception here stops migrate before the first migration."),
    ),
    example="""\
# blog/apps.py
from django.apps import AppConfig
from django.core.management.base import CommandError
from django.db.models.signals import pre_migrate


def confirm_undoing(sender, verbosity, interactive, using, stdout, plan, **kwargs):
    undone = [str(migration) for migration, backwards in plan if backwards]
    if not undone:
        return
    if verbosity >= 1:
        stdout.write(f"This undoes {', '.join(undone)} in '{using}'.")
    if interactive and input("Type 'yes' to continue: ") != "yes":
        raise CommandError("migrate cancelled")


class BlogConfig(AppConfig):
    name = "blog"

    def ready(self):
        pre_migrate.connect(confirm_undoing, sender=self, dispatch_uid="confirm-undoing")
""",
    trigger="runs migrate on an in-memory database that is up to date",
    related=("post_migrate", "class_prepared", "connection_created"),
    sent_by=("django.core.management.sql",),
    scenarios=("migrate", "two-databases"),
)

_NOT_FROM_FLUSH = "sent by migrate only, not by flush"

POST_MIGRATE = Page(
    name="post_migrate",
    module="django.db.models.signals",
    group="migrate",
    summary="migrate or flush has run",
    when=(
        "At the end of the migrate command, once per app, and at the end of flush; so also in tests, when a"
        " TransactionTestCase flushes the database or sets up its available_apps."
    ),
    sender=_SENDER,
    arguments=(
        _APP_CONFIG,
        _VERBOSITY,
        _INTERACTIVE,
        _USING,
        Argument(
            "stdout",
            "OutputWrapper",
            "where to print",
            changed="added in Django 4.0",
            only=_NOT_FROM_FLUSH,
        ),
        Argument(
            "apps",
            "StateApps",
            "the historical models as the migrations have left them",
            changed="added in Django 1.10",
            only=_NOT_FROM_FLUSH,
        ),
        Argument(
            "plan",
            "list[tuple[Migration, bool]]",
            "what was run, in order: pairs of a migration and whether it was run backwards",
            changed="added in Django 1.10",
            only=_NOT_FROM_FLUSH,
        ),
    ),
    pitfalls=(
        Note(
            "flush sends it too, and TransactionTestCase, without stdout, apps and plan: give these"
            " parameters defaults, or the receiver raises TypeError there."
        ),
        _ONCE_PER_APP,
        _EVERY_RUN,
        Note("So write what can be repeated: get_or_create() rather than create()."),
        Note(
            "migrate blog zero sends it when the tables are gone. Get models from apps and treat LookupError"
            " as nothing to do."
        ),
        Note(
            "Models from apps are historical: they have no methods of their own, and a receiver of post_save"
            " with sender=Post does not hear of their saves."
        ),
        Note(
            "Django creates content types and permissions in receivers of this signal, by bulk_create(): no"
            " save signals; contrib.sites saves the first site, with them. When yours runs, what belongs to"
            " apps further down INSTALLED_APPS does not exist yet."
        ),
        Note("An exception here makes the command fail, but the migrations stay applied."),
        _FAKE,
        _TEST_DATABASE,
    ),
    example="""\
# blog/apps.py
from django.apps import AppConfig
from django.apps import apps as installed_apps
from django.db import router
from django.db.models.signals import post_migrate


def create_general_tag(sender, using, apps=installed_apps, **kwargs):  # flush sends no apps
    try:
        Tag = apps.get_model("blog", "Tag")
    except LookupError:  # migrated back to before there were tags
        return
    if router.allow_migrate_model(using, Tag):
        Tag.objects.using(using).get_or_create(name="general")


class BlogConfig(AppConfig):
    name = "blog"

    def ready(self):
        post_migrate.connect(create_general_tag, sender=self, dispatch_uid="create-general-tag")
""",
    trigger="runs migrate on an in-memory database that is up to date",
    related=("pre_migrate", "class_prepared", "post_save"),
    sent_by=("django.core.management.sql",),
    scenarios=("migrate", "two-databases"),
)
