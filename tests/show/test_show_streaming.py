"""Recordings read record by record: what a file may be, and what is said where it is none."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from build import RUN, bypass, call, dispatch, trace, traces
from hypothesis import given
from hypothesis import strategies as st

from sigexplorer.errors import RecordingError
from sigexplorer.model import Claim, Trace
from sigexplorer.show.exporters.documents import export_json, export_lines, stream_lines
from sigexplorer.show.look import Look
from sigexplorer.show.recording import Recording, assemble, check, stream
from sigexplorer.show.source import InMemory

SMALL = trace(
    dispatch(1, calls=(call(), call("b", outcome="raised", error="ValueError: no"))),
    dispatch(2, "pre_save", parent=1, parent_call=0),
    bypass(3),
    claims=(Claim("it holds", held=True, detail=None),),
)
LINES = "".join(export_lines([SMALL]))


def written(folder: Path, content: str | bytes) -> Path:
    """Return a file with that content."""
    file = folder / "run.jsonl"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def read(file: Path) -> tuple[list[Trace], str]:
    """Return the traces in a file, and the warning."""
    recording = Recording(file)
    return list(assemble(recording.records())), recording.warning


def problem_of(file: Path) -> str:
    """Return what is said about a file that cannot be read, and see that it was left as it was."""
    before = file.read_bytes() if file.is_file() and os.access(file, os.R_OK) else b""
    with pytest.raises(RecordingError) as found:
        read(file)
    assert not before or file.read_bytes() == before
    assert "\n" not in found.value.message
    return found.value.message


@given(recorded=st.lists(traces(), max_size=3))
def test_lines_and_documents_give_the_traces_back(recorded: list[Trace], tmp_path_factory: Any) -> None:
    """Traces that were written as lines, or as one document, and read again are the same traces.

    What is written of them while they are read is what is written of them in memory.
    """
    folder = tmp_path_factory.mktemp("recorded")
    by_id = [
        replace(one, callbacks=tuple(sorted(one.callbacks, key=lambda callback: callback.id)))
        for one in recorded
    ]
    if recorded:
        lines = written(folder, "".join(export_lines(by_id)))
        assert read(lines) == (sorted_ties(by_id), "")
        for export in (lambda source: export_json(source, Look()), stream_lines):
            assert "".join(export(Recording(lines))) == "".join(export(InMemory(read(lines)[0])))
    document = written(folder, "".join(export_json(InMemory(by_id), Look())))
    assert read(document) == (sorted_ties(by_id), "")


def sorted_ties(recorded: list[Trace]) -> list[Trace]:
    """Return traces whose callbacks of the same id stand in the order in which they closed."""
    return [next(assemble(json.loads(line) for line in export_lines([one]))) for one in recorded]


@pytest.mark.parametrize("block", [1, 7, 64, 16 * 1024])
def test_blocks_may_end_anywhere(block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However a file is cut into blocks, it is the same trace."""
    monkeypatch.setattr(stream, "_BLOCK", block)
    monkeypatch.setattr(stream, "_START", 400)
    assert read(written(tmp_path, LINES)) == ([SMALL], "")


@pytest.mark.parametrize(
    "changed",
    [
        LINES.rstrip("\n"),
        LINES.replace("\n", "\n\n"),
        LINES.replace("\n", "\r\n"),
        "\ufeff" + LINES,
        LINES.replace('{"type": "bypass"', '{"type": "invented later", "id": 5}\n{"type": "bypass"'),
        LINES.replace('"weak": true', '"weak": true, "invented later": [1]'),
        "".join(f"{json.dumps(dict(sorted(json.loads(line).items())))}\n" for line in LINES.splitlines()),
    ],
    ids=["no last newline", "empty lines", "windows", "mark", "new type", "new key", "sorted keys"],
)
def test_what_does_not_matter(changed: str, tmp_path: Path) -> None:
    """Line ends, empty lines, a byte order mark, the order of keys, later keys and types are no problem."""
    assert read(written(tmp_path, changed)) == ([SMALL], "")


def test_pretty_documents_are_read_too(tmp_path: Path) -> None:
    """A document may be written on one line or on many."""
    document = json.loads("".join(export_json(InMemory([SMALL]), Look())))
    for text in (json.dumps(document), json.dumps(document, indent=4, sort_keys=True)):
        assert read(written(tmp_path, text)) == ([SMALL], "")


@pytest.mark.parametrize("cut", [1, 30, 90])
def test_a_cut_off_line_is_one_warning(cut: int, tmp_path: Path) -> None:
    """Of a killed run everything before its last, half line is shown, with one warning that names it."""
    end = LINES.index('{"type": "bypass"')
    (found,), warning = read(written(tmp_path, LINES[: end + cut]))
    assert [one.id for one in found.dispatches] == [1, 2]
    assert found.bypasses == ()
    assert f"line {LINES[:end].count(chr(10)) + 1} is cut off" in warning


def test_a_run_without_an_end_is_one_warning(tmp_path: Path) -> None:
    """A run that was killed between two lines is shown, and the reader is told that it has no end."""
    (found,), warning = read(written(tmp_path, LINES[: LINES.index('{"type": "end"')]))
    assert found == replace(SMALL, counted=())
    assert "has no end" in warning


RUN_LINE = LINES.partition("\n")[0] + "\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "empty"),
        (" \n\n", "empty"),
        ("hello\nworld\n", "line 1 is no JSON"),
        ("[1, 2]\n", "line 1 is no record of a trace"),
        ("null", "line 1"),
        ('{"a": 1}', "no recording of sigexplorer"),
        ('{"a": 1}\n{"a": 2}\n', "line 1 is no record of a trace"),
        ("{", "line 1 is no JSON"),
        ('{"schema": "sigexplorer.list/1", "signals": []}', "no recording of sigexplorer"),
        ('{"type": "dispatch", "id": 1}\n', "line 1 stands before any run"),
        ('{"type": "run"}\n', "no recording of sigexplorer"),
        (RUN_LINE.replace("trace/1", "trace/2"), "'sigexplorer.trace/2'"),
        ('{"schema": "sigexplorer.trace/2"}', "'sigexplorer.trace/2'"),
        ('{"schema": "sigexplorer.traces/2", "traces": []}', "'sigexplorer.trace/2'"),
        ('{"schema": "sigexplorer.traces/1"}', "no list of 'traces'"),
        ('{"schema": "sigexplorer.traces/1", "traces": [1]}', "one of its 'traces'"),
        ('{"schema": "sigexplorer.trace/1"}', "its 'run' is no object"),
        (b"\xff\xfe{\x00", "line 1 is no JSON"),
        (b"\x00" * 1_000, "line 1 is no JSON"),
        ("[" * 100_000, "line 1 is no JSON"),
        (RUN_LINE + "[" * 100_000 + "\n", "line 2 is no JSON"),
        (RUN_LINE + '{"type": "dispatch", "id": ' + "9" * 5_000 + "}\n", "line 2 is no JSON"),
        (RUN_LINE + "oops\n" + LINES.partition("\n")[2], "line 2 is no JSON"),
        (RUN_LINE + "{},{}\n", "line 2 is no JSON"),
        (RUN_LINE + "{}\n", "line 2 is no record"),
        (RUN_LINE + "[]\n", "line 2 is no record"),
    ],
)  # fmt: skip
def test_what_is_no_recording(content: str | bytes, said: str, tmp_path: Path) -> None:
    """A file that is not ours, or of a newer format, is said to be that, with the line where there is one."""
    assert said in problem_of(written(tmp_path, content))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda record: record.pop("id"),
        lambda record: record.update(id="1"),
        lambda record: record.update(id=0),
        lambda record: record.update(id=True),
        lambda record: record.update(start_ns=1.5),
        lambda record: record.update(duration_ns=-1),
        lambda record: record.update(signal=None),
        lambda record: record.update(method="deliver"),
        lambda record: record.update(parent=record["id"]),
        lambda record: record.update(parent=-1),
        lambda record: record.update(parent=1, parent_call=-1),
        lambda record: record.update(arguments=[]),
        lambda record: record["arguments"].update(nested={}),
        lambda record: record.update(calls={}),
        lambda record: record.update(calls=[1]),
        lambda record: record["calls"][0].pop("receiver"),
        lambda record: record["calls"][0].update(outcome="ignored"),
        lambda record: record["calls"][0].update(duration_ns="1"),
        lambda record: record["calls"][0].update(result=[]),
        lambda record: record.update(origin={"file": 1, "line": 1, "function": ""}),
        lambda record: record.update(origin={}),
        lambda record: record.update(callback="1"),
    ],
)
def test_a_wrong_record_is_named_by_its_line(
    spoil: Callable[[dict[str, Any]], object], tmp_path: Path
) -> None:
    """A record without a key, or with a value of a wrong type, is no trace: its line is said."""
    lines = LINES.splitlines()
    place = next(number for number, line in enumerate(lines) if '"id": 1' in line and '"dispatch"' in line)
    record = json.loads(lines[place])
    spoil(record)
    lines[place] = json.dumps(record)
    assert f"line {place + 1} is wrong: " in problem_of(written(tmp_path, "\n".join(lines) + "\n"))
    document = json.loads("".join(export_json(InMemory([SMALL]), Look())))
    spoil(document["dispatches"][0])
    assert "number 1 of its 'dispatches' is wrong: " in problem_of(written(tmp_path, json.dumps(document)))


@given(data=st.data())
def test_any_damage_is_an_error_or_a_trace(data: st.DataObject, tmp_path_factory: Any) -> None:
    """Whatever value a record has instead of its own, reading ends in a trace or in a said problem."""
    lines = [json.loads(line) for line in LINES.splitlines()]
    record = data.draw(st.sampled_from(lines))
    name = data.draw(st.sampled_from(sorted(record)))
    odd = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
    record[name] = data.draw(odd | st.lists(odd, max_size=2) | st.dictionaries(st.text(max_size=2), odd))
    file = written(tmp_path_factory.mktemp("damaged"), "".join(f"{json.dumps(line)}\n" for line in lines))
    with contextlib.suppress(RecordingError):
        read(file)


def test_a_line_without_an_end_is_not_read_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file with no newline in it, a gigabyte perhaps, is given up after some of it."""
    monkeypatch.setattr(stream, "_LONGEST_LINE", 100_000)
    monkeypatch.setattr(stream, "_START", 1_000)
    read_bytes = 0
    original = stream._Lines.block

    def counted(self: Any, block: bytes) -> Any:
        nonlocal read_bytes
        read_bytes += len(block)
        return original(self, block)

    monkeypatch.setattr(stream._Lines, "block", counted)
    assert "line 2 has no end" in problem_of(written(tmp_path, RUN_LINE + "x" * 1_000_000))
    assert "no recording" in problem_of(written(tmp_path, "{" + " " * 1_000_000))
    assert "line 1 has no end" in problem_of(written(tmp_path, "x" * 1_000_000))
    assert read_bytes < 2_000


def test_a_document_may_be_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One JSON document is read whole, and so has a limit; lines have none."""
    monkeypatch.setattr(stream, "_LARGEST_DOCUMENT", 1_000)
    assert "too large" in problem_of(written(tmp_path, "".join(export_json(InMemory([SMALL]), Look()))))


def test_what_cannot_be_read_at_all(tmp_path: Path) -> None:
    """A folder and a file that is not there are said to be that."""
    assert "is a directory" in problem_of(tmp_path).lower()
    assert "no such file" in problem_of(tmp_path / "missing").lower()


def test_accepted_types_are_not_remembered_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hostile file cannot fill the memory with combinations of types."""
    monkeypatch.setattr(check, "_REMEMBERED", 1)
    shape = check.Shape({"a": (int, str), "b": (int, str)})
    for record in ({"a": 1, "b": 1}, {"a": "", "b": 1}, {"a": 1, "b": ""}):
        assert shape.values(record) == (record["a"], record["b"])
    assert len(shape._accepted) == 1


def test_the_run_may_be_anything_of_its_type() -> None:
    """The record of a run is checked like the others."""
    assert RUN.title
    with pytest.raises(check.WrongRecordError, match="'notes' must be texts"):
        check.check_run({**json.loads(RUN_LINE), "notes": [1]})
    with pytest.raises(check.WrongRecordError, match="'databases' must be texts"):
        check.check_run({**json.loads(RUN_LINE), "databases": {"default": 1}})
