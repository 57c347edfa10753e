"""Settings and templates under Django's test machinery."""

from __future__ import annotations

import sys
from pathlib import Path
from unittest import mock

from django.conf import UserSettingsHolder, settings
from django.core.signals import request_finished, request_started, setting_changed
from django.template import engines
from django.template.backends.dummy import TemplateStrings

from sigexplorer.playground.browser import Browser
from sigexplorer.playground.props import connected, imported, left_as_found
from sigexplorer.playground.steps import Steps
from sigexplorer.playground.testing import collecting_templates, use_test_machinery

_HOLDER, _MODULE = "django.conf.UserSettingsHolder", "django.conf.Settings"


def settings_and_templates(step: Steps) -> None:
    """Override settings in settings, with receivers that fail; render what is a template and what is not."""
    use_test_machinery(step)
    # The test Client moves receivers of requests to the end.
    with left_as_found(setting_changed, request_started, request_finished):
        for part in (_nested, _reset, _failing, _context, _others):
            with step.part():
                part(step)


def _nested(step: Steps) -> None:
    from django.test.utils import override_settings

    with (
        step("override settings in settings"),
        override_settings(PAGE_SIZE=1),
        override_settings(PAGE_SIZE=2),
    ):
        pass
    step.claim(
        "only the outermost end goes back to the settings of a module",
        step.senders("setting_changed"),
        [_HOLDER, _HOLDER, _HOLDER, _MODULE],
        fact="setting-sender",
    )

    # What settings.configure() leaves behind: no module, and a holder around it.
    configured = mock.patch.object(settings, "_wrapped", UserSettingsHolder(settings._wrapped))  # type: ignore[misc]
    with (
        step("override one where settings.configure() was called"),
        configured,
        override_settings(PAGE_SIZE=1),
    ):
        pass
    step.claim(
        "there is no module to go back to",
        step.senders("setting_changed"),
        [_HOLDER, _HOLDER],
        fact="setting-sender",
    )


def _reset(step: Steps) -> None:
    from django.test.utils import override_settings

    with step("override a setting"), override_settings(PAGE_SIZE=1):
        pass
    called = [call.receiver for call in step.sent("setting_changed")[0].calls]
    reset = [name for name in called if name.startswith("django.test.signals.")]
    count = 16 if step.django < (6, 1) else 17
    step.claim(
        f"{count} of those called are of django.test.signals",
        len(reset),
        count,
        fact="setting-receivers",
    )
    others = {name for name in called if name.startswith("django.test.")} - set(reset)
    step.claim("all of them in one module of django.test", others, set(), fact="setting-receivers")

    file = Path(str(sys.modules["django.test.signals"].__file__))
    with left_as_found(setting_changed):
        setting_changed.receivers = []
        with step("execute that module where no receiver is connected"):
            module = imported(file, "django.test.signals")
        told = len(setting_changed.receivers)
    step.claim(f"it connects these {count}", told, count, fact="setting-receivers")
    del module


def _failing(step: Steps) -> None:
    from django.test.utils import override_settings

    def refuse(enter: bool, **_kwargs: object) -> None:  # noqa: FBT001 - as it is sent
        if enter is refused:
            raise ValueError

    def hear(**_kwargs: object) -> None:
        pass

    ended: list[object] = []
    refused = True
    with step("let a receiver fail on entering"), connected(setting_changed, refuse, hear):
        try:
            override_settings(PAGE_SIZE=1).enable()
        except ValueError:
            ended.append(hasattr(settings, "PAGE_SIZE"))
    step.claim("the override is taken back, and the error raised", ended, [False], fact="setting-exit-error")

    refused = False
    override = override_settings(PAGE_SIZE=1)
    with step("let it fail on leaving"), connected(setting_changed, refuse, hear):
        override.enable()
        try:
            override.disable()
        except ValueError:
            ended.append("ValueError")
    leaving = [call.outcome for call in step.sent("setting_changed")[-1].calls]
    step.claim("every other receiver runs", leaving[-2:], ["raised", "returned"], fact="setting-exit-error")
    step.claim("and then the error is raised", ended, [False, "ValueError"], fact="setting-exit-error")


def _context(step: Steps) -> None:
    from django.test import Client

    with step("ask the test Client for a page, as it is"):
        page = Client().get("/")
    step.claim("no template is told of", step.sent("template_rendered"), [], fact="template-rendered")
    step.claim(
        "the response knows none", (page.templates, page.context), ([], None), fact="template-rendered"
    )

    with step("ask it under setup_test_environment()"), collecting_templates():
        page = Client().get("/")
    names = ["<Template blog/index.html>", "<Template blog/base.html>"]
    step.claim(
        "each template of the chain is told of",
        step.senders("template_rendered"),
        names,
        fact="template-rendered",
    )
    known = [template.name for template in page.templates]
    step.claim(
        "and the response knows them", known, ["blog/index.html", "blog/base.html"], fact="template-rendered"
    )

    with step("serve it without the Client"), collecting_templates():
        Browser().get("/")
    step.claim(
        "the signal does not need the Client",
        step.senders("template_rendered"),
        names,
        fact="template-rendered",
    )


def _others(step: Steps) -> None:
    other = TemplateStrings({"NAME": "other", "DIRS": [], "APP_DIRS": False, "OPTIONS": {}})
    with step("render with another engine than Django's"), collecting_templates():
        text = other.from_string("Hello, $name").render({"name": "Amy"})
    step.claim("it renders", text, "Hello, Amy", fact="template-jinja")
    step.claim("and tells nobody", step.sent("template_rendered"), [], fact="template-jinja")

    own = engines["django"].from_string("Hello, {{ name }}")
    with step("render with Django's"), collecting_templates():
        own.render({"name": "Amy"})
    step.claim("the sender is a Template", _kinds(step), ["Template"], fact="template-jinja")

    if step.django < (6, 0):
        return
    template = engines["django"].from_string(
        "{% partialdef row inline %}row{% endpartialdef %}{% partial row %}"
    )
    with step("render a partial"), collecting_templates():
        template.render({})
    kinds = ["Template", "PartialTemplate"]
    step.claim("partials are senders, too", _kinds(step), kinds, fact="template-jinja")


def _kinds(step: Steps) -> list[str]:
    return [str(sender).partition(" ")[0].strip("<>") for sender in step.senders("template_rendered")]
