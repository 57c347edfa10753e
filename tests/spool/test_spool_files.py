"""One file of rows: what is written is read again, and what is damaged is told from what was cut off."""

from __future__ import annotations

import io
import os
import pickle
import stat
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sigexplorer.errors import RecordingError
from sigexplorer.spool.files import MAGIC, SpoolFile, frames, packed

atoms = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
contents = st.recursive(
    atoms, lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner)
)

FRAMES: list[tuple[Any, ...]] = [("run", {"began": 1}), ("rows", "MainThread", [[1, None]], []), ("end", {})]


def written(folder: Path, *rows: tuple[Any, ...]) -> Path:
    """Return a file with these frames."""
    file = SpoolFile(folder / "1-1")
    for kind, *content in rows:
        file.add(kind, *content)
    return file.path


@given(rows=st.lists(st.tuples(st.text(), contents)))
def test_what_is_written_is_read(
    rows: list[tuple[Any, ...]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Atoms, and lists, tuples and dicts of them, come back as they were."""
    assert list(frames(written(tmp_path_factory.mktemp("spool"), *rows))) == rows


def test_a_file_cut_off_anywhere_is_read_up_to_there(tmp_path: Path) -> None:
    """Whatever byte a killed process came to, every whole frame before it is read, and nothing is wrong."""
    file = written(tmp_path, *FRAMES)
    whole = file.read_bytes()
    lengths = []
    for length in range(len(whole) + 1):
        file.write_bytes(whole[:length])
        found = list(frames(file))
        assert found == FRAMES[: len(found)]
        lengths.append(len(found))
    assert lengths == sorted(lengths)
    assert (lengths[0], lengths[-2], lengths[-1]) == (0, 2, 3)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_file_is_an_error_or_another_text(tmp_path: Path, data: st.DataObject) -> None:
    """A byte that was changed gives other atoms, a shorter file or one error of ours, and nothing else."""
    file = tmp_path / "1-1"
    file.unlink(missing_ok=True)
    written(tmp_path, *FRAMES)
    whole = bytearray(file.read_bytes())
    whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    file.write_bytes(whole)
    try:
        found = list(frames(file))
    except RecordingError as problem:
        assert str(file) in problem.message  # noqa: PT017 - either is right
    else:
        assert all(type(frame[0]) is str for frame in found)


class Evil:
    """Does something as it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_file_that_names_a_function_runs_nothing(tmp_path: Path, protocol: int) -> None:
    """Whoever wrote the file: nothing but atoms is made of it."""
    mark = tmp_path / "ran"
    data = pickle.dumps(("rows", Evil(mark)), protocol)
    file = tmp_path / "1-1"
    file.write_bytes(MAGIC + struct.pack(">I", len(data)) + data)
    with pytest.raises(RecordingError, match="is damaged at byte 24"):
        list(frames(file))
    assert not mark.exists()


@pytest.mark.parametrize(
    "thing", [object(), Path("a"), {1, 2}, Evil(Path("a")), print], ids=lambda thing: type(thing).__name__
)
def test_only_atoms_are_written(tmp_path: Path, thing: object) -> None:
    """Anything that is no atom is refused, and nothing of its frame stands in the file."""
    file = SpoolFile(tmp_path / "1-1")
    if not isinstance(thing, set):  # which is made of atoms
        with pytest.raises(pickle.PicklingError):
            file.add("rows", [1, thing])
    file.add("end")
    assert list(frames(file.path)) == [("end",)]


def test_a_file_that_is_being_made_is_empty() -> None:
    """What is written between two reads of a reader is not taken for a frame, but left to the next time."""

    class Making(io.BytesIO):
        """A file of which nothing is there yet, and all of it a moment later."""

        def read(self, size: int | None = -1, /) -> bytes:
            if not self.getvalue():
                self.write(MAGIC + packed("end"))
                self.seek(0)
                return b""
            return super().read(size)

    class File:
        def open(self, _mode: str) -> Making:
            return Making()

    assert list(frames(File())) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "data",
    [
        b"{}\n",
        b"sigexplorer.spool/2\n",
        MAGIC.upper(),
        b"\x89PNG\r\n",
        MAGIC + struct.pack(">I", 5) + pickle.dumps(1),
        MAGIC + struct.pack(">I", 5) + b"nothi",
        MAGIC + struct.pack(">I", 4) + pickle.dumps(())[:4],
        MAGIC + struct.pack(">I", len(pickle.dumps((1,)))) + pickle.dumps((1,)),
        MAGIC + b"\xff\xff\xff\xff" + b"a long text",
    ],
)
def test_what_is_not_ours_is_said(tmp_path: Path, data: bytes) -> None:
    """Another file, another version of ours, or a frame of something else is one error."""
    (tmp_path / "1-1").write_bytes(data)
    with pytest.raises(RecordingError):
        list(frames(tmp_path / "1-1"))


def test_a_file_is_its_owners_and_new(tmp_path: Path) -> None:
    """Nobody else may read it, a file that is there is not written over, and none is open between writes."""
    file = SpoolFile(tmp_path / "1-1")
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    free = os.open(os.devnull, os.O_RDONLY)
    os.close(free)
    file.add("more")
    again = os.open(os.devnull, os.O_RDONLY)
    os.close(again)
    assert again == free
    with pytest.raises(FileExistsError):
        SpoolFile(file.path)


def test_two_frames_are_two_writes(tmp_path: Path) -> None:
    """What was added is on the disk before anything is closed."""
    file = SpoolFile(tmp_path / "1-1")
    file.add("one")
    assert list(frames(file.path)) == [("one",)]
    file.add("two")
    assert list(frames(file.path)) == [("one",), ("two",)]


def test_a_folder_that_is_gone_is_not_made_again(tmp_path: Path) -> None:
    """A process that outlives the run finds no place to write to."""
    with pytest.raises(FileNotFoundError):
        SpoolFile(tmp_path / "gone" / "1-1")
    file = SpoolFile(tmp_path / "1-1")
    file.path.unlink()
    with pytest.raises(FileNotFoundError):
        file.add("late")
    assert list(tmp_path.iterdir()) == []


def test_what_an_interrupted_write_left_is_written_over(tmp_path: Path) -> None:
    """Only what was noted as written counts, however much of the next frame is there already."""
    file = SpoolFile(tmp_path / "1-1")
    file.add("one")
    torn = packed("torn", "x" * 1_000)
    for part in (torn, torn[:2], torn[:-1]):
        file.write(part, file.size)
        file.add("next")
        assert list(frames(file.path))[-1] == ("next",)
    assert len(list(frames(file.path))) == 4
