"""What is piped is written without Rich, and reads to the letter as what Rich would write."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest
from build import ALL_TEXTS, RUN, call, dispatch, trace, traces
from drawing import UNLIMITED, drawn, widest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from sigexplorer.model import Trace
from sigexplorer.show import views
from sigexplorer.show.look import Look
from sigexplorer.show.source import InMemory
from sigexplorer.show.views.code import Source
from sigexplorer.show.views.padding import width_of
from sigexplorer.show.views.phrase import Phrase
from sigexplorer.show.views.piped import Piped, Together

LOOKS = [Look(), Look(verbose=True, limit=5_000, origins=True, sources=True)]


def by_rich(drawing: Piped) -> str:
    """Return what Rich writes where nobody looks."""
    return "".join(f"{line.rstrip()}\n" for line in drawn(drawing, UNLIMITED).splitlines())


def report(recorded: Trace, look: Look) -> Together:
    """Return the timeline and the summary of a trace."""
    parts = [views.draw(view, InMemory([recorded]), look, UNLIMITED) for view in ("table", "summary")]
    return Together("", *parts[0], "", *parts[1])


@given(traces(ALL_TEXTS), st.sampled_from(LOOKS))
def test_a_report_reads_the_same_without_rich(recorded: Trace, look: Look) -> None:
    """The timeline and the summary are to the letter what Rich writes."""
    piped = report(recorded, look)
    assert piped.text() in (None, by_rich(piped))


@pytest.mark.parametrize("look", LOOKS, ids=["plain", "full"])
def test_a_hostile_report_reads_the_same_without_rich(hostile_trace: Trace, look: Look) -> None:
    """Whatever texts are in it, nobody needs Rich for it, but where a line is longer than any."""
    piped = report(hostile_trace, look)
    told, needed = piped.text(), by_rich(piped)
    assert told == needed or (told is None and widest(needed) > UNLIMITED // 2)


@given(ALL_TEXTS)
def test_without_rows_it_reads_the_same_without_rich(text: str) -> None:
    """So does a timeline in which everything is folded."""
    recorded = trace(dispatch(1, "class_prepared"), steps=0)
    piped = report(replace(recorded, run=replace(RUN, title=text, notes=(text, "more"))), Look())
    assert piped.text() == by_rich(piped)


@pytest.mark.parametrize("name", ["shop.ship", "\u5e97.\u8239", "shop.e\u0301", "shop.\xe9"])
@pytest.mark.parametrize("count", [3, 250], ids=["short", "long"])
def test_a_long_timeline_reads_the_same_without_rich(count: int, name: str) -> None:
    """So does one that is too long for Rich's tables, whatever letters are in it."""
    rows = (dispatch(number, calls=(call(name), call(f"{name}_{number}"))) for number in range(1, count + 1))
    piped = report(trace(*rows), Look(rows=count))
    text = piped.text()
    assert text == by_rich(piped)
    assert f"{name}_{count}" in text


def test_what_is_longer_than_any_line_is_left_to_rich() -> None:
    """Which breaks it."""
    assert Phrase("x" * UNLIMITED).text() == "x" * UNLIMITED + "\n"
    assert Phrase("x" * (UNLIMITED + 1)).text() is None


@given(ALL_TEXTS)
def test_code_reads_the_same_without_rich(text: str) -> None:
    """Python is not highlighted where there are no colours."""
    assert Source(text).text() == by_rich(Source(text))


@given(st.text())
def test_widths_are_those_of_rich(text: str) -> None:
    """A text that is shown is as wide as Rich says."""
    printable = "".join(filter(str.isprintable, text))
    assert width_of(printable) == cell_len(printable)


def test_widths_of_each_character_are_those_of_rich() -> None:
    """Also of those that are counted without Rich."""
    shown = filter(str.isprintable, map(chr, range(0x3000)))
    assert [one for one in shown if width_of(one) != cell_len(one)] == []


def test_styles_are_those_of_the_pieces() -> None:
    """A piece has its own style on top of that of its phrase, and brings it along."""
    one = Phrase("a", style="bold").append("b", style="red")
    styled = Phrase.joined(", ", (one, Phrase("c"))).styled()
    assert (styled.plain, [(span.start, span.end, span.style) for span in styled.spans]) == (
        "ab, c",
        [(0, 1, "bold"), (1, 2, "bold red")],
    )


#: What says that somebody may look.
LOOKED_AT = {"COLUMNS", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"}


@pytest.mark.parametrize(
    "command", ["scenario login-flow save-user", "trigger post_save", "list", "docs post_save"]
)
def test_rich_is_not_imported_for_a_pipe(command: str) -> None:
    """To import it takes longer than to write a short answer."""
    program = (
        "import runpy, sys\n"
        "try: runpy.run_module('sigexplorer', run_name='__main__')\n"
        "finally: print([name for name in sys.modules if name.partition('.')[0] == 'rich'])"
    )
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program, *command.split()],
        env={name: value for name, value in os.environ.items() if name not in LOOKED_AT},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]"
