"""Documents on a terminal and as Markdown."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from build import ALL_TEXTS, RUN, dispatch, trace
from drawing import CONTROL, UNLIMITED, drawn, unwrapped, widest
from hypothesis import given, settings
from hypothesis import strategies as st

from sigexplorer.catalog import facts as catalogued
from sigexplorer.catalog.listing import ListedSignal
from sigexplorer.model import Claim, Trace
from sigexplorer.show import facts, pages
from sigexplorer.show.document import Bullets, Code, Commands, Document, Grid, Heading, Paragraph
from sigexplorer.show.exporters import markdown
from sigexplorer.show.views import document

SMALL: Document = (
    Heading("signals", level=1),
    Paragraph("Some prose."),
    Heading("more"),
    Bullets(("one", "two")),
    Grid(("name", "count"), (("a", "1"), ("b", "22")), right=frozenset({"count"})),
    Code("def receiver(**kwargs):\n    print('[red]')\n"),
)


def document_of(text: str) -> Document:
    """Return a document with ``text`` wherever others decide what is there; titles of columns are ours."""
    return (
        Heading(text, level=1),
        Paragraph(text, quiet=True),
        Bullets((text, text)),
        Grid(("a", "b"), ((text, text), (text, ""))),
        Code(text),
    )


@pytest.mark.parametrize("width", [80, 140, UNLIMITED])
def test_a_document_is_shown_whole(width: int) -> None:
    """Every text of a document is on the terminal."""
    assert document.render(SMALL, UNLIMITED).text() is not None
    text = drawn(document.render(SMALL, width), width)
    for part in ("signals", "Some prose.", "more", "one", "two", "name", "count", "22", "print('[red]')"):
        assert part in text
    assert widest(text) <= width


@pytest.mark.parametrize("width", [40, 80, UNLIMITED])
def test_hostile_texts_are_only_texts(hostile_text: str, width: int) -> None:
    """Nothing in a document moves the cursor, is markup, or is wider than the terminal."""
    text = drawn(document.render(document_of(hostile_text), width), width)
    assert not CONTROL.search(text)
    assert widest(text) <= width
    assert len(text.replace(" ", "")) < 100_000


_TEXT = st.sampled_from(
    ["", "a", " é ", "日本", "two\nlines\n", "x" * 2_100, "\u200b\u2028", "[b]", "a\tb  "]
)


@given(st.data())
@settings(max_examples=40)
def test_what_is_piped_needs_no_rich(data: st.DataObject) -> None:
    """Without Rich a document reads to the letter as with it."""
    cells = st.lists(st.tuples(_TEXT, _TEXT), max_size=3).map(tuple)
    titles = st.tuples(st.sampled_from(["a", "count"]), st.sampled_from(["b", "日本", ""]))
    blocks = st.one_of(
        st.builds(Heading, _TEXT, st.sampled_from([1, 2])),
        st.builds(Paragraph, _TEXT),
        st.builds(Bullets, st.lists(_TEXT, max_size=2).map(tuple)),
        st.builds(Commands, st.lists(st.tuples(_TEXT, _TEXT), max_size=2).map(tuple)),
        st.builds(Grid, titles, cells, st.just(frozenset({"count", "b"})), st.just(frozenset({0}))),
        st.builds(Code, _TEXT),
    )
    shown = document.render(tuple(data.draw(st.lists(blocks, max_size=4))), UNLIMITED)
    text = shown.text()
    with_rich = "".join(f"{line.rstrip()}\n" for line in drawn(shown, UNLIMITED).splitlines())
    assert text in (None, with_rich)


def test_lines_carry_no_padding() -> None:
    """What nobody looks at on a terminal has no thousands of spaces at the ends of its lines."""
    text = drawn(document.render(SMALL, UNLIMITED), UNLIMITED)
    assert max(len(line) for line in text.splitlines()) < 200


def test_markdown_of_a_document() -> None:
    """Headings, lists, tables and code are those of Markdown."""
    text = markdown.write(SMALL)
    assert "# signals\n" in text
    assert "## more\n" in text
    assert "- one\n- two\n" in text
    assert "| name | count |\n| --- | --- |\n| a | 1 |\n| b | 22 |" in text
    assert "```python\ndef receiver(**kwargs):\n    print('[red]')\n```" in text


def test_markdown_has_no_foreign_markup(hostile_text: str) -> None:
    """No text of a document becomes HTML, a link, a heading, a cell or code in Markdown."""
    text = markdown.write(document_of(hostile_text)[:-1])
    assert not CONTROL.search(text)
    assert not re.search(r"(?<!\\)(?:\\\\)*[<>`*_\[\]]", text)
    heading, _, rest = text.partition("\n\n")
    assert heading.startswith("# ")
    table = rest.split("\n\n")[-1].strip().splitlines()
    assert len(table) == 4
    assert {len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in table} == {3}


@given(ALL_TEXTS)
def test_markdown_of_any_text_is_one_line(text: str) -> None:
    """A cell or an item never breaks into several lines, and every file can hold it."""
    written = markdown.write((Bullets((text,)), Grid(("a",), ((text,),))))
    assert len(written.splitlines()) == 5
    written.encode("utf-8")


@pytest.mark.parametrize("python", ["```\n# a heading", "x = '''\n```\n'''", "````"])
def test_markdown_code_ends_where_it_ends(python: str) -> None:
    """Backticks inside of code do not end its block."""
    lines = markdown.write((Code(python),)).strip().splitlines()
    fence = re.match(r"`{3,}", lines[0])
    assert fence
    assert lines[-1] == fence[0]
    assert not any(line.strip().startswith(fence[0]) for line in lines[1:-1])


def test_outcomes_name_what_failed() -> None:
    """The closing table has a row for each run and names the claims that failed."""
    good = trace(dispatch(1), claims=(Claim("fine", held=True, detail=None),))
    bad = trace(
        claims=(Claim("fine", held=True, detail=None), Claim("broken", held=False, detail="saw 1, not 2"))
    )
    told = pages.outcomes([("good", good), ("bad", bad)], {"task": (6, 0)})
    text = drawn(document.render(told, 100), 100)
    assert re.search(r"good\s+1 of 1\s+1", text)
    assert re.search(r"bad\s+1 of 2\s+0", text)
    assert re.search(r"task\s+from 6\.0", text)
    assert "broken" in text
    assert "saw 1, not 2" in text


def test_outcomes_are_safe(hostile_trace: Trace, hostile_text: str) -> None:
    """Names and details of runs are only texts in the closing table, on a terminal and in Markdown."""
    told = pages.outcomes([(hostile_text, hostile_trace)], {})
    assert not CONTROL.search(drawn(document.render(told, 80), 80))
    assert not CONTROL.search(markdown.write(told))


def test_examples_are_safe(hostile_trace: Trace) -> None:
    """A captured example is only text."""
    shown = pages.example(hostile_trace.dispatches[0])
    text = drawn(document.render(shown, 80), 80)
    assert not CONTROL.search(text)
    assert len(text) < 100_000
    assert not CONTROL.search(markdown.write(shown))


LISTED = st.builds(
    ListedSignal,
    signal=ALL_TEXTS,
    name=ALL_TEXTS,
    group=st.just("custom"),
    arguments=st.lists(ALL_TEXTS, max_size=3).map(tuple),
    sender=st.none() | ALL_TEXTS,
    documented=st.booleans(),
    added=st.none(),
    receivers=st.just(3),
    receivers_django=st.just(1),
)


@given(st.lists(LISTED, max_size=3), st.booleans())
def test_any_listing_can_be_shown(signals: list[ListedSignal], wide: bool) -> None:  # noqa: FBT001 - drawn
    """Signals of any name can be listed, wide or narrow, on a terminal and in Markdown."""
    listed = pages.listing(signals, "6.1.3", wide=wide)
    text = drawn(document.render(listed, 140), 140)
    assert not CONTROL.search(text)
    assert widest(text) <= 140
    assert not CONTROL.search(markdown.write(listed))


def test_a_signal_of_a_newer_django_is_listed_as_such() -> None:
    """A signal that the installed Django lacks is shown with the version that has it."""
    later = ListedSignal(
        signal="django.tasks.signals.task_started",
        name="task_started",
        group="tasks",
        arguments=("task_result",),
        sender="the backend",
        documented=True,
        added="6.0",
        receivers=0,
        receivers_django=0,
        exists=False,
    )
    text = drawn(document.render(pages.listing([later], "5.2.19", wide=True), 140), 140)
    assert "task_started (from 6.0)" in text
    assert unwrapped("1 of a newer Django") in unwrapped(text)


def test_what_could_not_be_seen_or_tried_is_not_false() -> None:
    """A claim that fails where Django's dispatch is not known, and one that was not tried, is not proven."""
    claim = Claim("it", held=False, detail=None, step=1, fact="weak-local")
    failed = trace(claims=(claim,))
    unknown = replace(failed, run=replace(RUN, notes=("Signal.send is not Django's as known",)))
    for one, proven in ((failed, "weak-local did not hold"), (unknown, "not proven: weak-local")):
        out = markdown.write(facts.census([one], (6, 1)))
        assert proven in out
        assert f"{len(catalogued.FACTS) - 1} not tried, and so not proven." in out
        assert "weak-lambda did not hold" not in out
        told = markdown.write(pages.outcomes([("one", one)], {}))
        assert ("Signal.send is not Django's as known" in told) == (one is unknown)
