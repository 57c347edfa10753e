"""Two databases."""

from __future__ import annotations

from django.db import connections
from django.db.utils import ConnectionHandler

from blog.models import AuditEntry, Tag
from sigexplorer.playground.steps import Steps


def two_databases(step: Steps) -> None:
    """Save in either database, move rows, and open a connection."""
    with step("save in the default database"):
        tag = Tag.objects.create(name="django")
    step.claim(
        "using is default", {dispatch.argument("using") for dispatch in step.sent("post_save")}, {"default"}
    )

    with step("save the same object in the other one"):
        tag.save(using="archive")
    step.claim(
        "using names the other database",
        {dispatch.argument("using") for dispatch in step.sent("post_save")},
        {"archive"},
        fact="using",
    )
    step.claim("where the row is new", step.sent("post_save")[0].argument("created"), fact="using")

    with step("save it there again"):
        tag.save(using="archive")
    (sent,) = step.sent("post_save")
    step.claim("where it is no more", sent.argument("created"), expected=False, fact="using")

    _move(step)
    _connect(step)


def _move(step: Steps) -> None:
    AuditEntry.objects.create(text="something happened")
    with step("move rows to the other database in bulk"):
        moved = AuditEntry.archive()
    step.claim("a row was moved", (moved, AuditEntry.objects.using("archive").count()), (1, 1))
    step.claim("without one save signal", step.names(group="save"), [])


def _connect(step: Steps) -> None:
    same = connections.settings["default"]
    handler = ConnectionHandler({"default": same, "reports": same})
    with step("name a third database"):
        connection = handler["reports"]
    vendor = connection.vendor
    step.claim("a connection that is only named is not opened", step.sent("connection_created"), [])

    with step("use it"), connection.cursor():
        pass
    (sent,) = step.sent("connection_created")
    step.claim("the first use opens it", sent.argument("connection"), f"<DatabaseWrapper {vendor} reports>")
    backend = {"sqlite": "sqlite3"}.get(vendor, vendor)
    step.claim(
        "the sender is the backend's class", sent.sender, f"django.db.backends.{backend}.base.DatabaseWrapper"
    )

    with step("use it again"), connection.cursor():
        pass
    step.claim("and the second does not", step.sent("connection_created"), [])
    connection.connection.close()
