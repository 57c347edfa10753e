"""Long traces: the two ends within a bound, windows, callbacks, and rows without Rich."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from build import bypass, call, dispatch, trace, traces
from drawing import CONTROL, UNLIMITED, drawn, widest
from hypothesis import given
from hypothesis import strategies as st

from sigexplorer.errors import UnknownNameError, UsageError
from sigexplorer.model import Callback, Origin, Trace
from sigexplorer.show import selecting, selection, views
from sigexplorer.show.exporters.documents import export_lines
from sigexplorer.show.filters import Filters, parse_start
from sigexplorer.show.look import Look
from sigexplorer.show.recording import Recording
from sigexplorer.show.source import Chosen, InMemory


def long(count: int, **changes: Any) -> Trace:
    """Return as many dispatches, no two alike, half of them in each of two steps."""
    return trace(
        *(
            dispatch(number, sender=f"blog.M{number}", step=1 + (number > count // 2), **changes)
            for number in range(1, count + 1)
        ),
        steps=2,
    )


def in_file(folder: Path, *recorded: Trace) -> Recording:
    """Return traces as a recording."""
    file = folder / "run.jsonl"
    file.write_text("".join(export_lines(recorded)))
    return Recording(file)


def numbers(text: str) -> list[int]:
    """Return the ids of the rows in a drawing."""
    return [int(found) for found in re.findall(r"^ *(\d+) +\d+\.\d\d ", text, re.MULTILINE)]


def shown(source: Any, look: Look, width: int = UNLIMITED) -> str:
    """Return the timeline of the only trace in a source."""
    (drawing,) = views.draw("table", source, look, width)
    return drawn(drawing, width)


@pytest.mark.parametrize("count", [5_000, 300])
@pytest.mark.parametrize("kind", ["memory", "file"])
def test_a_long_timeline_shows_its_two_ends(kind: str, count: int, tmp_path: Path) -> None:
    """Of a long trace the first and the last rows are shown, and how to see the rest is said."""
    recorded = long(count)
    text = shown(InMemory([recorded]) if kind == "memory" else in_file(tmp_path, recorded), Look(rows=10))
    assert numbers(text) == [1, 2, 3, 4, 5, *range(count - 4, count + 1)]
    assert f"… {count - 10:,} dispatches not shown: --from 6 shows them, --rows 0 shows all" in text


def test_what_stands_in_the_gap_is_not_shown(tmp_path: Path) -> None:
    """A bypass between the two ends of a long recording is left out with what is around it."""
    dispatches = [dispatch(number, sender=f"blog.M{number}") for number in range(1, 3_001) if number != 1_500]
    recorded = trace(bypass(1_500), *dispatches, bypass(3_001))
    text = shown(in_file(tmp_path, recorded), Look(rows=10))
    assert numbers(text) == [1, 2, 3, 4, 5, 2_997, 2_998, 2_999, 3_000, 3_001]
    (found,) = selecting.select(in_file(tmp_path, recorded), Look(rows=10))
    assert [one.id for one in found.trace.bypasses] == [3_001]


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_from_moves_the_window(kind: str, tmp_path: Path) -> None:
    """--from begins at a row, and at a time; what is left out before it is a filter's doing."""
    recorded = long(2_000)
    source: Any = InMemory([recorded]) if kind == "memory" else in_file(tmp_path, recorded)
    text = shown(source, Look(Filters(first=700), rows=6))
    assert numbers(text)[:3] == [700, 701, 702]
    assert "left out by filters: 699 dispatches" in text
    assert numbers(shown(source, Look(Filters(from_ns=1_500_000), rows=4)))[0] == 1_500


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_one_step_by_number_title_or_glob(kind: str, tmp_path: Path) -> None:
    """--step shows one step; one that is not there names its nearest."""
    recorded = long(20)
    source: Any = InMemory([recorded]) if kind == "memory" else in_file(tmp_path, recorded)
    for wanted in ("2", "step 2", "*2"):
        text = shown(source, Look(Filters(step=wanted)))
        assert numbers(text) == list(range(11, 21))
        assert "step 1" not in text
    with pytest.raises(UnknownNameError, match="step 'stepp 2'"):
        shown(source, Look(Filters(step="stepp 2")))


def test_starts_are_numbers_or_times() -> None:
    """A bare number is a row; with a unit it is a time; anything else is refused."""
    assert parse_start("1200") == parse_start("#1200") == (1_200, 0)
    assert parse_start("1.5s") == (0, 1_500_000_000)
    assert parse_start("20ms") == (0, 20_000_000)
    for text in ("", "x", "1.5", "-1", "s", "1h"):
        with pytest.raises(UsageError):
            parse_start(text)


@given(recorded=traces(), rows=st.integers(0, 4))
def test_a_file_shows_what_memory_shows(recorded: Trace, rows: int, tmp_path_factory: Any) -> None:
    """A timeline is the same whether its trace is in memory or in a file."""
    recording = in_file(tmp_path_factory.mktemp("same"), recorded)
    (same,) = selecting.select(recording, Look(verbose=True))
    in_memory = shown(InMemory([same.trace]), Look(verbose=True, rows=rows))
    assert shown(recording, Look(verbose=True, rows=rows)) == in_memory


def test_a_file_is_never_held_whole(tmp_path: Path) -> None:
    """However long a recording is, the records that are kept of it are bounded."""
    recording = in_file(tmp_path, long(5_000))
    (found,) = selecting.select(recording, Look(rows=10))
    assert len(found.trace.dispatches) == 2 * selection._LEAST
    assert found.summary.dispatches == 5_000
    assert found.gap == selection.Gap(4_000, 500)


def test_many_rows_are_drawn_without_rich() -> None:
    """Beyond a screenful rows are plain lines in measured columns, as wide as the terminal at most."""
    recorded = long(500, calls=(call("blog.receivers.a_rather_long_name_of_a_receiver"), call("b" * 50)))
    text = shown(InMemory([recorded]), Look(rows=0), 100)
    assert numbers(text) == list(range(1, 501))
    assert widest(text) <= 100
    assert not CONTROL.search(text)
    wide = shown(InMemory([recorded]), Look(rows=0))
    assert wide.count("blog.receivers.a_rather_long_name_of_a_receiver 500ns; " + "b" * 50) == 500


def test_many_hostile_rows_do_nothing(hostile_text: str) -> None:
    """Hostile texts are as harmless in plain rows as in a table."""
    text = hostile_text[:2_000]
    recorded = trace(
        *(
            dispatch(number, f"{number}{text}", sender=text, error=text, arguments=((text, text),),
                     calls=(call(text, outcome="raised", error=text),))
            for number in range(1, 301)
        )
    )  # fmt: skip
    seen = shown(InMemory([recorded]), Look(rows=0), 120)
    assert not CONTROL.search(seen)
    assert widest(seen) <= 120


TIMES = "\N{MULTIPLICATION SIGN}"


def mail(number: int, **changes: Any) -> Callback:
    """Return a callback that the first call of dispatch 1 registered."""
    plain = Callback(
        number, "blog.tasks.mail", "a.py", 1, "default", 1_100, 1, 1, 0, None, 2_500, 700, "returned", None
    )
    return replace(plain, **changes)


CALLBACKS = replace(
    trace(
        dispatch(1, calls=(call("blog.receivers.remember"),)),
        dispatch(2, "pre_save"),
        dispatch(3, callback=1),
        dispatch(4, parent=3),
        dispatch(5, rolled_back=True, calls=(call("quiet", outcome="muted"),)),
        bypass(6),
    ),
    callbacks=(
        mail(1),
        mail(2, function="lost", ending="discarded", start_ns=None, duration_ns=0),
        mail(3, function="stuck", ending="waiting", start_ns=None, duration_ns=0),
        mail(4, function="broken", ending="raised", start_ns=4_500, error="Boom"),
    ),
)


def test_callbacks_are_rows_where_they_ran() -> None:
    """An on_commit callback stands where it ran, over what it sent, and names who registered it."""
    text = shown(InMemory([CALLBACKS]), Look())
    lines = text.splitlines()
    place = next(number for number, line in enumerate(lines) if "blog.tasks.mail" in line)
    assert "registered by blog.receivers.remember in #1 at 0.00 ms" in lines[place]
    assert numbers(lines[place - 1]) == [2]
    assert [numbers(line) for line in lines[place + 1 : place + 3]] == [[3], [4]]
    assert lines[place + 1].index("post_save") == lines[place - 1].index("pre_save") + 2
    assert "lost discarded: rolled back" in text
    assert "stuck never ran: the transaction did not end" in text
    assert re.search(r"broken 700ns raised Boom", text)
    assert "quiet muted" in text
    assert "rolled back" in text


def test_callbacks_joined_in_a_row_are_not_all_of_the_first() -> None:
    """A row of several callbacks names what registered the first of them, and counts the others."""
    saves = [
        dispatch(number, sender=f"blog.{number}", calls=(call("blog.receivers.remember"),))
        for number in (1, 2, 3)
    ]
    mails = tuple(
        mail(number, parent=number, registered_ns=number * 1_000, start_ns=9_000 + number,
             origin=Origin("blog/views.py", number % 2, "save"))
        for number in (1, 2, 3)
    )  # fmt: skip
    recorded = replace(trace(*saves), callbacks=mails)
    text = shown(InMemory([recorded]), Look(origins=True))
    line = next(line for line in text.splitlines() if f"on_commit {TIMES}3" in line)
    assert "registered by blog.receivers.remember in #1 and 2 more at 0.00 ms first" in line
    assert "from blog/views.py:1 save and 1 other line" in text
    tree = drawn(views.draw("tree", InMemory([recorded]), Look(), 120)[0], 120)
    assert f"on_commit {TIMES}3 blog.tasks.mail" in tree


def test_the_tree_and_the_sequence_know_callbacks() -> None:
    """What a callback sent is nested in it, and it is the sender of its messages."""
    tree = drawn(views.draw("tree", InMemory([CALLBACKS]), Look(), 120)[0], 120)
    assert "on_commit blog.tasks.mail 700ns registered by blog.receivers.remember" in tree
    sequence = drawn(views.draw("sequence", InMemory([CALLBACKS]), Look(verbose=True), 120)[0], 120)
    assert "blog.receivers.remember -> blog.tasks.mail: on_commit default" in sequence
    assert "blog.tasks.mail -> nobody: post_save blog.Post" in sequence
    assert "lost: on_commit default discarded" in sequence


def test_filters_keep_the_callbacks_of_what_they_keep() -> None:
    """A callback is shown with what it sent or with what it was registered in; -Z shows those that raised."""
    assert "on_commit" not in shown(InMemory([CALLBACKS]), Look(Filters(signals=("pre_save",))))
    assert "blog.tasks.mail" in shown(InMemory([CALLBACKS]), Look(Filters(signals=("post_save",))))
    failed = shown(InMemory([CALLBACKS]), Look(Filters(failed=True)))
    assert "broken" in failed
    assert "blog.tasks.mail" not in failed


def test_one_of_several_traces_is_chosen(tmp_path: Path) -> None:
    """--trace takes a number, a title or a glob; what is not there names what is."""
    second = replace(long(3), run=replace(long(3).run, title="another"))
    recording = in_file(tmp_path, long(2), second)
    for wanted in ("2", "another", "an*"):
        assert numbers(shown(Chosen(recording, wanted), Look())) == [1, 2, 3]
    assert len(views.draw("table", Chosen(recording, "*"), Look(), 80)) == 2
    with pytest.raises(UnknownNameError, match="unknown trace 'x'") as found:
        views.draw("table", Chosen(recording, "x"), Look(), 80)
    assert "2 (another)" in found.value.hint


def test_a_typo_in_a_filter_is_no_silence(tmp_path: Path) -> None:
    """A plain name that is not in a file is said, in every view."""
    recording = in_file(tmp_path, long(2))
    for view in views.VIEWS:
        with pytest.raises(UnknownNameError, match="unknown receiver 'nobody'"):
            views.draw(view, recording, Look(Filters(receiver="nobody")), 80)
        views.draw(view, recording, Look(Filters(receiver="nob*")), 80)
