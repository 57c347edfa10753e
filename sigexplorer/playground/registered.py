"""How many receivers the signals of the bundled project have, known without starting it.

Starting it takes five times as long as all the rest of ``sigexplorer list``. The tests hold
these numbers against the project as it starts, with every supported Django.
"""

from __future__ import annotations

from collections.abc import Iterable

from sigexplorer.catalog.installed import django_version
from sigexplorer.catalog.listing import ListedSignal, custom, listed_page
from sigexplorer.catalog.page import Page, Version

#: Of each signal that has receivers: how many, and how many of them are Django's own.
_COUNTS: dict[str, tuple[int, int]] = {
    "user_logged_in": (2, 1),
    "user_login_failed": (1, 0),
    "post_save": (3, 0),
    "post_delete": (1, 0),
    "m2m_changed": (1, 0),
    "pre_migrate": (1, 1),
    "post_migrate": (3, 2),
    "request_started": (2, 2),
    "request_finished": (2, 2),
    "setting_changed": (4, 4),
    "autoreload_started": (2, 2),
    "file_changed": (2, 2),
}

_WITH_TASKS = {
    "setting_changed": (5, 5),
    "task_enqueued": (1, 1),
    "task_started": (1, 1),
    "task_finished": (1, 1),
}

#: What is different with each Django that is known.
_DIFFERENT: dict[Version, dict[str, tuple[int, int]]] = {
    (5, 2): {},
    (6, 0): _WITH_TASKS,
    (6, 1): {**_WITH_TASKS, "post_migrate": (4, 3)},
}

#: The signal of the project itself, by its dotted path.
_CUSTOM = ("blog.signals.post_published", "post_published", 2, 0)


def known() -> bool:
    """Tell whether the numbers are known for the installed Django."""
    return django_version() in _DIFFERENT


def built_in_signals(pages: Iterable[Page]) -> list[ListedSignal]:
    """Return the signals of ``pages`` as the bundled project has them."""
    version = django_version()
    counts = {**_COUNTS, **_DIFFERENT[version]}
    return [listed_page(page, version, *counts.get(page.name, (0, 0))) for page in pages]


def custom_signals() -> list[ListedSignal]:
    """Return the signals that the bundled project defines."""
    return [custom(*_CUSTOM)]
