"""Pages of the shop that do not work, each in its own way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.multipartparser import MultiPartParserError
from django.urls import path

#: What a page writes down while it is sent.
written: list[str] = []


def raising(problem: Exception) -> Callable[[HttpRequest], HttpResponse]:
    """Return a view that raises."""

    def view(_request: HttpRequest) -> HttpResponse:
        raise problem

    return view


def stream(_request: HttpRequest) -> StreamingHttpResponse:
    """Send a page in two parts, made while they are sent."""

    def parts() -> Iterator[str]:
        for part in ("one", "two"):
            written.append(part)
            yield part

    return StreamingHttpResponse(parts())


def broken_handler(_request: HttpRequest, exception: Exception) -> HttpResponse:
    """Fail to answer that a page is not there."""
    message = "no page for pages that are not there"
    raise LookupError(message) from exception


async def waiting(_request: HttpRequest) -> HttpResponse:
    """Answer never."""
    await asyncio.Event().wait()
    return HttpResponse()


handler404 = broken_handler

urlpatterns = [
    path("missing/", raising(Http404())),
    path("forbidden/", raising(PermissionDenied())),
    path("suspicious/", raising(SuspiciousOperation())),
    path("bad/", raising(BadRequest())),
    path("parts/", raising(MultiPartParserError())),
    path("waiting/", waiting),
    path("broken/", raising(ValueError("broken"))),
    path("stream/", stream),
]
