"""The timeline, at every width."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING

import pytest
from build import ALL_TEXTS, RUN, bypass, call, dispatch, trace, traces
from drawing import CONTROL, UNLIMITED, drawn, unwrapped, widest
from hypothesis import given
from hypothesis import strategies as st

from sigexplorer.model import SECRET, Callback, Claim, Dispatch, Origin, Summary, Trace
from sigexplorer.show.filters import Filters
from sigexplorer.show.look import Look
from sigexplorer.show.selection import selected
from sigexplorer.show.views import heading, sequence, tree
from sigexplorer.show.views import timeline as table

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

WIDTHS = [80, 140, UNLIMITED]
each_width = pytest.mark.parametrize("width", WIDTHS)

NUMBER = re.compile(r"^ *(\d+) +\d+\.\d\d ", re.MULTILINE)

#: A post that is saved, and an audit entry that is saved by its second receiver.
STORY = trace(
    dispatch(1, "pre_init"),
    dispatch(
        2,
        "post_save",
        arguments=(("instance", "<blog.Post pk=1>"), ("created", True), ("raw", False), ("using", "default")),
        calls=(
            call(),
            call("blog.receivers.write_audit_entry", order=2, duration_ns=2_500_000, queries=2),
            call("shop.charge", order=3, outcome="raised", error="ValueError: card declined"),
            call("shop.ship", order=4, outcome="skipped", duration_ns=0),
        ),
        error="ValueError: card declined",
        queries=2,
        origin=Origin("shop/views.py", 31, "checkout"),
    ),
    dispatch(3, "post_save", sender="blog.AuditEntry", parent=2, parent_call=1, step=1),
    bypass(4, would_call=("blog.receivers.reindex",), step=2),
    dispatch(5, "user_logged_out", group="auth", sender=None, step=2, rolled_back=True, method="send_robust"),
    steps=3,
    claims=(Claim("it holds", held=True, detail=None), Claim("it fails", held=False, detail="saw 3, not 4")),
)


def shown(recorded: Trace, look: Look | None = None, width: int = UNLIMITED) -> str:
    """Return the timeline of a trace."""
    return drawn(table.render(recorded, look or Look(), width), width)


def numbers(text: str) -> list[int]:
    """Return the numbers of the rows."""
    return [int(number) for number in NUMBER.findall(text)]


@each_width
def test_everything_is_there(width: int) -> None:
    """Title, steps, signals, senders, arguments, receivers, outcomes, SQL and claims are shown."""
    text = unwrapped(shown(STORY, width=width))
    for part in (
        "scenario small",
        "step 1",
        "step 2",
        "step 3",
        "post_save",
        "blog.Post",
        "instance=<blog.Post pk=1>",
        "created=True",
        "blog.receivers.write_audit_entry",
        "2.50ms",
        "raised ValueError: card declined",
        "shop.ship skipped",
        "blog.AuditEntry",
        "unheard",
        "no signal: update",
        "3 rows",
        "rolled back",
        "send_robust",
        "it holds",
        "FAILED",
        "it fails",
        "saw 3, not 4",
    ):
        assert unwrapped(part) in text, part


@each_width
def test_every_dispatch_has_its_row(width: int) -> None:
    """Each dispatch and bypass that is not folded has a row with its number, in order."""
    assert numbers(shown(STORY, width=width)) == [2, 3, 4, 5]
    assert numbers(shown(STORY, Look(verbose=True), width)) == [1, 2, 3, 4, 5]


@each_width
def test_what_was_caused_is_indented(width: int) -> None:
    """A signal stands two columns further right than the one that caused it."""
    lines = [line for line in shown(STORY, width=width).splitlines() if NUMBER.match(line)]
    places = [re.sub(r"^ *\d+ +\d+\.\d\d ", "", line) for line in lines]
    columns = [len(lines[index]) - len(places[index].lstrip()) for index in (0, 1, 2)]
    assert columns[1] == columns[0] + 2
    assert columns[2] == columns[0]


@each_width
def test_the_header_counts(width: int) -> None:
    """The header says how much there was, what is folded and how to unfold it."""
    head = unwrapped(shown(STORY, width=width).split("step 1")[0])
    for part in (
        "4 dispatches",
        "3 receiver calls",
        "3 SQL statements",
        "1 bypass",
        "1 error",
        "1 pre_init",
        "-v",
    ):
        assert unwrapped(part) in head, part
    assert "pre_init" not in shown(STORY, Look(verbose=True), width).split("step 1")[0]


def test_listening_or_watching_is_said() -> None:
    """The header says whether we listened or only watched."""
    watched = replace(STORY, run=replace(STORY.run, listened=False))
    assert "listening" in shown(STORY)
    assert "watching" in shown(watched)
    assert "listening" not in shown(watched)


def test_what_filters_leave_out_is_counted() -> None:
    """Nobody takes a filtered timeline for the whole: the header says how many dispatches are left out."""
    text = shown(STORY, Look(Filters(signals=("user_logged_out",))))
    assert numbers(text) == [5]
    assert "3 dispatches" in text.split("step 1")[0]


def test_notes_of_the_run_are_shown() -> None:
    """What the reader must know to believe a trace is said before it."""
    noted = replace(STORY, run=replace(STORY.run, notes=("this Django is not known",)))
    assert "this Django is not known" in shown(noted).split("step 1")[0]


def test_a_step_without_signals_says_so() -> None:
    """A step in which nothing was sent is shown, and says that nothing was."""
    text = shown(STORY).partition("step 3")[2]
    assert "no signal" in text.splitlines()[1]


def test_a_step_that_failed_says_why() -> None:
    """A step that was stopped shows the error."""
    step = replace(STORY.steps[0], error="LookupError: no such thing")
    assert "LookupError: no such thing" in shown(replace(STORY, steps=(step, *STORY.steps[1:])))


@each_width
def test_origins_are_shown_on_request(width: int) -> None:
    """-k says which line sent it."""
    where = unwrapped("shop/views.py:31 checkout")
    assert where in unwrapped(shown(STORY, Look(origins=True), width))
    assert where not in unwrapped(shown(STORY, width=width))


def test_usual_arguments_are_shown_on_request() -> None:
    """raw=False and its like go without saying, except by -v; other values are always shown."""
    assert "raw=False" not in shown(STORY)
    assert "raw=False" in shown(STORY, Look(verbose=True))
    assert "using=archive" in shown(trace(dispatch(1, arguments=(("using", "archive"),))))


def test_marked_signals_stand_out() -> None:
    """What a trigger was asked for is marked, and shown even where it is noise."""
    plain, marked = (shown(STORY, Look(marked=frozenset(names))) for names in ((), ("pre_init",)))
    assert numbers(marked)[0] == 1
    (row,) = (line for line in marked.splitlines() if NUMBER.match(line) and "pre_init" in line)
    assert row not in plain
    assert "> pre_init" in row


@pytest.mark.parametrize("limit", [1, 20, 500])
def test_values_are_as_long_as_asked_for(limit: int) -> None:
    """-s bounds each value; what is longer ends with an ellipsis."""
    long = trace(dispatch(1, arguments=(("text", "Z" * 300),)))
    text = shown(long, Look(limit=limit))
    assert text.count("Z") == (300 if limit > 300 else limit - 1)
    assert ("…" in text) == (limit < 300)


def test_secrets_stay_masked() -> None:
    """A value that was masked when it was recorded is shown as asterisks."""
    text = shown(trace(dispatch(1, arguments=(("password", SECRET),))))
    assert re.search(r"password=\*+", text)


def test_repeats_show_their_number() -> None:
    """A row that stands for several says for how many."""
    text = shown(trace(*(dispatch(number) for number in range(1, 1_001))))
    assert "\N{MULTIPLICATION SIGN}1000" in text.replace(",", "")
    assert numbers(text) == [1]


def test_sources_are_shown_on_request() -> None:
    """--source puts the code of each step under its heading, with its brackets."""
    step = replace(STORY.steps[0], source="user.save()\nprint('[red]done[/red]')")
    sourced = replace(STORY, steps=(step, *STORY.steps[1:]))
    text = shown(sourced, Look(sources=True), 80)
    assert (
        text.index("step 1")
        < text.index("user.save()")
        < text.index("[red]done[/red]")
        < text.index("step 2")
    )
    assert "user.save()" not in shown(sourced)


def test_code_that_is_too_long_goes_on_below_with_a_mark() -> None:
    """Nothing of a line is lost at the edge, and what goes on is marked."""
    line = f"print({', '.join(map(str, range(60)))})"
    sourced = replace(STORY, steps=(replace(STORY.steps[0], source=line), *STORY.steps[1:]))
    lines = [text.rstrip() for text in shown(sourced, Look(sources=True), 80).splitlines()]
    first = next(place for place, text in enumerate(lines) if text.startswith("print("))
    more = list(takewhile(lambda text: text.startswith("↪ "), lines[first + 1 :]))
    assert len(more) > 1
    assert "".join([lines[first], *more]).replace("↪", "").replace(" ", "") == line.replace(" ", "")


@each_width
def test_an_empty_trace_is_no_error(width: int) -> None:
    """A trace of nothing says that there is nothing."""
    assert "no dispatches" in shown(trace(steps=0), width=width)


@pytest.mark.parametrize("width", [40, *WIDTHS])
@pytest.mark.parametrize(
    "look", [Look(), Look(verbose=True, limit=5_000, origins=True, sources=True)], ids=["plain", "full"]
)
def test_hostile_texts_are_only_texts(hostile_trace: Trace, width: int, look: Look) -> None:
    """Nothing in a trace is markup, moves the cursor, breaks the table or fills the screen."""
    text = shown(hostile_trace, look, width)
    assert not CONTROL.search(text)
    assert widest(text) <= width
    assert len(text) < 200_000
    assert numbers(text) == [1, 2, 3]


@each_width
def test_hostile_repeats_are_only_texts(width: int, hostile_text: str) -> None:
    """Nor are names in a row that stands for several."""
    calls = (call(hostile_text), call(f"django.{hostile_text}"))
    text = shown(trace(*(dispatch(number, calls=calls) for number in (1, 2, 3))), width=width)
    assert "\N{MULTIPLICATION SIGN}3" in text
    assert not CONTROL.search(text)
    assert len(text) < 200_000


@each_width
def test_markup_is_shown_as_it_is(width: int, make_trace: Callable[[str], Trace]) -> None:
    """Brackets of a name are brackets."""
    assert "[red]x[/red]" in unwrapped(shown(make_trace("[red]x[/red]"), width=width))
    assert ":boom:" in unwrapped(shown(make_trace(":boom:"), width=width))


@given(traces(ALL_TEXTS), st.sampled_from([40, 80, 140, UNLIMITED]), st.booleans())
def test_any_trace_can_be_shown(recorded: Trace, width: int, verbose: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever was recorded is shown within the width, every dispatch of it when nothing is folded."""
    text = shown(recorded, Look(verbose=verbose, origins=verbose, sources=verbose), width)
    assert widest(text) <= width
    assert not CONTROL.search(text)
    if verbose and width >= 80:
        wanted = {record.id for record in (*recorded.dispatches, *recorded.bypasses)}
        assert wanted <= {int(number) for number in re.findall(r"^ *(\d+) ", text, re.MULTILINE)}


@given(traces(ALL_TEXTS))
def test_any_dispatch_is_one_row_when_nobody_counts_columns(recorded: Trace) -> None:
    """Unlimited, a signal and its sender stand on the line of its number."""
    lines = shown(recorded, Look(verbose=True)).splitlines()
    for record in recorded.dispatches:
        assert isinstance(record, Dispatch)
        assert any(re.match(rf" *{record.id} ", line) for line in lines)


@each_width
def test_repeats_that_fail_alike_say_so(width: int) -> None:
    """A row that stands for several has what became of each receiver, if it did not just return."""
    calls = (
        call("shop.book", outcome="muted", duration_ns=0),
        call("shop.charge", order=2, outcome="raised", error="ValueError: card declined"),
        call("shop.ship", order=3, outcome="skipped", duration_ns=0),
    )
    recorded = trace(*(dispatch(number, calls=calls, error="ValueError: card declined") for number in (1, 2)))
    text = " ".join(shown(recorded, width=width).split())
    assert "×2" in text  # noqa: RUF001 - the contract's sign
    assert "shop.book muted" in text
    assert "shop.charge raised" in text
    assert "shop.ship skipped" in text


def test_a_database_other_than_sqlite_is_named_above() -> None:
    """The kinds of databases are said where there was another one than SQLite, each once."""

    def told(*vendors: str) -> str:
        databases = tuple((f"alias{number}", vendor) for number, vendor in enumerate(vendors))
        return heading.title(replace(RUN, databases=databases), Summary(0, 0, 0, 0, 0)).plain

    assert "Django 6.1.3, postgresql, listening" in told("postgresql", "postgresql")
    assert "Django 6.1.3, sqlite, postgresql, listening" in told("sqlite", "postgresql")
    assert "Django 6.1.3, listening" in told("sqlite")


@pytest.mark.parametrize(("width", "rows"), [(140, 1), (UNLIMITED, 1), (UNLIMITED, 300)])
def test_who_wrote_past_the_signals_is_told(width: int, rows: int) -> None:
    """With -k a bypass and a callback name their line as a dispatch does, in a long timeline too."""
    place = Origin("shop/tasks.py", 7, "sweep")
    crowd = trace(
        *(bypass(number, origin=place, rows=1, would_call=("a.b",)) for number in range(1, rows + 1))
    )
    text = unwrapped(shown(crowd, Look(origins=True, rows=0), width))
    assert text.count("fromshop/tasks.py:7") == rows
    assert text.count("1row,nottold:a.b") == rows
    assert "shop/tasks.py" not in shown(crowd, Look(rows=0), width)


@pytest.mark.parametrize("view", [table, tree, sequence])
@pytest.mark.parametrize("deep", [60, 500])
def test_deep_nesting_leaves_rows_to_be_read(view: ModuleType, deep: int) -> None:
    """Rows that are nested very deep say how deep, and are no wider for it."""
    rest = [dispatch(number, parent=number - 1, parent_call=0, calls=(call(),)) for number in range(2, deep)]
    recorded = trace(dispatch(1, calls=(call(),)), *rest, steps=0)
    text = drawn(view.draw(selected(recorded, Look()), Look(), UNLIMITED), UNLIMITED)
    assert re.search(r"\u2026\d+ deep ", text)
    assert widest(text) < 200


def test_a_callback_is_shown_by_its_number() -> None:
    """The row of an on_commit callback has the number that it has in JSON, in long timelines too."""
    done = Callback(7, "mail", None, None, "default", 50, 1, None, None, None, 900, 5, "returned", None)
    for many in (1, 300):
        sent = [dispatch(number, sender=f"blog.Post{number}") for number in range(10, 10 + many)]
        assert re.search(r"(?m)^ *7 .*on_commit", shown(replace(trace(*sent), callbacks=(done,)), width=200))
