"""The built-in signals of Django as data: which exist, and what there is to know of each.

Nothing here imports Django: a page speaks of every supported version, and says where they
differ.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from importlib import import_module

from sigexplorer.catalog.page import Argument, Note, Page, Table, Version
from sigexplorer.errors import UnknownNameError

__all__ = [
    "GROUPS",
    "NAMES",
    "PAGES",
    "SECTIONS",
    "Argument",
    "Note",
    "Page",
    "Table",
    "Version",
    "find",
    "match",
    "named",
]

#: Where the page of each signal stands, in the order in which they are shown: section by section.
_PLACES: dict[str, str] = {
    "user_logged_in": "auth",
    "user_logged_out": "auth",
    "user_login_failed": "auth",
    "pre_init": "initialising",
    "post_init": "initialising",
    "pre_save": "saving",
    "post_save": "saving",
    "pre_delete": "deleting",
    "post_delete": "deleting",
    "m2m_changed": "many_to_many",
    "class_prepared": "classes",
    "pre_migrate": "migrating",
    "post_migrate": "migrating",
    "request_started": "requests",
    "request_finished": "requests",
    "got_request_exception": "requests",
    "setting_changed": "testing",
    "template_rendered": "testing",
    "connection_created": "database",
    "task_enqueued": "tasks",
    "task_started": "tasks",
    "task_finished": "tasks",
    "autoreload_started": "autoreload",
    "file_changed": "autoreload",
}

#: The short name of every built-in signal of every supported Django.
NAMES: tuple[str, ...] = tuple(_PLACES)

#: Their pages; read when they are first asked for.
PAGES: tuple[Page, ...]

#: The section that each group of records stands under, in the order of ``PAGES``.
SECTIONS: dict[str, str] = {
    "auth": "login and logout",
    "init": "model",
    "save": "model",
    "delete": "model",
    "m2m": "model",
    "model": "model",
    "migrate": "management",
    "request": "request/response",
    "settings": "test",
    "test": "test",
    "db": "database wrappers",
    "tasks": "tasks",
    "autoreload": "autoreload",
    "custom": "custom",
}

#: What each ``%group`` of a filter covers, by its name without the percent sign.
#:
#: A record carries one group; ``%model`` and ``%test`` cover the rest of their sections too.
GROUPS: dict[str, frozenset[str]] = {
    **{group: frozenset({group}) for group in SECTIONS},
    "model": frozenset({"init", "save", "delete", "m2m", "model"}),
    "test": frozenset({"settings", "test"}),
}


def __getattr__(name: str) -> tuple[Page, ...]:
    if name == "PAGES":
        return _pages()
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


@cache
def _pages() -> tuple[Page, ...]:
    return tuple(map(_page, _PLACES))


@cache
def _page(name: str) -> Page:
    """Return the page of one signal; nothing but the file that it stands in is read."""
    found: Page = getattr(import_module(f"sigexplorer.catalog.pages.{_PLACES[name]}"), name.upper())
    return found


def find(name: str) -> Page:
    """Return the page of one signal, given its short name, its dotted path or one as it is imported."""
    page = named(name)
    if page is None:
        raise UnknownNameError("signal", name, _candidates(name))
    return page


def named(name: str) -> Page | None:
    """Return the page that a name, a path or a path as code imports it surely means, None for others.

    ``signals.post_save``, ``models.signals.post_save`` and ``model_signals.post_save`` are
    what stands in code; a path that begins with ``django.`` must be right.
    """
    module, _, short = name.rpartition(".")
    page = _page(short) if short in _PLACES else None
    if page is None or name in (page.name, page.path, *_ELSEWHERE.get(short, ())):
        return page
    is_alias = "." not in module and module.endswith("_signals")
    return page if is_alias or page.path.endswith(f".{name}") else None


#: Where Django imports a signal itself, for others to import it from there.
_ELSEWHERE = {
    "setting_changed": ("django.test.signals.setting_changed",),
    "user_logged_in": ("django.contrib.auth.user_logged_in",),
    "user_logged_out": ("django.contrib.auth.user_logged_out",),
    "user_login_failed": ("django.contrib.auth.user_login_failed",),
}


def match(pattern: str) -> tuple[Page, ...]:
    """Return the pages that ``pattern`` means, in the order of ``PAGES``.

    In this order: a short name or path, as ``named`` knows it; ``%group``; a glob over names and paths; a
    group or section by its bare name; a part of a short name. Case matters to none of them.
    ``%custom`` is a group without built-in signals, hence empty; any other pattern that
    means nothing raises ``UnknownNameError``.
    """
    wanted = pattern.lower()
    page = named(wanted)
    if page is not None:
        return (page,)
    if wanted.startswith("%"):
        return _in_group(pattern)
    pages = _by_glob(wanted) if any(mark in wanted for mark in "*?[") else _by_word(wanted)
    if not pages and wanted != "custom":
        raise UnknownNameError("signal or group", pattern, [*_candidates(pattern), *GROUPS])
    return pages


def _in_group(pattern: str) -> tuple[Page, ...]:
    """Return the pages of ``%group``."""
    groups = GROUPS.get(pattern[1:].lower())
    if groups is None:
        raise UnknownNameError("group", pattern, [f"%{name}" for name in GROUPS])
    return tuple(page for page in _pages() if page.group in groups)


def _by_glob(glob: str) -> tuple[Page, ...]:
    """Return the pages whose short name or dotted path fits."""
    return tuple(page for page in _pages() if fnmatchcase(page.name, glob) or fnmatchcase(page.path, glob))


def _by_word(word: str) -> tuple[Page, ...]:
    """Return the pages of a group or section, or else those with ``word`` in their names."""
    groups = GROUPS.get(word) or {group for group, section in SECTIONS.items() if section == word}
    if groups:
        return tuple(page for page in _pages() if page.group in groups)
    return tuple(page for page in _pages() if word in page.name)


def _candidates(name: str) -> list[str]:
    """Return the kind of names that ``name`` was meant to be: dotted paths or short names."""
    return [page.path if "." in name else page.name for page in _pages()]
