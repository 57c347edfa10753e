"""Make Django send the signals of its test machinery."""

from __future__ import annotations

from django.template.loader import render_to_string

from sigexplorer.playground.steps import Steps
from sigexplorer.playground.testing import collecting_templates, use_test_machinery


def override_a_setting(step: Steps) -> None:
    """Give a setting that does not exist a value for a while."""
    use_test_machinery(step)
    from django.test.utils import override_settings

    with step("override a setting"), override_settings(SIGEXPLORER_PROBE=1):
        pass


def render_a_template(step: Steps) -> None:
    """Render a template that extends another, while rendering is instrumented."""
    use_test_machinery(step)
    with collecting_templates(), step("render a template"):
        render_to_string("blog/index.html", {"posts": []})
