"""The pages as texts, and how they are found."""

from __future__ import annotations

import ast
from dataclasses import fields

import pytest

from sigexplorer.catalog import GROUPS, PAGES, SECTIONS, Note, Page, find, match
from sigexplorer.errors import UnknownNameError
from sigexplorer.playground.scenarios import SCENARIOS

VERSIONS = ((5, 2), (6, 0), (6, 1))

NAMES = {scenario.name for scenario in SCENARIOS}

RECORD_GROUPS = {
    "init",
    "save",
    "delete",
    "m2m",
    "model",
    "migrate",
    "request",
    "auth",
    "settings",
    "test",
    "db",
    "tasks",
    "autoreload",
}

#: What a page must say because a reader would not guess it.
MUST_SAY = {
    "user_login_failed": ("by name only", "username", "otp", "pin", "code", "********", "identity"),
    "setting_changed": ("Twice", "enter", "None on leaving for a setting that did not exist"),
    "post_migrate": ("flush sends it too", "without stdout, apps and plan"),
    "class_prepared": ("ready() is too late", "apps.py"),
    "request_started": ("ASGI sends scope, not environ",),
    "connection_created": ("lazily", "per alias and per thread"),
    "pre_migrate": ("print nothing at 0", "never prompt", "pairs of a migration and whether", "backwards"),
    "post_delete": ("The row is gone", "pk is still set"),
    "m2m_changed": (
        "pre_add",
        "post_add",
        "pre_remove",
        "post_remove",
        "pre_clear",
        "post_clear",
        "clear=True",
    ),
}

#: Pages that no scenario shows.
WITHOUT_SCENARIO = {"autoreload_started", "file_changed"}

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def prose(page: Page) -> str:
    """Return everything a page says, but for its example."""
    said = [page.summary, page.when, page.sender, page.trigger, *(note.text for note in page.pitfalls)]
    said += [text for one in page.arguments for text in (one.meaning, one.only, one.changed)]
    said += [cell for table in page.tables for row in (table.columns, *table.rows) for cell in row]
    return "\n".join(said)


def test_there_are_24_signals_of_which_21_in_5_2() -> None:
    """The catalogue has the built-in signals of all supported versions, each once."""
    assert [sum(page.exists_in(version) for page in PAGES) for version in VERSIONS] == [21, 24, 24]
    assert len({page.name for page in PAGES}) == len({page.path for page in PAGES}) == len(PAGES)


def test_pages_stand_section_by_section() -> None:
    """The order of the pages is that of the sections, none of which is taken up twice."""
    sections = [SECTIONS[page.group] for page in PAGES]
    assert list(dict.fromkeys(sections)) == [
        "login and logout",
        "model",
        "management",
        "request/response",
        "test",
        "database wrappers",
        "tasks",
        "autoreload",
    ]
    assert sections == sorted(sections, key=list(dict.fromkeys(sections)).index)


def test_groups_cover_every_page() -> None:
    """Every group of the contract has a section, and the groups of records are all covered."""
    assert set(SECTIONS) == set(GROUPS) == RECORD_GROUPS | {"custom"}
    assert {page.group for page in PAGES} == RECORD_GROUPS
    assert GROUPS["model"] == {"init", "save", "delete", "m2m", "model"}
    assert GROUPS["test"] == {"settings", "test"}
    for name in set(GROUPS) - {"model", "test"}:
        assert GROUPS[name] == {name}


@each_page
def test_no_field_is_empty(page: Page) -> None:
    """Every field of a page says something, those apart that may have nothing to say."""
    may_be_empty = {"arguments", "scenarios", "tables", "added", "documented"}
    for field in fields(page):
        assert getattr(page, field.name) or field.name in may_be_empty, field.name
    assert bool(page.scenarios) != (page.name in WITHOUT_SCENARIO)
    for argument in page.arguments:
        assert argument.name.isidentifier()
        assert argument.meaning
        ast.parse(argument.type, mode="eval")
    for table in page.tables:
        assert {len(row) for row in table.rows} == {len(table.columns)}


@each_page
def test_texts_have_the_form_of_their_field(page: Page) -> None:
    """Sentences are sentences, phrases are phrases, and nothing is doubled or left over by an edit."""
    assert page.when.endswith(".")
    for phrase in (page.summary, page.sender, page.trigger, *(one.meaning for one in page.arguments)):
        assert not phrase.endswith(".")
    texts = [note.text for note in page.pitfalls]
    assert len(set(texts)) == len(texts)
    assert all(text[-1] in ".:" and text == text.strip() for text in texts)
    for text in prose(page).splitlines():
        assert "  " not in text
        assert text.isascii() or "…" in text


@each_page
def test_references_lead_somewhere(page: Page) -> None:
    """Related signals and scenarios exist, and a page does not refer to itself or twice to another."""
    assert set(page.related) <= {other.name for other in PAGES} - {page.name}
    assert set(page.scenarios) <= NAMES
    assert len(set(page.related)) == len(page.related)
    assert len(set(page.scenarios)) == len(page.scenarios)


@pytest.mark.parametrize("name", sorted(MUST_SAY))
def test_pages_say_what_a_reader_would_not_guess(name: str) -> None:
    """The surprising facts about a signal stand on its page."""
    for words in MUST_SAY[name]:
        assert words in prose(find(name)), words


def test_only_the_autoreloader_is_undocumented() -> None:
    """Two signals are marked as missing from Django's documentation."""
    assert {page.name for page in PAGES if not page.documented} == {"autoreload_started", "file_changed"}


def test_facts_that_depend_on_the_version() -> None:
    """Arguments and pitfalls are those of the version asked for."""
    last_arguments = [find("m2m_changed").arguments_in(version)[-1].name for version in VERSIONS]
    assert last_arguments == ["using", "using", "raw"]
    f_expression = [" ".join(find("post_save").pitfalls_in(version)) for version in VERSIONS]
    assert ["F()" in text for text in f_expression] == [True, False, False]
    deletions = [" ".join(find("pre_delete").pitfalls_in(version)) for version in VERSIONS]
    assert ["DB_CASCADE" in text for text in deletions] == [False, False, True]


def test_a_note_holds_from_since_up_to_before() -> None:
    """The version named by before is the first that a note is not about."""
    note = Note("x", since=(6, 0), before=(6, 1))
    assert [note.holds_in(version) for version in VERSIONS] == [False, True, False]


@each_page
def test_find_takes_short_names_and_dotted_paths(page: Page) -> None:
    """A signal is found by either of its names, and by no other."""
    assert find(page.name) is find(page.path) is page
    for other in (page.name.upper(), f" {page.name}", f"elsewhere.{page.name}", page.group):
        with pytest.raises(UnknownNameError):
            find(other)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("signals.post_save", "post_save"),
        ("models.signals.post_save", "post_save"),
        ("model_signals.post_save", "post_save"),
        ("auth_signals.user_logged_in", "user_logged_in"),
        ("django.test.signals.setting_changed", "setting_changed"),
        ("django.contrib.auth.user_logged_in", "user_logged_in"),
    ],
)
def test_find_takes_a_path_as_code_imports_it(path: str, name: str) -> None:
    """A signal is found by what stands in code where its module was imported, whole or by another name."""
    assert find(path).name == name
    assert [page.name for page in match(path)] == [name]


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("post_sav", "post_save"),
        ("postsave", "post_save"),
        ("m2m_change", "m2m_changed"),
        ("login_failed", "user_login_failed"),
        ("django.db.models.signals.connection_created", "django.db.backends.signals.connection_created"),
        ("", ""),
        ("[red]", ""),
    ],
)
def test_find_names_the_nearest(name: str, nearest: str) -> None:
    """An unknown signal is answered with three known ones, of the same kind of name."""
    with pytest.raises(UnknownNameError) as caught:
        find(name)
    assert caught.value.message == f"unknown signal '{name}'"
    assert nearest in caught.value.hint
    assert caught.value.hint.count(",") == 2


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("post_save", "post_save"),
        ("POST_SAVE", "post_save"),
        ("django.core.signals.request_started", "request_started"),
        ("*_save", "pre_save post_save"),
        ("PRE_*", "pre_init pre_save pre_delete pre_migrate"),
        ("task_[ef]*", "task_enqueued task_finished"),
        ("django.core.*", "request_started request_finished got_request_exception setting_changed"),
        ("%save", "pre_save post_save"),
        ("%Save", "pre_save post_save"),
        ("%settings", "setting_changed"),
        ("%test", "setting_changed template_rendered"),
        ("test", "setting_changed template_rendered"),
        ("db", "connection_created"),
        ("database wrappers", "connection_created"),
        ("Login and Logout", "user_logged_in user_logged_out user_login_failed"),
        ("request/response", "request_started request_finished got_request_exception"),
        ("management", "pre_migrate post_migrate"),
        ("Logged", "user_logged_in user_logged_out"),
        ("init", "pre_init post_init"),
        ("%custom", ""),
        ("custom", ""),
    ],
)
def test_match_takes_names_globs_groups_and_parts(pattern: str, names: str) -> None:
    """A pattern means a name, else a group, else a glob, else a section, else a part of names."""
    assert " ".join(page.name for page in match(pattern)) == names


def test_match_of_a_section_and_of_everything() -> None:
    """The group %model is the whole section, and * is every page in order."""
    names = "pre_init post_init pre_save post_save pre_delete post_delete m2m_changed class_prepared"
    assert " ".join(page.name for page in match("%model")) == names
    assert match("model") == match("%model")
    assert match("*") == PAGES


@pytest.mark.parametrize(
    ("pattern", "message", "nearest"),
    [
        ("%sav", "unknown group '%sav'", "%save"),
        ("%post_save", "unknown group '%post_save'", "%"),
        ("pst_save", "unknown signal or group 'pst_save'", "post_save"),
        ("autreload", "unknown signal or group 'autreload'", "autoreload"),
        ("zz*", "unknown signal or group 'zz*'", ""),
        ("django.db.signals.pre_save", "unknown signal or group", "django.db.models.signals.pre_save"),
    ],
)
def test_match_of_nothing_names_the_nearest(pattern: str, message: str, nearest: str) -> None:
    """A pattern that means nothing is an error, with the nearest signals and groups."""
    with pytest.raises(UnknownNameError) as caught:
        match(pattern)
    assert message in str(caught.value)
    assert nearest in caught.value.hint
