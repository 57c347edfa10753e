"""Traces as JSON: one document, or one record a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import IO, Any

from sigexplorer.model import Bypass, Dispatch, Trace
from sigexplorer.show import recording
from sigexplorer.show.files import putting_away, temporary
from sigexplorer.show.look import Look
from sigexplorer.show.opening_order import opened
from sigexplorer.show.recording.dump import dump_bypass, dump_callback, dump_dispatch, dump_summary
from sigexplorer.show.recording.load import assembled
from sigexplorer.show.rollup import LineWriter
from sigexplorer.show.source import InMemory, Source, each
from sigexplorer.show.tally import Tally

Record = dict[str, Any]

_AT_ONCE = 64 * 1024  # characters


def export_json(source: Source, look: Look) -> Iterator[str]:
    """Yield one JSON document: that of a trace, or of all of them where several were asked for.

    Of a recording it is written while the records are read, and little of it is held.
    """
    if isinstance(source, InMemory):
        traces = list(source.traces)
        several = look.several or len(traces) != 1
        yield json.dumps(recording.dump_many(traces) if several else recording.dump(traces[0]), indent=2)
        yield "\n"
        return
    before, _, after = json.dumps(recording.dump_many([]), indent=2).partition("]")
    with ExitStack() as files:
        waiting = None  # the first: the only one is a document by itself
        count = 0
        for count, found in enumerate(each(source.records()), 1):
            document = _Document(found, files)
            if waiting is not None:
                yield from _indented(waiting, f"{before}\n    " if count == 2 else ",\n    ")  # noqa: PLR2004
            waiting = document
        if waiting is None:
            yield before
        elif count == 1 and not look.several:
            yield from waiting.text()
            yield "\n"
            return
        else:
            yield from _indented(waiting, f"{before}\n    " if count == 1 else ",\n    ")
            yield "\n  "
        yield f"]{after}\n"


def _indented(document: _Document, head: str) -> Iterator[str]:
    yield head
    for chunk in document.text():
        yield chunk.replace("\n", "\n    ")
    document.close()


class _Document:
    """One trace as a document: its long lists wait in files for what comes before them."""

    def __init__(self, found: Iterator[Record], files: ExitStack) -> None:
        self._files = files.enter_context(ExitStack())
        self._lists: dict[str, IO[str]] = {}
        self._kept: list[Record] = []
        self._tally = Tally()
        with putting_away("name a file with -o"):
            for one in opened(self._others(found), self._files):
                if isinstance(one, Dispatch):
                    self._add("dispatches", dump_dispatch(one))
                elif isinstance(one, Bypass):
                    self._add("bypasses", dump_bypass(one))
                else:
                    self._add("callbacks", dump_callback(one))

    def _others(self, found: Iterator[Record]) -> Iterator[Record]:
        """Yield all records; keep those of which there are few."""
        for record in found:
            if record["type"] not in ("dispatch", "bypass", "callback"):
                self._kept.append(record)
                self._tally.add(record)
            yield record

    def _add(self, name: str, record: Record) -> None:
        self._tally.add({"type": name.removesuffix("es"), **record})
        file = self._lists.get(name)
        if file is None:
            file = self._lists[name] = temporary(self._files, "w+", encoding="utf-8", newline="")
        else:
            file.write(",")
        file.write("\n    " + json.dumps(record, indent=2).replace("\n", "\n    "))

    def text(self) -> Iterator[str]:
        """Yield the text of the document."""
        few = recording.dump(assembled(self._kept))
        few["summary"] = dump_summary(self._tally.summary())
        before = "{"
        for name, held in few.items():
            file = self._lists.get(name)
            yield f'{before}\n  "{name}": '
            if file is None:
                yield json.dumps(held, indent=2).replace("\n", "\n  ")
            else:
                file.seek(0)
                yield "["
                while chunk := file.read(_AT_ONCE):
                    yield chunk
                yield "\n  ]"
            before = ","
        yield "\n}"

    def close(self) -> None:
        """Close its files."""
        self._files.close()


def stream_lines(source: Source) -> Iterator[str]:
    """Yield the records of a source, one a line, while they are read; what was cut off gets its end."""
    if isinstance(source, InMemory):
        yield from export_lines(source.traces)
        return
    for found in each(source.records()):
        writer = LineWriter()
        ending: Record = {}
        for record in found:
            if record["type"] == "end":
                ending = record["summary"]
            else:
                yield writer.line(record)
        summary = dump_summary(writer.summary())
        summary |= {name: held for name, held in ending.items() if name in summary}
        yield writer.line({"type": "end", "summary": summary})


def export_lines(traces: Sequence[Trace]) -> Iterator[str]:
    """Yield the records of one trace after the other, one a line."""
    for trace in traces:
        yield from map(LineWriter().line, recording.records(trace))
