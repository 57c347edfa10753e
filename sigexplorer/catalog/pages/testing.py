"""Pages of the signals of ``django.test``."""

from __future__ import annotations

from sigexplorer.catalog.page import Argument, Note, Page

SETTING_CHANGED = Page(
    name="setting_changed",
    module="django.core.signals",
    group="settings",
    summary="a test overrides a setting, or puts it back",
    when=(
        "Twice for each setting of override_settings(), modify_settings() and self.settings(): on entering,"
        " by send(), and on leaving, by send_robust(). TransactionTestCase.available_apps sends it too."
    ),
    sender=(
        "the class of the settings now in force: UserSettingsHolder, or Settings when the outermost override"
        " ends and a settings module is used"
    ),
    arguments=(
        Argument("setting", "str", "the name of the setting"),
        Argument(
            "value",
            "Any",
            "the value now in force; None on leaving for a setting that did not exist before",
        ),
        Argument(
            "enter",
            "bool",
            "true when the override begins, false when it ends",
            changed="added in Django 1.7",
        ),
    ),
    pitfalls=(
        Note(
            "It comes twice, with enter true and with enter false: a receiver that only resets a cache does"
            " the same both times; one that counts must look at enter."
        ),
        Note(
            "On leaving, value None may mean that the setting did not exist: ask hasattr(settings, setting)."
        ),
        Note("A plain assignment, settings.DEBUG = True, sends nothing, nor does del."),
        Note(
            "All settings of one override are in force before the first of its signals is sent: a receiver"
            " that reads another setting sees the new value."
        ),
        Note(
            "An exception on entering undoes the whole override and comes out of it; on leaving every other"
            " receiver still runs, and then the first exception is raised."
        ),
        Note(
            "Only django.test sends it. Most receivers that reset Django's own caches are connected by"
            " importing django.test; import the signal from django.core.signals, which does not."
        ),
    ),
    example="""\
from functools import cache

from django.conf import settings
from django.core.signals import setting_changed
from django.dispatch import receiver


@cache
def page_size():
    return getattr(settings, "BLOG_PAGE_SIZE", 10)


@receiver(setting_changed, dispatch_uid="forget-page-size")
def forget_page_size(sender, setting, **kwargs):
    # On entering and on leaving alike: read the setting again when it is next needed.
    if setting == "BLOG_PAGE_SIZE":
        page_size.cache_clear()
""",
    trigger="gives a setting that does not exist a value for a while",
    related=("template_rendered", "connection_created"),
    sent_by=("django.test.utils", "django.test.testcases"),
    scenarios=("settings-override",),
)

TEMPLATE_RENDERED = Page(
    name="template_rendered",
    module="django.test.signals",
    group="test",
    summary="a template is rendered in a test",
    when=(
        "While the test environment is set up: when a Django template is about to render, once for each"
        " template that it extends or includes."
    ),
    sender=(
        "the Template object itself, the same as the template argument; from Django 6.0 on also a"
        " PartialTemplate"
    ),
    arguments=(
        Argument("template", "Template", "the template; its name is None where it was made from a string"),
        Argument("context", "Context", "the context it renders with, the live object"),
    ),
    pitfalls=(
        Note(
            "It exists for tests: only setup_test_environment(), which test runners call, makes templates"
            " send it. Without that no receiver is ever called."
        ),
        Note("In spite of its name it is sent before the template renders: there is no output to look at."),
        Note(
            "One page sends it many times: the child, then its parent, then each include; and rendering a"
            " form sends it for every template of its fields and widgets."
        ),
        Note("The context goes on changing while the template renders: copy what you want to keep."),
        Note("Jinja2 templates do not send it, so the test Client knows no templates for them."),
        Note("{% partial %} sends it with a PartialTemplate as sender and as template.", since=(6, 0)),
        Note("The sender is an object, not a class: a receiver connected to Template is never called."),
    ),
    example='''\
from contextlib import contextmanager

from django.test.signals import template_rendered


@contextmanager
def rendered_templates():
    """Collect the names of the templates that render inside the block, in a test."""
    names = []

    def note_template(sender, template, context, **kwargs):
        names.append(template.name)

    template_rendered.connect(note_template, weak=False)
    try:
        yield names
    finally:
        template_rendered.disconnect(note_template)
''',
    trigger="renders a template that extends another, instrumented as in tests",
    related=("setting_changed", "request_started"),
    sent_by=("django.test.utils",),
    scenarios=("template",),
)
