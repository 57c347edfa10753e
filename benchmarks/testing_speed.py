"""What a test takes longer that is recorded: a thousand saves inside of ``sigexplorer.trace()``."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.measuring import Row, Setting, told

_ROWS = 1_000
_MORE = 3  # rounds are short

#: What is saved, how it is recorded, and the goal.
_WANTED = (
    ("comments", "traced", "comments, which nobody hears", 1.05),
    ("posts", "traced", "posts, to two receivers that save in turn", None),
    ("comments", "with origins", "comments, with the lines that sent", None),
)


def rows(setting: Setting) -> Iterator[Row]:
    """Compare pair by pair, in one process."""
    rows_saved = min(_ROWS, setting.scale)
    found = told(setting, "in_tests", str(setting.rounds * _MORE), str(rows_saved))
    for saved, way, name, goal in _WANTED:
        pairs = zip(found[saved]["untraced"], found[saved][way], strict=True)
        ratios = tuple(traced / untraced for untraced, traced in pairs)
        yield Row(f"a test that saves {rows_saved:,} rows", name, goal, ratios)
