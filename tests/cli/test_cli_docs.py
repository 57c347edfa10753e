"""What docs answers, for every signal and in every format."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from processes import is_svg

from sigexplorer.catalog import PAGES, Page
from sigexplorer.catalog.installed import django_version, sends

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Cli

    Valid = Callable[[str, str], Any]

VERSION = django_version()
HERE = [page for page in PAGES if page.exists_in(VERSION)]
LATER = [page for page in PAGES if not page.exists_in(VERSION)]

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@each_page
def test_docs_of_every_signal(page: Page, cli: Cli) -> None:
    """A page names its arguments, its pitfalls, the places that send it, an example and what to run."""
    answer = cli("docs", page.name)
    assert (answer.code, answer.err) == (0, "")
    for argument in page.arguments_in(VERSION):
        assert argument.name in answer.out
        assert argument.meaning in answer.out
    for pitfall in page.pitfalls_in(VERSION):
        assert pitfall in answer.out
    for send in sends(page):
        assert f"{send.file}:{send.line}" in answer.out
        assert f"{send.method}()" in answer.out
    for line in page.example.splitlines():
        assert line.strip() in answer.out
    assert f"sigexplorer trigger {page.name}" in answer.out
    assert cli("docs", page.path).out == answer.out


@each_page
def test_docs_as_markdown_and_picture(page: Page, cli: Cli) -> None:
    """A page is also Markdown with the example as code, and a picture."""
    text = cli("docs", page.name, "-f", "markdown").out
    assert text.startswith("# ")
    assert f"```python\n{page.example.rstrip()}\n```" in text
    assert is_svg(cli("docs", page.name, "-f", "svg").out)


@each_page
def test_docs_as_json(page: Page, cli: Cli, valid: Valid) -> None:
    """A page as JSON has the arguments, pitfalls and sends of the installed Django."""
    (record,) = valid(cli("docs", page.name, "-f", "json").out, "inventory")["docs"]
    assert record["signal"] == page.path
    assert [argument["name"] for argument in record["arguments"]] == [
        argument.name for argument in page.arguments_in(VERSION)
    ]
    assert record["pitfalls"] == list(page.pitfalls_in(VERSION))
    assert [(send["file"], send["line"]) for send in record["sent_by"]] == [
        (send.file, send.line) for send in sends(page)
    ]


def test_docs_of_a_signal_that_is_not_there_yet(cli: Cli) -> None:
    """A signal of a newer Django has its page too, which says from which version on it exists."""
    for page in LATER:
        answer = cli("docs", page.name)
        assert answer.code == 0
        assert "from 6.0" in answer.out
    for page in HERE:
        assert "This Django lacks it" not in cli("docs", page.name).out


def test_docs_lists_its_pages(cli: Cli, valid: Valid) -> None:
    """Without a name every page is listed with what its signal means."""
    out = cli("docs").out
    for page in PAGES:
        assert page.name in out
        assert page.summary in out
    assert {record["name"] for record in valid(cli("docs", "-f", "json").out, "inventory")["docs"]} == {
        page.name for page in PAGES
    }
    assert is_svg(cli("docs", "-f", "svg").out)
    assert cli("docs", "-f", "markdown").out.count("\n| ") == len(PAGES) + 2


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("flush", "post_migrate"),
        ("ENVIRON", "request_started"),
        ("pk_set", "m2m_changed"),
        ("row is gone", "post_delete"),
    ],
)
def test_docs_are_searched(text: str, name: str, cli: Cli) -> None:
    """--search finds a text in any letter case and shows the page and the sentence."""
    answer = cli("docs", "--search", text)
    assert answer.code == 0
    line = next(line for line in answer.out.splitlines() if line.startswith(name))
    assert text.lower() in answer.out.lower()
    assert line


def test_search_that_finds_nothing_says_so(cli: Cli, valid: Valid) -> None:
    """A text that no page has is no error: there are no places, and no records."""
    answer = cli("docs", "--search", "zebra[red]")
    assert answer.code == 0
    assert "0 places" in answer.out
    assert valid(cli("docs", "--search", "zebra", "-f", "json").out, "inventory")["docs"] == []


def test_search_within_a_page(cli: Cli) -> None:
    """A name and --search find the text on that page only."""
    out = cli("docs", "post_save", "--search", "created").out
    assert "post_save" in out
    assert "pre_save" not in [line.split(" ")[0] for line in out.splitlines()]


@pytest.mark.parametrize("page", HERE, ids=lambda page: page.name)
def test_docs_live_adds_what_was_seen(page: Page, story_cli: Cli) -> None:
    """--live adds one captured dispatch of that signal, with its sender and every argument it carried."""
    plain, live = story_cli("docs", page.name), story_cli("docs", page.name, "--live")
    assert live.code == 0
    assert live.out.startswith(plain.out.rstrip())
    more = live.out[len(plain.out.rstrip()) :]
    assert "sender" in more
    for argument in page.arguments_in(VERSION):
        if not argument.only:
            assert re.search(rf"^ *{argument.name} ", more, re.MULTILINE)


def test_docs_live_is_in_every_format(story_cli: Cli, valid: Valid) -> None:
    """The captured example is there for scripts and readers of Markdown too."""
    for format_name in ("json", "markdown"):
        plain, live = (
            story_cli("docs", "post_save", *more, "-f", format_name).out for more in ([], ["--live"])
        )
        assert "<blog.Post pk=" not in plain
        assert re.search(r"blog\.Post pk=", live), format_name
    valid(story_cli("docs", "post_save", "--live", "-f", "json").out, "inventory")
