"""The making of test databases, which Django does: what is there already is not deleted unasked.

Django asks, or deletes where nobody can be asked. Here it asks as well, and where nobody can
be asked that is an error. What it has made is known from the statement on that makes it, so
that a Ctrl-C at any time leaves nothing behind.

Source: ``_create_test_db`` and ``_execute_create_test_db`` of ``django/db/backends/*/creation.py``;
the same in 5.2, 6.0 and 6.1.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from sigexplorer.errors import ProjectError
from sigexplorer.playground.ending import undisturbed


class Creating:
    """The databases behind some connections while Django makes their test databases."""

    def __init__(self, connections: Iterable[Any]) -> None:
        self._real = [(connection, connection.settings_dict["NAME"]) for connection in connections]
        self._made: list[Any] = []  # connections whose test database was made by a statement
        self.said: list[str] = []  # by Django, where nobody is to see it

    @contextmanager
    def watched(self, *, interactive: bool) -> Iterator[None]:
        """Let Django make test databases inside; only with ``interactive`` it may ask, and say things."""
        with ExitStack() as stack:
            for connection, _ in self._real:
                creation = connection.creation
                self._replace(stack, creation, "_create_test_db", self._refusing(creation))
                if hasattr(creation, "_execute_create_test_db"):
                    self._replace(stack, creation, "_execute_create_test_db", self._noting(connection))
                if not interactive:
                    self._replace(stack, creation, "log", self.said.append)
            if not interactive:
                stack.callback(setattr, builtins, "input", builtins.input)
                builtins.input = _refuse
            yield

    def begun(self) -> list[Any]:
        """Return what Django's ``teardown_databases`` needs to destroy what is made by now, each once."""
        found: dict[str, Any] = {}
        for connection, name in self._real:
            held, creation = connection.settings_dict, connection.creation
            if held["NAME"] == name and any(connection is made for made in self._made):
                held["NAME"] = creation._get_test_db_name()  # as Django does next
            if held["NAME"] != name and not held["TEST"]["MIRROR"]:
                found.setdefault(str(creation.test_db_signature()), (connection, name, True))
        return list(found.values())

    @staticmethod
    def _replace(stack: ExitStack, creation: Any, name: str, ours: Any) -> None:
        setattr(creation, name, ours)
        stack.callback(vars(creation).pop, name)

    @staticmethod
    def _refusing(creation: Any) -> Callable[..., Any]:
        found = creation._create_test_db

        def create(*arguments: Any, **named: Any) -> Any:
            name = creation._get_test_db_name()
            try:
                return found(*arguments, **named)
            except EOFError:
                raise ProjectError(
                    f"there is a test database '{name}' already",
                    "delete it if it is left from another run; in a terminal you are asked",
                ) from None
            except SystemExit as end:
                if end.code != 1:  # with which Django ends where it was told not to
                    raise
                raise ProjectError(f"the test database '{name}' is left as it is: nothing ran") from None

        return create

    def _noting(self, connection: Any) -> Callable[..., Any]:
        found = connection.creation._execute_create_test_db

        def execute(*arguments: Any, **named: Any) -> Any:
            with undisturbed():
                answer = found(*arguments, **named)
                self._made.append(connection)
            return answer

        return execute


def _refuse(_question: object = "") -> str:
    raise EOFError("nobody can be asked")
