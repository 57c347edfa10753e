"""Facts about login and logout."""

from __future__ import annotations

from sigexplorer.catalog.fact import Fact

FACTS = (
    Fact(
        id="login-failed",
        statement=(
            "user_login_failed masks credentials by their names: a username, otp, pin or code is sent"
            " in clear"
        ),
        why=(
            "What is called api, token, key, secret, password or signature is replaced. Do not log"
            " the rest: a mistyped user name may be a password."
        ),
        scenario="identities",
        source=("django/contrib/auth/__init__.py: _clean_credentials",),
        signals=("user_login_failed",),
    ),
    Fact(
        id="login-not",
        statement=(
            "authenticate() that succeeds sends no signal of its own; login() sends user_logged_in without"
            " checking anything"
        ),
        why=(
            "login() trusts its caller: inactive users and force_login() of the test Client are"
            " announced alike. What authenticate() may send is the save of a password that is hashed anew."
        ),
        scenario="identities",
        source=("django/contrib/auth/__init__.py: authenticate", "django/contrib/auth/__init__.py: login"),
        signals=("user_logged_in",),
    ),
    Fact(
        id="logout-anon",
        statement=(
            "logout() of a visitor who never logged in sends user_logged_out, with user None and the"
            " class NoneType as its sender, before the session is emptied"
        ),
        why="The sender is the class of whatever user there is. Test the user, not the sender.",
        scenario="identities",
        source=("django/contrib/auth/__init__.py: logout",),
        signals=("user_logged_out",),
    ),
    Fact(
        id="last-login",
        statement=(
            "Each login saves a user who has the field last_login: update_last_login sends pre_save and"
            " post_save with update_fields of last_login"
        ),
        why=(
            "It is a receiver of user_logged_in, connected by the app's configuration, unless the user model"
            " of the project has no such field."
        ),
        scenario="identities",
        source=(
            "django/contrib/auth/models.py: update_last_login",
            "django/contrib/auth/apps.py: AuthConfig.ready",
        ),
        signals=("user_logged_in", "pre_save", "post_save"),
    ),
    Fact(
        id="login-custom-sender",
        statement=(
            "The sender of user_logged_in is the class of the user at hand: the proxy for a proxy,"
            " the real class behind a lazy request.user"
        ),
        why="It is user.__class__. Connect without a sender.",
        scenario="identities",
        source=("django/contrib/auth/__init__.py: login",),
        signals=("user_logged_in",),
    ),
)
