"""The outline: a trace without what differs from run to run."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from build import ALL_TEXTS, bypass, call, dispatch, trace, traces
from drawing import CONTROL
from hypothesis import given

from sigexplorer.model import Claim, Origin, Trace
from sigexplorer.show.outline import outline

ROOT = Path(__file__).resolve().parents[2]


def line(**changes: object) -> str:
    """Return the line of one dispatch."""
    return outline(trace(dispatch(1, **changes))).splitlines()[-1].strip()


def value(held: object, name: str = "value") -> str:
    """Return what an argument is in an outline."""
    return line(arguments=((name, held),)).partition("=")[2]


def test_an_outline_reads_from_top_to_bottom() -> None:
    """Title, steps, dispatches under what caused them, bypasses and claims, each on its line."""
    told = trace(
        dispatch(1, "pre_init"),
        dispatch(
            2,
            arguments=(("instance", "<blog.Post pk=7>"), ("created", True)),
            calls=(
                call(),
                call("shop.charge", outcome="raised", error="ValueError: no"),
                call("shop.ship", outcome="skipped"),
            ),
            error="ValueError: no",
        ),
        dispatch(3, "post_init", parent=2, parent_call=0),
        dispatch(4, "pre_save", sender="blog.Tag", parent=3, parent_call=0),
        bypass(5, parent=2, parent_call=0, would_call=("blog.receivers.reindex", "b")),
        dispatch(6, "pre_init"),
        dispatch(7, "user_logged_out", sender=None, step=2, method="send_robust", rolled_back=True),
        bypass(8, step=2, rows=None),
        steps=3,
        claims=(Claim("it holds", held=True, detail=None), Claim("it fails", held=False, detail="saw 3")),
    )
    told = replace(told, steps=(*told.steps[:2], replace(told.steps[2], error="KeyError: 'x'")))
    assert (
        outline(told)
        == """\
# scenario small

## step 1
  post_save blog.Post instance=<blog.Post pk=*> created=True -> blog.receivers.reindex returned; \
shop.charge raised ValueError: no; shop.ship skipped
    pre_save blog.Tag
    no signal: update blog.Post 3 -> blog.receivers.reindex, b
  post_init \N{MULTIPLICATION SIGN}1
  pre_init \N{MULTIPLICATION SIGN}2

## step 2
  user_logged_out None by send_robust() rolled back
  no signal: update blog.Post unknown

## step 3
  stopped by KeyError: 'x'

held it holds
FAILED it fails
"""
    )


def test_what_differs_from_run_to_run_is_left_out() -> None:
    """Another time, thread, process, place, id or duration gives the same outline."""
    one = trace(dispatch(1, calls=(call(),)), bypass(2))
    other = trace(
        dispatch(
            41,
            calls=(call(file="/elsewhere/receivers.py", line=99, start_ns=7, duration_ns=8, queries=0),),
            start_ns=77,
            duration_ns=88,
            thread="Thread-7",
            process=4_242,
            origin=Origin("/elsewhere/views.py", 3, "view"),
        ),
        bypass(52, start_ns=3),
    )
    other = replace(other, run=replace(other.run, started_at="2027-01-01T00:00:00.000000Z", duration_ns=1))
    assert outline(one) == outline(other)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "pre_save"},
        {"sender": "blog.Tag"},
        {"sender": None},
        {"arguments": (("created", False),)},
        {"calls": ()},
        {"calls": (call(outcome="skipped"),)},
        {"calls": (call("other"),)},
        {"method": "asend"},
        {"rolled_back": True},
        {"error": "RuntimeError: loop"},
    ],
)
def test_what_the_program_does_is_kept(change: dict[str, object]) -> None:
    """Another sender, argument, receiver, outcome, method or fate gives another outline."""
    plain = {"arguments": (("created", True),), "calls": (call(),)}
    assert line(**plain) != line(**{**plain, **change})


@pytest.mark.parametrize(
    ("held", "shown"),
    [
        ("<auth.User pk=17>", "<auth.User pk=*>"),
        ("<auth.User pk='amy'>", "<auth.User pk=*>"),
        ("<shop.Line pk=(1, 2)>", "<shop.Line pk=*>"),
        ("<auth.User pk=None>", "<auth.User pk=None>"),
        ("[<auth.User pk=1>, <auth.User pk=22>]", "[<auth.User pk=*>, <auth.User pk=*>]"),
        ("<Thing object at 0x7f0123456789>", "<Thing object>"),
        ("/home/me/project/shop/views.py", "views.py"),
        ("/home/my name/shop/views.py", "views.py"),
        (r"C:\Users\me\views.py", "views.py"),
        ("FileNotFoundError: '/tmp/a1/b2.txt' is gone", "FileNotFoundError: 'b2.txt' is gone"),
        ("<WSGIRequest GET /posts/3/>", "<WSGIRequest GET /posts/3/>"),
        ("<environ POST /login>", "<environ POST /login>"),
        ("<scope http GET /async/page>", "<scope http GET /async/page>"),
        ("a/b and/or c", "a/b and/or c"),
        ("https://example.org/a/b", "https://example.org/a/b"),
        ("2026-11-20T10:00:00.123456+00:00", "<time>"),
        ("2026-11-20 10:00:00", "<time>"),
        ("2026-11-20", "2026-11-20"),
        ("3f2504e0-4f89-11d3-9a0c-0305e82c3301", "<uuid>"),
        (17, "17"),
        (True, "True"),
        (None, "None"),
        ("two\nlines", r"two\nlines"),
    ],
)
def test_values_are_made_steady(held: object, shown: str) -> None:
    """Keys, addresses, folders, times and UUIDs go; paths of requests, dates and numbers stay."""
    assert value(held) == shown


@pytest.mark.parametrize(
    ("name", "held", "shown"),
    [
        ("pk_set", "{1, 2}", "{*, *}"),
        ("pk_set", "{}", "{}"),
        ("pk_set", None, "None"),
        ("pk_set", "{'a', 'b', 'c'}", "{*, *, *}"),
        ("pk", 17, "*"),
        ("order_id", 17, "*"),
        ("order_id", None, "None"),
        ("valid", 17, "17"),
    ],
)
def test_arguments_that_are_keys_are_left_out(name: str, held: object, shown: str) -> None:
    """Of a set of keys its size is kept, of a key whether there is one."""
    assert value(held, name) == shown


def test_init_signals_are_counted() -> None:
    """Init signals are counted in each step; failed ones are listed, and all of them on request."""
    noisy = trace(
        dispatch(1, "pre_init"), dispatch(2, "pre_init"), dispatch(3, "class_prepared"),
        dispatch(4, "post_init", error="ValueError: no"), dispatch(5, "pre_init", step=2), steps=2,
    )  # fmt: skip
    assert [text.strip() for text in outline(noisy).splitlines()[3:]] == [
        "post_init blog.Post -> raised ValueError: no",
        "class_prepared \N{MULTIPLICATION SIGN}1",
        "pre_init \N{MULTIPLICATION SIGN}2",
        "",
        "## step 2",
        "pre_init \N{MULTIPLICATION SIGN}1",
    ]
    assert outline(noisy, everything=True).count("pre_init blog.Post") == 2


def test_lines_that_say_the_same_are_joined() -> None:
    """Consecutive lines that say the same become one with their number; others stay apart."""
    told = outline(trace(dispatch(1), dispatch(2), dispatch(3, "pre_save"), dispatch(4)))
    assert [text.strip() for text in told.splitlines()[3:]] == [
        "post_save blog.Post \N{MULTIPLICATION SIGN}2",
        "pre_save blog.Post",
        "post_save blog.Post",
    ]


def test_a_filtered_trace_has_an_outline() -> None:
    """What was caused by a dispatch that is not there stands at the left."""
    told = outline(trace(dispatch(5, parent=1, parent_call=0), dispatch(6, parent=5, parent_call=0)))
    assert told.splitlines()[3:] == ["  post_save blog.Post", "    post_save blog.Post"]


def test_hostile_texts_are_only_texts(hostile_trace: Trace) -> None:
    """No text of a trace breaks a line, hides or fills the outline."""
    told = outline(hostile_trace)
    assert not CONTROL.search(told)
    assert len(told) < 50_000
    assert len(told.splitlines()) == 10


@given(traces(ALL_TEXTS))
def test_any_trace_has_an_outline(recorded: Trace) -> None:
    """Every trace has one, it has a line for every step and claim, and a file can hold it."""
    told = outline(recorded)
    told.encode("utf-8")
    assert not CONTROL.search(told)
    lines = told.splitlines()
    assert sum(text.startswith("## ") for text in lines) == len(recorded.steps)
    assert sum(text.startswith(("held ", "FAILED ")) for text in lines) == len(recorded.claims)


@given(traces())
def test_the_outline_of_a_recording_is_that_of_the_trace(recorded: Trace) -> None:
    """Two identical traces have identical outlines, and times do not matter."""
    later = replace(
        recorded,
        dispatches=tuple(
            replace(one, start_ns=one.start_ns + 1, duration_ns=0) for one in recorded.dispatches
        ),
    )
    assert outline(recorded) == outline(later)


def test_an_outline_needs_neither_django_nor_rich() -> None:
    """An outline can be made where neither Django nor Rich is installed."""
    program = "import sys; sys.modules.update(django=None, rich=None); import sigexplorer.show.outline"
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.returncode, done.stderr) == (0, "")
