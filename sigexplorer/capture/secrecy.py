"""What looks secret: by the name it goes by, by its shape, or because settings hold it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from sigexplorer.model import SECRET

_NAME = re.compile(
    r"password|passwd|passphrase|passcode|secret|token|signature|cookie|csrf|authorization|api_?key"
    r"|session_?(?:id|key|hash|data)"
    r"|(?:^|_)(?:api|auth|bearer|jwt|key|keys|otp|pass|pin|cvv|cvc|pwd|salt|totp)(?:$|_)",
    re.IGNORECASE,
)

#: Settings, and keys inside of settings, whose values are secrets wherever they turn up.
_SETTING = re.compile(r"(?:^|_)(?:key|keys|key_fallbacks|token|secret|password|passwd|pwd)$", re.IGNORECASE)

#: Values that are secret wherever they stand: password hashes, authorization headers,
#: JSON web tokens, keys of well-known services, passwords in URLs.
_SHAPE = re.compile(
    r"(?:pbkdf2_\w+|argon2\w*|bcrypt\w*|scrypt|md5|sha1|unsalted_\w+)\$[^\s'\"]+"
    r"|\b(?:Bearer|Basic|Token)\s+[\w.~+/=-]{6,}"
    r"|\beyJ[\w-]+\.[\w-]+\.?[\w-]*"
    r"|\b(?:sk|pk|rk|ghp|gho|xox[abp])[_-][\w-]{12,}"
    r"|(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"
    r"|(?:(?:sessionid|csrftoken|csrfmiddlewaretoken|password|secret_key|token)=)[^\s;&'\"]+",
    re.IGNORECASE,
)

#: A segment of a URL that is long and random enough to be a token, such as the one of a
#: password reset. A UUID is an identifier and stays.
_TOKEN_SEGMENT = re.compile(
    r"(?<=/)(?![0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?:/|$))(?=[\w-]*\d)[\w=-]{20,}",
    re.IGNORECASE,
)

_SHORTEST = 6  # a shorter setting would mask ordinary words


@lru_cache(maxsize=1024)
def looks_secret(name: str) -> bool:
    """Whether what goes by ``name`` must not be shown."""
    return _NAME.search(name[:200]) is not None


def scrub(text: str, *, url: bool = False) -> str:
    """Return ``text`` with everything replaced that is secret by its shape or its value."""
    known = _settings_secrets()
    if known is not None:
        text = known.sub(SECRET, text)
    text = _SHAPE.sub(SECRET, text)
    return _TOKEN_SEGMENT.sub(SECRET, text) if url else text


_read: tuple[Any, re.Pattern[str] | None] = (None, None)


def _settings_secrets() -> re.Pattern[str] | None:
    """Return what matches the secrets of the settings, read once per settings object."""
    global _read  # noqa: PLW0603 - one settings object per process, swapped by override_settings
    from django.conf import settings

    if not settings.configured:
        return None
    wrapped = settings.__dict__["_wrapped"]
    if _read[0] is not wrapped:
        _read = (wrapped, _pattern(_secrets_of(wrapped)))
    return _read[1]


def _pattern(secrets: set[str]) -> re.Pattern[str] | None:
    # Whole words only: a password "postgres" must not tear "postgresql" apart.
    words = "|".join(re.escape(secret) for secret in sorted(secrets, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)") if words else None


def _secrets_of(wrapped: Any) -> set[str]:
    found: set[str] = set()
    while wrapped is not None:
        own = object.__getattribute__(wrapped, "__dict__")
        _collect({name: held for name, held in own.items() if name.isupper()}, found, 4)
        wrapped = own.get("default_settings")
    return found


def _collect(held: Any, found: set[str], depth: int, *, secret: bool = False) -> None:
    if type(held) is str:
        if secret and len(held) >= _SHORTEST:
            found.add(held)
    elif depth and type(held) is dict:
        for key, member in held.items():
            named = type(key) is str and _SETTING.search(key) is not None
            _collect(member, found, depth - 1, secret=secret or named)
    elif depth and type(held) in (list, tuple):
        for member in held:
            _collect(member, found, depth - 1, secret=secret)
