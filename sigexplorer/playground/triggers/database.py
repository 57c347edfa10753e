"""Make Django send the signals of migrations and connections."""

from __future__ import annotations

from django.core.management import call_command
from django.db import connections
from django.db.utils import ConnectionHandler

from sigexplorer.playground.steps import Steps


def migrate(step: Steps) -> None:
    """Run ``migrate`` on an up-to-date database: the signals come all the same."""
    call_command("migrate", fake=True, verbosity=0, interactive=False)
    call_command("migrate", verbosity=0, interactive=False)  # now content types and permissions are there too
    with step("migrate, with nothing to do"):
        call_command("migrate", verbosity=0, interactive=False)


def connect(step: Steps) -> None:
    """Use a new connection for the first time."""
    handler = ConnectionHandler({"default": connections.settings["default"]})
    connection = handler["default"]
    with step("ask for a cursor"), connection.cursor():
        pass
    connection.connection.close()
