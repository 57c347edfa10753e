"""Passwords, hashes, keys, tokens and cookies, in no output of any command."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from sigexplorer.model import SECRET

if TYPE_CHECKING:
    from conftest import Cli

#: Every way in which a trace is shown; the last ones show as much as they can.
WAYS = [
    [],
    ["-f", "json"],
    ["-f", "jsonl"],
    ["-f", "svg"],
    ["-v", "-k", "-s", "100000"],
    ["-v", "-k", "-s", "100000", "-f", "svg"],
    ["--no-listen", "-v"],
    ["--no-listen", "-f", "json"],
]

#: What users type in the scenarios, and settings that they override.
TYPED = {
    "login-flow": ["wonderland-42", "wonderland-24"],
    "failed-login": ["wonderland-42", "wonderland-24", "'123456'", '"123456"'],
    "settings-override": ["wonderland-24"],
}

each_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: " ".join(way) or "table")
each_scenario = pytest.mark.parametrize("name", TYPED)


@pytest.fixture
def secrets(playground: object, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that fills, while scenarios run, with every cookie and form token that there is."""
    from sigexplorer.playground import browser

    assert playground
    found: list[str] = []
    original = browser.Browser._request

    def request(self: Any, method: str, path: str, body: bytes) -> Any:
        answer = original(self, method, path, body)
        found.extend(morsel.value for morsel in self._cookies.values() if len(morsel.value) >= 20)
        found.extend(re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', answer.body))
        return answer

    monkeypatch.setattr(browser.Browser, "_request", request)
    return found


def stored() -> list[str]:
    """Return what the databases and settings hold that is secret."""
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.contrib.sessions.models import Session

    held = [user.password for user in User.objects.all()]
    held += [part for password in held for part in password.split("$")[1:] if len(part) >= 8]
    for session in Session.objects.all():
        held += [session.session_key, session.session_data]
    return [*held, settings.SECRET_KEY]


@each_way
@each_scenario
def test_no_secret_is_shown(name: str, way: list[str], story_cli: Cli, secrets: list[str]) -> None:
    """No password, hash, session key, token or SECRET_KEY is in what a scenario shows, in any format."""
    answer = story_cli("scenario", name, *way)
    assert answer.code == 0
    everything = {*secrets, *stored(), *TYPED[name]}
    assert len(everything) >= len(TYPED[name]) + 1
    for secret in everything:
        assert secret not in answer.out
        assert secret not in answer.err


def test_secrets_are_really_collected(story_cli: Cli, secrets: list[str]) -> None:
    """The test above would notice: cookies and form tokens of a login pass through its hands."""
    assert story_cli("scenario", "login-flow").code == 0
    assert len(set(secrets)) >= 3
    assert any(held.startswith("md5$") for held in stored())


@each_way
@pytest.mark.parametrize("name", ["user_logged_in", "user_logged_out", "user_login_failed"])
def test_no_secret_is_shown_by_triggers(
    name: str, way: list[str], story_cli: Cli, secrets: list[str]
) -> None:
    """The triggers of login and logout show none either."""
    answer = story_cli("trigger", name, *way)
    assert answer.code == 0
    for secret in {*secrets, *stored(), "wonderland", "wunderland"}:
        assert secret not in answer.out + answer.err


@each_scenario
def test_no_secret_is_shown_with_the_source(name: str, story_cli: Cli, secrets: list[str]) -> None:
    """The code of a step, shown beside its signals, spells out no password."""
    for way in ([], ["-f", "json"]):
        out = story_cli("scenario", name, "--source", *way).out
        for secret in {*secrets, *stored(), *TYPED[name]}:
            assert secret not in out


@pytest.mark.parametrize("name", ["user_logged_in", "user_logged_out", "user_login_failed"])
def test_no_secret_is_shown_with_the_source_of_a_trigger(name: str, story_cli: Cli) -> None:
    """The code of a trigger spells out no password."""
    out = story_cli("trigger", name, "--source").out
    assert not re.search(r"\bw[ou]nderland\b", out)


@pytest.mark.parametrize(
    "name", ["user_logged_in", "user_login_failed", "request_started", "setting_changed"]
)
def test_no_secret_is_shown_live(name: str, story_cli: Cli, secrets: list[str]) -> None:
    """The captured example of a page has none."""
    answer = story_cli("docs", name, "--live")
    assert answer.code == 0
    assert "Seen just now" in answer.out
    seen = answer.out.partition("Seen just now")[2]
    for secret in {*secrets, *stored(), "wonderland", "wunderland"}:
        assert secret not in seen


def test_what_is_masked_is_seen_to_be(story_cli: Cli) -> None:
    """A mask stands where a secret was: the name of a user is shown, the password is asterisks."""
    out = story_cli("scenario", "failed-login", "-f", "json").out
    assert f"{{'username': 'amy', 'password': '{SECRET}'}}" in out
    assert f"{{'one_time_code': '{SECRET}'}}" in out
    table = story_cli("scenario", "failed-login").out
    assert re.search(r"'username': 'amy', 'password': '\*+'", table)


def test_passwords_of_databases_are_masked(story_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """The password of a database turns up nowhere, not even in the message of an error."""
    from django.test.utils import override_settings

    from sigexplorer.playground.scenarios import saving

    def leaky(step: Any) -> None:
        with step("connect"):
            raise ConnectionError(
                "could not connect: postgres://blog:s3cr3t-Pa55@db/blog?password=s3cr3t-Pa55"
            )

    monkeypatch.setattr(saving, "save_user", leaky)
    databases = {
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:", "PASSWORD": "s3cr3t-Pa55"}
    }
    with override_settings(OTHER_DATABASES=databases):
        for way in WAYS:
            answer = story_cli("scenario", "save-user", *way)
            assert answer.code == 1
            assert "s3cr3t-Pa55" not in answer.out + answer.err
            assert "ConnectionError" in answer.out
