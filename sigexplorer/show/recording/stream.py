"""A recording in a file, read record by record: never more of it in memory than one block."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from sigexplorer.errors import RecordingError
from sigexplorer.show.recording.check import CHECKS, Record, WrongRecordError
from sigexplorer.show.recording.dump import SCHEMA_MANY, lines_of
from sigexplorer.show.recording.load import check_document, check_format
from sigexplorer.show.recording.replay import Replayed
from sigexplorer.show.recording.rows import Row, rows
from sigexplorer.show.recording.unended import unended

_START = 256 * 1024  # bytes by which the kind of a file is told
_BLOCK = 16 * 1024  # bytes read at once: their records fit the processor's cache
_LONGEST_LINE = 64 * 1024 * 1024  # bytes; a line of ours has a few hundred
_LARGEST_DOCUMENT = 256 * 1024 * 1024  # bytes of one JSON document, which is read whole
_MARK = b"\xef\xbb\xbf"  # some editors put it before UTF-8

#: What a recording that is one JSON document begins with, and one of lines.
_DOCUMENT = re.compile(rb'\s*\{\s*"schema"\s*:\s*"sigexplorer\.traces?/')
_LINES = re.compile(rb'^\s*\{\s*"type"\s*:\s*"', re.MULTILINE)


#: A file, or a pipe, that is open for reading.
Opened = BinaryIO | Replayed


class Recording:
    """A recording in a file: every look at it reads the file anew and only reads it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.warning = ""  # what the last look found wrong and could go on after
        self._pipe: Replayed | None = None

    def open(self) -> Opened:
        """Open the file at its beginning; a pipe too, however often."""
        if self._pipe is None and self.file.is_fifo():
            self._pipe = Replayed(self.file.open("rb"))
        return self._pipe or self.file.open("rb")

    def records(self) -> Iterator[Record]:
        """Yield the records, each checked, in the order of their lines: run, ..., end, run, ..."""
        return self._read(by_pattern=False)

    def blocks(self) -> Iterator[Sequence[Row | Record]]:
        """Yield the same, some at a time, and as rows what the pattern of ``rows`` takes: twice as fast."""
        for found in self._read(by_pattern=True):
            yield found if type(found) is list else [found]

    def _read(self, *, by_pattern: bool) -> Iterator[Any]:
        self.warning = ""
        try:
            with self.open() as stream:
                yield from self._of(stream, by_pattern=by_pattern)
            if self.warning:  # the last run was cut off
                told = self.warning
                with self.open() as stream:
                    yield from unended(self._of(stream, by_pattern=False))
                self.warning = told
        except RecordingError as problem:
            raise RecordingError(f"'{self.file}': {problem.message}", problem.hint) from None
        except OSError as problem:
            raise RecordingError(f"cannot read '{self.file}': {problem.strerror or problem}") from problem

    def _of(self, stream: Opened, *, by_pattern: bool) -> Iterator[Any]:
        start = stream.read(_START).removeprefix(_MARK)
        if not start.strip():
            raise RecordingError("it is empty")
        if _is_lines(start):
            yield from _Lines(self, by_pattern=by_pattern).read(stream, start)
        else:
            yield from _document(stream, start)


class Parts:
    """A recording of lines that is entered wherever a part of it begins."""

    def __init__(self, file: Path) -> None:
        self._recording = Recording(file)
        self._file = file.open("rb")

    def records(self, start: int, size: int) -> Iterator[Record]:
        """Yield the records of the whole lines in ``size`` bytes from ``start`` on, each checked.

        ``RecordingError``, without the line's number, where they are none.
        """
        self._file.seek(start - 1)
        if self._file.read(1) != b"\n":
            raise RecordingError("no line begins there")
        lines = _Lines(self._recording, open_already=True)
        pieces: list[bytes] = []
        while size:
            block = self._file.read(min(_BLOCK, size))
            if not block:
                raise RecordingError("it is shorter than it says")
            size -= len(block)
            whole, newline, rest = block.rpartition(b"\n")
            if newline:
                yield from lines.block(b"".join([*pieces, whole]))
                pieces = []
            pieces.append(rest)
        if any(pieces):
            raise RecordingError("no line ends there")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _is_lines(start: bytes) -> bool:
    """Tell lines from one document by the first line, where it can be told, else by how others begin."""
    line, end, rest = start.lstrip().partition(b"\n")
    if end:
        try:
            first = json.loads(line)
        except (ValueError, RecursionError):
            return bool(_LINES.search(start))
        # What is whole and followed by more is no document, whatever it is.
        return bool(rest.strip()) or not isinstance(first, dict) or "type" in first
    return bool(_LINES.match(start)) or not start.lstrip().startswith(b"{")


def _document(stream: Opened, start: bytes) -> Iterator[Record]:
    if not _DOCUMENT.match(start) and len(start) >= _START - len(_MARK) and b"\n" not in start:
        raise RecordingError("it is no recording of sigexplorer")
    content = start + stream.read(_LARGEST_DOCUMENT)
    if len(content) > _LARGEST_DOCUMENT:
        raise RecordingError("it is too large for one JSON document", "record it as .jsonl")
    try:
        document = json.loads(content)
    except json.JSONDecodeError as problem:
        raise RecordingError(f"line {problem.lineno} is no JSON: {problem.msg.lower()}") from None
    except (ValueError, RecursionError):
        raise RecordingError("it is no JSON that can be read") from None
    del content
    for trace in _traces(document):
        check_document(trace)
        yield from lines_of(trace)


def _traces(document: Any) -> list[Any]:
    if not isinstance(document, dict):
        raise RecordingError("it is no recording of sigexplorer")
    family, _, _ = SCHEMA_MANY.partition("/")
    if not str(document.get("schema")).startswith(f"{family}/"):
        return [document]
    traces = document.get("traces")
    if document["schema"] != SCHEMA_MANY or not isinstance(traces, list):
        check_format(str(document["schema"]).replace("traces/", "trace/", 1))
        raise RecordingError("it has no list of 'traces'")
    if not all(isinstance(trace, dict) for trace in traces):
        raise RecordingError("one of its 'traces' is no object")
    return traces


class _Lines:
    """Reads records, one a line; knows the number of the line that is wrong."""

    def __init__(self, recording: Recording, *, open_already: bool = False, by_pattern: bool = False) -> None:
        self._recording = recording
        self._line = 0  # lines before the block
        self._by_pattern = by_pattern
        self._open = open_already  # whether a run has begun and not ended

    def read(self, stream: Opened, start: bytes) -> Iterator[Any]:
        """Yield the records of ``start`` and of what follows it in ``stream``; rows as lists of them."""
        pieces: list[bytes] = []  # of a line whose end was not read yet
        block, length = start, 0
        while block:
            whole, newline, rest = block.rpartition(b"\n")
            if newline:
                joined = b"".join([*pieces, whole])
                yield from self._rows(joined) if self._by_pattern else self.block(joined)
                pieces, length = [], 0
            pieces.append(rest)
            length += len(rest)
            if length > _LONGEST_LINE:
                raise RecordingError(f"line {self._line + 1} has no end: it is no recording of sigexplorer")
            block = stream.read(_BLOCK)
        if (last := b"".join(pieces)).strip():
            yield from self._last(last)
        if self._open and not self._recording.warning:
            self._warn("it has no end: the run was cut off, and this is what there was so far")

    def _rows(self, block: bytes) -> Iterator[list[Row | Record]]:
        """Yield what is in whole lines: rows, and the records of those lines that are none."""
        if not block.isascii():
            yield list(self.block(block))
            return
        made: list[Row | Record] = []
        for found in rows(f"{block.decode('ascii')}\n"):
            if isinstance(found, tuple) and self._open:
                self._line += 1
                made.append(found)
            elif isinstance(found, tuple):
                self._checked({"type": "dispatch"}, self._line + 1)  # says that no run has begun
            else:
                made += self.block(found.removesuffix("\n").encode("ascii"))
        yield made

    def block(self, block: bytes) -> Iterator[Record]:
        """Yield the records of whole lines: read at once, and one by one where that fails."""
        count = block.count(b"\n") + 1
        try:
            found = json.loads(b"[%b]" % block.replace(b"\n", b","))
        except (ValueError, RecursionError):
            found = None
        if found is not None and len(found) == count:
            for number, record in enumerate(found, self._line + 1):
                if self._checked(record, number):
                    yield record
        else:
            for number, line in enumerate(block.split(b"\n"), self._line + 1):
                if line.strip():
                    record = _parsed(line, number)
                    if self._checked(record, number):
                        yield record
        self._line += count

    def _last(self, line: bytes) -> Iterator[Record]:
        """Yield the record of a last line without its end, or warn that it is not a whole one."""
        number = self._line + 1
        try:
            record = _parsed(line, number)
        except RecordingError:
            if not self._line:
                raise
            self._warn(f"line {number} is cut off: the run was stopped, and this is what there was before")
        else:
            if self._checked(record, number):
                yield record

    def _checked(self, record: Any, number: int) -> bool:
        """Tell whether ``record`` is of a type that we know; raise where it is not as it must be."""
        try:
            kind = record["type"]
            check = CHECKS.get(kind)
        except (TypeError, KeyError):
            raise RecordingError(f"line {number} is no record of a trace") from None
        if type(kind) is not str:
            raise RecordingError(f"line {number} is no record of a trace")
        if kind == "run":
            check_format(record.get("schema"))
            self._open = True
        elif not self._open:
            raise RecordingError(f"line {number} stands before any run: it is no recording of sigexplorer")
        elif kind == "end":
            self._open = False
        if check is None:
            return False
        try:
            check(record)
        except WrongRecordError as problem:
            raise RecordingError(f"line {number} is wrong: {problem}") from None
        return True

    def _warn(self, text: str) -> None:
        self._recording.warning = f"'{self._recording.file}': {text}"


def _parsed(line: bytes, number: int) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        raise RecordingError(f"line {number} is no JSON") from None
