"""The garbage collector is left alone, but for the time of our own imports."""

from __future__ import annotations

import gc
from contextlib import suppress

import pytest

from sigexplorer.project.tracing import uncollected


@pytest.mark.parametrize("enabled", [True, False])
def test_whether_garbage_is_looked_for_is_the_programs_own_affair(enabled: bool) -> None:  # noqa: FBT001
    """It is switched off while we import, and then what it was, also where that fails."""
    before = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        with uncollected():
            assert not gc.isenabled()
        assert gc.isenabled() is enabled
        with suppress(LookupError), uncollected():
            raise LookupError
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()
