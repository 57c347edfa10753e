"""What is secret in Django's own signals is in no record of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from capturing import observing, only
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.contrib.auth.tokens import default_token_generator
from django.contrib.sessions.models import Session
from django.core.signals import request_started, setting_changed
from django.db import models
from django.http import HttpRequest
from hiding import HIDDEN, sent, written

from blog.models import Post
from sigexplorer.capture import words
from sigexplorer.model import SECRET
from sigexplorer.playground.browser import Browser

if TYPE_CHECKING:
    pass


@pytest.mark.usefixtures("database")
def test_credentials_of_a_failed_login() -> None:
    """Of the credentials only those that say who tried are shown, whatever the others are called."""
    with observing() as tracer:
        assert authenticate(username="ada", password=HIDDEN, otp=HIDDEN, pin=HIDDEN, code=HIDDEN) is None
    (dispatch,) = [dispatch for dispatch in tracer.trace().dispatches if dispatch.name == "user_login_failed"]
    assert HIDDEN not in written(tracer.trace())
    assert str(dispatch.argument("credentials")).startswith("{'username': 'ada', 'password': ")
    trace = sent(user_login_failed, "django.contrib.auth", credentials={"username": "ada", "code": HIDDEN})
    assert only(trace).argument("credentials") == f"{{'username': 'ada', 'code': {SECRET!r}}}"


@pytest.mark.parametrize(
    ("setting", "value", "shown"),
    [
        ("SECRET_KEY", HIDDEN, SECRET),
        ("SECRET_KEY_FALLBACKS", [HIDDEN], SECRET),
        ("EMAIL_HOST_PASSWORD", HIDDEN, SECRET),
        ("STRIPE_API_KEY", HIDDEN, SECRET),
        ("AWS_SECRET_ACCESS_KEY", HIDDEN, SECRET),
        ("SOME_TOKEN", HIDDEN, SECRET),
        ("DATABASES", {"default": {"PASSWORD": HIDDEN}}, f"{{'default': {{'PASSWORD': {SECRET!r}}}}}"),
        ("CACHES", {"default": {"LOCATION": f"redis://:{HIDDEN}@cache/0"}}, None),
        ("DEBUG", True, True),
        ("PAGE_SIZE", 5, 5),
        ("LANGUAGE_CODE", "de", "de"),
        ("ALLOWED_HOSTS", ["localhost"], "['localhost']"),
    ],
)
@pytest.mark.filterwarnings("ignore:Overriding setting")  # Django's own, where its test tools are imported
@pytest.mark.parametrize("enter", [True, False])
def test_settings_that_change(setting: str, value: object, shown: object, *, enter: bool) -> None:
    """The new value of a secret setting is not shown, that of another is."""
    trace = sent(setting_changed, None, setting=setting, value=value, enter=enter)
    assert HIDDEN not in written(trace)
    assert only(trace).argument("setting") == setting
    if shown is not None:
        assert only(trace).argument("value") == shown


def test_environ_and_scope_are_a_method_and_a_path() -> None:
    """Headers, cookies, query strings and bodies of a request are in no record."""
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/login/",
        "QUERY_STRING": f"next={HIDDEN}",
        "HTTP_COOKIE": f"sessionid={HIDDEN}",
        "HTTP_AUTHORIZATION": f"Basic {HIDDEN}",
        "HTTP_X_CUSTOM": HIDDEN,
        "SERVER_NAME": "localhost",
    }
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/login/",
        "query_string": HIDDEN.encode(),
        "headers": [(b"cookie", HIDDEN.encode()), (b"authorization", HIDDEN.encode())],
        "state": {"x": HIDDEN},
    }
    trace = sent(request_started, dict, environ=environ, scope=scope)
    assert HIDDEN not in written(trace)
    assert only(trace).argument("environ") == "<environ POST /login/>"
    assert only(trace).argument("scope") == "<scope http POST /login/>"
    for broken in ({}, {"PATH_INFO": None, "REQUEST_METHOD": 5}, {"PATH_INFO": "/" + "x" * 5_000}):
        assert len(str(only(sent(request_started, dict, environ=broken)).argument("environ"))) < 300


@pytest.mark.usefixtures("database")
def test_a_visit_with_a_login_leaves_no_secret() -> None:
    """A real login and the pages after it: neither password, hash, session key nor cookie is recorded."""
    user = User.objects.create_user("ada", password=HIDDEN)
    browser = Browser()
    with observing() as tracer:
        assert browser.post("/login/", username="ada", password="wrong " + HIDDEN).status == 200
        assert browser.post("/login/", username="ada", password=HIDDEN).status == 302
        browser.get("/")
    cookies = [morsel.value for morsel in browser._cookies.values() if morsel.value]
    text = written(tracer.trace())
    assert "user_logged_in" in text
    assert "request_started" in text
    assert Session.objects.count() == 1
    for secret in (HIDDEN, user.password, *cookies, Session.objects.get().session_key):
        assert secret not in text


@pytest.mark.usefixtures("database")
def test_the_link_of_a_password_reset() -> None:
    """The token in the path of a request is not shown; the rest of the path is."""
    user = User.objects.create_user("ada", password=HIDDEN)
    token = default_token_generator.make_token(user)
    request = HttpRequest()
    request.method, request.path = "GET", f"/accounts/reset/MQ/{token}/"
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": request.path}
    trace = sent(request=request, environ=environ, scope={"type": "http", "path": request.path})
    assert token not in written(trace)
    assert only(trace).argument("request") == f"<HttpRequest GET /accounts/reset/MQ/{SECRET}/>"


@pytest.mark.usefixtures("database")
def test_what_models_are_made_of() -> None:
    """Values that a model is made of are known by their names, or, from a row, not shown at all."""
    user = User.objects.create_user("ada", password=HIDDEN)
    with observing() as tracer:
        User(username="ada", password=HIDDEN)
        User.objects.get(pk=user.pk)
        Session(session_key=HIDDEN, session_data=HIDDEN)
    text = written(tracer.trace())
    assert HIDDEN not in text
    assert user.password not in text
    assert "'username': 'ada'" in text


def test_the_key_of_a_token_is_the_token() -> None:
    """A primary key that goes by a secret's name is not shown."""
    meta = type("Meta", (), {"app_label": "blog", "apps": type(Post._meta.apps)()})
    members = {"__module__": "blog.models", "Meta": meta, "key": models.CharField(primary_key=True)}
    token = type("AuthToken", (models.Model,), members)(key=HIDDEN)
    assert words.value(token) == f"<blog.AuthToken pk={SECRET}>"
    assert words.value(Session(session_key=HIDDEN)) == f"<sessions.Session pk={SECRET}>"
    assert HIDDEN not in written(sent(None, token, instance=token, pk_set={token}))
