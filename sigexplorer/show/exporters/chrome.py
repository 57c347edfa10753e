"""Traces in Chrome's trace event format, which Perfetto and speedscope open.

A process for each trace, a track for each thread; what overlaps without being nested, as
async receivers do, has tracks of its own. Steps stand on the first track. A flow leads from
the call, or the on_commit callback, that caused a dispatch on another track to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from sigexplorer.show.exporters.timeline import Timeline
from sigexplorer.show.source import Source, blocks_of

_AT_ONCE = 200  # events


def export(source: Source) -> Iterator[str]:
    """Yield a JSON array with the events of all traces, one a line, while they are read."""
    yield "[\n"
    separator = 2  # characters, of which the first event needs none
    with ExitStack() as files:
        for events in _events(source, files):
            yield events[separator:]
            separator = 0
    yield "\n]\n"


def _events(source: Source, files: ExitStack) -> Iterator[str]:
    """Yield events, each with a separator before it."""
    timeline, number = None, 0
    for block in blocks_of(source):
        for held in block:
            if isinstance(held, tuple):
                if timeline is not None:
                    timeline.row(held)
            elif held["type"] == "run":
                yield from timeline.ending() if timeline is not None else ()
                number += 1
                timeline = Timeline(number, held["title"], files)
            elif timeline is not None:
                timeline.record(held)
        if timeline is not None and len(timeline.events) > _AT_ONCE:
            yield timeline.taken()
    if timeline is not None:
        yield from timeline.ending()
