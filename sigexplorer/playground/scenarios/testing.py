"""The signals that only Django's test machinery sends."""

from __future__ import annotations

from django.conf import settings
from django.template.loader import render_to_string

from sigexplorer.model import SECRET
from sigexplorer.playground.people import MISTYPED
from sigexplorer.playground.steps import Steps
from sigexplorer.playground.testing import collecting_templates, use_test_machinery


def settings_override(step: Steps) -> None:
    """Override settings that exist, that do not, and that are secret; then just assign one."""
    use_test_machinery(step)
    from django.test.utils import override_settings

    with step("override a setting that exists"), override_settings(LANGUAGE_CODE="de"):
        pass
    enter, leave = step.sent("setting_changed")
    step.claim(
        "it is sent twice: enter is True, then False",
        (enter.argument("enter"), leave.argument("enter")),
        (True, False),
        fact="setting-changed",
    )
    step.claim(
        "value is the new value, then the old one",
        (enter.argument("value"), leave.argument("value")),
        ("de", "en-us"),
        fact="setting-changed",
    )
    step.claim(
        "entering uses send(), leaving send_robust()", (enter.method, leave.method), ("send", "send_robust")
    )
    step.claim("Django's own receivers reset its caches", len(enter.calls) > 10)
    senders = (enter.sender, leave.sender)
    step.claim(
        "the sender is the class that holds the settings",
        senders,
        ("django.conf.UserSettingsHolder", "django.conf.Settings"),
    )

    _odd_settings(step)


def _odd_settings(step: Steps) -> None:
    from django.test.utils import override_settings  # as above

    with step("override a setting that does not exist"), override_settings(SIGEXPLORER_PROBE=1):
        pass
    leave = step.sent("setting_changed")[-1]
    step.claim(
        "on leaving value is None: there is nothing to restore",
        leave.argument("value"),
        None,
        fact="setting-changed",
    )

    with step("override a secret"), override_settings(SECRET_KEY=MISTYPED):
        pass
    values = {dispatch.argument("value") for dispatch in step.sent("setting_changed")}
    step.claim("sigexplorer shows no secret", values, {SECRET})

    with step("assign to a setting"):
        settings.SIGEXPLORER_PROBE = 2
        del settings.SIGEXPLORER_PROBE  # type: ignore[misc]
    step.claim("plain assignment sends nothing", step.names(), [], fact="setting-changed")


def template(step: Steps) -> None:
    """Render a template that extends another."""
    use_test_machinery(step)
    with step("render as in production"):
        render_to_string("blog/index.html", {"posts": []})
    step.claim(
        "template_rendered is not sent in production",
        step.sent("template_rendered"),
        [],
    )

    with collecting_templates(), step("render under the test machinery"):
        render_to_string("blog/index.html", {"posts": []})
    templates = [dispatch.argument("template") for dispatch in step.sent("template_rendered")]
    step.claim(
        "it is sent for the template, then for the one that it extends",
        templates,
        ["<Template blog/index.html>", "<Template blog/base.html>"],
    )
    same = all(
        dispatch.sender == dispatch.argument("template") for dispatch in step.sent("template_rendered")
    )
    step.claim("the sender is the template itself", same)
