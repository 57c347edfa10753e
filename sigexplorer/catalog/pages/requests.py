"""Pages of the signals of the request handlers."""

from __future__ import annotations

from sigexplorer.catalog.page import Argument, Note, Page, Table

_SENDERS = Table(
    title="Senders",
    columns=("served by", "request_started", "request_finished"),
    rows=(
        ("WSGI", "WSGIHandler, by send()", "WSGIHandler, by send()"),
        ("ASGI", "ASGIHandler, by asend()", "ASGIHandler, by send() in a worker thread"),
        ("ASGI, client gone before a response", "ASGIHandler, by asend()", "ASGIHandler, by asend()"),
        ("static files of runserver", "StaticFilesHandler, by send()", "StaticFilesHandler, by send()"),
        ("test Client", "ClientHandler, by send()", "None, by send()"),
        ("AsyncClient", "AsyncClientHandler, by asend()", "None, by send() in a worker thread"),
    ),
)

_TEST_CLIENT = Note(
    "The test Client disconnects Django's close_old_connections for the duration and connects it again behind"
    " all others: the order of receivers changes with the first request of a test."
)

REQUEST_STARTED = Page(
    name="request_started",
    module="django.core.signals",
    group="request",
    summary="a handler begins to process a request",
    when=(
        "When the handler is called, before the HttpRequest exists and before any middleware; under ASGI"
        " after the body was received."
    ),
    sender=(
        "the class of the handler: WSGIHandler, ASGIHandler, StaticFilesHandler, or ClientHandler and"
        " AsyncClientHandler in tests"
    ),
    arguments=(
        Argument(
            "environ",
            "dict[str, Any]",
            "the WSGI environment of the request",
            changed="added in Django 1.8",
            only="under WSGI and from the test Client",
        ),
        Argument(
            "scope",
            "dict[str, Any]",
            "the ASGI scope of the request; not in Django's documentation",
            only="under ASGI and from AsyncClient",
        ),
    ),
    pitfalls=(
        Note(
            "ASGI sends scope, not environ: a receiver declared def receiver(sender, environ, **kwargs) makes"
            " every ASGI request fail with TypeError. Give both a default of None."
        ),
        Note(
            "There is no request yet, hence no user and no session: what needs them belongs in a middleware."
        ),
        Note(
            "An exception here is outside Django's error handling: it reaches the server, no error page is"
            " made and request_finished is not sent."
        ),
        Note("environ and scope hold cookies and the Authorization header: do not log them whole."),
        Note(
            "Under an ASGI server synchronous receivers run in a worker thread, where in-memory SQLite and"
            " thread locals are not those of the main thread."
        ),
        Note("Django closes stale database connections here, and clears connection.queries."),
        _TEST_CLIENT,
        Note("RequestFactory calls no handler and sends nothing."),
    ),
    example="""\
import logging

from django.core.signals import request_started
from django.dispatch import receiver

logger = logging.getLogger(__name__)


@receiver(request_started, dispatch_uid="log-request")
def log_request(sender, environ=None, scope=None, **kwargs):
    # One of the two is there: environ under WSGI, scope under ASGI.
    path = environ.get("PATH_INFO", "") if scope is None else scope["path"]
    logger.info("%s: %r", sender.__name__, path)
""",
    trigger="asks for the front page, as a WSGI server does",
    related=("request_finished", "got_request_exception", "connection_created"),
    sent_by=("django.core.handlers.wsgi", "django.core.handlers.asgi", "django.test.client"),
    scenarios=("request", "login-flow", "request-exception"),
    tables=(_SENDERS,),
)

REQUEST_FINISHED = Page(
    name="request_finished",
    module="django.core.signals",
    group="request",
    summary="a response was closed",
    when=(
        "In HttpResponse.close(), which the server calls after the last byte of the body: not when the view"
        " returns, and for a streaming response after the stream."
    ),
    sender=(
        "the class of the handler that made the response; None where no handler did, as with the test Client"
    ),
    arguments=(),
    pitfalls=(
        Note(
            "A WSGI server, or code calling the WSGI application, that does not call close() never sends it."
        ),
        Note(
            "Every close() sends it: twice for a response closed twice, and once, with sender None, for a"
            " response that a view or test made and closed itself."
        ),
        Note(
            "Neither request nor response is passed, so it does not say which request ended: what needs to"
            " know belongs in a middleware."
        ),
        Note(
            "The response has been sent by now: nothing can be added to it, and slow work here still"
            " occupies the worker."
        ),
        Note(
            "Under ASGI close() runs in a worker thread and uses send(); only when the client disconnected"
            " before there was a response does the handler itself use asend()."
        ),
        Note("Django closes stale database connections and its caches here, and resets the URLconf."),
        _TEST_CLIENT,
    ),
    example="""\
import logging
from collections import deque

from django.core.signals import request_finished
from django.dispatch import receiver

logger = logging.getLogger(__name__)
viewed = deque()  # views append to it, from any thread


@receiver(request_finished, dispatch_uid="log-views")
def log_views(sender, **kwargs):
    # After the response: no visitor waits for the log.
    while True:
        try:
            path = viewed.popleft()
        except IndexError:
            return
        logger.info("viewed %r", path)
""",
    trigger="asks for the front page, as a WSGI server does",
    related=("request_started", "got_request_exception"),
    sent_by=("django.http.response", "django.core.handlers.asgi"),
    scenarios=("request", "login-flow", "request-exception"),
    tables=(_SENDERS,),
)

GOT_REQUEST_EXCEPTION = Page(
    name="got_request_exception",
    module="django.core.signals",
    group="request",
    summary="an exception was raised while a request was processed",
    when=(
        "When an exception in a view or middleware is about to become a 500 response, or when the handler of"
        " an error page fails itself."
    ),
    sender="None, always",
    arguments=(Argument("request", "HttpRequest", "the request that failed"),),
    pitfalls=(
        Note(
            "The exception is not passed: read sys.exc_info() in the receiver, before anything else is"
            " raised."
        ),
        Note(
            "Http404, PermissionDenied, SuspiciousOperation, BadRequest and MultiPartParserError do not"
            " send it: they become 404, 403 and 400."
        ),
        Note("It is not sent where the process_exception() of a middleware returns a response."),
        Note(
            "An exception in a receiver replaces the first one, and every middleware around sends the signal"
            " again for it, until it reaches the server: catch what you may raise."
        ),
        Note(
            "With DEBUG_PROPAGATE_EXCEPTIONS it is sent several times for one exception: by the view's"
            " layer and by each middleware around it."
        ),
        Note(
            "The test Client raises the view's exception in the test because it listens to this signal;"
            " raise_request_exception=False turns that off."
        ),
        Note("Under ASGI it is sent from a worker thread; sys.exc_info() is set there as well."),
        Note("A custom 404 or 403 handler that fails turns the response into a 500 and sends it."),
    ),
    example="""\
import sys
from collections import Counter

from django.core.signals import got_request_exception
from django.dispatch import receiver

failures = Counter()


@receiver(got_request_exception, dispatch_uid="count-failures")
def count_failure(sender, request, **kwargs):
    kind = sys.exc_info()[0]  # the exception itself is not an argument
    failures[kind.__name__ if kind else "unknown"] += 1
""",
    trigger="asks for a page whose view divides by zero",
    related=("request_started", "request_finished"),
    sent_by=("django.core.handlers.exception",),
    scenarios=("request-exception",),
)
