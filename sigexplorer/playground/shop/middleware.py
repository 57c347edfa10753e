"""Middleware that gets in the way."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

_Answer = Callable[[HttpRequest], HttpResponse]


class Forgiving:
    """Answers for views that fail."""

    def __init__(self, get_response: _Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, _request: HttpRequest, _problem: Exception) -> HttpResponse:
        """Answer instead of the view."""
        return HttpResponse("never mind")


class Broken:
    """Fails before any view is asked."""

    def __init__(self, get_response: _Answer) -> None:
        self.get_response = get_response

    def __call__(self, _request: HttpRequest) -> HttpResponse:
        """Fail."""
        message = "broken middleware"
        raise ValueError(message)


class Closed(Forgiving):
    """Lets nobody in."""

    def __call__(self, _request: HttpRequest) -> HttpResponse:
        """Refuse."""
        raise PermissionDenied
