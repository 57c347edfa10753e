"""Lines that are read by a pattern: the same exports as of the same lines read as JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from build import call, dispatch, trace, traces
from hypothesis import given
from hypothesis import strategies as st

from sigexplorer.errors import RecordingError
from sigexplorer.model import Origin, Trace
from sigexplorer.show import exporters
from sigexplorer.show.exporters.documents import export_lines
from sigexplorer.show.filters import Filters
from sigexplorer.show.look import Look
from sigexplorer.show.recording import Recording, rows
from sigexplorer.show.source import InMemory, filtered, traces_of

FORMATS = [name for name, form in exporters.FORMATS.items() if form.streams]

#: Texts of which most need nothing: the pattern takes some of these lines, and not all.
PLAIN = st.sampled_from(["blog.Post", "pre_save", "x" * 200, "x" * 201, "a b", '"', "é", "%s", "{", "</x>"])

ORDINARY = trace(
    *(
        dispatch(
            number, start_ns=number * 1_000 - 990, duration_ns=number, queries=1,
            arguments=(("instance", f"<blog.Post pk={number}>"), ("created", True), ("n", -number)),
            calls=(call(start_ns=number * 1_000 - 990, duration_ns=number, result=number % 2 or None),)
            * (number % 3 > 0),
            origin=Origin("blog/views.py", 12, "signup"), rolled_back=number % 2 > 0,
            in_transaction=True, step=1, thread=f"worker {number % 4 // 3}",
        )
        for number in range(1, 30)
    )
)  # fmt: skip


FILTERS = [
    Filters(),
    Filters(signals=("post_*",)),
    Filters(signals=("!%init",), min_ns=7),
    Filters(sender="*Post"),
    Filters(failed=True),
    Filters(depth=1, first=3),
]


class _Records:
    """A recording of which everything is read as JSON."""

    def __init__(self, recording: Recording) -> None:
        self.records = recording.records


def same(name: str, file: Path) -> None:
    """See that a format is the same whichever way a file is read."""
    fast = "".join(exporters.streamed(name, Recording(file), Look()) or ())
    slow = "".join(exporters.streamed(name, _Records(Recording(file)), Look()) or ())
    assert told(name, fast) == told(name, slow)


def told(name: str, text: str) -> Any:
    """Return what an export says: what JSON spells in several ways is the same."""
    if name != "chrome":
        return text
    found = json.loads(text)
    profiles = [each["args"]["data"]["cpuProfile"] for each in found if each["name"] == "CpuProfile"]
    others = [json.dumps(each, sort_keys=True) for each in found if each["name"] != "CpuProfile"]
    return sorted(others), [each["samples"] for each in profiles]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file to write recordings to."""
    return tmp_path_factory.mktemp("rows") / "run.jsonl"


@pytest.mark.parametrize("name", FORMATS)
def test_ordinary_lines_are_the_same_read_by_the_pattern(name: str, file: Path) -> None:
    """What a program mostly sends is read by the pattern, and exported as if it were not."""
    file.write_text("".join(export_lines([ORDINARY])))
    found = [held for block in Recording(file).blocks() for held in block]
    assert sum(isinstance(held, tuple) for held in found) == 29
    same(name, file)


@given(recorded=traces(PLAIN))
def test_any_line_is_the_same_read_by_the_pattern(recorded: Trace, file: Path) -> None:
    """Whatever a line holds, both ways of reading export the same."""
    file.write_text("".join(export_lines([recorded, ORDINARY])))
    for name in FORMATS:
        same(name, file)


LINE = "".join(export_lines([ORDINARY])).splitlines(keepends=True)[1]


@given(st.integers(0, len(LINE) - 2), st.sampled_from(['"', "{", "}", ",", " ", "0", "\\", "[", "é", "n"]))
def test_what_the_pattern_takes_is_json(place: int, letter: str) -> None:
    """A line with a wrong letter anywhere is taken only where it is a record all the same."""
    wrong = LINE[:place] + letter + LINE[place + 1 :]
    for found in rows.rows(wrong):
        if isinstance(found, tuple):
            record = json.loads(wrong)
            assert record.keys() == json.loads(LINE).keys()
            assert record["id"] == int(found[rows.ID])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (LINE.replace('"id": 1, "parent": null', '"id": 1, "parent": 1'), "line 3 is wrong"),
        ("x" + LINE, "line 3 is no JSON"),
        (LINE.replace('"id": 1,', '"id": 01,'), "line 3 is no JSON"),
    ],
)
def test_a_wrong_line_has_its_number(wrong: str, said: str, file: Path) -> None:
    """A line that only looks ordinary is said by its number, as anywhere."""
    first, second, *rest = "".join(export_lines([ORDINARY])).splitlines(keepends=True)
    file.write_text("".join([first, second, wrong, *rest]))
    with pytest.raises(RecordingError, match=re.escape(said)):
        list(Recording(file).blocks())


@given(recorded=traces(), filters=st.sampled_from(FILTERS))
def test_filters_let_the_same_through_while_it_is_read(recorded: Trace, filters: Filters, file: Path) -> None:
    """What is let through record by record is what is let through of a trace in memory."""
    file.write_text("".join(export_lines([recorded, ORDINARY])))
    again = traces_of(Recording(file))
    assert filtered(Recording(file), filters) == filtered(InMemory(again), filters)
