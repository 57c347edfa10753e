"""Pages of the signals of ``django.contrib.auth``."""

from __future__ import annotations

from sigexplorer.catalog.page import Argument, Note, Page

USER_LOGGED_IN = Page(
    name="user_logged_in",
    module="django.contrib.auth.signals",
    group="auth",
    summary="a user was logged in",
    when=(
        "At the end of login() and alogin(), when the user is in the session and on the request; sent by"
        " send() and asend() respectively."
    ),
    sender="the class of the user, also behind a lazy request.user; the proxy class for a proxy",
    arguments=(
        Argument("request", "HttpRequest", "the request that login() was called with"),
        Argument("user", "AbstractBaseUser", "the user who was logged in"),
    ),
    pitfalls=(
        Note("There is no instance argument: the user comes as user."),
        Note(
            "login() checks nothing, not even is_active, and authenticate() that succeeds does not send it:"
            " this says that a session was opened, not that a password was right."
        ),
        Note(
            "Django's own receiver update_last_login saves the user: each login also sends pre_save and"
            " post_save of the user, with update_fields={'last_login'}, unless the user model has no"
            " last_login."
        ),
        Note(
            "The test Client's login() and force_login() send it with a bare HttpRequest: no request.user"
            " and no REMOTE_ADDR. Use the user argument, and META.get()."
        ),
        Note(
            "An exception here comes out of login(): the visitor gets an error page for a correct password."
        ),
    ),
    example="""\
import logging

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver

logger = logging.getLogger(__name__)


@receiver(user_logged_in, dispatch_uid="log-login")
def log_login(sender, request, user, **kwargs):
    # get(), because the test client logs in with an empty request.
    logger.info("user %s logged in from %s", user.pk, request.META.get("REMOTE_ADDR", "nowhere"))
""",
    trigger="logs a user in through the login page",
    related=("user_login_failed", "user_logged_out", "post_save"),
    sent_by=("django.contrib.auth",),
    scenarios=("login-flow", "nested-signals"),
)

USER_LOGGED_OUT = Page(
    name="user_logged_out",
    module="django.contrib.auth.signals",
    group="auth",
    summary="logout was called",
    when=(
        "At the start of logout() and alogout(), before the session is flushed, so that receivers can still"
        " see who it was; sent by send() and asend() respectively."
    ),
    sender=(
        "the class of the user; for a visitor who was not logged in the class of None, <class 'NoneType'>,"
        " not None"
    ),
    arguments=(
        Argument(
            "request", "HttpRequest", "the request that logout() was called with, its session still full"
        ),
        Argument(
            "user", "AbstractBaseUser | None", "the user who leaves; None for a visitor who was not logged in"
        ),
    ),
    pitfalls=(
        Note(
            "It is also sent for visitors who were never logged in, with user None and sender NoneType: guard"
            " for None before touching the user."
        ),
        Note(
            "An exception here leaves the user logged in: the session is flushed only after the receivers"
            " have run. Catch what you may raise."
        ),
        Note("What a receiver stores in the session is lost at once."),
        Note("A session that expires, or is deleted, or ends because the password changed, sends nothing."),
    ),
    example="""\
import logging

from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver

logger = logging.getLogger(__name__)


@receiver(user_logged_out, dispatch_uid="log-logout")
def log_logout(sender, request, user, **kwargs):
    if user is None:  # the visitor was not logged in
        return
    logger.info("user %s logged out", user.pk)
""",
    trigger="logs a user out through the logout page",
    related=("user_logged_in", "user_login_failed"),
    sent_by=("django.contrib.auth",),
    scenarios=("login-flow", "logout-anonymous"),
)

USER_LOGIN_FAILED = Page(
    name="user_login_failed",
    module="django.contrib.auth.signals",
    group="auth",
    summary="credentials were refused",
    when=(
        "At the end of authenticate() and aauthenticate(), when every backend returned None, one raised"
        " PermissionDenied, or none takes such credentials; sent by send() and asend() respectively."
    ),
    sender="the string 'django.contrib.auth', the same object every time, and compared by identity",
    arguments=(
        Argument(
            "credentials",
            "dict[str, Any]",
            "what authenticate() was called with; a value is ******************** where its name looks"
            " secret",
        ),
        Argument(
            "request",
            "HttpRequest | None",
            "the request passed to authenticate(), None where it was not",
            changed="added in Django 1.11",
        ),
    ),
    pitfalls=(
        Note(
            "Masked by name only: a value is masked where its name contains api, token, key, secret,"
            " password or signature, in upper or lower case."
        ),
        Note(
            "Everything else comes in clear: username and email, but also otp, pin, code, passwd, pwd and"
            " passphrase. Log names, not values; people type passwords into the field for the user name."
        ),
        Note(
            "sender='django.contrib.auth' in your code is as a rule another string object, and then never"
            " matches: connect without a sender."
        ),
        Note("request may be None: many callers of authenticate() do not pass it."),
        Note(
            "Inactive users are refused by ModelBackend and count as failed; a backend that raises another"
            " exception sends nothing."
        ),
        Note(
            "Whoever tries passwords runs your receiver each time: keep it cheap, or it becomes the load they"
            " wanted."
        ),
    ),
    example="""\
import logging

from django.contrib.auth.signals import user_login_failed
from django.dispatch import receiver

logger = logging.getLogger(__name__)


@receiver(user_login_failed, dispatch_uid="log-failed-login")
def log_failed_login(sender, credentials, request, **kwargs):
    address = "nowhere" if request is None else request.META.get("REMOTE_ADDR", "nowhere")
    # The names only: of the values no more than those with a telling name are masked.
    logger.warning("login with %s failed, from %s", ", ".join(sorted(credentials)), address)
""",
    trigger="sends the login form with a wrong password",
    related=("user_logged_in", "user_logged_out"),
    sent_by=("django.contrib.auth",),
    scenarios=("failed-login", "login-flow"),
)
