"""Ask the project for pages as a server would, and print status and text of each as JSON.

``pages.py SETTINGS wsgi|asgi PATH...``. Databases in memory are migrated first.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any
from wsgiref.util import setup_testing_defaults

import django
from asgiref.sync import async_to_sync
from django.core.management import call_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def ask_wsgi(application: Callable[..., Iterable[bytes]], path: str) -> tuple[int, str]:
    """Return status and text of the answer."""
    environ: dict[str, Any] = {"PATH_INFO": path, "HTTP_HOST": "localhost"}
    setup_testing_defaults(environ)
    statuses: list[str] = []
    response = application(environ, lambda status, _headers: statuses.append(status))
    body = b"".join(response)
    response.close()  # type: ignore[attr-defined]
    return int(statuses[0][:3]), body.decode()


async def ask_asgi(application: Callable[..., Any], path: str) -> tuple[int, str]:
    """Return status and text of the answer."""
    received = [{"type": "http.request", "body": b"", "more_body": False}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not received:
            await asyncio.Event().wait()  # a client that stays
        return received.pop()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost")]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers}
    await application(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]).decode()


def run_asgi(application: Callable[..., Any], path: str) -> tuple[int, str]:
    """Ask in an event loop of its own, as an ASGI server has one."""
    return asyncio.run(ask_asgi(application, path))


def main(settings: str, kind: str, *paths: str) -> None:
    """Print the answers."""
    os.environ["DJANGO_SETTINGS_MODULE"] = settings
    in_memory = settings == "demo.settings"
    if in_memory:
        django.setup()
        call_command("migrate", verbosity=0)
    application = importlib.import_module(f"demo.{kind}").application
    # A database in memory belongs to this thread, which async_to_sync() keeps the views in.
    ask = {"wsgi": ask_wsgi, "asgi": async_to_sync(ask_asgi) if in_memory else run_asgi}[kind]
    json.dump({path: ask(application, path) for path in paths}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
