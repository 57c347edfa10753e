"""One Django for every test of the process: the bundled project, started in it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from sigexplorer.playground import runs
from sigexplorer.playground.boot import PLAYGROUND

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from blog.models import Post

pytest.register_assert_rewrite("capturing")

# Now, because the tests import its models; whoever comes second finds it running.
with runs.open_playground(listen=True):
    pass

from capturing import hook_points, put_back, strangers  # noqa: E402 - its assertions explain themselves


@pytest.fixture(autouse=True, scope="session")
def _settled() -> None:
    """Look for garbage only in what tests make: what was imported for them is there to stay."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _djangos_own() -> Iterator[None]:
    """Hold that what is observed is Django's own before and after every test."""
    assert strangers() == []
    yield
    assert strangers() == []


@pytest.fixture
def database() -> Iterator[None]:
    """Empty every table, before and afterwards."""
    PLAYGROUND.reset()
    yield
    PLAYGROUND.reset()


@pytest.fixture
def _put_back() -> Iterator[None]:
    """Put back what a test, or somebody it plays, has replaced for good."""
    found = hook_points()
    yield
    put_back(found)


@pytest.fixture
def ada() -> User:
    """Return a user."""
    from django.contrib.auth.models import User

    return User.objects.create(username="ada")


@pytest.fixture
def post(ada: User) -> Post:
    """Return a saved post."""
    from blog.models import Post

    return Post.objects.create(title="first", author=ada)
