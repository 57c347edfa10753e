"""Facts about settings and templates under Django's test machinery."""

from __future__ import annotations

from sigexplorer.catalog.fact import Fact
from sigexplorer.catalog.page import Note

FACTS = (
    Fact(
        id="setting-changed",
        statement=(
            "setting_changed is sent by override_settings, on entering and on leaving, and never by"
            " assignment"
        ),
        why="On leaving value is what is restored, and None for a setting that did not exist.",
        scenario="settings-override",
        source=(
            "django/test/utils.py: override_settings.enable",
            "django/test/utils.py: override_settings.disable",
        ),
        signals=("setting_changed",),
    ),
    Fact(
        id="setting-sender",
        statement=(
            "The sender of setting_changed is UserSettingsHolder, but for the outermost end of an"
            " override of settings from a module: Settings"
        ),
        why=(
            "It is the class of the settings after the change. After settings.configure() there is no"
            " module to go back to."
        ),
        scenario="settings-and-templates",
        source=("django/test/utils.py: override_settings.disable",),
        signals=("setting_changed",),
    ),
    Fact(
        id="setting-receivers",
        statement=(
            "The receivers of django.test that reset Django's caches on setting_changed are connected when"
            " its module signals is imported, and not before"
        ),
        why="It is django.test that imports it, which production has no need of.",
        scenario="settings-and-templates",
        source=("django/test/signals.py: clear_cache_handlers",),
        signals=("setting_changed",),
        outcomes=(
            Note("There are 16.", before=(6, 1)),
            Note("There are 17.", since=(6, 1)),
        ),
    ),
    Fact(
        id="setting-exit-error",
        statement=(
            "A receiver of setting_changed that raises on entering undoes the override; on leaving"
            " all others still run, and then the error is raised"
        ),
        why=(
            "Entering uses send(), leaving send_robust(), whose responses are looked at: the settings"
            " must be restored whatever happens."
        ),
        scenario="settings-and-templates",
        source=(
            "django/test/utils.py: override_settings.enable",
            "django/test/utils.py: override_settings.disable",
        ),
        signals=("setting_changed",),
    ),
    Fact(
        id="template-rendered",
        statement=(
            "template_rendered is sent only under setup_test_environment(), once for each template of"
            " the chain; without it the responses of the test Client know no templates"
        ),
        why="The test environment replaces the method that renders. The signal needs no Client.",
        scenario="settings-and-templates",
        source=(
            "django/test/utils.py: instrumented_test_render",
            "django/test/utils.py: setup_test_environment",
        ),
        signals=("template_rendered",),
    ),
    Fact(
        id="template-jinja",
        statement="template_rendered is sent for templates of Django's own engine, and for those of no other",
        why="Only its classes are instrumented; others, such as Jinja's, never come by.",
        scenario="settings-and-templates",
        source=("django/test/utils.py: setup_test_environment",),
        signals=("template_rendered",),
        outcomes=(
            Note("The sender is a Template.", before=(6, 0)),
            Note("The sender is a Template, or a PartialTemplate for {% partial %}.", since=(6, 0)),
        ),
    ),
)
