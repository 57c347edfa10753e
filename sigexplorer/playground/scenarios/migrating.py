"""Migrations."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import AppConfig, apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.management import RenameContentType
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.models.signals import post_migrate, pre_delete, pre_save

from sigexplorer.playground.props import left_as_found
from sigexplorer.playground.steps import Steps

APPS = ["admin", "auth", "blog", "contenttypes", "sessions"]


def migrate(step: Steps) -> None:
    """Migrate an empty database, again, back and forth; then flush it."""
    step.playground.drop_tables()

    with step("migrate an empty database"):
        call_command("migrate", verbosity=0, interactive=False)
    step.claim(
        "pre_migrate comes once for each app with models", _apps(step, "pre_migrate"), APPS, fact="migrate"
    )
    step.claim("and so does post_migrate", _apps(step, "post_migrate"), APPS, fact="migrate")
    plan = str(step.sent("pre_migrate")[0].argument("plan"))
    step.claim(
        "the plan is pairs of a migration and whether it goes backward", plan.startswith("[(<Migration ")
    )
    step.claim("forward: False", "True" in plan, expected=False)
    saved = {str(sender) for sender in step.senders("post_save")}
    step.claim(
        "content types and permissions are written without post_save",
        (saved & {"auth.Permission", "contenttypes.ContentType"}, Permission.objects.exists()),
        (set(), True),
        fact="migrate-saves",
    )
    step.claim("a data migration saves with historical models", "blog.Category" in saved)
    step.claim(
        "what is saved with signals are the recorder's rows, a data migration's, and a receiver's tag",
        saved,
        {"migrations.Migration", "blog.Category", "blog.Tag"},  # Django's own saves are those of the recorder
        fact="migrate-saves",
    )

    _again_and_back(step)
    _flush(step)
    with step.part():
        _with_sites(step)
    with step.part():
        _renamed(step)


def _again_and_back(step: Steps) -> None:
    with step("migrate with nothing to do"):
        call_command("migrate", verbosity=0, interactive=False)
    step.claim(
        "the signals come all the same",
        (_apps(step, "pre_migrate"), _apps(step, "post_migrate")),
        (APPS, APPS),
        fact="migrate",
    )
    plans = {dispatch.argument("plan") for dispatch in step.sent("pre_migrate")}
    step.claim("with an empty plan", plans, {"[]"})

    with step("migrate with --plan, --check and --prune"):
        call_command("migrate", plan=True, verbosity=0, interactive=False, stdout=io.StringIO())
        call_command("migrate", check_unapplied=True, verbosity=0, interactive=False)
        call_command("migrate", "blog", prune=True, verbosity=0, interactive=False)
    told = (_apps(step, "pre_migrate"), _apps(step, "post_migrate"))
    step.claim("nothing is sent: nothing is migrated", told, ([], []), fact="migrate")

    with step("migrate one app backward"):
        call_command("migrate", "blog", "0001", verbosity=0, interactive=False)
    plan = str(step.sent("pre_migrate")[0].argument("plan"))
    step.claim("backward: True", plan, "[(<Migration blog.0002_first_categories>, True)]")
    step.claim(
        "and still once for every app",
        (_apps(step, "pre_migrate"), _apps(step, "post_migrate")),
        (APPS, APPS),
        fact="migrate",
    )


def _flush(step: Steps) -> None:
    with step("flush"):
        call_command("flush", verbosity=0, interactive=False)
    step.claim(
        "flush sends post_migrate only",
        (_apps(step, "pre_migrate"), _apps(step, "post_migrate")),
        ([], APPS),
        fact="flush",
    )
    names = [name for name, _ in step.sent("post_migrate")[0].arguments]
    step.claim("without stdout, apps and plan", {"stdout", "apps", "plan"} & set(names), set(), fact="flush")
    step.claim("and after the tables were emptied", "blog.Tag" in step.senders("post_save"))

    with step("flush as the tests of Django do that have no use for it"):
        call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)
    step.claim("with inhibit_post_migrate not even that", _apps(step, "post_migrate"), [], fact="flush")


@contextmanager
def _sites() -> Iterator[None]:
    """Have django.contrib.sites among the installed applications for a while."""
    with left_as_found(post_migrate):
        sites = apps.app_configs["sites"] = AppConfig.create("django.contrib.sites")
        sites.apps = apps
        try:
            sites.import_models()
            sites.ready()
            apps.clear_cache()
            yield
        finally:
            del apps.app_configs["sites"]
            apps.clear_cache()
            from django.contrib.sites.models import Site, clear_site_cache

            for signal in (pre_save, pre_delete):
                signal.disconnect(clear_site_cache, sender=Site)


def _with_sites(step: Steps) -> None:
    with _sites():
        step.playground.drop_tables()
        with step("migrate an empty database, with django.contrib.sites installed"):
            call_command("migrate", verbosity=0, interactive=False)
        saved = step.sent("post_save", "sites.Site")
        created = [sent.argument("created") for sent in saved]
        step.claim("its receiver saves the first site, with signals", created, [True], fact="migrate-saves")


def _renamed(step: Steps) -> None:
    past = MigrationLoader(connection).project_state().apps
    rename = RenameContentType("blog", "tag", "label")
    with (
        step("rename a content type, as migrate does after RenameModel"),
        connection.schema_editor() as editor,
    ):
        rename.rename_forward(past, editor)  # type: ignore[arg-type]
    saved = [sent.argument("update_fields") for sent in step.sent("post_save", "contenttypes.ContentType")]
    step.claim("that saves it, with signals", saved, ["{'model'}"], fact="migrate-saves")


def _apps(step: Steps, name: str) -> list[str]:
    return sorted(str(sender) for sender in step.senders(name))
