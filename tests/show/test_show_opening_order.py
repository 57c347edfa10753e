"""Records as they opened, of a stream in which they stand as they closed."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigexplorer.errors import OutputError, RecordingError
from sigexplorer.show import opening_order
from sigexplorer.show.exporters import flame
from sigexplorer.show.files import whole, write_file
from sigexplorer.show.opening_order import Opening


def ordered(ids: list[int]) -> list[Any]:
    """Return what comes out when things with these ids go in."""
    with ExitStack() as files:
        opening = Opening(files)
        came = [thing for number in ids for thing in opening.add(number, {"id": number})]
        return [thing["id"] for thing in (*came, *opening.rest())]


@pytest.mark.parametrize("in_memory", [1, 3, 100])
@given(ids=st.permutations(range(1, 20)), gaps=st.sets(st.integers(1, 19)))
def test_everything_comes_once_and_in_order(ids: list[int], gaps: set[int], in_memory: int) -> None:
    """However little is kept in memory and whatever is missing, ids come in order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening_order, "_IN_MEMORY", in_memory)
        patch.setattr(opening_order, "_AT_ONCE", 2)
        kept = [number for number in ids if number not in gaps]
        assert ordered(kept) == sorted(kept)


def test_what_is_next_does_not_wait() -> None:
    """A thing comes at once when all before it have, and takes those with it that waited for it."""
    with ExitStack() as files:
        opening = Opening(files)
        assert list(opening.add(1, "a")) == ["a"]
        assert list(opening.add(3, "c")) == []
        assert list(opening.add(2, "b")) == ["b", "c"]
        assert list(opening.add(2, "again")) == ["again"]  # a file of somebody else's
        assert not opening.waiting


def test_what_is_nested_too_deeply_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON may be read that is deeper than what can wait in a file."""
    monkeypatch.setattr(opening_order, "_IN_MEMORY", 0)
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    with ExitStack() as files, pytest.raises(RecordingError, match="nested too deeply"):
        list(Opening(files).add(2, {"extra": deep}))


def put_away(files: ExitStack) -> list[Any]:
    """Let things wait that come too early."""
    opening = Opening(files)
    return [*opening.add(3, "x" * 100_000), *opening.add(2, "y"), *opening.rest()]


def collect(files: ExitStack) -> list[Any]:
    """Let samples wait until all were made."""
    collected = flame.Flame(files)
    for number in range(2):
        collected.add("x" * 100_000, number * 2, number * 2 + 1)
    return list(collected.profile())


def keep_whole(_files: ExitStack) -> list[Any]:
    """Let a text wait until it is whole."""
    return list(whole(["x"]))


@pytest.mark.parametrize("wait", [put_away, collect, keep_whole])
@pytest.mark.parametrize("room", ["no folder", "no room"])
def test_without_room_for_what_waits_that_is_what_is_said(
    wait: Any, room: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not that the file that was asked for cannot be written."""
    monkeypatch.setattr(opening_order, "_IN_MEMORY", 0)
    monkeypatch.setattr(flame, "_AT_ONCE", 1)
    if room == "no room":
        monkeypatch.setattr(tempfile, "TemporaryFile", lambda mode, **named: open("/dev/full", mode, **named))  # noqa: PTH123, SIM115 - as that does
    else:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))

    def chunks() -> Any:
        with ExitStack() as files:
            yield "".join(wait(files))

    with pytest.raises(OutputError, match="cannot write a temporary file: No "):
        write_file(tmp_path / "out", chunks())
    assert not list(tmp_path.iterdir())
