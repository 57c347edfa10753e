"""A trace in numbers, and what of it was called, not called and unheard."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from build import RUN, bypass, call, dispatch, trace, traces
from drawing import CONTROL, drawn, widest
from hypothesis import given

from sigexplorer.errors import RecordingError
from sigexplorer.model import CHOOSES, LATE, Counted, ListedReceiver, Trace, summarise
from sigexplorer.show import rollup, views
from sigexplorer.show.coverage import coverage, coverages
from sigexplorer.show.exporters import export
from sigexplorer.show.exporters.documents import export_lines
from sigexplorer.show.filters import Filters, apply
from sigexplorer.show.look import Look
from sigexplorer.show.profiling import profile_of, profiles
from sigexplorer.show.recording import Recording
from sigexplorer.show.rollup import rolled_up
from sigexplorer.show.source import Chosen, InMemory
from sigexplorer.show.tally import Tally


def registered(receiver: str, name: str = "post_save", **changes: Any) -> ListedReceiver:
    """Return a registration of the project's own for every sender."""
    plain = ListedReceiver(
        f"django.db.models.signals.{name}", name, receiver, 1, "a.py", 3, None, None, weak=True,
        is_async=False, alive=True, connected_at=None, stock=False,
    )  # fmt: skip
    return replace(plain, **changes)


NESTED = trace(
    dispatch(1, start_ns=0, duration_ns=10_000, queries=3, calls=(
        call("outer", duration_ns=900, queries=3),
        call("broken", duration_ns=50, outcome="raised", error="Boom"),
        call("late", duration_ns=0, outcome="skipped"),
    )),
    dispatch(2, "pre_save", parent=1, parent_call=0, duration_ns=300,
             calls=(call("inner", duration_ns=250),)),
    dispatch(3, parent=1, parent_call=0, duration_ns=400),
    dispatch(4, duration_ns=100, calls=(call("outer", duration_ns=80),)),
)  # fmt: skip


def test_own_time_is_without_what_was_caused() -> None:
    """A receiver's own time leaves out the dispatches that it caused; its other numbers do not."""
    receivers = profile_of(NESTED).receivers
    outer = receivers["outer"]
    assert (outer.calls, outer.total_ns, outer.own_ns, outer.slowest_ns) == (2, 980, 280, 900)
    assert (outer.mean_ns, outer.queries, outer.errors) == (490, 3, 0)
    assert (receivers["broken"].errors, receivers["late"].calls, receivers["late"].passed) == (1, 0, 1)
    assert receivers["inner"].own_ns == 250


def test_signals_are_counted() -> None:
    """Per signal: dispatches, those unheard, calls, errors; time and SQL of one in another count once."""
    saved = profile_of(NESTED).signals["post_save"]
    assert (saved.dispatches, saved.unheard, saved.calls) == (3, 1, 3)
    assert (saved.total_ns, saved.slowest_ns, saved.queries, saved.errors) == (10_100, 10_000, 3, 1)


def test_a_receiver_inside_of_itself_counts_its_time_once() -> None:
    """Total and SQL are those of the outermost call, however many stand in it; mean and own are of each."""
    record: dict[str, Any] = {"sender": "a.A", "step": None}
    spiral = trace(
        dispatch(1, start_ns=10, duration_ns=900, queries=5,
                 calls=(call("r", duration_ns=800, queries=5),), **record),
        dispatch(2, "pre_save", start_ns=20, duration_ns=700, queries=4, parent=1, parent_call=0,
                 calls=(call("other", duration_ns=650, queries=4),), **record),
        dispatch(3, start_ns=30, duration_ns=600, queries=3, parent=2, parent_call=0,
                 calls=(call("r", duration_ns=500, queries=2), call("r", duration_ns=50, queries=1)),
                 **record),
        dispatch(4, start_ns=40, duration_ns=300, queries=1, parent=3, parent_call=0,
                 calls=(call("r", duration_ns=200, queries=1),), **record),
        dispatch(5, start_ns=2_000, duration_ns=90, calls=(call("r", duration_ns=80),), **record),
        steps=0,
    )  # fmt: skip
    profile = profile_of(spiral)
    again, other = profile.receivers["r"], profile.receivers["other"]
    assert (again.calls, again.total_ns, again.queries, again.mean_ns) == (5, 880, 5, 1_630 // 5)
    assert again.own_ns == 100 + 200 + 50 + 200 + 80
    assert (other.total_ns, other.queries) == (650, 4)
    saved = profile.signals["post_save"]
    assert (saved.dispatches, saved.total_ns, saved.queries) == (4, 990, 5)
    (inner,) = profiles(InMemory([spiral]), Look(Filters(depth=1)))
    assert (inner.receivers["r"].calls, inner.receivers["r"].total_ns) == (2, 880)
    (inner,) = profiles(InMemory([spiral]), Look(Filters(first=3)))
    assert inner.receivers["r"].total_ns == 500 + 50 + 80


def test_rows_that_nobody_counted_are_told() -> None:
    """A bypass of unknown rows is never a sum of 0."""
    for rows, told in (
        ((None,), "1 time, of unknown rows, without a signal"),
        ((2, None), "2 times, at least 2 rows without a signal, 1 time unknown"),
        ((2, 3), "2 times, 5 rows without a signal"),
    ):
        recorded = trace(*(bypass(number, rows=held) for number, held in enumerate(rows, 1)))
        (drawing,) = views.draw("summary", InMemory([recorded]), Look(), 100)
        assert f"update of blog.Post: {told}" in drawn(drawing, 100)


def test_a_part_of_a_run_does_not_claim_the_numbers_of_all() -> None:
    """Where filters leave something out, what is of the whole run says so."""
    (drawing,) = views.draw("summary", InMemory([NESTED]), Look(Filters(sender="blog.P*", first=2)), 200)
    text = drawn(drawing, 200)
    assert "3 dispatches, 2 receiver calls, 0 errors, of a run with 3 SQL statements in 5.00ms" in text
    assert "Longest chain, of the whole run" in text
    (drawing,) = views.draw("summary", InMemory([NESTED]), Look(), 200)
    assert "3 SQL statements, 1 error in 5.00ms" in drawn(drawing, 200)
    (drawing,) = views.draw("table", InMemory([NESTED]), Look(Filters(first=2)), 200)
    assert "the whole run: 4 dispatches, 4 receiver calls, 3 SQL statements" in drawn(drawing, 200)


def test_what_was_not_measured_is_blank() -> None:
    """A signal that nobody heard has no time, instead of none at all."""
    recorded = trace(dispatch(1, "pre_save", duration_ns=0), dispatch(2, calls=(call(),)))
    (drawing,) = views.draw("summary", InMemory([recorded]), Look(), 100)
    (line,) = (line for line in drawn(drawing, 100).splitlines() if line.startswith("pre_save"))
    assert line.split() == ["pre_save", "1", "1"]
    rows = "".join(export("csv", [recorded], Look())).splitlines()
    assert [row.split(",")[9] for row in rows] == ["duration_ns", "", "500"]


def test_recursion_is_named() -> None:
    """A receiver that sends again what it handles is named, and what one dispatch became is counted."""
    profile = profile_of(NESTED)
    assert profile.recursions == {("outer", "post_save", "blog.Post"): 1}
    assert profile.largest is not None
    assert (profile.largest.id, profile.largest.dispatches, profile.largest.levels) == (1, 3, 2)
    deep = trace(
        dispatch(1, sender="a.A", duration_ns=9_000, calls=(call("one"),)),
        dispatch(2, sender="b.B", duration_ns=8_000, parent=1, parent_call=0, calls=(call("two"),)),
        dispatch(3, sender="a.A", parent=2, parent_call=0),
    )
    assert profile_of(deep).recursions == {("one", "post_save", "a.A"): 1}


@given(recorded=traces())
def test_a_file_gives_the_same_numbers_as_memory(recorded: Trace, tmp_path_factory: Any) -> None:
    """Numbers, tally and coverage are the same whether a trace is in memory or in a file."""
    file: Path = tmp_path_factory.mktemp("numbers") / "run.jsonl"
    file.write_text("".join(export_lines([recorded])))
    assert profiles(Recording(file), Look()) == profiles(InMemory([recorded]), Look())
    assert coverages(Recording(file), Look()) == [coverage(recorded)]
    tally = Tally()
    for record in Recording(file).records():
        tally.add(record)
    assert tally.summary() == summarise(recorded)


@given(recorded=traces())
def test_filtered_numbers_are_those_of_what_is_left(recorded: Trace) -> None:
    """A filter counts what it lets through, as if nothing else were in the trace."""
    for filters in (Filters(failed=True), Filters(depth=1), Filters(signals=("!pre_init",))):
        (profile,) = profiles(InMemory([recorded]), Look(filters))
        left = apply(recorded, filters)
        assert sum(numbers.dispatches for numbers in profile.signals.values()) == len(left.dispatches)
        assert profile.summary.dispatches == len(left.dispatches)
        assert profile.filtered == len(recorded.dispatches) - len(left.dispatches)


def test_the_last_line_is_enough_for_the_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording of ours says in its last line what it adds up to, and nothing else is read for it."""
    file = tmp_path / "run.jsonl"
    file.write_text("".join(export_lines([NESTED])))
    expected = [profile_of(NESTED)]
    with monkeypatch.context() as patch:
        patch.setattr(Recording, "records", None)
        assert profiles(Recording(file), Look()) == expected
    assert profiles(Chosen(Recording(file), "1"), Look()) == expected


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace('"Boom"', '"Boom!"'),
        lambda text: text + text,
        lambda text: text[:-20],
        lambda text: text.replace('"bytes": ', '"bytes": 1'),
        lambda text: text.replace('"profile": {"receivers"', '"profile": {"recievers"'),
        lambda text: text.replace('"profile": {', '"profile": [{').replace("}}\n", "}]}\n"),
        lambda text: text.replace('"largest": [1', '"largest": ["1"'),
        lambda text: text.replace('"outer": [2', '"outer": [-2'),
    ],
)
def test_a_last_line_that_does_not_fit_is_not_believed(
    change: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a file was edited, cut or put together, or its numbers are none, the records are counted."""
    file = tmp_path / "run.jsonl"
    changed = change("".join(export_lines([NESTED])))
    assert changed != "".join(export_lines([NESTED]))
    file.write_text(changed)
    assert rolled_up(file) is None
    with contextlib.suppress(RecordingError):
        profiles(Recording(file), Look())
    monkeypatch.setattr(rollup, "_LONGEST", 10)
    assert '"profile"' not in "".join(export_lines([NESTED]))


COVERED = replace(
    trace(
        dispatch(1, calls=(call("called"), call("raiser", outcome="raised"), call("c", outcome="skipped"))),
        dispatch(2, "pre_save", sender="auth.User"),
        dispatch(3, "post_delete", sender="blog.Tag"),
        dispatch(4, "m2m_changed", calls=(call("quiet", outcome="muted"),)),
        bypass(5, would_call=("passed by",)),
    ),
    receivers=(
        registered("called"),
        registered("raiser"),
        registered("c"),
        registered("quiet", "m2m_changed"),
        registered("never", "pre_delete"),
        registered("passed by", "pre_delete"),
        registered("elsewhere", sender="auth.User"),
        registered("dead", alive=False),
        registered("for posts", "post_delete", sender="blog.Post"),
        registered("counted", "pre_init"),
        registered("django.db.reset_queries", "pre_delete", stock=True),
    ),
    counted=(Counted("pre_init", "blog.Post", 9),),
)


@pytest.mark.parametrize(
    ("owner", "unknown"),
    [
        ("shop.Late", {"shop.paid"}),
        ("django.dispatch.dispatcher.Signal", {"shop.paid", "django.db.pre_delete"}),
    ],
)
def test_what_may_have_been_sent_unseen_is_not_called_unsent(owner: str, unknown: set[str]) -> None:
    """Where a way to send came late nobody says never of the signals that may have been sent by it."""
    (one,) = [each for each in COVERED.receivers if each.receiver == "never"]
    signals = ("shop.paid", "django.db.pre_delete")
    receivers = tuple(replace(one, signal=signal) for signal in signals)
    run = replace(COVERED.run, notes=(f"{owner}.send {LATE}: what is sent so is not known",))
    found = coverage(Trace(run, receivers=receivers))
    assert {row.signal for row in found.not_called if row.reason.startswith("not known")} == unknown
    assert {row.signal for row in found.not_called if "never sent" in row.reason} == {*signals} - unknown


def test_a_class_that_chooses_its_receivers_is_the_reason() -> None:
    """Nobody says of a receiver that such a class has left out that it was not connected."""
    run = replace(RUN, notes=(f"{CHOOSES}{dispatch(1).signal}",))
    found = coverage(replace(trace(dispatch(1)), run=run, receivers=(registered("left out"),)))
    assert "whose class chooses" in found.not_called[0].reason
    assert [row.reason for row in found.unheard if "its class chooses" in row.reason]


def test_each_row_of_the_coverage_has_its_reason() -> None:
    """What was called, what was not and what nobody heard: the reason stands in the row."""
    found = coverage(COVERED)
    assert {row.receiver: row.reason for row in found.called} == {
        "called": "connected for every sender",
        "raiser": "connected for every sender; it raised",
    }
    assert {row.receiver: row.reason for row in found.not_called} == {
        "c": "skipped once: a receiver before it raised",
        "quiet": "muted once",
        "never": "pre_delete was never sent",
        "passed by": "pre_delete was never sent; update of blog.Post sent no signal and passed it by",
        "elsewhere": "post_save was sent by blog.Post, never by auth.User",
        "dead": "it is dead: nothing else kept it alive, and its connection is weak",
        "for posts": "post_delete was sent by blog.Tag, never by blog.Post",
        "counted": "pre_init is only counted in this trace, and its calls are not recorded",
    }
    assert {row.signal.rpartition(".")[2]: row.reason for row in found.unheard} == {
        "pre_save": "nobody is connected to it",
        "post_delete": "connected only for blog.Post",
    }


def test_each_registration_counts_for_itself() -> None:
    """A receiver that was called for one signal, or one sender, is not called for its others."""
    recorded = replace(
        trace(dispatch(1, calls=(call("both"),))),
        receivers=(
            registered("both"),
            registered("both", "pre_save"),
            registered("both", sender="auth.User"),
            registered("both", sender="blog.Post"),
        ),
    )
    found = coverage(recorded).not_called
    assert [(row.signal.rpartition(".")[2], row.sender) for row in found] == [
        ("pre_save", None),
        ("post_save", "auth.User"),
    ]


def test_filters_leave_out_rows_and_change_no_reason() -> None:
    """A filter chooses rows of the coverage; it never makes a signal seem not to be sent."""
    (found,) = coverages(InMemory([COVERED]), Look(Filters(signals=("post_delete",))))
    assert [row.receiver for row in found.not_called] == ["for posts"]
    assert found.called == ()
    (found,) = coverages(InMemory([COVERED]), Look(Filters(receiver="elsewhere")))
    assert [row.reason for row in found.not_called] == ["post_save was sent by blog.Post, never by auth.User"]


@pytest.mark.parametrize(
    ("filters", "calls", "unheard"),
    [
        (Filters(), {"blog.Post": 2, "blog.Tag": 1}, 1),
        (Filters(failed=True), {"blog.Post": 1}, 0),
        (Filters(min_ns=600), {"blog.Post": 1}, 0),
        (Filters(depth=1), {"blog.Post": 1, "blog.Tag": 1}, 1),
        (Filters(sender="*Tag"), {"blog.Tag": 1}, 1),
        (Filters(first=3), {"blog.Tag": 1}, 1),
    ],
)
def test_the_coverage_counts_what_the_filters_let_through(
    filters: Filters, calls: dict[str, int], unheard: int
) -> None:
    """The numbers of the coverage are those of the dispatches that the same filters show elsewhere."""
    failing = call("a", outcome="raised", error="ValueError")
    recorded = trace(
        dispatch(1, calls=(call("a"),)),
        dispatch(2, calls=(failing,), parent=1, parent_call=0, duration_ns=700),
        dispatch(3, calls=(call("a"),), sender="blog.Tag"),
        dispatch(4, "pre_save", sender="blog.Tag"),
    )
    (found,) = coverages(InMemory([recorded]), Look(filters))
    assert {name: count for row in found.called for name, count in row.senders} == calls
    assert sum(count for row in found.unheard for _, count in row.senders) == unheard


def test_a_trace_without_registrations_says_so() -> None:
    """What was not called is not guessed where nobody listed what was connected."""
    text = drawn(views.draw("coverage", InMemory([NESTED]), Look(), 100)[0], 100)
    assert "not known" in text


@pytest.mark.parametrize("view", views.VIEWS)
@pytest.mark.parametrize("width", [80, 140])
def test_hostile_texts_do_nothing_in_any_view(view: str, width: int, hostile_trace: Trace) -> None:
    """Whatever stands in a trace, no view writes a control character or a line that is too wide."""
    text = drawn(views.draw(view, InMemory([hostile_trace]), Look(), width)[0], width)
    assert not CONTROL.search(text)
    assert widest(text) <= width


@given(recorded=traces())
def test_any_trace_can_be_seen(recorded: Trace) -> None:
    """Whatever was recorded, every view shows it, folded or not, cut or not."""
    for view in views.VIEWS:
        for look in (Look(), Look(verbose=True, rows=2), Look(rows=1), Look(origins=True, limit=5)):
            (drawing,) = views.draw(view, InMemory([recorded]), look, 90)
            assert drawn(drawing, 90)


def test_the_tree_shows_the_nesting() -> None:
    """A dispatch stands under the call that sent it, and a row has its time and a bar."""
    text = drawn(views.draw("tree", InMemory([NESTED]), Look(), 100)[0], 100)
    lines = [line.rstrip() for line in text.splitlines()]
    tails = [line[line.index("step 1") :] if "step 1" in line else line[-45:].lstrip(" █▏") for line in lines]
    joined = "\n".join(tails)
    for row in ("├─ post_save blog.Post", "│  ├─ outer", "│  │  ├─ pre_save blog.Post", "│  │  │  └─ inner"):
        assert row in text
    assert joined.index("outer") < joined.index("pre_save") < joined.index("broken")
    assert "late skipped" in text
    assert "█" in text


def test_the_tree_of_deep_nesting_is_no_problem() -> None:
    """Nesting as deep as Python's own limit, and deeper, is drawn."""
    deep = trace(
        *(
            dispatch(
                number, parent=number - 1 or None, parent_call=0 if number > 1 else None, calls=(call(),)
            )
            for number in range(1, 3_001)
        )
    )
    text = drawn(views.draw("tree", InMemory([deep]), Look(rows=0, verbose=True), 100)[0], 100)
    assert text.count("post_save") == 3_000
    assert widest(text) <= 100


def test_the_sequence_says_who_called_whom() -> None:
    """A line for each call: from what sent the signal to what received it."""
    text = drawn(views.draw("sequence", InMemory([NESTED]), Look(), 100)[0], 100)
    lines = [line.strip() for line in text.splitlines()]
    for line in (
        "the program -> outer: post_save blog.Post",
        "the program -> broken: post_save blog.Post raised Boom",
        "the program -> late: post_save blog.Post skipped",
        "outer -> inner: pre_save blog.Post",
        "outer -> nobody: post_save blog.Post",
    ):
        assert line in lines


def test_what_is_not_known_is_no_number() -> None:
    """A receiver whose calls nobody saw has no times, and none that was passed over or took nothing."""
    seen = call("a.seen", duration_ns=500)
    unseen = replace(seen, duration_ns=None)
    other = replace(unseen, receiver="a.other", outcome="unknown")
    numbers = profile_of(trace(dispatch(1, calls=(seen, unseen, other)))).receivers
    assert (numbers["a.seen"].mean_ns, numbers["a.seen"].untimed) == (500, 1)
    assert (numbers["a.other"].calls, numbers["a.other"].passed, numbers["a.other"].untimed) == (0, 0, 1)
