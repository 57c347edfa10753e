"""Django led to other databases for a while."""

from __future__ import annotations

import os
import secrets
from typing import Any

#: The aliases of the project's databases, and what the names of the other ones end in.
ALIASES = {"default": "", "archive": "_archive"}


def free_name() -> str:
    """Return a name that no other run uses."""
    return f"sigexplorer_{os.getpid()}_{secrets.token_hex(4)}"


class Redirection:
    """Django's connections, led to other databases for a while."""

    def __init__(self) -> None:
        self._found: tuple[Any, Any, dict[str, Any]] | None = None

    def lead(self, settings_of: dict[str, dict[str, Any]]) -> None:
        """Let each alias mean the database of these settings."""
        from django.conf import Settings
        from django.db import connections

        settings = _holder()
        opened = {wrapper.alias: wrapper for wrapper in connections.all(initialized_only=True)}
        self._found = (settings._wrapped, connections.settings, opened)
        # Settings of our own, so that whoever has read the others' secrets reads these, too.
        changed: Any = Settings(os.environ["DJANGO_SETTINGS_MODULE"])
        changed.DATABASES = settings_of
        settings._wrapped = changed
        self._switch(connections.configure_settings(settings_of), {})

    def come_back(self) -> None:
        """Close what was opened since, and have what was there before."""
        from django.db import connections

        if self._found is None:
            return
        settings = _holder()
        for wrapper in connections.all(initialized_only=True):
            wrapper.close()
        settings._wrapped, configured, opened = self._found
        self._found = None
        self._switch(configured, opened)

    def _switch(self, configured: Any, opened: dict[str, Any]) -> None:
        from django.db import connections

        for wrapper in connections.all(initialized_only=True):
            del connections[wrapper.alias]
        connections.settings = configured
        for alias, wrapper in opened.items():
            connections[alias] = wrapper


def _holder() -> Any:
    from django.conf import settings

    return settings
