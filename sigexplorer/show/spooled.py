"""What a run has left on the disk, as a source of records: while it is fresh, or after it was killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sigexplorer.model import Bypass, Callback, Counted, Dispatch
from sigexplorer.show.recording.dump import (
    SCHEMA,
    Record,
    dump_bypass,
    dump_callback,
    dump_dispatch,
    dump_receiver,
    dump_run,
    dump_summary,
)
from sigexplorer.show.tally import Tally
from sigexplorer.spool.reading import Spool


class Spooled:
    """The traces of a folder of spools: one."""

    def __init__(self, folder: Path) -> None:
        self.spool = Spool(folder)

    def records(self) -> Iterator[Record]:
        """Yield the records: the run, each as it closed, the receivers, the end."""
        tally = Tally()
        run: Record = {"type": "run", "schema": SCHEMA, **dump_run(self.spool.run)}
        tally.add(run)
        yield run
        for closed in self.spool.records():
            record = _dumped(closed)
            tally.add(record)
            yield record
        yield from ({"type": "receiver", **dump_receiver(receiver)} for receiver in self.spool.receivers)
        counted = _table(self.spool.counted)
        yield {"type": "end", "summary": {**dump_summary(tally.summary()), "counted": counted}}


def _dumped(record: Dispatch | Bypass | Callback) -> Record:
    if isinstance(record, Dispatch):
        return {"type": "dispatch", **dump_dispatch(record)}
    if isinstance(record, Bypass):
        return {"type": "bypass", **dump_bypass(record)}
    return {"type": "callback", **dump_callback(record)}


def _table(counts: tuple[Counted, ...]) -> dict[str, dict[str, int]]:
    table: dict[str, dict[str, int]] = {}
    for one in counts:
        table.setdefault(one.name, {})[one.sender] = one.times
    return table
