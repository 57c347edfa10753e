"""Migrations."""

from __future__ import annotations

from django.contrib.auth.models import Permission
from django.core.management import call_command

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


def _apps(step: Steps, name: str) -> list[str]:
    return sorted(str(sender) for sender in step.senders(name))
