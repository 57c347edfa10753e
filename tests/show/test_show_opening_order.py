"""Records as they opened, of a stream in which they stand as they closed."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigexplorer.show import opening_order
from sigexplorer.show.opening_order import Opening


def ordered(ids: list[int]) -> list[Any]:
    """Return what comes out when things with these ids go in."""
    with ExitStack() as files:
        opening = Opening(files)
        came = [thing for number in ids for thing in opening.add(number, {"id": number})]
        return [thing["id"] for thing in (*came, *opening.rest())]


@pytest.mark.parametrize("in_memory", [1, 3, 100])
@given(ids=st.permutations(range(1, 20)), gaps=st.sets(st.integers(1, 19)))
def test_everything_comes_once_and_in_order(ids: list[int], gaps: set[int], in_memory: int) -> None:
    """However little is kept in memory and whatever is missing, ids come in order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening_order, "_IN_MEMORY", in_memory)
        patch.setattr(opening_order, "_AT_ONCE", 2)
        kept = [number for number in ids if number not in gaps]
        assert ordered(kept) == sorted(kept)


def test_what_is_next_does_not_wait() -> None:
    """A thing comes at once when all before it have, and takes those with it that waited for it."""
    with ExitStack() as files:
        opening = Opening(files)
        assert list(opening.add(1, "a")) == ["a"]
        assert list(opening.add(3, "c")) == []
        assert list(opening.add(2, "b")) == ["b", "c"]
        assert list(opening.add(2, "again")) == ["again"]  # a file of somebody else's
        assert not opening.waiting
