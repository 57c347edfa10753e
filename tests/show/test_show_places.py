"""Processes and threads: each row names its own where there are several, in every view and format."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from build import bypass, call, dispatch, trace
from drawing import drawn

from sigexplorer.model import Callback
from sigexplorer.show import views
from sigexplorer.show.exporters import export
from sigexplorer.show.filters import Filters
from sigexplorer.show.folding import fold
from sigexplorer.show.look import Look
from sigexplorer.show.places import Places
from sigexplorer.show.source import InMemory
from sigexplorer.show.views import plain

if TYPE_CHECKING:
    from sigexplorer.model import Trace

VIEWS = [("table", 80), ("table", 140), ("table", 40), ("tree", 100), ("sequence", 100)]
TEXTS = ["markdown", "mermaid", "csv", "chrome", "otlp", "json"]

KEPT = Callback(
    9, "shop.mail", None, None, "default", 8_000, None, None, None, None, 8_500, 10, "returned", None,
    "pool-7", 4711,
)  # fmt: skip


def crowd(*places: tuple[int, str], **more: Any) -> Trace:
    """Return a trace of one dispatch in each of these processes and threads."""
    heard = (call(),)
    found = trace(
        *(
            dispatch(number, process=process, thread=thread, step=None, calls=heard, sender=f"a.M{number}")
            for number, (process, thread) in enumerate(places, 1)
        ),
        steps=0,
    )
    return replace(found, **more)


def told(recorded: Trace, form: str, width: int) -> str:
    """Return what a view draws, or an exporter writes."""
    if form in TEXTS:
        return "".join(export(form, [recorded], Look()))
    return "\n".join(drawn(each, width) for each in views.draw(form, InMemory([recorded]), Look(), width))


@pytest.mark.parametrize(("form", "width"), [*VIEWS, *((form, 0) for form in TEXTS)])
def test_each_process_is_named_where_there_are_several(form: str, width: int) -> None:
    """Rows of several processes tell theirs; a thread that all of them have tells nothing."""
    text = told(crowd((4711, "MainThread"), (4712, "MainThread")), form, width)
    assert "4711" in text
    assert "4712" in text
    if form not in TEXTS:
        assert "Main" not in text
        assert "4711" not in told(crowd((4711, "MainThread"), (4711, "MainThread")), form, width)


@pytest.mark.parametrize(("form", "width"), [*VIEWS, *((form, 0) for form in TEXTS)])
def test_each_thread_is_named_where_there_are_several(form: str, width: int) -> None:
    """Rows of several threads of one process tell theirs, and no process; bypasses and callbacks too."""
    passed = bypass(3, step=None, thread="pool-9", process=4711)
    crowded = crowd((4711, "Thread-1 (work)"), (4711, "pool-8"), bypasses=(passed,), callbacks=(KEPT,))
    text = told(crowded, form, width)
    for name in ("Thread-1", "pool-8", "pool-9"):
        assert name in text or (form in ("chrome", "otlp") and name == "pool-9")
    if form not in TEXTS:
        assert "4711" not in text
        assert "pool-7" in text or form == "sequence"  # there a callback is sent by who registered it


def test_a_long_timeline_names_them_too() -> None:
    """More rows than Rich draws in good time have the same column."""
    timeline = fold(
        crowd((1, "a"), (2, "b"), (2, "c"), bypasses=(bypass(9, process=2, thread="c"),)), Filters()
    )
    (lines,) = plain.sections(timeline, Look(), 200)
    assert "process, thread" in lines[0]
    assert [line.split()[2:4] for line in lines[1:]] == [["1", "a"], ["2", "b"], ["2", "c"], ["2", "c"]]


def test_what_is_nested_elsewhere_says_so() -> None:
    """In the tree a row names its thread only where that is another than what it is nested in."""
    found = trace(
        dispatch(1, step=None, thread="a", calls=(call(),)),
        dispatch(2, step=None, thread="a", parent=1, parent_call=0),
        dispatch(3, step=None, thread="b", parent=1, parent_call=0),
        dispatch(4, step=None, thread="a"),
        steps=0,
    )
    lines = told(found, "tree", 100).splitlines()
    assert [line.strip() for line in lines if line.startswith("in ")] == ["in thread a"]
    assert [line.partition("─ ")[2][:13] for line in lines if "─ post" in line or "─ [" in line] == [
        "post_save blo",
        "[b] post_save",
    ]


def test_rows_of_different_threads_are_not_joined() -> None:
    """Repeats are joined only where one process and thread sent them."""
    alike = [
        dispatch(number, process=process, step=None) for number, process in enumerate([1, 1, 2, 2, 2], 1)
    ]
    (section,) = fold(trace(*alike, steps=0), Filters()).sections
    assert [(row.where, row.times) for row in section.rows] == [("1", 2), ("2", 3)]


def test_filters_leave_the_name_of_the_place() -> None:
    """A row that is the only one shown still says which of several processes it was in."""
    look = Look(Filters(sender="a.M2"))
    (drawing,) = views.draw("table", InMemory([crowd((4711, "a"), (4712, "a"))]), look, 100)
    assert "4712" in drawn(drawing, 100)


def test_what_does_not_say_where_it_was_counts_for_nothing() -> None:
    """A bypass from an older recording names no place and makes none."""
    old = bypass(1)
    places = Places([old, dispatch(2)])
    assert (places.title, places.told(old)) == ("", "")
    assert Places([old, dispatch(2), dispatch(3, thread="b")]).told(old) == ""
