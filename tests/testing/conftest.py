"""One Django for every test of the process: the bundled project, started in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.dispatch import Signal

from sigexplorer.playground import runs
from sigexplorer.playground.boot import PLAYGROUND

if TYPE_CHECKING:
    from django.contrib.auth.models import User

# Now, because the tests import its models; whoever comes second finds it running.
with runs.open_playground(listen=True):
    pass

REPLACED = ("send", "send_robust", "asend", "asend_robust", "_live_receivers", "has_listeners")


def methods() -> dict[str, Any]:
    """Return what Signal has now, where anything of ours may stand."""
    return {name: vars(Signal)[name] for name in REPLACED}


_FOUND = methods()


@pytest.fixture(autouse=True)
def _djangos_own() -> Iterator[None]:
    """Hold that a test leaves Signal as it was found."""
    yield
    assert methods() == _FOUND


@pytest.fixture
def database() -> Iterator[None]:
    """Empty every table, before and afterwards."""
    PLAYGROUND.reset()
    yield
    PLAYGROUND.reset()


@pytest.fixture
def ada(database: None) -> User:
    """Return a user, saved before anything is recorded."""
    from django.contrib.auth.models import User

    assert database is None
    return User.objects.create(username="ada")
