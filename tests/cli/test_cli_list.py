"""What list answers, for every pattern and in every format."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from processes import is_svg

from sigexplorer.catalog import PAGES
from sigexplorer.catalog.installed import django_version, sends

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Cli

    Valid = Callable[[str, str], Any]

VERSION = django_version()


def test_list_names_every_signal(cli: Cli) -> None:
    """The list has every built-in signal by name and import path, and the project's own."""
    answer = cli("list")
    assert answer.code == 0
    assert answer.err == ""
    for page in PAGES:
        assert re.search(rf"\b{page.name}\b", answer.out), page.name
        assert page.module in answer.out
    assert "post_published" in answer.out
    assert "\x1b" not in answer.out


def test_list_as_json(cli: Cli, valid: Valid) -> None:
    """The JSON list has the contract's keys, and Django's receivers apart from others."""
    answer = cli("list", "-f", "json")
    signals = {signal["name"]: signal for signal in valid(answer.out, "inventory")["signals"]}
    assert set(signals) >= {page.name for page in PAGES} | {"post_published"}
    for page in PAGES:
        signal = signals[page.name]
        assert signal["signal"] == page.path
        assert signal["arguments"] == [argument.name for argument in page.arguments_in(VERSION)]
        assert signal["documented"] == page.documented
        assert signal["added"] == ("6.0" if page.group == "tasks" else None)
        assert [origin["line"] for origin in signal["sent_by"]] == [send.line for send in sends(page)]
    assert signals["user_logged_in"]["receivers"] == 2  # Django's update_last_login, the blog's greet_user
    assert signals["user_logged_in"]["receivers_django"] == 1
    assert signals["post_published"]["group"] == "custom"
    assert signals["post_published"]["receivers"] == 2


def test_list_never_counts_our_own_receivers(story_cli: Cli, valid: Valid) -> None:
    """What listens for us is no receiver, neither while we listen nor afterwards."""
    before = valid(story_cli("list", "-f", "json").out, "inventory")
    assert story_cli("trigger", "pre_save").code == 0
    after = valid(story_cli("list", "-f", "json").out, "inventory")
    counts = [
        {signal["signal"]: signal["receivers"] for signal in listed["signals"] if signal["group"] != "custom"}
        for listed in (before, after)
    ]
    assert counts[0] == counts[1]
    assert counts[0]["django.db.models.signals.pre_save"] == 0


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("post_save", {"post_save"}),
        ("django.db.models.signals.post_save", {"post_save"}),
        ("%save", {"pre_save", "post_save"}),
        ("save", {"pre_save", "post_save"}),
        ("user_*", {"user_logged_in", "user_logged_out", "user_login_failed"}),
        ("*_MIGRATE", {"pre_migrate", "post_migrate"}),
        ("%tasks", {"task_enqueued", "task_started", "task_finished"}),
        ("login", {"user_login_failed"}),
        ("management", {"pre_migrate", "post_migrate"}),
        ("post_published", {"post_published"}),
        ("model_signals.post_save", {"post_save"}),
        ("blog.receivers.post_save", {"post_save"}),
        ("blog.receivers.post_published", {"post_published"}),
    ],
)
def test_list_takes_a_pattern(pattern: str, names: set[str], cli: Cli, valid: Valid) -> None:
    """A name, path, also one that imports it, group, section, glob or part of a name narrows the list."""
    listed = valid(cli("list", pattern, "-f", "json").out, "inventory")["signals"]
    assert {signal["name"] for signal in listed} == names


def test_list_custom_is_the_project(cli: Cli, valid: Valid) -> None:
    """%custom lists the signals of the project alone."""
    listed = valid(cli("list", "%custom", "-f", "json").out, "inventory")["signals"]
    assert "post_published" in {signal["name"] for signal in listed}
    assert {signal["group"] for signal in listed} == {"custom"}


def test_list_as_markdown_and_picture(cli: Cli) -> None:
    """The list is also a Markdown table and a picture."""
    text = cli("list", "-f", "markdown").out
    assert text.startswith("# ")
    assert re.search(r"^\| post\\_save \| django\.db\.models\.signals \|", text, re.MULTILINE)
    assert is_svg(cli("list", "-f", "svg").out)
