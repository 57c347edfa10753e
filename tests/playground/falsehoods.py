"""Ways to make facts false: a Django that does otherwise, another receiver, another version."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    Falsify = Callable[[pytest.MonkeyPatch], None]

#: Ids of facts, and what makes each false. Django and the project are set up when it is called.
FALSEHOODS: list[tuple[str, Falsify]] = []


def falsifies(*ids: str) -> Callable[[Falsify], Falsify]:
    """Note a way to make some facts false."""

    def note(way: Falsify) -> Falsify:
        FALSEHOODS.extend((name, way) for name in ids)
        return way

    return note
