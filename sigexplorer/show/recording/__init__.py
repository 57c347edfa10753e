"""A trace to and from the records that the contract fixes: whole, or one record at a time."""

from __future__ import annotations

from sigexplorer.show.recording.dump import (
    SCHEMA,
    SCHEMA_MANY,
    dump,
    dump_dispatch,
    dump_many,
    dump_receiver,
    lines_of,
    records,
)
from sigexplorer.show.recording.load import assemble, load
from sigexplorer.show.recording.stream import Parts, Recording

__all__ = [
    "SCHEMA",
    "SCHEMA_MANY",
    "Parts",
    "Recording",
    "assemble",
    "dump",
    "dump_dispatch",
    "dump_many",
    "dump_receiver",
    "lines_of",
    "load",
    "records",
]
