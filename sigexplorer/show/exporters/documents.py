"""Traces as JSON: one document, or one record a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from sigexplorer.model import Trace
from sigexplorer.show import recording
from sigexplorer.show.look import Look
from sigexplorer.show.rollup import LineWriter


def export_json(traces: Sequence[Trace], look: Look) -> Iterator[str]:
    """Yield one JSON document: that of a trace, or of all of them where several were asked for."""
    several = look.several or len(traces) != 1
    document = recording.dump_many(list(traces)) if several else recording.dump(traces[0])
    yield json.dumps(document, indent=2)
    yield "\n"


def export_lines(traces: Sequence[Trace]) -> Iterator[str]:
    """Yield the records of one trace after the other, one a line."""
    for trace in traces:
        yield from map(LineWriter().line, recording.records(trace))
