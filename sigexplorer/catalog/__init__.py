"""The built-in signals of Django as data: which exist, and what there is to know of each.

Nothing here imports Django: a page speaks of every supported version, and says where they
differ.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

from sigexplorer.catalog.page import Argument, Note, Page, Table, Version
from sigexplorer.catalog.pages.auth import USER_LOGGED_IN, USER_LOGGED_OUT, USER_LOGIN_FAILED
from sigexplorer.catalog.pages.autoreload import AUTORELOAD_STARTED, FILE_CHANGED
from sigexplorer.catalog.pages.classes import CLASS_PREPARED
from sigexplorer.catalog.pages.database import CONNECTION_CREATED
from sigexplorer.catalog.pages.deleting import POST_DELETE, PRE_DELETE
from sigexplorer.catalog.pages.initialising import POST_INIT, PRE_INIT
from sigexplorer.catalog.pages.many_to_many import M2M_CHANGED
from sigexplorer.catalog.pages.migrating import POST_MIGRATE, PRE_MIGRATE
from sigexplorer.catalog.pages.requests import GOT_REQUEST_EXCEPTION, REQUEST_FINISHED, REQUEST_STARTED
from sigexplorer.catalog.pages.saving import POST_SAVE, PRE_SAVE
from sigexplorer.catalog.pages.tasks import TASK_ENQUEUED, TASK_FINISHED, TASK_STARTED
from sigexplorer.catalog.pages.testing import SETTING_CHANGED, TEMPLATE_RENDERED
from sigexplorer.errors import UnknownNameError

__all__ = [
    "GROUPS",
    "PAGES",
    "SECTIONS",
    "Argument",
    "Note",
    "Page",
    "Table",
    "Version",
    "find",
    "match",
]

#: Every built-in signal of every supported Django, section by section.
PAGES: tuple[Page, ...] = (
    USER_LOGGED_IN,
    USER_LOGGED_OUT,
    USER_LOGIN_FAILED,
    PRE_INIT,
    POST_INIT,
    PRE_SAVE,
    POST_SAVE,
    PRE_DELETE,
    POST_DELETE,
    M2M_CHANGED,
    CLASS_PREPARED,
    PRE_MIGRATE,
    POST_MIGRATE,
    REQUEST_STARTED,
    REQUEST_FINISHED,
    GOT_REQUEST_EXCEPTION,
    SETTING_CHANGED,
    TEMPLATE_RENDERED,
    CONNECTION_CREATED,
    TASK_ENQUEUED,
    TASK_STARTED,
    TASK_FINISHED,
    AUTORELOAD_STARTED,
    FILE_CHANGED,
)

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

_BY_NAME: dict[str, Page] = {name: page for page in PAGES for name in (page.name, page.path)}


def find(name: str) -> Page:
    """Return the page of one signal, given its short name or its dotted path."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise UnknownNameError("signal", name, _candidates(name)) from None


def match(pattern: str) -> tuple[Page, ...]:
    """Return the pages that ``pattern`` means, in the order of ``PAGES``.

    In this order: a short name or dotted path; ``%group``; a glob over names and paths; a
    group or section by its bare name; a part of a short name. Case matters to none of them.
    ``%custom`` is a group without built-in signals, hence empty; any other pattern that
    means nothing raises ``UnknownNameError``.
    """
    wanted = pattern.lower()
    if wanted in _BY_NAME:
        return (_BY_NAME[wanted],)
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
    return tuple(page for page in PAGES if page.group in groups)


def _by_glob(glob: str) -> tuple[Page, ...]:
    """Return the pages whose short name or dotted path fits."""
    return tuple(page for page in PAGES if fnmatchcase(page.name, glob) or fnmatchcase(page.path, glob))


def _by_word(word: str) -> tuple[Page, ...]:
    """Return the pages of a group or section, or else those with ``word`` in their names."""
    groups = GROUPS.get(word) or {group for group, section in SECTIONS.items() if section == word}
    if groups:
        return tuple(page for page in PAGES if page.group in groups)
    return tuple(page for page in PAGES if word in page.name)


def _candidates(name: str) -> list[str]:
    """Return the kind of names that ``name`` was meant to be: dotted paths or short names."""
    return [page.path if "." in name else page.name for page in PAGES]
