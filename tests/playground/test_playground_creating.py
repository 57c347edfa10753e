"""Test databases as Django makes them: what is there already is nobody's to delete unasked."""

from __future__ import annotations

import builtins
import signal
from typing import Any

import pytest

from sigexplorer.errors import ProjectError
from sigexplorer.playground.creating import Creating


class Creation:
    """What Django's ``creation`` does, as far as it matters here."""

    def __init__(self, *, there: bool) -> None:
        self.there = there
        self.dropped = False

    def test_db_signature(self) -> str:
        """Tell one database from another."""
        return "x"

    def log(self, text: str) -> None:
        """Say something."""
        raise AssertionError(text)

    def _get_test_db_name(self) -> str:
        return "test_x"

    def _execute_create_test_db(self) -> None:
        signal.raise_signal(signal.SIGINT)  # as it comes while a server works

    def _create_test_db(self) -> None:
        if self.there:
            if input("Type 'yes' if you would like to: ") != "yes":
                raise SystemExit(1)
            self.dropped = True
        self._execute_create_test_db()


class Connection:
    """A connection with such a creation."""

    def __init__(self, *, there: bool) -> None:
        self.settings_dict: dict[str, Any] = {"NAME": "x", "TEST": {"MIRROR": None}}
        self.creation = Creation(there=there)


@pytest.mark.parametrize("answer", [None, "no"])
def test_what_is_there_stays(answer: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody can be asked, and where the answer is no, it is an error, and none is begun."""
    monkeypatch.setattr(builtins, "input", lambda _question: answer)
    connection, found = Connection(there=True), builtins.input
    creating = Creating([connection])
    says = "is left as it is" if answer else "there is a test database 'test_x' already"
    with pytest.raises(ProjectError, match=says), creating.watched(interactive=answer is not None):
        connection.creation._create_test_db()
    assert (creating.begun(), connection.creation.dropped) == ([], False)
    assert builtins.input is found
    assert set(vars(connection.creation)) == {"there", "dropped"}


def test_what_was_made_is_known_from_its_statement_on() -> None:
    """A Ctrl-C that comes meanwhile waits for its end, and what was made is there to be destroyed."""
    connection = Connection(there=False)
    creating = Creating([connection])
    assert creating.begun() == []
    with pytest.raises(KeyboardInterrupt), creating.watched(interactive=False):
        connection.creation._create_test_db()
    assert creating.begun() == [(connection, "x", True)]
    assert connection.settings_dict["NAME"] == "test_x"
