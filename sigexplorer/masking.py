"""What looks secret by the name that it goes by, or by its shape.

Known before a program begins that is to be traced: no more of Python's own library than that needs.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from functools import lru_cache

from sigexplorer.model import SECRET

_NAME = re.compile(
    r"password|passwd|passphrase|passcode|secret|token|signature|cookie|csrf|authorization|api_?key"
    r"|session_?(?:id|key|hash|data)"
    r"|(?:^|_)(?:api|auth|bearer|jwt|key|keys|otp|pass|pin|cvv|cvc|pwd|salt|totp)(?:$|_)",
    re.IGNORECASE,
)

#: Values that are secret wherever they stand: password hashes, authorization headers,
#: JSON web tokens, keys of well-known services, passwords in URLs. Every repetition is
#: bounded and no alternative can begin inside of another, so that no text takes long.
_SHAPE = re.compile(
    r"(?<!\w)(?:pbkdf2_\w{1,30}|argon2\w{0,10}|bcrypt\w{0,20}|scrypt|md5|sha1|unsalted_\w{1,20})\$[^\s'\"]{1,400}"
    r"|\b(?:Bearer|Basic|Token)\s{1,3}(?=\S{0,200}\d|\S{16})[\w.~+/=-]{6,1000}"
    r"|(?<![\w-])eyJ[\w-]{1,2000}\.[\w-]{1,2000}(?:\.[\w-]{1,2000})?"
    r"|(?<!\w)(?:[spr]k_(?:live|test)_\w{8,200}|gh[pousr]_\w{16,200}|xox[abprs]-[\w-]{10,200})"
    r"|(?<=://)[^\s/@:]{0,200}:[^\s/@]{1,200}(?=@)"
)

#: ``password=…``, ``"token": "…"``, ``Key (session_key)=(…)``: what follows the name.
_ASSIGNED = re.compile(
    r"(?P<name>\b(?:sessionid|session_key|csrftoken|csrfmiddlewaretoken|password|passwd|passphrase|secret"
    r"|secret_key|api_?key|access_token|refresh_token|token|authorization|cookie)\b['\"\)]{0,2}\s{0,2}"
    r"(?:[=:]|,(?=\s{0,2}['\"]))\s{0,2}b?['\"\(]{0,2})(?!None\b|True\b|False\b|null\b)(?P<value>[^\s;&'\",\)\}]{1,400})",
    re.IGNORECASE,
)


@lru_cache(maxsize=1024)
def looks_secret(name: str) -> bool:
    """Whether what goes by ``name`` must not be shown."""
    return _NAME.search(name[:200]) is not None


def without_shapes(text: str) -> str:
    """Return ``text`` without what is secret by its shape, or by what it is assigned to."""
    if _may_hold(text, _SHAPE_MARKS):
        text = _SHAPE.sub(SECRET, text)
    if _may_hold(text, _SIGNS) and _may_hold(text.lower(), _NAME_MARKS):
        text = _ASSIGNED.sub(lambda found: found["name"] + SECRET, text)
    return text


# The two patterns take long, and most texts hold nothing of what each of their matches has.
_SHAPE_MARKS = ("$", "Bearer", "Basic", "Token", "eyJ", "k_live_", "k_test_", "gh", "xox", "://")
_SIGNS = ("=", ":", ",")
_NAME_MARKS = ("session", "csrf", "pass", "secret", "api", "token", "authorization", "cookie")


def _may_hold(text: str, marks: tuple[str, ...]) -> bool:
    for mark in marks:
        if mark in text:
            return True
    return not text.isascii()  # other letters may pass for some of these where case does not count


def command_line(words: Iterable[str]) -> str:
    """Return a command as a shell would take it, without the values of options that are secret by name."""
    told, before = [], ""
    for word in words:
        name, sign, _ = word.partition("=")
        if before and not word.startswith("-"):
            told.append(SECRET)
        elif sign and _is_option(name):
            told.append(f"{name}={SECRET}")
        else:
            told.append(shlex.quote(without_shapes(word)))
        before = word if word.startswith("-") and _is_option(word) else ""
    return " ".join(told)


def _is_option(word: str) -> bool:
    """Whether a word is the name of an option, or of a variable, whose value is secret."""
    name = word.lstrip("-").replace("-", "_")
    return name.isidentifier() and looks_secret(name)
