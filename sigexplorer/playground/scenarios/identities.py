"""Who logs in, and who is said to."""

from __future__ import annotations

from typing import Any
from unittest import mock

from django.apps import apps
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from sigexplorer.model import SECRET
from sigexplorer.playground.people import MISTYPED, ONE_TIME_CODE, PASSWORD
from sigexplorer.playground.props import connected, left_as_found
from sigexplorer.playground.shop.stock import SHOP, Guest, tables
from sigexplorer.playground.steps import Steps
from sigexplorer.playground.testing import use_test_machinery

BACKEND = "django.contrib.auth.backends.ModelBackend"


class Clerk(User):
    """A user, by another name, as the shop sees them."""

    class Meta:
        """No table of its own."""

        proxy = True
        app_label = "shop"
        apps = SHOP


def _request() -> HttpRequest:
    request = HttpRequest()
    request.session = SessionStore()
    return request


def identities(step: Steps) -> None:
    """Log in who may not, as a proxy and as a lazy object; log out nobody; fail with many words."""
    for part in (_in_the_clear, _checked, _unchecked, _unnoted, _proxy, _nobody):
        with step.part():
            part(step)


def _in_the_clear(step: Steps) -> None:
    seen: dict[str, Any] = {}

    def look(credentials: dict[str, Any], **_kwargs: object) -> None:
        seen.update(credentials)

    with step("fail to log in with many words"), connected(user_login_failed, look):
        authenticate(
            None, username="amy", password=MISTYPED, api_url="k", token="t", signature="s",
            my_key="k", secret_word="w", otp=ONE_TIME_CODE, pin="1", code="2",
        )  # fmt: skip
    masked = sorted(name for name, held in seen.items() if held == SECRET)
    step.claim(
        "what is called api, token, key, secret, password or signature is masked",
        masked,
        ["api_url", "my_key", "password", "secret_word", "signature", "token"],
        fact="login-failed",
    )
    clear = sorted(name for name, held in seen.items() if held != SECRET)
    step.claim(
        "whatever else is secret is not", clear, ["code", "otp", "pin", "username"], fact="login-failed"
    )


def _checked(step: Steps) -> None:
    User.objects.create_user("bob", password=PASSWORD)
    with step("authenticate() with the right password"):
        found = authenticate(None, username="bob", password=PASSWORD)
    step.claim("it finds the user", str(found), "bob", fact="login-not")
    step.claim("and sends nothing", step.names(), [], fact="login-not")

    User.objects.filter(username="bob").update(password=make_password(PASSWORD, salt="short"))
    with step("authenticate() with a password that was hashed as nobody does any more"):
        authenticate(None, username="bob", password=PASSWORD)
    saved = [(sent.name, sent.argument("update_fields")) for sent in step.sent() if sent.group != "init"]
    both = [("pre_save", "{'password'}"), ("post_save", "{'password'}")]
    step.claim("it is hashed anew, and the user saved", saved, both, fact="login-not")


def _unchecked(step: Steps) -> None:
    user = User.objects.create_user("amy", is_active=False)
    with step("log in a user who may not, and was never asked for a password"):
        login(_request(), user, backend=BACKEND)
    step.claim("user_logged_in is sent", step.senders("user_logged_in"), ["auth.User"], fact="login-not")
    saved = [
        (sent.name, sent.argument("update_fields")) for sent in step.sent(sender="auth.User", using="default")
    ]
    both = [("pre_save", "{'last_login'}"), ("post_save", "{'last_login'}")]
    step.claim("and the user is saved", saved, both, fact="last-login")
    step.claim(
        "by a receiver of Django's", "update_last_login" in step.called("user_logged_in"), fact="last-login"
    )

    use_test_machinery(step)
    from django.test import Client

    with step("force_login() of the test Client"):
        Client().force_login(user)
    step.claim("it sends it too", step.senders("user_logged_in"), ["auth.User"], fact="login-not")
    fields = [sent.argument("update_fields") for sent in step.sent("post_save", "auth.User")]
    step.claim("and this login saves the user, too", fields, ["{'last_login'}"], fact="last-login")


def _unnoted(step: Steps) -> None:
    with tables(Guest), left_as_found(user_logged_in):
        user_logged_in.disconnect(dispatch_uid="update_last_login")
        with mock.patch("django.contrib.auth.apps.get_user_model", return_value=Guest):
            apps.get_app_config("auth").ready()  # as at the start of a project that has such users
        guest = Guest(name="amy")
        guest.save()
        with step("log in a user without last_login, in a project of such users"):
            login(_request(), guest, backend=BACKEND)  # type: ignore[arg-type]
        step.claim("nothing is saved", step.names(), ["user_logged_in"], fact="last-login")


def _proxy(step: Steps) -> None:
    user = User.objects.get(username="amy")
    with step("log in as a proxy of the user"):
        login(_request(), Clerk.objects.get(username="amy"), backend=BACKEND)
    step.claim(
        "the sender is the proxy", step.senders("user_logged_in"), ["shop.Clerk"], fact="login-custom-sender"
    )

    with step("log in as request.user is"):
        login(_request(), SimpleLazyObject(lambda: user), backend=BACKEND)  # type: ignore[arg-type]
    step.claim(
        "the sender is the class behind it",
        step.senders("user_logged_in"),
        ["auth.User"],
        fact="login-custom-sender",
    )


def _nobody(step: Steps) -> None:
    baskets: list[object] = []

    def look(request: HttpRequest, **_kwargs: object) -> None:
        baskets.append(request.session.get("basket"))

    request = _request()
    request.session["basket"] = "three books"
    with step("log out who never logged in"), connected(user_logged_out, look):
        logout(request)
    (sent,) = step.sent("user_logged_out")
    step.claim("it is sent, by the class of None", sent.sender, "NoneType", fact="logout-anon")
    step.claim("user is None", sent.argument("user"), None, fact="logout-anon")
    step.claim("the session is still there", baskets, ["three books"], fact="logout-anon")
    step.claim("and is emptied afterwards", request.session.get("basket"), None, fact="logout-anon")
