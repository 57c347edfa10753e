"""Run something in test databases of the project that is set up, which Django makes and destroys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sigexplorer.errors import ProjectError
from sigexplorer.playground.creating import Creating
from sigexplorer.playground.ending import in_order, undisturbed
from sigexplorer.project.start import told

#: Not empty when what migrations had written is gone.
_EMPTIED: list[bool] = []

_DUMMY = "django.db.backends.dummy"


@contextmanager
def databases(settings: str, *, interactive: bool) -> Iterator[None]:
    """Set up the test environment and test databases, as ``manage.py test`` does; nothing of them stays.

    With ``interactive`` Django asks before it replaces a test database that is there already;
    else that is an error.
    """
    from django.test import utils

    _EMPTIED.clear()
    with in_order():
        utils.setup_test_environment(debug=False)
        try:
            created = _create(settings, interactive=interactive)
            try:
                yield
            finally:
                _destroy(settings, created)
        finally:
            utils.teardown_test_environment()


def run_as_test(story: Callable[[], object]) -> None:
    """Run ``story``, which raises nothing, as a ``TransactionTestCase``: what it writes is gone afterwards.

    Transactions are real, and their callbacks run. Rows of migrations are there each time;
    the second time they are saved anew, which receivers see.
    """
    from django.test import TransactionTestCase

    class Case(TransactionTestCase):
        databases = set(_aliases())  # noqa: RUF012 - as Django declares it
        serialized_rollback = bool(_EMPTIED)

        def runTest(self) -> None:  # noqa: N802 - how unittest calls it
            type(self).serialized_rollback = True
            story()

    Case.setUpClass()
    try:
        Case().debug()
    finally:
        Case.tearDownClass()
        Case.doClassCleanups()
        _EMPTIED.append(True)


def _aliases() -> list[str]:
    """Return the aliases that have a database behind them."""
    from django.db import connections

    return [alias for alias in connections if connections[alias].settings_dict["ENGINE"] != _DUMMY]


def _create(settings: str, *, interactive: bool) -> list[Any]:
    """Create the test databases, all or none."""
    from django.db import connections
    from django.test import utils

    aliases = _aliases()
    _refuse_real_ones({alias: connections[alias].settings_dict["NAME"] for alias in aliases})
    creating = Creating([connections[alias] for alias in aliases])
    try:
        with creating.watched(interactive=interactive):
            return utils.setup_databases(0, interactive=True, aliases=dict.fromkeys(aliases))
    except BaseException as problem:
        _destroy(settings, creating.begun())
        if isinstance(problem, ProjectError) or not isinstance(problem, (Exception, SystemExit)):
            raise
        why = creating.said[-1] if isinstance(problem, SystemExit) and creating.said else told(problem)
        raise ProjectError(
            f"the test databases of '{settings}' cannot be created: {why}", "see whether manage.py test can"
        ) from problem


def _refuse_real_ones(real: dict[str, Any]) -> None:
    """Raise where a test database would be the real one: Django would replace it."""
    from django.db import connections

    for alias, name in real.items():
        test = connections[alias].creation._get_test_db_name()  # type: ignore[attr-defined]
        if not connections[alias].settings_dict["TEST"]["MIRROR"] and _same(test, name):
            raise ProjectError(
                f"the test database of '{alias}' is the real one: '{name}'",
                "give it another name in DATABASES['TEST']['NAME']",
            )


def _same(test: object, real: object) -> bool:
    return bool(real) and (str(test) == str(real) or Path(str(test)).absolute() == Path(str(real)).absolute())


def _destroy(settings: str, created: list[Any]) -> None:
    from django.test import utils

    try:
        with undisturbed():
            utils.teardown_databases(created, 0)
    except Exception as problem:
        raise ProjectError(
            f"the test databases of '{settings}' cannot be destroyed: {told(problem)}"
        ) from problem
