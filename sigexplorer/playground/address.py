"""Where a database is to be made, as a URL says it.

A URL may hold a password, and a URL that is not understood may hold it anywhere: no message
here repeats any part of one but a scheme and the name of an option.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from sigexplorer.errors import DatabaseUrlError, nearest

EXAMPLES = "such as postgresql://user@host/name or sqlite:///file.sqlite3"

_POSTGRESQL = ("postgresql", "postgres")
_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,30})://")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")

#: What libpq takes and a query may say; ``host``, ``port``, ``user`` and ``password`` as well as the
#: parts of the URL that go by these names.
_OPTIONS = (
    "channel_binding",
    "connect_timeout",
    "gssencmode",
    "host",
    "passfile",
    "password",
    "port",
    "sslcert",
    "sslcrl",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "target_session_attrs",
    "user",
)
_PLACES = ("host", "port", "user", "password")

#: PostgreSQL cuts a longer name without a word; our own ending has to fit, too.
_LONGEST_NAME = 63 - len("_archive")
_PORTS = range(1, 65536)


@dataclass(frozen=True, slots=True)
class Address:
    """A database that is to be made; an empty part is the default of whoever connects."""

    vendor: str  # "postgresql" or "sqlite"
    name: str  # of the database, or the path of the file; empty: any that is free
    user: str = ""
    password: str = field(default="", repr=False)
    host: str = ""  # a folder for a socket
    port: str = ""
    options: tuple[tuple[str, str], ...] = ()  # libpq's, such as sslmode


def parse(url: str) -> Address:
    """Return what ``url`` says; anything that cannot be meant is an error."""
    found = _SCHEME.match(url)
    if found is None:
        scheme = url.partition(":")[0]
        if ":" in url and scheme.lower() in (*_POSTGRESQL, "sqlite"):
            raise _malformed(f"after '{scheme}:' come two slashes")
        raise DatabaseUrlError("the database URL has no scheme", EXAMPLES)
    scheme = found["scheme"].lower()
    if scheme not in (*_POSTGRESQL, "sqlite"):
        raise DatabaseUrlError(f"unknown database '{scheme}'", EXAMPLES)
    if not url.isprintable() or " " in url:
        raise _malformed("a character in it must be written as %20 and the like")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise _malformed("its host is not understood") from None
    if "#" in url:
        raise _malformed("a '#' in it must be written as %23")
    return _sqlite(parts) if scheme == "sqlite" else _postgresql(parts)


def _malformed(why: str) -> DatabaseUrlError:
    return DatabaseUrlError(f"malformed database URL: {why}", EXAMPLES)


def _sqlite(parts: SplitResult) -> Address:
    if parts.netloc:
        raise DatabaseUrlError(
            "a SQLite file has no host", "three slashes for a relative path, four for an absolute one"
        )
    if parts.query:
        raise _malformed("a SQLite file has no options")
    return Address("sqlite", _plain(parts.path, "path")[1:])


def _postgresql(parts: SplitResult) -> Address:
    user_info, _, place = parts.netloc.rpartition("@")
    user, colon, password = user_info.partition(":")
    host, port = _place(place)
    said = {
        "user": _plain(user, "user"),
        "password": _plain(password, "password"),
        "host": _plain(host, "host"),
        "port": port,
    }
    if colon and not user:
        raise _malformed("it has a password and no user")
    options = _query(parts.query)
    for name in _PLACES:
        if name in options and said[name]:
            raise _malformed(f"it says the {name} twice")
        said[name] = options.pop(name, said[name])
    if said["port"] and not (
        said["port"].isascii() and said["port"].isdigit() and int(said["port"]) in _PORTS
    ):
        raise _malformed("its port is no number from 1 to 65535")
    return Address("postgresql", _name(parts.path), **said, options=tuple(sorted(options.items())))


def _place(place: str) -> tuple[str, str]:
    """Return host and port; an IPv6 address stands in brackets."""
    if place.startswith("["):
        host, bracket, port = place[1:].partition("]")
        if not bracket or (port and not port.startswith(":")):
            raise _malformed("its host is not understood")
        return host, port[1:]
    host, _, port = place.partition(":")
    return host, port


def _name(path: str) -> str:
    if "/" in path[1:] or "@" in path:  # of a password, most likely
        raise _malformed("a '/' in a password or a name must be written as %2F, a '@' as %40")
    name = _plain(path, "name")[1:]
    if len(name.encode()) > _LONGEST_NAME:
        raise DatabaseUrlError(
            f"the name of the database is longer than {_LONGEST_NAME} bytes",
            "PostgreSQL takes 63, and the second database has '_archive' behind the name",
        )
    return name


def _query(query: str) -> dict[str, str]:
    if not query:
        return {}
    if "@" in query:
        raise _malformed("a '?' in a password or a name must be written as %3F")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, max_num_fields=len(_OPTIONS))
    except ValueError:
        raise _malformed("what follows the '?' is not name=value&name=value") from None
    options: dict[str, str] = {}
    for name, text in pairs:
        if name not in _OPTIONS:
            raise _unknown_option(name)
        if name in options:
            raise _malformed(f"it says the {name} twice")
        options[name] = _printable(text, name)
    return options


def _unknown_option(name: str) -> DatabaseUrlError:
    return DatabaseUrlError(
        "unknown option in the database URL", f"nearest: {', '.join(nearest(name, _OPTIONS))}"
    )


def _plain(text: str, part: str) -> str:
    if _BROKEN_ESCAPE.search(text):
        raise _malformed(f"a '%' in its {part} must be written as %25")
    try:
        return _printable(unquote(text, errors="strict"), part)
    except UnicodeDecodeError:
        raise _malformed(f"its {part} is no UTF-8") from None


def _printable(text: str, part: str) -> str:
    if "\0" in text or (part != "password" and not text.isprintable()):
        raise _malformed(f"its {part} has characters that cannot be printed")
    return text
