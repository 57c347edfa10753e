"""Ways to make facts about requests, settings, templates and processes false."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from falsehoods import falsifies

from sigexplorer.model import SECRET

if TYPE_CHECKING:
    import pytest


@falsifies("setting-receivers")
def one_cache_is_kept(patch: pytest.MonkeyPatch) -> None:
    """Have one receiver less."""
    from django.core.signals import setting_changed
    from django.test.signals import clear_cache_handlers

    kept = [one for one in setting_changed.receivers if one[1]() is not clear_cache_handlers]
    patch.setattr(setting_changed, "receivers", kept)


@falsifies("setting-exit-error")
def leaving_is_not_robust(patch: pytest.MonkeyPatch) -> None:
    """Stop at the first error on leaving too."""
    from django.core.signals import setting_changed

    patch.setattr(setting_changed, "send_robust", setting_changed.send, raising=False)


@falsifies("setting-changed")
def assignment_is_told(patch: pytest.MonkeyPatch) -> None:
    """Send setting_changed for an assignment."""
    from django.conf import LazySettings
    from django.core.signals import setting_changed

    original = LazySettings.__setattr__

    def assign(self: LazySettings, name: str, value: object) -> None:
        original(self, name, value)
        if name == "SIGEXPLORER_PROBE":
            setting_changed.send(sender=type(self), setting=name, value=value, enter=True)

    patch.setattr(LazySettings, "__setattr__", assign)


@falsifies("test-isolation")
def tests_put_receivers_back(patch: pytest.MonkeyPatch) -> None:
    """Undo what a test has connected."""
    from django.db.models.signals import post_save
    from django.test import TestCase

    from blog.models import Tag

    def disconnect(_self: object) -> None:
        for (_, sender), receiver, *_ in list(post_save.receivers):
            if sender == id(Tag):
                post_save.disconnect(receiver(), sender=Tag)

    patch.setattr(TestCase, "tearDown", disconnect)


@falsifies("connection-created")
def memory_is_closed(patch: pytest.MonkeyPatch) -> None:
    """Close databases in memory as well."""
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.sqlite3.base import DatabaseWrapper

    patch.setattr(DatabaseWrapper, "close", BaseDatabaseWrapper.close)


@falsifies("wsgi-close")
def close_is_silent(patch: pytest.MonkeyPatch) -> None:
    """Send nothing on closing."""
    from django.http.response import HttpResponseBase

    patch.setattr(HttpResponseBase, "close", lambda _self: None)


@falsifies("asgi-scope")
def asgi_calls_it_environ(patch: pytest.MonkeyPatch) -> None:
    """Call the scope environ."""
    from django.core.signals import request_started

    def asend(sender: object, scope: object) -> Any:
        return type(request_started).asend(request_started, sender, environ=scope)

    patch.setattr(request_started, "asend", asend, raising=False)


@falsifies("client-reraise")
def the_client_keeps_nothing(patch: pytest.MonkeyPatch) -> None:
    """Keep no exception for later."""
    from django.test import Client

    patch.setattr(Client, "store_exc_info", lambda _self, **_kwargs: None)


@falsifies("got-exception")
def everything_is_told(patch: pytest.MonkeyPatch) -> None:
    """Have no exception with a status of its own."""

    class Never(Exception):  # noqa: N818 - it is none
        pass

    patch.setattr("django.core.handlers.exception.BadRequest", Never)


@falsifies("login-failed")
def more_is_masked(patch: pytest.MonkeyPatch) -> None:
    """Mask every credential."""
    patch.setattr(
        "django.contrib.auth._clean_credentials", lambda credentials: dict.fromkeys(credentials, SECRET)
    )


@falsifies("last-login")
def logins_save_nothing(patch: pytest.MonkeyPatch) -> None:
    """Do not save the time of a login."""
    from django.contrib.auth.signals import user_logged_in

    kept = [one for one in user_logged_in.receivers if one[0][0] != "update_last_login"]
    patch.setattr(user_logged_in, "receivers", kept)


@falsifies("file-changed")
def nobody_restarts(patch: pytest.MonkeyPatch) -> None:
    """Let the process go on."""
    patch.setattr("django.utils.autoreload.trigger_reload", lambda _file: None)


@falsifies("template-rendered")
def templates_are_always_instrumented(patch: pytest.MonkeyPatch) -> None:
    """Render as under tests."""
    from django.template.base import Template
    from django.test.utils import instrumented_test_render

    patch.setattr(Template, "_render", instrumented_test_render)


@falsifies("tasks")
def the_dummy_starts(patch: pytest.MonkeyPatch) -> None:
    """Enqueue without a word."""
    from django.tasks.signals import task_enqueued

    patch.setattr(task_enqueued, "send", lambda *_arguments, **_kwargs: [], raising=False)


@falsifies("file-changed")
def the_reloader_gives_up(patch: pytest.MonkeyPatch) -> None:
    """End with the process."""
    patch.setattr("sigexplorer.playground.scenarios.restarting.restart_with_reloader", lambda: 3)


@falsifies("got-exception")
def pages_that_are_missing_are_told(patch: pytest.MonkeyPatch) -> None:
    """Take a 404 for a failure."""

    class Never(Exception):  # noqa: N818 - it is none
        pass

    patch.setattr("django.core.handlers.exception.Http404", Never)


@falsifies("asgi-scope")
def nothing_is_finished(patch: pytest.MonkeyPatch) -> None:
    """Send nothing on closing."""
    close_is_silent(patch)


@falsifies("login-not")
def authenticating_is_told(patch: pytest.MonkeyPatch) -> None:
    """Send user_logged_in from authenticate()."""
    from django.contrib.auth.backends import ModelBackend
    from django.contrib.auth.signals import user_logged_in

    original = ModelBackend.authenticate

    def authenticate(self: ModelBackend, request: Any, **credentials: Any) -> Any:
        user = original(self, request, **credentials)
        if user is not None:
            user_logged_in.send(sender=type(user), request=request, user=user)
        return user

    patch.setattr(ModelBackend, "authenticate", authenticate)


@falsifies("template-jinja")
def no_template_is_instrumented(patch: pytest.MonkeyPatch) -> None:
    """Render as in production."""
    patch.setattr("sigexplorer.playground.scenarios.overriding.collecting_templates", nullcontext)
