"""What --database takes, and what it says of anything else without repeating a password."""

from __future__ import annotations

import string
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigexplorer.errors import DatabaseUrlError
from sigexplorer.playground.address import Address, parse

GOOD = {
    "postgresql://": Address("postgresql", ""),
    "postgres:///shop": Address("postgresql", "shop"),
    "POSTGRESQL://amy@Db.Example:5433/shop": Address(
        "postgresql", "shop", "amy", host="Db.Example", port="5433"
    ),
    "postgresql://amy:s%3Acr%40t%2F@host/shop": Address("postgresql", "shop", "amy", "s:cr@t/", "host"),
    "postgresql://amy:s:cr@t@host/shop": Address("postgresql", "shop", "amy", "s:cr@t", "host"),
    "postgresql://amy:@host/shop": Address("postgresql", "shop", "amy", host="host"),
    "postgresql://[::1]:5432/shop": Address("postgresql", "shop", host="::1", port="5432"),
    "postgresql://%2Fvar%2Frun%2FPg/shop": Address("postgresql", "shop", host="/var/run/Pg"),
    "postgresql:///shop?host=/var/run/postgresql&port=5433&user=amy": Address(
        "postgresql", "shop", "amy", host="/var/run/postgresql", port="5433"
    ),
    "postgresql://host/shop?sslmode=require&connect_timeout=3": Address(
        "postgresql", "shop", host="host", options=(("connect_timeout", "3"), ("sslmode", "require"))
    ),
    "postgresql://host/caf%C3%A9%20no%2F1": Address("postgresql", "café no/1", host="host"),
    "sqlite://": Address("sqlite", ""),
    "sqlite:///rows.sqlite3": Address("sqlite", "rows.sqlite3"),
    "sqlite:////tmp/my%20rows.sqlite3": Address("sqlite", "/tmp/my rows.sqlite3"),  # noqa: S108 - never made
}

BAD = {
    "": "no scheme",
    "shop": "no scheme",
    "postgresql:shop": "after 'postgresql:' come two slashes",
    "sqlite:": "after 'sqlite:' come two slashes",
    "amy:hunter22@host/shop": "no scheme",
    "://amy:hunter22@host/shop": "no scheme",
    "mysql://amy:hunter22@host/shop": "unknown database 'mysql'",
    "postgresql://amy:hunter22@host/shop?sslmod=require": "unknown option",
    "postgresql://amy:hunter22@host/shop?sslmode": "name=value",
    "postgresql://amy:hunter22@host/shop?sslmode=a&sslmode=b": "the sslmode twice",
    "postgresql://amy:hunter22@host/shop?host=/tmp": "the host twice",
    "postgresql://amy:hunter22@host/shop?password=x": "the password twice",
    "postgresql://amy:hunter22@host:/0/shop": "%2F",
    "postgresql://amy:hunter22@host:0/shop": "port",
    "postgresql://amy:hunter22@host:65536/shop": "port",
    "postgresql://amy:hunter22@host:٣/shop": "port",
    "postgresql://amy:hunter22@h1:1,h2:2/shop": "port",
    "postgresql://amy:hunter22@[::1/shop": "host",
    "postgresql://amy:hunter22@[::1]5432/shop": "host",
    "postgresql://:hunter22@host/shop": "no user",
    "postgresql://amy:hunter22%@host/shop": "%25",
    "postgresql://amy:hunter22%FF@host/shop": "UTF-8",
    "postgresql://amy:hunter22%00@host/shop": "cannot be printed",
    "postgresql://amy:hunter22@host/shop%0A": "cannot be printed",
    "postgresql://amy:hunter22@host/shop\n": "%20",
    "postgresql://amy:hunter22@host/the shop": "%20",
    "postgresql://amy:hunter22@host/shop#1": "%23",
    "postgresql://amy:hunter22@host/" + "x" * 56: "longer than 55 bytes",
    "postgresql://amy:hunter22@host/" + "é" * 28: "longer than 55 bytes",
    "postgresql://amy:hun/ter22@host/shop": "port",
    "postgresql://amy:12/hunter22@host/shop": "%2F",
    "postgresql://amy:12/hunter22@host": "%40",
    "postgresql://amy:hun?hunter22=1@host/shop": "%3F",
    "sqlite://rows.sqlite3": "no host",
    "sqlite:///rows.sqlite3?mode=memory": "no options",
}


@pytest.mark.parametrize("url", GOOD)
def test_a_url_is_taken_apart(url: str) -> None:
    """Each part is decoded, and what is left out is left to whoever connects."""
    assert parse(url) == GOOD[url]


@pytest.mark.parametrize("url", BAD)
def test_what_cannot_be_meant_is_refused(url: str) -> None:
    """Anything else is an error that says what is wrong, and repeats nothing of it."""
    with pytest.raises(DatabaseUrlError) as raised:
        parse(url)
    said = f"{raised.value.message} ({raised.value.hint})"
    assert BAD[url] in said
    assert "hunter22" not in said
    assert said.isprintable()


def test_an_address_does_not_show_its_password() -> None:
    """What is printed of an address by mistake has no password."""
    assert "s:cr@t" not in repr(parse("postgresql://amy:s:cr@t@host/shop"))


PASSWORDS = st.text(string.ascii_letters + string.digits + string.punctuation, min_size=1, max_size=20)


@given(PASSWORDS, st.sampled_from(["", "?sslmode=require"]), st.sampled_from(["", "h:1", "h"]))
def test_an_encoded_password_comes_back(password: str, query: str, place: str) -> None:
    """Whatever a password is made of, encoded it is understood."""
    assert parse(f"postgresql://amy:{quote(password, safe='')}@{place}/shop{query}").password == password


def _said_of(url: str) -> str:
    """Return what is said of a URL that is refused; nothing of one that is understood."""
    try:
        parse(url)
    except DatabaseUrlError as problem:
        return problem.message + problem.hint
    return ""


@given(PASSWORDS)
def test_a_raw_password_is_never_repeated(password: str) -> None:
    """A password that was not encoded may be taken for anything, and is in no message."""
    marked = f"0Q{password}0Q"
    for url in (f"postgresql://amy:{marked}@host/shop", f"{marked}://amy@host/shop", f"amy:{marked}@host"):
        assert "0Q" not in _said_of(url)
