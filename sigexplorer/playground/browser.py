"""Requests to the bundled project as servers make them, without django.test.

Importing django.test connects sixteen receivers to ``setting_changed``; Django's own
handlers, called as WSGI and ASGI servers call them, send the signals of production.
"""

from __future__ import annotations

import asyncio
import io
from http.cookies import SimpleCookie
from typing import Any, NamedTuple
from urllib.parse import urlencode

#: Any 32 letters: Django takes a cookie and a form field that agree.
_CSRF_TOKEN = "c" * 32


class Answer(NamedTuple):
    """A response: its status and its whole body."""

    status: int
    body: str


class Browser:
    """A visitor with cookies, served through WSGI."""

    def __init__(self) -> None:
        from django.core.handlers.wsgi import WSGIHandler

        self._handler: Any = WSGIHandler()
        self._cookies: SimpleCookie = SimpleCookie({"csrftoken": _CSRF_TOKEN})

    def get(self, path: str) -> Answer:
        """Ask for a page."""
        return self._request("GET", path, b"")

    def post(self, path: str, **form: str) -> Answer:
        """Send a form."""
        token = self._cookies["csrftoken"].value
        return self._request("POST", path, urlencode({**form, "csrfmiddlewaretoken": token}).encode())

    def _request(self, method: str, path: str, body: bytes) -> Answer:
        started: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
            started.update(status=int(status.split(maxsplit=1)[0]), headers=headers)

        response = self._handler(self.environ(method, path, body), start_response)
        try:
            text = b"".join(response).decode()
        finally:
            response.close()  # a server does, and it is this that sends request_finished
        for name, value in started["headers"]:
            if name.lower() == "set-cookie":
                self._cookies.load(value)
        return Answer(started["status"], text)

    def environ(self, method: str, path: str, body: bytes = b"") -> dict[str, Any]:
        """Return what a server tells of a request."""
        return {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "SCRIPT_NAME": "",
            "QUERY_STRING": "",
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_COOKIE": "; ".join(f"{name}={morsel.value}" for name, morsel in self._cookies.items()),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }


def get_through_asgi(path: str) -> Answer:
    """Ask for a page through ASGI, from synchronous code."""
    from asgiref.sync import async_to_sync

    # Sync parts of the request come back to this thread, which owns the in-memory databases.
    answer: Answer = async_to_sync(answer_of_asgi)(path)
    return answer


async def answer_of_asgi(path: str) -> Answer:
    """Ask for a page through ASGI."""
    from django.core.handlers.asgi import ASGIHandler

    asked = False
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if asked:
            await asyncio.Event().wait()  # a client that stays connected has nothing more to say
        asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    handler: Any = ASGIHandler()
    await handler(_scope(path), receive, send)
    body = b"".join(message.get("body", b"") for message in sent)
    return Answer(int(sent[0]["status"]), body.decode())


async def leave_asgi(path: str) -> None:
    """Ask for a page through ASGI, and go away before there is an answer."""
    from django.core.handlers.asgi import ASGIHandler

    said: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"", "more_body": False},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, Any]:
        return said.pop(0)

    async def send(_message: dict[str, Any]) -> None:
        """Nobody is there to read it."""

    handler: Any = ASGIHandler()
    await handler(_scope(path), receive, send)


def _scope(path: str) -> dict[str, Any]:
    """Return what an ASGI server tells of a request."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"testserver")],
        "client": ("127.0.0.1", 0),
        "server": ("testserver", 80),
    }
