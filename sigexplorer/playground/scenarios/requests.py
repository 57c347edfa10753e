"""Requests through WSGI and ASGI."""

from __future__ import annotations

from sigexplorer.playground.browser import Browser, get_through_asgi
from sigexplorer.playground.steps import Steps

WSGI = "django.core.handlers.wsgi.WSGIHandler"
ASGI = "django.core.handlers.asgi.ASGIHandler"


def request(step: Steps) -> None:
    """Ask for the same page through both kinds of server."""
    browser = Browser()
    with step("GET / through WSGI"):
        answer = browser.get("/")
    step.claim("the page is there", answer.status, 200)
    step.claim(
        "a request is started and finished",
        step.names(group="request"),
        ["request_started", "request_finished"],
    )
    step.claim(
        "both are sent by the handler's class",
        (step.senders("request_started"), step.senders("request_finished")),
        ([WSGI], [WSGI]),
    )
    names = [name for name, _ in step.sent("request_started")[0].arguments]
    step.claim("WSGI sends environ", names, ["environ"])

    with step("GET /async/ through ASGI"):
        answer = get_through_asgi("/async/")
    step.claim("the page is there too", answer.status, 200)
    step.claim("the sender is another class", step.senders("request_started"), [ASGI])
    names = [name for name, _ in step.sent("request_started")[0].arguments]
    step.claim("ASGI sends scope instead of environ", names, ["scope"])
    methods = [dispatch.method for dispatch in step.sent() if dispatch.group == "request"]
    step.claim("it starts with asend() and finishes with send()", methods, ["asend", "send"])


def request_exception(step: Steps) -> None:
    """Ask for a page that fails, for one that is not there, and without permission."""
    browser = Browser()
    with step("GET /home/, whose view divides by zero"):
        answer = browser.get("/home/")
    step.claim("the answer is 500", answer.status, 500)
    step.claim(
        "got_request_exception is sent in between",
        step.names(group="request"),
        ["request_started", "got_request_exception", "request_finished"],
    )
    step.claim("its sender is None", step.senders("got_request_exception"), [None])

    with step("GET /nowhere/"):
        answer = browser.get("/nowhere/")
    step.claim("the answer is 404", answer.status, 404)
    step.claim(
        "a 404 is no exception to tell of",
        step.names(group="request"),
        ["request_started", "request_finished"],
    )

    with step("GET /logout/, which wants POST"):
        answer = browser.get("/logout/")
    step.claim("nor is a 405", (answer.status, step.sent("got_request_exception")), (405, []))
