"""Long recordings that are entered in the middle: what is shown is what reading all of it would show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from build import RUN, bypass, call, dispatch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from sigexplorer.model import ListedReceiver, Step, Trace
from sigexplorer.show import selection, window
from sigexplorer.show.exporters.documents import export_lines
from sigexplorer.show.filters import Filters
from sigexplorer.show.look import Look
from sigexplorer.show.recording import Recording, index, stream
from sigexplorer.show.rollup import rolled_up
from sigexplorer.show.selecting import select
from sigexplorer.show.selection import Selection

RECEIVER = ListedReceiver("s", "n", "r", 1, None, None, None, None, weak=True, is_async=False, alive=True,
                          connected_at=None, stock=False)  # fmt: skip
SIGNALS = ("pre_save", "post_save", "pre_init", "post_init", "class_prepared")


@pytest.fixture(autouse=True, scope="module")
def _small() -> Iterator[None]:
    """Let parts, blocks and what is kept be small, so that a short recording is a long one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "_SIZE", 2_000)
        patch.setattr(index, "_MOST", 20)
        patch.setattr(selection, "_LEAST", 6)
        patch.setattr(stream, "_BLOCK", 700)
        yield


@st.composite
def long_traces(draw: st.DrawFn) -> Trace:
    """Return a trace of many parts: nested, in steps, with bypasses and some that failed."""
    count = draw(st.integers(20, 120))
    steps = draw(st.sampled_from([1, 3]))
    records: list[Any] = []
    for number in range(1, count + 1):
        long = draw(st.integers(0, 30)) == 0  # one that closes long after others began
        where = {"start_ns": number * 1_000, "step": (number - 1) * steps // count + 1}
        if draw(st.integers(0, 20)) == 0:
            records.append(bypass(number, **where))
            continue
        outcome: Any = "raised" if draw(st.integers(0, 9)) == 0 else "returned"
        calls = (call(outcome=outcome),) if draw(st.booleans()) else ()
        name = draw(st.sampled_from(SIGNALS))
        records.append(dispatch(number, name, calls=calls, duration_ns=60_000 if long else 500, **where))
    return Trace(
        RUN,
        steps=tuple(
            Step(number, f"step {number}", 0, number * count * 1_000 // steps, None)
            for number in range(1, steps + 1)
        ),
        dispatches=tuple(one for one in records if hasattr(one, "calls")),
        bypasses=tuple(one for one in records if not hasattr(one, "calls")),
        receivers=(RECEIVER,) * draw(st.sampled_from([0, 30])),
    )


LOOKS = st.builds(
    Look,
    filters=st.builds(
        Filters,
        first=st.sampled_from([0, 1, 15, 50, 10_000]),
        from_ns=st.sampled_from([0, 0, 33_000]),
        step=st.sampled_from([None, None, "1", "step *"]),
    ),
    verbose=st.booleans(),
    marked=st.sampled_from([frozenset(), frozenset({"pre_init"})]),
    rows=st.sampled_from([1, 2, 4]),
)


def read_whole(recording: Recording, look: Look) -> Selection:
    """Return what reading all of a recording gives."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(window, "windowed", lambda *_: None)
        (found,) = select(recording, look)
        return found


def plain(found: Selection) -> Selection:
    """Return a selection that compares equal where zeros are the only difference."""
    return replace(found, sent=+found.sent, folded=+found.folded)


@settings(phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(recorded=long_traces(), look=LOOKS)
def test_a_window_is_what_reading_everything_shows(
    recorded: Trace, look: Look, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Records, counts and gap are the same, whether the middle was read or not."""
    file = tmp_path_factory.mktemp("long") / "run.jsonl"
    file.write_text("".join(export_lines([recorded])))
    recording = Recording(file)
    found = window.windowed(recording, look)
    if found is None:
        return
    whole = read_whole(recording, look)
    assert bare(found) == bare(whole)
    if len(recorded.bypasses) <= selection._LEAST:
        assert found.trace.bypasses == whole.trace.bypasses
    else:  # of many, reading everything keeps those at the ends of the file, a window those of its parts
        assert set(found.trace.bypasses) >= set(whole.trace.bypasses)


def bare(found: Selection) -> Selection:
    """Return the same without its bypasses."""
    return replace(plain(found), trace=replace(found.trace, bypasses=()))


def long_file(folder: Path, count: int = 2_000) -> Path:
    """Write a recording of many parts."""
    file = folder / "run.jsonl"
    dispatches = tuple(dispatch(number, step=None, calls=(call(),)) for number in range(1, count + 1))
    file.write_text("".join(export_lines([Trace(RUN, dispatches=dispatches, receivers=(RECEIVER,))])))
    return file


@pytest.mark.parametrize("filters", [Filters(), Filters(first=1_000), Filters(from_ns=1_500_000)])
def test_what_is_not_shown_is_not_read(
    filters: Filters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a long recording a few parts are read, wherever the window is."""
    file = long_file(tmp_path)
    read: list[int] = []
    records = stream.Parts.records

    def counted(self: stream.Parts, start: int, size: int) -> Any:
        read.append(size)
        return records(self, start, size)

    monkeypatch.setattr(stream.Parts, "records", counted)
    (found,) = select(Recording(file), Look(filters, rows=2))
    assert found.summary.dispatches == 2_000
    assert found.gap is not None
    assert sum(read) < file.stat().st_size // 4


def test_an_index_stays_short(tmp_path: Path) -> None:
    """However long the recording, there are so many parts and no more; together they are all of it."""
    file = long_file(tmp_path)
    rolled = rolled_up(file)
    assert rolled is not None
    assert 10 <= len(rolled.parts) <= 20
    assert sum(part.dispatches for part in rolled.parts) == 2_000
    short = long_file(tmp_path, 2)
    rolled = rolled_up(short)
    assert rolled is not None
    assert rolled.parts == ()


@pytest.mark.parametrize("damage", ["start", "size", "shape", "text", "line"])
def test_a_wrong_index_is_not_believed(damage: str, tmp_path: Path) -> None:
    """Where the parts are not what they say, the recording is read from its beginning."""
    file = long_file(tmp_path)
    whole = read_whole(Recording(file), Look(rows=2))
    *lines, last = file.read_text().splitlines(keepends=True)
    end = json.loads(last)
    parts: Any = end["parts"]
    if damage == "start":
        parts[3][0] += 1
    elif damage == "size":
        parts[3][1], parts[4][0], parts[4][1] = parts[3][1] - 5, parts[4][0] - 5, parts[4][1] + 5
    elif damage == "shape":
        parts[3] = [1]
    elif damage == "text":
        parts[3][2] = "many"
    else:  # in the middle of a line all the same: nobody wrote that
        del parts[1:]
    file.write_text("".join([*lines, json.dumps(end) + "\n"]))
    (found,) = select(Recording(file), Look(rows=2))
    assert plain(found) == plain(whole)
