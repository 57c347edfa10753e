"""Rows that become lines without records in between: the same lines."""

from __future__ import annotations

from typing import Any

from build import ODD, TEXTS
from hypothesis import given
from hypothesis import strategies as st

from sigexplorer.show.recording import dump_dispatch
from sigexplorer.show.rollup import LineWriter
from sigexplorer.show.rowlines import RowLines, Written
from sigexplorer.spool.assembly import Assembly
from sigexplorer.spool.rows import Shape, ShapeReceiver, Undone

RECEIVERS = st.builds(
    ShapeReceiver, TEXTS, st.none() | TEXTS, st.none() | st.integers(0, 99), st.none() | TEXTS,
    st.booleans(), st.booleans(),
)  # fmt: skip
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | ODD | TEXTS
CLOCKS = st.integers(0, 10**6)


@st.composite
def rows(draw: st.DrawFn) -> tuple[Shape, str, list[Any]]:
    """Return a shape and a row of it: with results, errors, transactions and what cannot be, or without."""
    receivers = tuple(draw(st.lists(st.none() | RECEIVERS, max_size=3)))
    labels = {name: draw(st.none() | TEXTS) for name in draw(st.lists(TEXTS | st.just("using"), max_size=4))}
    shape = Shape(
        draw(TEXTS), draw(TEXTS | st.just("pre_init")), "save", "send", draw(st.none() | TEXTS),
        tuple(labels.items()), receivers,
    )  # fmt: skip
    values = tuple(
        draw(VALUES) if label is None else draw(st.none() | st.integers()) for label in labels.values()
    )
    positions = st.sampled_from(range(-1, len(receivers) or 1))
    notes: dict[str, Any] = {}
    if draw(st.booleans()):
        notes["queries"] = draw(st.dictionaries(positions, st.integers(1, 9), max_size=3))
    if draw(st.booleans()):
        notes["results"] = draw(st.dictionaries(positions, VALUES, max_size=3))
    if draw(st.booleans()):
        notes["sender"] = draw(TEXTS)
    if draw(st.integers(0, 4)) == 0:
        notes["error"] = draw(TEXTS)
    start = draw(CLOCKS)
    clocks = sorted(draw(CLOCKS) + start for _ in receivers)[: draw(st.sampled_from([9, 9, 9, 1]))]
    transactions = draw(st.none() | st.lists(st.tuples(TEXTS | st.just("default"), st.just(1)), max_size=2))
    origin = draw(st.none() | st.tuples(TEXTS, st.integers(0, 99), TEXTS))
    outer, position = draw(st.sampled_from([(0, None), (2, 0), (2, -1), (9, 1)]))
    arguments = values if draw(st.booleans()) else list(zip(labels, values, strict=True))
    row = [3, 0, outer, position, transactions, arguments, notes or None, origin, start, *clocks]
    return shape, draw(TEXTS), row


@given(rows())
def test_the_line_of_a_row_is_the_line_of_its_record(drawn: tuple[Shape, str, list[Any]]) -> None:
    """Whatever a row holds, both ways write the same bytes and count the same."""
    shape, thread, row = drawn
    assembly = Assembly([shape], 0, 11, lambda number: number if 0 < number < 9 else None)
    assembly.learn([Undone(1, 0, 10**5)], ["default"])
    made = RowLines().made(assembly, thread, row)
    whole = assembly.dispatch(thread, row)
    fast, slow = LineWriter(), LineWriter()
    record = {"type": "dispatch", **dump_dispatch(whole)}
    line = (
        fast.written(made)
        if isinstance(made, Written)
        else fast.line({"type": "dispatch", **dump_dispatch(made)})
    )
    assert line == slow.line(record)


def test_ordinary_rows_take_the_short_way() -> None:
    """A dispatch whose receivers returned needs no record."""
    shape = Shape("s", "n", "save", "send", "a.B", (("instance", "a.B"), ("raw", None)), (None,))
    assembly = Assembly([shape], 0, 1, lambda number: number or None)
    row: list[Any] = [1, 0, 0, None, None, (7, False), {"queries": {0: 1}}, ("f.py", 1, "f"), 10, 20]
    assert isinstance(RowLines().made(assembly, "MainThread", row), Written)
    row[5:7] = [("order", 7)], {"sender": "web"}
    assert isinstance(RowLines().made(assembly, "MainThread", row), Written)
