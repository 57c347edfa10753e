"""The arguments of a dispatch into words: most as they are, some by what they mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sigexplorer.capture import words
from sigexplorer.model import SECRET, Scalar

#: Keys of ``user_login_failed``'s credentials that say who tried; all others are taken for
#: secrets, because Django masks only some of them.
_IDENTIFIERS = frozenset({"username", "email", "user", "login"})


def to_words(named: dict[str, Any]) -> tuple[tuple[str, Scalar], ...]:
    """Return the keyword arguments of a dispatch in the order in which they were sent."""
    return tuple((name, _argument(name, held, named)) for name, held in named.items())


def _argument(name: str, held: Any, named: dict[str, Any]) -> Scalar:
    if name == "value" and type(named.get("setting")) is str:
        return words.value(held, named["setting"])
    special = _SPECIAL.get(name)
    if special is not None:
        kind, describe = special
        if type(held) is kind:
            return words.bounded(describe(held))
    return words.value(held, name)


def _environ(environ: dict[str, Any]) -> str:
    return f"<environ {_text(environ, 'REQUEST_METHOD')} {words.path(environ.get('PATH_INFO'))}>"


def _scope(scope: dict[str, Any]) -> str:
    return f"<scope {_text(scope, 'type')} {_text(scope, 'method')} {words.path(scope.get('path'))}>"


def _text(mapping: dict[str, Any], key: str) -> str:
    held = mapping.get(key)
    return held if type(held) is str else "?"


def _credentials(credentials: dict[str, Any]) -> str:
    shown = (
        f"{key!r}: {words.describe(held) if key in _IDENTIFIERS else repr(SECRET)}"
        for key, held in credentials.items()
        if type(key) is str
    )
    return "{" + ", ".join(shown) + "}"


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
