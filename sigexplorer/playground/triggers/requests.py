"""Make Django send the signals of requests."""

from __future__ import annotations

from sigexplorer.playground.browser import Browser
from sigexplorer.playground.steps import Steps


def ask_for_a_page(step: Steps) -> None:
    """Ask for the front page, as a WSGI server does."""
    browser = Browser()
    with step("GET /"):
        browser.get("/")


def ask_for_a_broken_page(step: Steps) -> None:
    """Ask for a page whose view divides by zero."""
    browser = Browser()
    with step("GET /home/"):
        browser.get("/home/")
