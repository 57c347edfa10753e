"""Start the bundled project in this process, and put it back to its beginning."""

from __future__ import annotations

import os
import sqlite3
import sys
from typing import Any

from sigexplorer import catalog
from sigexplorer.capture.listening import Listener, built_in
from sigexplorer.errors import ProjectError
from sigexplorer.playground.place import demo_folder

_SETTINGS = "demo.settings"


class Playground:
    """The bundled project, running: in-memory databases with every table and no row.

    One for each process, because Django can be set up only once.
    """

    def __init__(self) -> None:
        self.listener = Listener()
        self._pristine: sqlite3.Connection | None = None

    def boot(self, *, listen: bool) -> None:
        """Set Django up, listening from before the first model if asked to."""
        from django.apps import apps

        for page in catalog.PAGES:
            built_in(page)  # listening or not, the same modules are loaded, and connect their receivers
        if listen:
            self.listener.connect()
        if not apps.ready:
            _set_up()
        if self._pristine is None:
            self._pristine = self._build_tables()

    def reset(self) -> None:
        """Empty every table and forget what the receivers remember."""
        from django.contrib.contenttypes.models import ContentType

        from blog import memory

        assert self._pristine is not None  # noqa: S101 - boot() has built it
        self._copy(self._pristine)
        ContentType.objects.clear_cache()
        memory.clear()

    def drop_tables(self) -> None:
        """Leave databases as ``migrate`` finds them the first time; ``reset`` undoes it."""
        from django.db import connection
        from django.db.migrations.recorder import MigrationRecorder

        _ = MigrationRecorder(connection).Migration  # defined once for a process, so not by a scenario
        empty = sqlite3.connect(":memory:")
        self._copy(empty)
        empty.close()

    def forget(self) -> None:
        """Let go of the historical models of a migration, which a cache of Django's keeps alive."""
        from django.apps import apps

        apps.get_models.cache_clear()  # type: ignore[attr-defined]

    def listen_again(self) -> None:
        """Listen also to the signals of modules that were imported since."""
        if self.listener.connected:
            self.listener.connect()

    def shut(self) -> None:
        """Take our receivers away; Django itself stays set up."""
        self.listener.disconnect()

    def _copy(self, source: sqlite3.Connection) -> None:
        from django.db import connections

        for wrapper in connections.all():
            wrapper.ensure_connection()
            source.backup(wrapper.connection)

    def _build_tables(self) -> sqlite3.Connection:
        """Create each model's table, without the hundreds of steps that migrations take."""
        from django.apps import apps
        from django.db import connection

        with connection.schema_editor() as editor:
            for model in apps.get_models():
                if model._meta.managed and not model._meta.proxy:
                    editor.create_model(model)
        pristine = sqlite3.connect(":memory:")
        raw: Any = connection.connection
        raw.backup(pristine)
        return pristine


def _set_up() -> None:
    import django
    from django.conf import settings

    if settings.configured:
        raise ProjectError(
            "another Django project is set up in this process", "run sigexplorer in one of its own"
        )
    sys.path.insert(0, str(demo_folder()))
    # Ours whatever the environment says: these commands never look at the user's project.
    os.environ["DJANGO_SETTINGS_MODULE"] = _SETTINGS
    django.setup()


PLAYGROUND = Playground()
