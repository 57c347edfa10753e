"""A trace as rows: what is folded, what is joined, and how deep what is left stands."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from build import bypass, call, dispatch, trace, traces
from hypothesis import given

from sigexplorer.model import Callback
from sigexplorer.show.filters import Filters
from sigexplorer.show.folding import Row, fold
from sigexplorer.show.nodes import nodes

if TYPE_CHECKING:
    from sigexplorer.model import Trace


def rows_of(
    shown: Trace, *patterns: str, keep: frozenset[str] = frozenset(), everything: bool = False
) -> list[Row]:
    """Return all rows of a trace."""
    timeline = fold(shown, Filters(signals=patterns), keep=keep, everything=everything)
    return [row for section in timeline.sections for row in section.rows]


def ids(rows: list[Row]) -> list[tuple[int, int]]:
    """Return the id of each row and how many it stands for."""
    return [(row.record.id, row.times) for row in rows]


NOISY = trace(
    dispatch(1, "pre_init"),
    dispatch(2, "post_init"),
    dispatch(3, "class_prepared"),
    dispatch(4, "pre_save"),
    dispatch(5, "pre_init"),
)


def test_noise_is_folded_and_counted() -> None:
    """Init signals and class_prepared are left out and counted by name, the most frequent first."""
    timeline = fold(NOISY, Filters())
    assert ids(rows_of(NOISY)) == [(4, 1)]
    assert timeline.folded == {"pre_init": 2, "post_init": 1, "class_prepared": 1}
    assert next(iter(timeline.folded)) == "pre_init"


def test_everything_folds_nothing() -> None:
    """-v shows every dispatch and joins none."""
    assert ids(rows_of(NOISY, everything=True)) == [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1)]
    assert fold(NOISY, Filters(), everything=True).folded == {}


@pytest.mark.parametrize(
    "pattern",
    [
        "pre_init",
        "*_init",
        "pre_*",
        "*",
        "django.db.models.signals.pre_init",
        "django.db.models.signals.*",
        "%init",
    ],
)
def test_noise_that_a_filter_asks_for_is_shown(pattern: str) -> None:
    """Whoever asks for a signal by name, glob, dotted path or group sees it."""
    assert 1 in {row.record.id for row in rows_of(NOISY, pattern)}


@pytest.mark.parametrize("pattern", ["!pre_save", "pre_save", "!%save"])
def test_noise_that_no_filter_asks_for_stays_folded(pattern: str) -> None:
    """To leave something else out is not to ask for noise."""
    assert 1 not in {row.record.id for row in rows_of(NOISY, pattern)}


def test_noise_that_is_marked_is_shown() -> None:
    """What a trigger was asked for is never folded."""
    shown = rows_of(NOISY, keep=frozenset({"class_prepared"}))
    assert [row.record.id for row in shown] == [3, 4]


def test_noise_that_failed_is_shown() -> None:
    """An init signal in which a receiver raised, or which raised itself, is no noise."""
    failing = call(outcome="raised", error="ValueError: no")
    broken = trace(
        dispatch(1, "post_init", calls=(failing,), error="ValueError: no"),
        dispatch(2, "post_init"),
        dispatch(3, "pre_init", error="RuntimeError: no"),
    )
    assert [row.record.id for row in rows_of(broken)] == [1, 3]


def test_repeats_are_joined() -> None:
    """Neighbours that say the same about different objects are one row with their number and time."""
    same = [dispatch(number, arguments=(("instance", f"<blog.Post pk={number}>"),)) for number in (1, 2, 3)]
    (row,) = rows_of(trace(*same))
    assert (row.record.id, row.times, row.duration_ns) == (1, 3, 1_500)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "pre_save"},
        {"sender": "blog.Tag"},
        {"method": "send_robust"},
        {"rolled_back": True},
        {"error": "ValueError: no"},
        {"calls": (call(),)},
        {"calls": (call(outcome="skipped"),)},
        {"arguments": (("created", True),)},
        {"arguments": (("using", "archive"),)},
        {"arguments": (("action", "pre_add"),)},
    ],
)
def test_what_differs_is_not_joined(change: dict[str, object]) -> None:
    """A neighbour with another sender, outcome, fate or telling argument has a row of its own."""
    assert ids(rows_of(trace(dispatch(1), dispatch(2, **change)))) == [(1, 1), (2, 1)]


def test_only_neighbours_are_joined() -> None:
    """A repeat after something else is a new row, so that the order stays visible."""
    mixed = trace(dispatch(1), dispatch(2), dispatch(3, "pre_save"), dispatch(4))
    assert ids(rows_of(mixed)) == [(1, 2), (3, 1), (4, 1)]


def test_what_caused_something_is_not_joined_over_it() -> None:
    """Dispatches that caused others keep rows of their own, each above what it caused."""
    parents = [dispatch(1, calls=(call(),)), dispatch(3, calls=(call(),))]
    children = [dispatch(number, "pre_save", parent=number - 1, parent_call=0) for number in (2, 4)]
    rows = rows_of(trace(*parents, *children))
    assert [(row.record.id, row.depth) for row in rows] == [(1, 0), (2, 1), (3, 0), (4, 1)]


def callback(number: int, **changes: Any) -> Callback:
    """Return a callback that ran."""
    plain = Callback(
        id=number, function="blog.notify", file=None, line=None, using="default", registered_ns=100, step=1,
        parent=None, parent_call=None, origin=None, start_ns=number * 1_000, duration_ns=500,
        ending="returned", error=None,
    )  # fmt: skip
    return replace(plain, **changes)


@pytest.mark.parametrize("names", [["post_save"] * 2, ["pre_save", "post_save"] * 2])
def test_what_a_callback_sent_is_not_joined_with_what_it_did_not(names: list[str]) -> None:
    """Rows below an on_commit callback and those after it stay apart, whatever they say."""
    first, second = names[: len(names) // 2], names[len(names) // 2 :]
    sent = [dispatch(number, name, callback=1) for number, name in enumerate(first, 2)]
    later = [dispatch(number, name) for number, name in enumerate(second, 10)]
    rows = rows_of(replace(trace(*sent, *later), callbacks=(callback(1),)))
    assert [row.times for row in rows] == [1] * (1 + len(names))
    assert [row.depth for row in rows] == [0, *[1] * len(sent), *[0] * len(later)]


def test_who_caused_a_row_is_not_joined_with_the_one_before() -> None:
    """Of dispatches and callbacks that say the same, one that caused what stands below it stands alone."""
    outer = [dispatch(1, calls=(call(),)), dispatch(2, calls=(call(),))]
    shown = trace(*outer, dispatch(3, "pre_save", parent=2, parent_call=0), dispatch(6, callback=5))
    rows = rows_of(replace(shown, callbacks=(callback(4), callback(5))))
    assert ids(rows) == [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (6, 1)]


def test_what_went_differently_in_turn_is_not_joined() -> None:
    """Rows of the same that are kept and rolled back in turn stay in their order."""
    turns = trace(*(dispatch(number, rolled_back=not number % 2) for number in range(1, 7)))
    assert ids(rows_of(turns)) == [(number, 1) for number in range(1, 7)]


def test_bypasses_stand_where_they_happened() -> None:
    """A bypass has a row of its own between the dispatches around it, and is never joined."""
    rows = rows_of(trace(dispatch(1), bypass(2), bypass(3), dispatch(4)))
    assert ids(rows) == [(1, 1), (2, 1), (3, 1), (4, 1)]


def test_causes_are_the_calls_that_sent_something() -> None:
    """A row knows which of its receivers caused dispatches and bypasses, folded ones apart."""
    outer = dispatch(1, calls=(call("a"), call("b"), call("c")))
    inner = dispatch(2, "pre_save", parent=1, parent_call=1)
    noise = dispatch(3, "pre_init", parent=1, parent_call=0)
    rows = rows_of(trace(outer, inner, noise, bypass(4, parent=1, parent_call=2)))
    assert rows[0].causes == {1, 2}
    assert rows_of(trace(outer, inner, noise), everything=True)[0].causes == {0, 1}


def test_depth_counts_only_what_is_shown() -> None:
    """What a folded dispatch caused stands as deep as if that had not been there."""
    chain = trace(
        dispatch(1, "post_save", calls=(call(),)),
        dispatch(2, "post_init", parent=1, parent_call=0, calls=(call(),)),
        dispatch(3, "pre_save", parent=2, parent_call=0),
        bypass(4, parent=2, parent_call=0),
    )
    assert [(row.record.id, row.depth) for row in rows_of(chain)] == [(1, 0), (3, 1), (4, 1)]
    depths = [(row.record.id, row.depth) for row in rows_of(chain, everything=True)]
    assert depths == [(1, 0), (2, 1), (3, 2), (4, 2)]


def test_every_step_is_a_section() -> None:
    """Each step has a section, an empty one too; what is in no step comes first."""
    timeline = fold(trace(dispatch(1, step=None), dispatch(2, step=2), steps=2), Filters())
    titles = [section.step.title if section.step else None for section in timeline.sections]
    assert titles == [None, "step 1", "step 2"]
    assert [len(section.rows) for section in timeline.sections] == [1, 0, 1]
    assert fold(trace(steps=0), Filters()).sections == ()


def test_repeats_of_several_rows_are_joined() -> None:
    """Rows that repeat in turn are joined too, each with its number."""
    names = ["pre_save", "post_save"] * 3 + ["pre_save"]
    rows = rows_of(trace(*(dispatch(number, name) for number, name in enumerate(names, 1))))
    assert ids(rows) == [(1, 3), (2, 3), (7, 1)]


def test_bypasses_of_no_rows_are_folded() -> None:
    """An operation that touched nothing is counted, and shown by -v; one of unknown size is shown."""
    idle = trace(bypass(1, rows=0), bypass(2, rows=None), bypass(3))
    assert [row.record.id for row in rows_of(idle)] == [2, 3]
    assert sum(fold(idle, Filters()).folded.values()) == 1
    assert [row.record.id for row in rows_of(idle, everything=True)] == [1, 2, 3]


@given(traces())
def test_nothing_is_lost(recorded: Trace) -> None:
    """Every dispatch, every bypass and every callback is in a row or counted as folded."""
    timeline = fold(recorded, Filters())
    shown = sum(row.times for section in timeline.sections for row in section.rows)
    records = (*recorded.dispatches, *recorded.bypasses, *recorded.callbacks)
    assert shown + sum(timeline.folded.values()) == len(records)
    everything = fold(recorded, Filters(), everything=True)
    numbers = [row.record.id for section in everything.sections for row in section.rows]
    assert sorted(numbers) == sorted(one.id for one in records)


def test_a_callback_that_ran_at_once_stands_in_its_receiver() -> None:
    """Where no transaction is open it ran in the receiver that registered it, and holds what it sent."""
    recorded = replace(
        trace(
            dispatch(1, calls=(call(duration_ns=9_000),)),
            dispatch(2, "pre_save", parent=1, parent_call=0, callback=1),
            dispatch(3, "pre_delete", parent=2, callback=1),
            dispatch(4, "post_delete", parent=1, parent_call=0),
        ),
        callbacks=(callback(1, start_ns=1_900, parent=1, parent_call=0),),
    )
    timeline = fold(recorded, Filters())
    rows = timeline.sections[0].rows
    assert [(type(row.record).__name__, row.depth) for row in rows] == [
        ("Dispatch", 0), ("Callback", 1), ("Dispatch", 2), ("Dispatch", 3), ("Dispatch", 1),
    ]  # fmt: skip
    receiver = nodes(timeline)[0].inside[0].inside[0]
    ran, last = receiver.inside
    assert ran.what is rows[1]
    assert [each.what for each in (*ran.inside, last)] == [rows[2], rows[4]]
