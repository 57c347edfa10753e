"""trigger and scenario with --database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Cli

    Valid = Callable[[str, str], Any]


def test_a_scenario_in_a_file(story_cli: Cli, valid: Valid, tmp_path: Path) -> None:
    """The story runs in a file that is gone afterwards."""
    url = f"sqlite:///{tmp_path}/rows.sqlite3"
    document = valid(story_cli("scenario", "two-databases", "--database", url, "-f", "json").out, "trace")
    assert all(claim["held"] for claim in document["claims"])
    assert list(tmp_path.iterdir()) == []


def test_a_trigger_in_a_file(story_cli: Cli) -> None:
    """A trigger, too; without a path the file is a temporary one."""
    answer = story_cli("trigger", "connection_created", "--database", "sqlite://", "-f", "json")
    assert answer.code == 0
    assert "django.db.backends.sqlite3.base.DatabaseWrapper" in answer.out


def test_a_comparison_in_a_file(story_cli: Cli) -> None:
    """What listening changes can be compared there as well."""
    answer = story_cli("scenario", "listening", "--compare", "--database", "sqlite://")
    assert answer.code == 0
    assert "+ pre_delete blog.Comment" in answer.out


BAD = {
    "": "the database URL has no scheme",
    "mysql://amy:hunter22@host/shop": "unknown database 'mysql'",
    "postgresql://amy:hunter22@host:port/shop": "its port is no number",
    "postgresql://amy:hun#ter22@host/shop": "a '#' in it must be written as %23",
    "postgresql://amy:hunter22@host/shop?sslmod=require": "nearest: sslmode",
    "sqlite:///no/such/folder/rows.sqlite3": "No such file or directory",
}


@pytest.mark.parametrize("command", [["trigger", "pre_save"], ["scenario", "save-user"]], ids=" ".join)
@pytest.mark.parametrize("url", BAD)
def test_a_url_that_cannot_be_used_is_one_line(url: str, command: list[str], story_cli: Cli) -> None:
    """It says what is wrong, and repeats no password."""
    answer = story_cli(*command, "--database", url)
    assert (answer.code, answer.out) == (2, "")
    assert BAD[url] in answer.err
    assert len(answer.err.splitlines()) == 1
    assert "ter22" not in answer.err


def test_a_server_that_cannot_be_reached_is_one_line(story_cli: Cli) -> None:
    """What the driver says of the connection is said on one line, without the password."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    answer = story_cli("trigger", "pre_save", "--database", "postgresql://amy:hunter22@127.0.0.1:1/shop")
    assert (answer.code, answer.out) == (2, "")
    assert "cannot make a database: connection failed" in answer.err
    assert len(answer.err.splitlines()) == 1
    assert "hunter22" not in answer.err


def test_a_file_that_is_there_is_left_alone(story_cli: Cli, tmp_path: Path) -> None:
    """Nothing is run in a database that exists."""
    file = tmp_path / "rows.sqlite3"
    file.write_bytes(b"mine")
    answer = story_cli("scenario", "save-user", "--database", f"sqlite:///{file}")
    assert (answer.code, answer.out) == (2, "")
    assert "is there already, and left alone" in answer.err
    assert file.read_bytes() == b"mine"


@pytest.mark.parametrize(
    "command", [["scenario", "rollback"], ["scenario", "--fact", "uid"], ["trigger", "post_save"]]
)
def test_a_database_is_given_once(command: list[str], cli: Cli) -> None:
    """Two URLs are one line, and not the last of them."""
    answer = cli(*command, "--database", "sqlite:///a.sqlite3", "--database", "sqlite:///b.sqlite3")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("sigexplorer: --database is given twice")
