"""Which signals ``trace`` only counts while the program runs, because no view of the run shows them."""

from __future__ import annotations

import pytest

from sigexplorer.cli.options import Chosen, Written
from sigexplorer.cli.tracing import _left_out
from sigexplorer.cli.wanted import Wanted


@pytest.mark.parametrize(
    ("wanted", "patterns"),
    [
        (Wanted(), ()),
        (Wanted(Chosen(only=["%save,!pre_*", "!%init"])), ("pre_*", "%init")),
        (Wanted(Chosen(only=["post_save"])), ()),
        (Wanted(Chosen(only=["!post_save"], depth=1)), ()),
        (Wanted(Chosen(only=["!post_save"]), inject=["shop.ship:raise=ValueError"]), ()),
        (Wanted(Chosen(only=["!post_save"]), listen=True), ()),
        (Wanted(Chosen(only=["!post_save"]), written=Written(format_name="coverage")), ()),
    ],
)
def test_only_what_is_left_out_by_name_is_not_recorded(wanted: Wanted, patterns: tuple[str, ...]) -> None:
    """A name with an exclamation mark is counted, but not where something of the run needs its calls."""
    assert _left_out(wanted) == patterns
