"""What looks secret: by the name it goes by, by its shape, or because settings hold it."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from sigexplorer.masking import looks_secret, without_shapes
from sigexplorer.model import SECRET

__all__ = ["looks_secret", "scrub", "settings_secrets"]

#: Settings, and keys inside of settings, whose values are secrets wherever they turn up.
_SETTING = re.compile(
    r"(?:^|_)(?:(?:api)?keys?|key_fallbacks|tokens?|secrets?|pass|password|passwd|pwd|salt|dsn|webhook|webhook_url)$",
    re.IGNORECASE,
)

#: Settings whose value is a secret even where it is a plain word, as a password may be.
_ALWAYS = re.compile(r"pass|pwd|secret", re.IGNORECASE)
_WORD = re.compile(r"[a-z][a-z_.-]*")

_SHORTEST = 4  # a shorter setting would mask ordinary words
_UNMISTAKABLE = 16  # from this length on it is masked also inside of a longer word

#: A segment of a URL that is long and random enough to be a token, such as the one of a
#: password reset. A UUID is an identifier and stays.
_TOKEN_SEGMENT = re.compile(
    r"(?<=/)(?![0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?:/|$))(?=[\w=-]{0,200}\d)(?:[\w=]{1,20}-){0,3}[A-Za-z0-9=]{20,}",
    re.IGNORECASE,
)


def scrub(text: str, limit: int = 1_000, *, url: bool = False) -> str:
    """Return ``text`` without what is secret by its shape or its value, at most ``limit`` long.

    No more is read than is needed to see where a secret that begins within ``limit`` ends.
    """
    known, longest, _, secrets = settings_secrets()
    text = text[: limit + max(longest, _LONGEST_SHAPE)]
    for secret in secrets:
        if secret in text:  # the pattern takes long, and hardly a text holds one
            text = known.sub(SECRET, text)
            break
    text = without_shapes(text)
    return (_TOKEN_SEGMENT.sub(SECRET, text) if url else text)[:limit]


_LONGEST_SHAPE = 500


class Secrets(NamedTuple):
    """What is known of the secrets of a settings object."""

    pattern: re.Pattern[str]  # matches them
    longest: int
    number: int  # of the reading: another one is of other settings, or of the same once more
    all: tuple[str, ...]


#: The settings object that was read, and its secrets.
_read: tuple[Any, Secrets] = (None, Secrets(re.compile(""), 0, 0, ()))

#: What Django's settings hold themselves, once they were asked for: to ask them each time takes long.
_own: dict[str, Any] = {}


def settings_secrets() -> Secrets:
    """Return the secrets of the settings as they are now, read once per settings object."""
    global _read, _own  # noqa: PLW0603 - one settings object per process, swapped by override_settings
    if not _own:
        from django.conf import settings

        _own = object.__getattribute__(settings, "__dict__")
    wrapped = _own["_wrapped"]
    if _read[0] is not wrapped:
        found = set() if type(wrapped) is object else _secrets_of(wrapped)
        longest = max(map(len, found), default=0)
        _read = (wrapped, Secrets(_pattern(found), longest, _read[1].number + 1, tuple(found)))
    return _read[1]


def _pattern(secrets: set[str]) -> re.Pattern[str]:
    # A short one must be a whole word: a password "postgres" must not tear "postgresql" apart.
    words = [
        re.escape(secret) if len(secret) >= _UNMISTAKABLE else rf"(?<!\w){re.escape(secret)}(?!\w)"
        for secret in sorted(secrets, key=len, reverse=True)
    ]
    return re.compile("|".join(words))


def _secrets_of(wrapped: Any) -> set[str]:
    found: set[str] = set()
    while wrapped is not None:
        own = object.__getattribute__(wrapped, "__dict__")
        for name, held in own.items():
            if name.isupper():
                _collect(held, name, found, 4)
        wrapped = own.get("default_settings")
    return found


def _collect(held: Any, name: str, found: set[str], depth: int) -> None:
    """Add what ``held``, which goes by ``name``, tells of secrets."""
    kind = type(held)
    if kind is str:
        if (
            _SETTING.search(name)
            and len(held) >= _SHORTEST
            and (_ALWAYS.search(name) or not _WORD.fullmatch(held))
        ):
            found.add(held)
    elif depth and kind is dict:
        for key, member in held.items():
            if type(key) is str:
                _collect(member, name if _SETTING.search(name) else key, found, depth - 1)
    elif depth and (kind is list or kind is tuple):
        for member in held:
            _collect(member, name, found, depth - 1)
