"""How requests end, and which errors are told."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any
from unittest import mock

from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import got_request_exception, request_finished, request_started

from sigexplorer.playground.browser import Browser, answer_of_asgi, get_through_asgi, leave_asgi
from sigexplorer.playground.props import assigned, connected, left_as_found
from sigexplorer.playground.shop import urls
from sigexplorer.playground.steps import Steps
from sigexplorer.playground.testing import use_test_machinery

_MIDDLEWARE = "sigexplorer.playground.shop.middleware"


def serving(step: Steps) -> None:
    """Serve pages without closing them, with receivers that do not fit, and with the test Client."""
    with assigned(ROOT_URLCONF=urls.__name__):
        for part in (_close, _stream):
            with step.part():
                part(step)
    with step.part():
        _scope(step)
    with left_as_found(request_started, request_finished, got_request_exception):
        for part in (_client, _raised_again):
            with step.part():
                part(step)


def _close(step: Steps) -> None:
    def start_response(_status: str, _headers: object, _error: object = None) -> Callable[[bytes], object]:
        return bytes

    environ = Browser().environ("GET", "/stream/")
    with step("serve a page through WSGI, and do not close the response"):
        response = WSGIHandler()(environ, start_response)
        body = b"".join(response)
    step.claim("the page is there", body, b"onetwo", fact="wsgi-close")
    step.claim(
        "request_finished is not sent", step.names(group="request"), ["request_started"], fact="wsgi-close"
    )

    with step("close the response"):
        response.close()
    step.claim("close() sends it", step.names(group="request"), ["request_finished"], fact="wsgi-close")


def _stream(step: Steps) -> None:
    urls.written.clear()
    before: list[list[str]] = []

    def look(**_kwargs: object) -> None:
        before.append(list(urls.written))

    with step("serve a page that streams"), connected(request_finished, look):
        Browser().get("/stream/")
    step.claim("its body has been made before request_finished", before, [["one", "two"]], fact="wsgi-close")


def _scope(step: Steps) -> None:
    def look(sender: object, environ: dict[str, Any], **_kwargs: object) -> None:
        pass

    with step("want environ= through WSGI"), connected(request_started, look):
        answer = Browser().get("/async/")
    step.claim("under WSGI it is there", answer.status, 200, fact="asgi-scope")

    with step("GET /async/ through ASGI, as a server does that has a loop of its own"):
        answer = asyncio.run(answer_of_asgi("/async/"))
    started, finished = step.sent("request_started")[0], step.sent("request_finished")[0]
    names = [name for name, _ in started.arguments]
    step.claim("request_started has scope instead", names, ["scope"], fact="asgi-scope")
    methods = (started.method, finished.method)
    step.claim(
        "it is sent by asend(), request_finished by send()", methods, ("asend", "send"), fact="asgi-scope"
    )
    elsewhere = finished.thread not in (started.thread, threading.main_thread().name)
    step.claim("from a worker thread", elsewhere, fact="asgi-scope")

    with step("go away before there is a response"), assigned(ROOT_URLCONF=urls.__name__):
        asyncio.run(leave_asgi("/waiting/"))
    (gone,) = step.sent("request_finished")
    step.claim("then it is sent by asend()", gone.method, "asend", fact="asgi-scope")

    raised = ""
    # Django leaves the body of such a request open, of which Python tells.
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        with step("want environ= through ASGI"), connected(request_started, look):
            try:
                get_through_asgi("/async/")
            except TypeError as problem:
                raised = str(problem)
        gc.collect()
    step.claim("the request ends with a TypeError", "'environ'" in raised, fact="asgi-scope")


def _client(step: Steps) -> None:
    use_test_machinery(step)
    from django.test import Client

    with step("make a request with the test Client"):
        Client().get("/async/")
    started, finished = step.senders("request_started"), step.senders("request_finished")
    step.claim(
        "request_started comes from its handler",
        started,
        ["django.test.client.ClientHandler"],
        fact="client-senders",
    )
    step.claim("the sender of request_finished is None", finished, [None], fact="client-senders")
    called = "close_old_connections" in step.called()
    step.claim("connections are not closed meanwhile", called, expected=False, fact="client-senders")


def _raised_again(step: Steps) -> None:
    from django.test import Client

    raised: list[type[Exception]] = []
    with step("ask the test Client for a page that fails"):
        try:
            Client().get("/home/")
        except ZeroDivisionError as problem:
            raised.append(type(problem))
    step.claim("it raises what the view raised", raised, [ZeroDivisionError], fact="client-reraise")
    step.claim(
        "as it has a receiver that keeps it",
        "store_exc_info" in step.called("got_request_exception"),
        fact="client-reraise",
    )

    with step("keep it from connecting that receiver"), mock.patch.object(got_request_exception, "connect"):
        answer = Client().get("/home/")
    step.claim("then it answers 500, as a server does", answer.status_code, 500, fact="client-reraise")


def request_errors(step: Steps) -> None:
    """Fail in a view, in a handler of errors, and in middleware."""
    with assigned(ROOT_URLCONF=urls.__name__):
        for part in (_told, _handler, _middleware):
            with step.part():
                part(step)
    with step.part():
        _not_found(step)


def _told(step: Steps) -> None:
    browser, pages = Browser(), ("forbidden", "suspicious", "bad", "parts")
    with step("raise the exceptions that have a status of their own"):
        statuses = [browser.get(f"/{page}/").status for page in pages]
    step.claim("they are answers", statuses, [403, 400, 400, 400], fact="got-exception")
    step.claim("and no exceptions to tell of", step.sent("got_request_exception"), [], fact="got-exception")

    problems: list[object] = []

    def look(**kwargs: object) -> None:
        problems.append((sorted(kwargs), str(sys.exc_info()[1])))

    with step("raise any other"), connected(got_request_exception, look):
        browser.get("/broken/")
    step.claim(
        "that is told, with the sender None",
        step.senders("got_request_exception"),
        [None],
        fact="got-exception",
    )
    step.claim(
        "the exception is only in sys.exc_info()",
        problems,
        [(["request", "sender", "signal"], "broken")],
        fact="got-exception",
    )


def _not_found(step: Steps) -> None:
    with step("ask for a page that is not there, of a project that says so"):
        answer = Browser().get("/nowhere/")
    step.claim("a 404 is an answer", answer.status, 404, fact="got-exception")
    step.claim("and nothing to tell of either", step.sent("got_request_exception"), [], fact="got-exception")


def _handler(step: Steps) -> None:
    with step("ask for a page that is not there, of a project whose handler404 fails"):
        answer = Browser().get("/missing/")
    step.claim("the answer is 500", answer.status, 500, fact="got-exception-handler")
    sent = len(step.sent("got_request_exception"))
    step.claim("and the exception of the handler is told", sent, 1, fact="got-exception-handler")

    with step("ask for it where DEBUG is True"), assigned(DEBUG=True):
        answer = Browser().get("/missing/")
    told = "the handler is not asked: Django has a page of its own"
    seen = (answer.status, step.sent("got_request_exception"))
    step.claim(told, seen, (404, []), fact="got-exception-handler")


def _middleware(step: Steps) -> None:
    with (
        step("let a middleware answer for the view that fails"),
        assigned(MIDDLEWARE=[f"{_MIDDLEWARE}.Forgiving"]),
    ):
        answer = Browser().get("/broken/")
    step.claim("the answer is the middleware's", answer.body, "never mind", fact="got-exception-mw")
    step.claim("and nothing is told", step.sent("got_request_exception"), [], fact="got-exception-mw")

    with step("let a middleware fail"), assigned(MIDDLEWARE=[f"{_MIDDLEWARE}.Broken"]):
        answer = Browser().get("/broken/")
    sent = len(step.sent("got_request_exception"))
    step.claim("that is told like a view's", (answer.status, sent), (500, 1), fact="got-exception-mw")

    with step("let a middleware raise PermissionDenied"), assigned(MIDDLEWARE=[f"{_MIDDLEWARE}.Closed"]):
        answer = Browser().get("/broken/")
    step.claim("that is an answer, as a view's is", answer.status, 403, fact="got-exception-mw")
    step.claim("and not told", step.sent("got_request_exception"), [], fact="got-exception-mw")
