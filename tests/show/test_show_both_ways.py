"""What listening changed, as a document and as records."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest
from build import RUN, bypass, dispatch, trace
from hypothesis import given
from hypothesis import strategies as st

from sigexplorer.answers import BothWays, Happened, Observed, Row, Statement
from sigexplorer.model import Claim, Step
from sigexplorer.show import both_ways
from sigexplorer.show.exporters import markdown
from sigexplorer.show.schemas import comparison_schema

VALIDATOR = jsonschema.Draft202012Validator(comparison_schema())

DEEDS = st.lists(
    st.builds(Happened, st.sampled_from(["signal", "sql", "bypass"]), st.sampled_from("abc")), max_size=12
)


@given(DEEDS, DEEDS)
def test_both_sides_are_kept_in_their_order(watching: list[Happened], listening: list[Happened]) -> None:
    """Read down, each column is what that run did, and a row holds the same twice or one thing once."""
    rows = both_ways.aligned(watching, listening)
    assert [row.watching for row in rows if row.watching] == watching
    assert [row.listening for row in rows if row.listening] == listening
    assert all(row.watching == row.listening or None in (row.watching, row.listening) for row in rows)


@given(DEEDS, DEEDS)
def test_thousands_are_counted(watching: list[Happened], listening: list[Happened]) -> None:
    """Too many to be aligned, the same things are told without their order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(both_ways, "_LARGEST", -1)
        rows = both_ways.aligned(watching, listening)
    assert sorted(map(repr, (row.watching for row in rows if row.watching))) == sorted(map(repr, watching))
    assert sorted(map(repr, (row.listening for row in rows if row.listening))) == sorted(map(repr, listening))
    assert not {row.watching for row in rows if row.listening is None} & {
        row.listening for row in rows if row.watching is None
    }


@given(DEEDS)
def test_what_is_the_same_differs_nowhere(deeds: list[Happened]) -> None:
    """Two runs that did the same have no row of one of them."""
    assert both_ways.aligned(deeds, deeds) == [Row(deed, deed) for deed in deeds]


def _observed(*sql: str, heard: bool, text: str = "delete", held: bool = True) -> Observed:
    sent = dispatch(1, "post_delete", sender=text, start_ns=30)
    quiet = bypass(2, operation="fast_delete", model=text, start_ns=20)
    claim = Claim(text, held, None if held else text)
    made = replace(trace(sent if heard else quiet, claims=(claim,)), run=replace(RUN, title=text))
    made = replace(made, steps=(Step(1, text, 0, 100, None), Step(2, "the same", 100, 100, None)))
    statements = (*(Statement(1, 10, each) for each in sql), Statement(2, 110, "SELECT 1"))
    return Observed(made, statements)


def _ways(text: str = "delete", *, held: bool = True) -> BothWays:
    watching = _observed("DELETE", heard=False, text=text)
    return BothWays(watching, _observed("BEGIN", "DELETE", "COMMIT", heard=True, text=text, held=held))


def test_signals_sql_and_bypasses_stand_in_the_order_of_time() -> None:
    """What a step did is one sequence, whatever its kind."""
    kinds = [deed.kind for deed in both_ways.happened(_ways().watching, 1)]
    assert kinds == ["sql", "bypass"]
    assert [deed.name for deed in both_ways.happened(_ways().watching, 2)] == ["SELECT 1"]


def test_the_document_says_what_was_added_and_removed() -> None:
    """The first sentence counts; a step without changes is only named."""
    text = markdown.write(both_ways.page([_ways()], everything=False))
    assert "Listening adds 1 signal and 2 SQL statements; it removes 1 write without a signal." in text
    assert "the same either way: step 2" in text
    assert "SELECT 1" not in text
    assert "SELECT 1" in markdown.write(both_ways.page([_ways()], everything=True))


def test_nothing_is_said_to_be_nothing() -> None:
    """A story that does the same either way says so."""
    same = _observed("DELETE", heard=False)
    text = markdown.write(both_ways.page([BothWays(same, same)], everything=False))
    assert "Nothing: the same signals and the same SQL" in text


def test_several_end_with_a_table() -> None:
    """Several stories are followed by a table of them; in brief there is nothing else."""
    several = markdown.write(both_ways.page([_ways(), _ways()], everything=False))
    brief = markdown.write(both_ways.page([_ways(), _ways()], everything=False, brief=True))
    assert brief in several
    assert "| +1 | +2 | -1 |" in brief.replace("\\", "")
    assert "fast" in several
    assert "fast" not in brief


@pytest.mark.parametrize("brief", [True, False])
def test_a_claim_that_failed_is_told_with_its_way(brief: bool) -> None:  # noqa: FBT001 - a parameter
    """A claim that did not hold is named, and which run it was."""
    ways = _ways(held=False)
    assert not both_ways.held(ways)
    assert "listening: delete: delete" in markdown.write(
        both_ways.page([ways], everything=False, brief=brief)
    )
    (failed,) = both_ways.records([ways])["comparisons"][0]["failed"]
    assert failed == {"way": "listening", "text": "delete", "detail": "delete"}


def test_records_are_flat_and_valid() -> None:
    """Each change is a row of its own, and the document is what its schema says."""
    document = json.loads(json.dumps(both_ways.records([_ways()])))
    VALIDATOR.validate(document)
    (comparison,) = document["comparisons"]
    changes = [(each["change"], each["kind"], each["name"] or each["sql"]) for each in comparison["changes"]]
    assert changes == [
        ("added", "sql", "BEGIN"),
        ("removed", "bypass", "fast_delete"),
        ("added", "sql", "COMMIT"),
        ("added", "signal", "post_delete"),
    ]
    assert comparison["steps"][0]["watching"] == {"signals": 0, "sql": 1, "bypasses": 1}


def test_long_lists_of_columns_are_counted() -> None:
    """Of a SELECT the number of columns is enough to see that there are more."""
    columns = ", ".join(f'"blog_post"."column_{number}"' for number in range(5))
    sql = f'SELECT {columns} FROM "blog_post" WHERE "blog_post"."id" = %s'  # noqa: S608 - never executed
    assert (
        both_ways.told(Happened("sql", sql))
        == 'SELECT 5 columns FROM "blog_post" WHERE "blog_post"."id" = %s'
    )
    for short in ('SELECT "a" FROM "b"', "SELECT MAX(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o) FROM c"):
        assert both_ways.told(Happened("sql", short)) == short


def test_hostile_texts_are_shown_as_text(hostile_text: str) -> None:
    """Titles, senders and SQL from elsewhere cannot draw, link or run anything."""
    ways = _ways(hostile_text, held=False)
    for cell in markdown.write(both_ways.page([ways], everything=True)).splitlines():
        assert cell.isprintable()
    VALIDATOR.validate(json.loads(json.dumps(both_ways.records([ways]))))
