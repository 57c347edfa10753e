"""Facts about requests."""

from __future__ import annotations

from sigexplorer.catalog.fact import Fact

FACTS = (
    Fact(
        id="client-senders",
        statement="The test Client sends request_started from ClientHandler and request_finished from None",
        why=(
            "It is a handler of its own; the response does not know its class. close_old_connections"
            " is disconnected meanwhile."
        ),
        scenario="serving",
        source=("django/test/client.py: ClientHandler.__call__",),
        signals=("request_started", "request_finished"),
    ),
    Fact(
        id="wsgi-close",
        statement=(
            "Under WSGI request_finished is sent by response.close(), after the body, and never by a"
            " server that does not close"
        ),
        why="Only the server knows when the last byte has gone. A streamed body is made before it.",
        scenario="serving",
        source=("django/http/response.py: HttpResponseBase.close",),
        signals=("request_finished",),
    ),
    Fact(
        id="asgi-scope",
        statement=(
            "Under ASGI request_started has scope instead of environ, and a receiver that wants"
            " environ ends the request with a TypeError; request_finished is sent by send(), from a"
            " worker thread, or by asend() where the client went away before there was a response"
        ),
        why=(
            "asend() calls receivers with what there is: take both from **kwargs. The response is closed, and"
            " request_finished sent, as under WSGI, by sync code that must not block the loop."
        ),
        scenario="serving",
        source=(
            "django/core/handlers/asgi.py: ASGIHandler.handle",
            "django/http/response.py: HttpResponseBase.close",
        ),
        signals=("request_started", "request_finished"),
    ),
    Fact(
        id="got-exception",
        statement=(
            "got_request_exception is not sent for Http404, PermissionDenied, SuspiciousOperation,"
            " BadRequest and MultiPartParserError; the exception is only in sys.exc_info()"
        ),
        why="Those are answers. The sender is always None, and request the only argument.",
        scenario="request-errors",
        source=("django/core/handlers/exception.py: response_for_exception",),
        signals=("got_request_exception",),
    ),
    Fact(
        id="got-exception-mw",
        statement=(
            "A middleware whose process_exception() answers keeps got_request_exception from being"
            " sent; a middleware that fails has it sent, for what a view would have it sent for"
        ),
        why="Exceptions are turned into responses around each middleware.",
        scenario="request-errors",
        source=(
            "django/core/handlers/exception.py: convert_exception_to_response",
            "django/core/handlers/base.py: BaseHandler.process_exception_by_middleware",
        ),
        signals=("got_request_exception",),
    ),
    Fact(
        id="got-exception-handler",
        statement="With DEBUG off a handler404 that fails turns a 404 into a 500 and got_request_exception",
        why="The handlers of errors are views, too. With DEBUG on Django answers by a page of its own.",
        scenario="request-errors",
        source=("django/core/handlers/exception.py: get_exception_response",),
        signals=("got_request_exception",),
    ),
    Fact(
        id="client-reraise",
        statement=(
            "The test Client raises what a view raised because it has a receiver of got_request_exception"
        ),
        why="store_exc_info() keeps the exception; without it the answer is the page for errors.",
        scenario="serving",
        source=("django/test/client.py: ClientMixin.store_exc_info",),
        signals=("got_request_exception",),
    ),
)
