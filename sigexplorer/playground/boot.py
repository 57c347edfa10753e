"""Start the bundled project in this process, and put it back to its beginning."""

from __future__ import annotations

import os
import sys

from sigexplorer import catalog, garbage
from sigexplorer.capture.listening import Listener, built_in
from sigexplorer.errors import ProjectError
from sigexplorer.playground.databases import IN_MEMORY, Databases
from sigexplorer.playground.place import demo_folder

_SETTINGS = "demo.settings"


class Playground:
    """The bundled project, running: databases with every table and no row.

    One for each process, because Django can be set up only once.
    """

    def __init__(self) -> None:
        self.listener = Listener()
        self._databases: Databases = IN_MEMORY

    def boot(self, *, listen: bool, databases: Databases = IN_MEMORY) -> None:
        """Set Django up, listening from before the first model if asked to; rows are in ``databases``."""
        from django.apps import apps

        for page in catalog.PAGES:
            built_in(page)  # listening or not, the same modules are loaded, and connect their receivers
        if listen:
            self.listener.connect()
        if not apps.ready:
            _set_up()
        self._databases = databases
        databases.open()
        garbage.collect()

    def reset(self) -> None:
        """Empty every table and forget what the receivers remember."""
        from django.contrib.contenttypes.models import ContentType

        from blog import memory

        self._databases.reset()
        ContentType.objects.clear_cache()
        memory.clear()

    def drop_tables(self) -> None:
        """Leave databases as ``migrate`` finds them the first time; ``reset`` undoes it."""
        from django.db import connection
        from django.db.migrations.recorder import MigrationRecorder

        _ = MigrationRecorder(connection).Migration  # defined once for a process, so not by a scenario
        self._databases.empty()

    def forget(self) -> None:
        """Let go of the historical models of a migration, which a cache of Django's keeps alive."""
        from django.apps import apps

        apps.get_models.cache_clear()  # type: ignore[attr-defined]

    def listen_again(self) -> None:
        """Listen also to the signals of modules that were imported since."""
        if self.listener.connected:
            self.listener.connect()

    def shut(self) -> None:
        """Take our receivers and other databases away; Django itself stays set up, with its own in memory."""
        self.listener.disconnect()
        self._databases.close()
        self._databases = IN_MEMORY


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
