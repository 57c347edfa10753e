"""Make Django send the signals of login and logout."""

from __future__ import annotations

from django.contrib.auth.models import User

from sigexplorer.playground.browser import Browser
from sigexplorer.playground.people import MISTYPED, PASSWORD
from sigexplorer.playground.steps import Steps


def log_in(step: Steps) -> None:
    """Send the login form with the right password."""
    User.objects.create_user("amy", password=PASSWORD)
    browser = Browser()
    with step("log in"):
        browser.post("/login/", username="amy", password=PASSWORD)


def log_out(step: Steps) -> None:
    """Log in, then send the logout form."""
    User.objects.create_user("amy", password=PASSWORD)
    browser = Browser()
    browser.post("/login/", username="amy", password=PASSWORD)
    with step("log out"):
        browser.post("/logout/")


def fail_to_log_in(step: Steps) -> None:
    """Send the login form with a wrong password."""
    User.objects.create_user("amy", password=PASSWORD)
    browser = Browser()
    with step("mistype the password"):
        browser.post("/login/", username="amy", password=MISTYPED)
