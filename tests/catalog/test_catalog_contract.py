"""The catalogue against the installed Django: nothing missing, nothing made up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import django
import pytest

from sigexplorer.catalog import PAGES, Page, find
from sigexplorer.catalog.installed import asks, django_root, django_version, sends

if TYPE_CHECKING:
    from tests.catalog.conftest import Source

VERSION = django.VERSION[:2]
HERE = [page for page in PAGES if page.exists_in(VERSION)]

each_page = pytest.mark.parametrize("page", HERE, ids=lambda page: page.name)


def test_every_signal_of_django_has_a_page(django_source: Source) -> None:
    """The signals that Django's source defines and those with a page for that Django are the same."""
    assert {page.path for page in HERE} == django_source.signals


def test_version_and_root_are_those_of_the_import() -> None:
    """What is read from Django's files is what importing Django says."""
    assert django_version() == VERSION
    assert (django_root() / "__init__.py").samefile(django.__file__)


@each_page
def test_sends_are_those_of_the_syntax_tree(page: Page, django_source: Source) -> None:
    """The quick scan finds exactly the sends that a parser finds in the whole package."""
    assert sends(page) == django_source.sends(page.name)
    assert sends(page)


@each_page
def test_sending_modules_are_named(page: Page) -> None:
    """Each module that sends the signal is named on its page, so that no search is needed."""
    modules = {
        send.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for send in sends(page)
    }
    assert modules <= set(page.sent_by)


@each_page
def test_arguments_are_those_of_the_call_sites(page: Page, django_source: Source) -> None:
    """The documented arguments are those that Django's own calls pass, in the same order."""
    documented = [argument.name for argument in page.arguments_in(VERSION)]
    variants = django_source.variants(page.name)
    assert {name for keywords in variants for name in keywords} == set(documented)
    for keywords in variants:
        assert list(keywords) == [name for name in documented if name in keywords]


@each_page
def test_arguments_not_always_sent_say_when(page: Page, django_source: Source) -> None:
    """An argument says when it is sent if, and only if, some call of Django's leaves it out."""
    variants = django_source.variants(page.name)
    for argument in page.arguments_in(VERSION):
        assert bool(argument.only) == any(argument.name not in keywords for keywords in variants)


def test_no_signal_is_made_elsewhere(django_source: Source) -> None:
    """Every call of Signal() in Django makes a variable of a module: none is hidden deeper."""
    assert len(django_source.made) == len(django_source.signals)


@each_page
def test_questions_for_listeners_are_those_of_the_syntax_tree(page: Page, django_source: Source) -> None:
    """Every place that asks has_listeners() is named on the page of its signal."""
    assert asks(page) == tuple(django_source.asks.get(page.name, ()))


def test_fast_paths_are_named(django_source: Source) -> None:
    """Where Django asks has_listeners(), the page says what connecting a receiver costs."""
    assert set(django_source.asks) == {"pre_delete", "post_delete", "m2m_changed"}
    for name in django_source.asks:
        text = " ".join(find(name).pitfalls_in(VERSION))
        assert "has_listeners()" in text
        assert "Merely connecting a receiver" in text


def test_signals_of_a_newer_django_are_not_searched_for() -> None:
    """A signal that the installed Django lacks is sent nowhere in it."""
    for page in PAGES:
        if not page.exists_in(VERSION):
            assert sends(page) == ()
