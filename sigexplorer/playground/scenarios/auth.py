"""Login and logout."""

from __future__ import annotations

from django.contrib.auth import authenticate
from django.contrib.auth.models import User

from sigexplorer.model import SECRET
from sigexplorer.playground.browser import Browser
from sigexplorer.playground.people import MISTYPED, ONE_TIME_CODE, PASSWORD
from sigexplorer.playground.steps import Steps


def login_flow(step: Steps) -> None:
    """Sign up, mistype the password, log in, log out: all through the pages of the blog."""
    browser = Browser()

    with step("sign up"):
        browser.post("/signup/", username="amy", password1=PASSWORD, password2=PASSWORD)
    saved = [dispatch.sender for dispatch in step.sent("post_save", created=True)]
    step.claim(
        "signing up saves the user, and a receiver saves the profile", saved, ["auth.User", "blog.Profile"]
    )
    step.claim(
        "the profile is saved while the user's post_save is being sent",
        step.sent("post_save")[1].parent is not None,
    )

    with step("mistype the password"):
        answer = browser.post("/login/", username="amy", password=MISTYPED)
    step.claim("a wrong password sends user_login_failed", len(step.sent("user_login_failed")), 1)
    step.claim("and saves nothing", "post_save" in step.names(), expected=False)
    step.claim("the page is shown again, with status 200", answer.status, 200)

    with step("log in"):
        answer = browser.post("/login/", username="amy", password=PASSWORD)
    step.claim("the right password sends user_logged_in", step.senders("user_logged_in"), ["auth.User"])
    last_login = step.sent("post_save", "auth.User", update_fields="{'last_login'}")
    step.claim("and Django's own receiver saves the time of the login", len(last_login), 1)
    step.claim("then redirects", answer.status, 302)

    with step("log out"):
        browser.post("/logout/")
    step.claim("logging out sends user_logged_out", step.senders("user_logged_out"), ["auth.User"])
    step.claim("every request ends with request_finished", step.names()[-1], "request_finished")


def failed_login(step: Steps) -> None:
    """Fail in three ways: a wrong password, an unknown user, other credentials."""
    User.objects.create_user("amy", password=PASSWORD)

    with step("a wrong password"):
        user = authenticate(None, username="amy", password=MISTYPED)
    (failure,) = step.sent("user_login_failed")
    step.claim("authenticate() returns None", user, None)
    step.claim("the sender is the module's name, a text", failure.sender, "django.contrib.auth")
    step.claim("there may be no request", failure.argument("request"), None)
    step.claim(
        "the user name is shown, the password is not",
        failure.argument("credentials"),
        f"{{'username': 'amy', 'password': '{SECRET}'}}",
    )

    with step("an unknown user"):
        authenticate(None, username="nobody", password=PASSWORD)
    step.claim("an unknown user is a failure like any other", len(step.sent("user_login_failed")), 1)

    with step("no backend for such credentials"):
        authenticate(None, one_time_code=ONE_TIME_CODE)
    step.claim("so are credentials that no backend takes", len(step.sent("user_login_failed")), 1)

    with step("the right password"):
        user = authenticate(None, username="amy", password=PASSWORD)
    step.claim("authenticate() that succeeds sends nothing: login() would", step.names(), [])


def logout_anonymous(step: Steps) -> None:
    """Send the logout form without having logged in."""
    browser = Browser()
    with step("log out as a visitor"):
        browser.post("/logout/")
    (sent,) = step.sent("user_logged_out")
    step.claim("user_logged_out is sent all the same", sent.name, "user_logged_out")
    step.claim("the sender is the class of None, not None", sent.sender, "NoneType")
    step.claim("user is None", sent.argument("user"), None)
