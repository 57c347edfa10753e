"""The arguments of a dispatch into words: most as they are, some by what they mean."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sigexplorer.capture import words
from sigexplorer.model import SECRET, Scalar

#: Keys of ``user_login_failed``'s credentials that say who tried; all others are taken for
#: secrets, because Django masks only some of them.
_IDENTIFIERS = frozenset({"username", "email", "user", "login"})


def quickly(named: dict[str, Any]) -> list[tuple[str, Scalar]]:
    """Return the keyword arguments of a dispatch in the order in which they were sent."""
    found: list[tuple[str, Scalar]] = []
    for name, held in named.items():
        kind = type(held)
        if type(name) is not str or name not in _ORDINARY:
            found.append((_name(name), _argument(name, held, named)))
        elif held is None or kind is bool or (kind is str and held in _WORDS):
            found.append((name, held))
        else:
            found.append((name, words.value(held)))
    return found


#: Names of arguments of Django's own signals that are neither secret nor special.
_ORDINARY = frozenset(
    {
        "action",
        "created",
        "instance",
        "model",
        "origin",
        "pk_set",
        "raw",
        "request",
        "reverse",
        "update_fields",
    }
    | {"user", "using"}
)

#: Values of such that no secret can be told by.
_WORDS = frozenset(
    {"default", *(f"{when}_{what}" for when in ("pre", "post") for what in ("add", "remove", "clear"))}
)


def _name(name: Any) -> str:
    return _known_name(name) if type(name) is str else words.plain(name)


#: Few names come again and again.
_known_name = lru_cache(maxsize=1024)(words.plain)


def _argument(name: str, held: Any, named: dict[str, Any]) -> Scalar:
    if type(name) is not str:  # a text of the program's own making
        return words.value(held)
    if name == "value" and type(named.get("setting")) is str:
        return words.value(held, named["setting"])
    kind, describe = _SPECIAL.get(name, (None, None))
    if describe is not None and type(held) is kind:
        try:
            return describe(held)
        except Exception:
            return words.UNREADABLE
    return words.value(held, name)


def _environ(environ: dict[str, Any]) -> str:
    return f"<environ {_text(environ, 'REQUEST_METHOD')} {words.path(environ.get('PATH_INFO'))}>"


def _scope(scope: dict[str, Any]) -> str:
    return f"<scope {_text(scope, 'type')} {_text(scope, 'method')} {words.path(scope.get('path'))}>"


def _text(mapping: dict[str, Any], key: str) -> str:
    return words.plain(mapping.get(key))


def _credentials(credentials: dict[str, Any]) -> str:
    shown = (f"{words.describe(key)}: {_credential(key, held)}" for key, held in credentials.items())
    return f"{{{words.members(shown, len(credentials))}}}"


def _credential(key: Any, held: Any) -> str:
    return words.describe(held) if type(key) is str and key in _IDENTIFIERS else repr(SECRET)


def _positional(values: tuple[Any, ...]) -> str:
    # The values of a row come without their names: one of them may be a password hash.
    return f"<{len(values)} values>"


#: Arguments of Django's own signals whose whole content must not, or need not, be shown.
_SPECIAL: dict[str, tuple[type, Callable[[Any], str]]] = {
    "environ": (dict, _environ),
    "scope": (dict, _scope),
    "credentials": (dict, _credentials),
    "args": (tuple, _positional),
}
