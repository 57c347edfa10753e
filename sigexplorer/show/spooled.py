"""What a run has left on the disk, as a source of records: while it is fresh, or after it was killed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from sigexplorer.model import Bypass, Callback, Counted, Dispatch, Summary
from sigexplorer.show.recording.dump import (
    SCHEMA,
    Record,
    dump_bypass,
    dump_callback,
    dump_claim,
    dump_dispatch,
    dump_receiver,
    dump_run,
    dump_step,
    dump_summary,
)
from sigexplorer.show.recording.rows import Row, rows
from sigexplorer.show.rollup import LineWriter
from sigexplorer.show.rowlines import RowLines, Written
from sigexplorer.show.tally import Tally
from sigexplorer.spool.reading import Spool, runs_in


class Spooled:
    """The traces of a folder of spools: one."""

    def __init__(self, folder: Path, spool: Spool | None = None) -> None:
        self.spool = Spool(folder) if spool is None else spool

    def records(self) -> Iterator[Record]:
        """Yield the records: the run, each as it closed, the receivers, the end."""
        tally = Tally()
        run = self._run()
        tally.add(run)
        yield run
        for closed in self.spool.records():
            record = _dumped(closed)
            tally.add(record)
            yield record
        yield from self._others()
        yield self._end(tally.summary())

    def blocks(self) -> Iterator[Sequence[Row | Record]]:
        """Yield the same, and as rows what is ordinary."""
        yield [self._run()]
        for closed in self.spool.closed(RowLines().made):
            if not isinstance(closed, Written):
                yield [_dumped(closed)]
            else:
                yield [json.loads(found) if isinstance(found, str) else found for found in rows(closed.line)]
        yield list(self._others())

    def lines(self) -> Iterator[str]:
        """Yield the same as the lines of a recording, several times as fast."""
        writer = LineWriter()
        yield writer.line(self._run())
        for closed in self.spool.closed(RowLines().made):
            yield writer.written(closed) if isinstance(closed, Written) else writer.line(_dumped(closed))
        yield from map(writer.line, self._others())
        yield writer.line(self._end(writer.summary()))

    def _run(self) -> Record:
        return {"type": "run", "schema": SCHEMA, **dump_run(self.spool.run)}

    def _others(self) -> Iterator[Record]:
        yield from ({"type": "step", **dump_step(step)} for step in self.spool.steps)
        yield from ({"type": "claim", **dump_claim(claim)} for claim in self.spool.claims)
        yield from ({"type": "receiver", **dump_receiver(receiver)} for receiver in self.spool.receivers)

    def _end(self, summary: Summary) -> Record:
        counted = _table(self.spool.counted)
        return {"type": "end", "summary": {**dump_summary(summary), "counted": counted}}


class SpooledRuns:
    """The traces of a folder in which each file is one: of stories that were run one after the other."""

    def __init__(self, folder: Path, spools: Sequence[Spool]) -> None:
        self._each = [Spooled(folder, spool) for spool in spools]

    def records(self) -> Iterator[Record]:
        """Yield the records of one after the other."""
        for one in self._each:
            yield from one.records()


def spooled(folder: Path) -> Spooled | SpooledRuns:
    """Return what a run has left in a folder."""
    spools = runs_in(folder)
    # Of a story that was killed before its first step there is nothing to tell.
    spools = [spool for spool in spools if spool.steps or spool.claims] or spools
    return Spooled(folder, spools[0]) if len(spools) == 1 else SpooledRuns(folder, spools)


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
