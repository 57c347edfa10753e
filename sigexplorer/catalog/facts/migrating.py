"""Facts about migrate and flush."""

from __future__ import annotations

from sigexplorer.catalog.fact import Fact

FACTS = (
    Fact(
        id="migrate",
        statement=(
            "pre_migrate and post_migrate are sent once for each app with a models module, whenever"
            " migrate runs, for whatever app, and not with --plan, --check or --prune"
        ),
        why=(
            "The app labels on the command line choose migrations and not signals; the three options migrate"
            " nothing."
        ),
        scenario="migrate",
        source=(
            "django/core/management/sql.py: emit_pre_migrate_signal",
            "django/core/management/sql.py: emit_post_migrate_signal",
        ),
        signals=("pre_migrate", "post_migrate"),
    ),
    Fact(
        id="flush",
        statement=(
            "flush sends post_migrate only, without apps, plan and stdout, and not even that where it is"
            " called with inhibit_post_migrate"
        ),
        why=(
            "It gives receivers the chance to write again what must always be there. Give those"
            " parameters a default."
        ),
        scenario="migrate",
        source=("django/core/management/commands/flush.py: Command.handle",),
        signals=("pre_migrate", "post_migrate"),
    ),
    Fact(
        id="migrate-saves",
        statement=(
            "migrate writes new content types and permissions without post_save; what Django saves with"
            " signals there are the rows of its recorder, the first site of contrib.sites, and content types"
            " of models that are renamed"
        ),
        why=(
            "The receivers of post_migrate that write new ones use bulk_create(), the others save(). Data"
            " migrations and receivers of your own come on top."
        ),
        scenario="migrate",
        source=(
            "django/contrib/contenttypes/management/__init__.py: create_contenttypes",
            "django/contrib/auth/management/__init__.py: create_permissions",
            "django/contrib/sites/management.py: create_default_site",
            "django/contrib/contenttypes/management/__init__.py: RenameContentType",
        ),
        signals=("post_migrate", "post_save"),
    ),
    Fact(
        id="test-runner",
        statement=(
            "Building the database for tests sends pre_migrate and post_migrate for each app with a models"
            " module and class_prepared for the models of the past, as migrate does, and no setting_changed"
        ),
        why="The runner calls migrate, and changes settings by assignment.",
        scenario="test-cases",
        source=("django/db/backends/base/creation.py: BaseDatabaseCreation.create_test_db",),
        signals=("pre_migrate", "post_migrate", "class_prepared", "setting_changed"),
    ),
)
