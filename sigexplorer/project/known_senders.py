"""What Django's own signals can be sent by: what else somebody connects for never matches.

Source: each ``send`` of Django 5.2, 6.0 and 6.1; the words are the catalogue's.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from sigexplorer import catalog
from sigexplorer.capture.signals import SignalWords
from sigexplorer.capture.words import class_path, has_base


class _Sent(NamedTuple):
    by: Literal["a class", "an object", "nothing"]  # nothing that anybody could connect for
    bases: tuple[str, ...] = ()  # of one of these, or made of it
    themselves: bool = True  # whether the bases are senders as well


_BY_HANDLER = _Sent("a class", ("django.core.handlers.base.BaseHandler",), themselves=False)
_BY_BACKEND = _Sent("a class", ("django.tasks.backends.base.BaseTaskBackend",), themselves=False)
_BY_RELOADER = _Sent("an object", ("django.utils.autoreload.BaseReloader",))
_TEMPLATES = ("django.template.base.Template", "django.template.base.PartialTemplate")

_SENT: dict[str, _Sent] = {
    "user_logged_in": _Sent("a class"),
    "user_logged_out": _Sent("a class"),
    "user_login_failed": _Sent("nothing"),  # but a text, which is looked at elsewhere
    "class_prepared": _Sent("a class", ("django.db.models.base.Model",), themselves=False),
    "request_started": _BY_HANDLER,
    "request_finished": _BY_HANDLER,
    "got_request_exception": _Sent("nothing"),
    "setting_changed": _Sent("a class", ("django.conf.Settings", "django.conf.UserSettingsHolder")),
    "template_rendered": _Sent("an object", _TEMPLATES),
    "connection_created": _Sent(
        "a class", ("django.db.backends.base.base.BaseDatabaseWrapper",), themselves=False
    ),
    "task_enqueued": _BY_BACKEND,
    "task_started": _BY_BACKEND,
    "task_finished": _BY_BACKEND,
    "autoreload_started": _BY_RELOADER,
    "file_changed": _BY_RELOADER,
}


def never_sends(signal: SignalWords, found: Any, shown: str) -> tuple[str, str] | None:
    """Tell why Django never sends one of its own signals with ``found``, if that is so, and what to do."""
    page = next((page for page in catalog.PAGES if page.path == signal.path), None)
    sent = _SENT.get(signal.name) if page is not None else None
    if page is None or sent is None or _may_send(sent, found):
        return None
    identity = "" if "identity" in page.sender else "; senders are compared by identity"
    what = f"its sender {shown} never sends this: that of {signal.name} is {page.sender}{identity}"
    return what, "use what sends it as the sender, or no sender"


def _may_send(sent: _Sent, found: Any) -> bool:
    if sent.by == "nothing":
        return False
    if found is None:  # which of all objects it is nobody knows
        return True
    is_class = issubclass(type(found), type)
    if is_class != (sent.by == "a class"):
        return False
    if not sent.bases:
        return True
    kind = found if is_class else type(found)
    is_base = class_path(kind) in sent.bases
    return sent.themselves if is_base else any(has_base(kind, base) for base in sent.bases)
