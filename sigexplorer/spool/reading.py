"""A folder of spools into records: several processes, one trace.

Every file is read front to back. What has to be known beforehand is what was rolled back, and of
several processes when each row opened: the ids of the trace are in that order.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from itertools import zip_longest
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

from sigexplorer.errors import NothingRecordedError, RecordingError
from sigexplorer.model import Bypass, Callback, Counted, Dispatch, ListedReceiver, Origin, Run, Trace
from sigexplorer.spool import presence
from sigexplorer.spool.assembly import Assembly
from sigexplorer.spool.common import Joined, parts
from sigexplorer.spool.files import frames
from sigexplorer.spool.numbering import Numbers, Starts, ranked
from sigexplorer.spool.rows import (
    ID,
    OUTER,
    START,
    Bypassed,
    Event,
    Flight,
    Kept,
    Promised,
    Shape,
    ShapeReceiver,
    Undone,
)

Record = Dispatch | Bypass | Callback

#: What is made of the row of a dispatch.
Made = TypeVar("Made")

_EVENTS: dict[str, type[Any]] = {kind.__name__: kind for kind in (Bypassed, Undone, Promised, Kept)}

_NAME = re.compile(r"\d+-\d+")

_RECEIVER = tuple(each.name for each in fields(ListedReceiver))

_KILLED = "a process ended before it could say so: its last moments are missing"


@dataclass(slots=True)
class _Process:
    """What one file says beside its dispatches."""

    path: Path | Joined
    run: dict[str, Any] = field(default_factory=dict)
    end: dict[str, Any] | None = None  # None: it was killed
    so_far: dict[str, Any] = field(default_factory=dict)  # the same as the end, of a while before
    shapes: list[Shape] = field(default_factory=list)
    undone: list[Undone] = field(default_factory=list)
    kept: dict[int, Kept] = field(default_factory=dict)
    receivers: tuple[ListedReceiver, ...] = ()
    counted: tuple[Counted, ...] = ()
    latest: int = 0  # the last clock reading
    lacking: set[int] = field(default_factory=set)  # ids of what rows were sent in, and that are in no file
    recent: set[int] = field(default_factory=set)  # ids of the rows that were read last
    older: set[int] = field(default_factory=set)  # and of those before them
    starts: Starts | None = None  # None: it is the only process

    @property
    def known(self) -> dict[str, Any]:
        """What it has said last of all."""
        return self.so_far if self.end is None else self.end


class Spool:
    """A folder of spools; ``RecordingError`` where one is damaged, ``NothingRecordedError`` without any."""

    def __init__(self, folder: Path) -> None:
        files = sorted(folder.iterdir()) if folder.is_dir() else []
        self._running, self._killed = presence.joined(folder) if files else ((), ())
        common, _ = parts(folder)
        paths = {path.name: path for path in files} | common
        names = [paths[name] for name in sorted(paths) if _NAME.fullmatch(name)]
        found = [_known(path, several=len(names) > 1) for path in names]
        self._processes = sorted(
            (process for process in found if process.run), key=lambda process: process.run["began"]
        )
        if not self._processes:
            raise NothingRecordedError(f"'{folder}' holds nothing that was recorded")
        self._began = self._processes[0].run["began"]
        _look_for_lacking(self._processes)
        self._ranks = ranked(each.starts for each in self._processes if each.starts is not None)

    @property
    def run(self) -> Run:
        """Where, when and how it was recorded, all processes together."""
        first = self._processes[0]
        ends = [process.known for process in self._processes]
        notes = [note for end in ends for note in end.get("notes", ())]
        without_end = [process.run["process"] for process in self._processes if process.end is None]
        if self._killed or not set(without_end).issubset(self._running):
            notes.append(_KILLED)
        if self._running:
            notes.append(presence.told(self._running))
        return Run(
            title=first.run["title"],
            listened=first.run["listened"],
            started_at=first.run["started_at"],
            duration_ns=max(process.latest for process in self._processes) - self._began,
            sigexplorer=first.run["sigexplorer"],
            django=first.run["django"],
            python=first.run["python"],
            databases=tuple(dict(pair for end in ends for pair in end.get("databases", ())).items()),
            dropped=sum(end.get("dropped", 0) for end in ends),
            complete=not (self._running or self._killed) and all(end.get("complete", False) for end in ends),
            queries=sum(end.get("queries", 0) for end in ends),
            notes=tuple(dict.fromkeys(notes)),
        )

    @property
    def faults(self) -> list[str]:
        """The first few faults of ours, in words."""
        return [fault for process in self._processes for fault in process.known.get("faults", ())]

    @property
    def signals(self) -> set[tuple[str, str, str]]:
        """Path, name and group of every signal that was sent."""
        shapes = (shape for process in self._processes for shape in process.shapes)
        return {(shape.signal, shape.name, shape.group) for shape in shapes}

    @property
    def injected(self) -> dict[str, tuple[int, bool, str]]:
        """What became of faults on purpose, in all processes: calls met, whether it happened, a problem."""
        found: dict[str, tuple[int, bool, str]] = {}
        for process in self._processes:
            for text, calls, met, problem in process.known.get("injected", ()):
                before = found.get(text, (0, False, ""))
                found[text] = (before[0] + calls, before[1] or met, before[2] or problem)
        return found

    @property
    def receivers(self) -> tuple[ListedReceiver, ...]:
        """Who was connected when the run ended, as the first process saw it."""
        return self._processes[0].receivers

    @property
    def counted(self) -> tuple[Counted, ...]:
        """What was counted and not recorded, of all processes."""
        times: dict[tuple[str, str], int] = {}
        for process in self._processes:
            for one in process.counted:
                times[one.name, one.sender] = times.get((one.name, one.sender), 0) + one.times
        return tuple(Counted(name, sender, count) for (name, sender), count in times.items())

    def records(self) -> Iterator[Record]:
        """Return every record as it closed, with bounded memory."""
        return self.closed(Assembly.dispatch)

    def closed(self, made: Callable[[Assembly, str, Flight], Made]) -> Iterator[Made | Bypass | Callback]:
        """Return the same, with what ``made`` makes of the row of each dispatch."""
        streams = list(self._streams(made))
        ordered = streams[0] if len(streams) == 1 else heapq.merge(*streams, key=itemgetter(0))
        return (record for _, record in ordered)

    def trace(self) -> Trace:
        """Return it all at once, each kind of record in the order of opening."""
        by_kind: dict[type, list[Any]] = {Dispatch: [], Bypass: [], Callback: []}
        for record in self.records():
            by_kind[type(record)].append(record)
        for found in by_kind.values():
            found.sort(key=lambda record: record.id)
        return Trace(
            run=self.run,
            dispatches=tuple(by_kind[Dispatch]),
            bypasses=tuple(by_kind[Bypass]),
            callbacks=tuple(by_kind[Callback]),
            receivers=self.receivers,
            counted=self.counted,
        )

    def _streams(
        self, made: Callable[[Assembly, str, Flight], Made]
    ) -> Iterator[Iterator[tuple[int, Made | Bypass | Callback]]]:
        numbers: dict[int, Numbers] = {}
        aliases = dict(self.run.databases)
        for process, ranks in zip_longest(self._processes, self._ranks):
            number, since = process.run["process"], process.run["since"]
            numbers[number] = own = Numbers(since, process.lacking, numbers.get(process.run["parent"]), ranks)
            assembly = Assembly(process.shapes, self._began, number, own)
            assembly.learn([*process.undone, *process.kept.values()], aliases)
            yield _records(process.path, assembly, made)


def _known(path: Path | Joined, *, several: bool) -> _Process:
    """Read what a file says beside its dispatches; one that is not as ours are is an error."""
    try:
        return _looked_through(path, several=several)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as problem:
        raise RecordingError(f"'{path}' is damaged") from problem


def _looked_through(path: Path | Joined, *, several: bool) -> _Process:
    size = path.size() if isinstance(path, Joined) else path.stat().st_size
    process = _Process(path, starts=Starts(size) if several else None)
    for kind, *content in frames(path):
        if kind == "run":
            process.run = content[0]
            process.latest = process.run["began"]
            if process.starts is not None:
                process.starts.since = process.run["since"]
        elif kind == "shapes":
            process.shapes += [_shape(row) for row in content[0]]
        elif kind == "rows":
            _look_through(process, content[1], _events(content[2]))
        elif kind == "receivers":
            process.receivers = tuple(_receiver(row) for row in content[0])
        elif kind == "counted":
            process.counted = tuple(Counted(*row) for row in content[0])
        elif kind == "so far":
            process.so_far = content[0]
        elif kind == "end":
            process.end = content[0]
            process.latest = max(process.latest, content[0]["end"])
    return process


def _look_through(process: _Process, flights: list[Any], events: list[Event]) -> None:
    _note_outers(process, flights, events)
    starts = process.starts
    if starts is not None:
        for flight in flights:
            starts.add(flight[ID], flight[START])
    for event in events:
        if isinstance(event, Undone):
            process.undone.append(event)
        elif isinstance(event, Kept):
            process.kept[event.id] = event
        else:
            process.latest = max(process.latest, event.start)
            if starts is not None:
                starts.add(event.id, event.start)
    process.latest = max([process.latest, *(flight[-1] for flight in flights)])


_REMEMBERED = 50_000  # rows that are read before those that were sent in them, at the most
_LACKING = 1_000_000


def _note_outers(process: _Process, flights: list[Any], events: list[Event]) -> None:
    """Take note of what rows were sent in, until its own row comes: mostly right after them."""
    lacking = process.lacking
    ids = {flight[ID] for flight in flights}
    lacking -= ids
    if len(process.recent) > _REMEMBERED:
        process.older, process.recent = process.recent, set()
    process.recent |= ids
    if len(lacking) < _LACKING:
        outers = {flight[OUTER] for flight in flights}
        outers |= {event.outer for event in events if isinstance(event, (Bypassed, Promised))}
        lacking |= outers - process.recent - process.older - {0}


def _look_for_lacking(processes: list[_Process]) -> None:
    """Keep as lacking what is in no file: it was under way when its process was killed."""
    known: dict[int, _Process] = {}
    parents = []
    for process in processes:
        parents.append(known.get(process.run["parent"]))
        known[process.run["process"]] = process
    for process, parent in reversed(list(zip(processes, parents, strict=True))):
        before = {number for number in process.lacking if number <= process.run["since"]}
        process.lacking -= before
        if parent is not None:
            parent.lacking |= before - parent.recent - parent.older
        process.recent.clear()
        process.older.clear()
    for process in processes:
        if process.lacking:
            for _, *content in (frame for frame in frames(process.path) if frame[0] == "rows"):
                process.lacking.difference_update(flight[ID] for flight in content[1])


def _records(
    path: Path | Joined, assembly: Assembly, made: Callable[[Assembly, str, Flight], Made]
) -> Iterator[tuple[int, Made | Bypass | Callback]]:
    try:
        for kind, *content in frames(path):
            if kind == "rows":
                thread, flights, events = content
                for flight in flights:
                    yield flight[-1], made(assembly, thread, flight)
                for event in _events(events):
                    if isinstance(event, (Bypassed, Promised)):
                        yield event.start, assembly.beside(thread, event)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as problem:
        raise RecordingError(f"'{path}' is damaged") from problem


def _events(rows: list[Any]) -> list[Event]:
    return [_EVENTS[kind](*content) for kind, *content in rows]


def _shape(row: tuple[Any, ...]) -> Shape:
    receivers = tuple(None if each is None else ShapeReceiver(*each) for each in row[-1])
    return Shape._make((*row[:-1], receivers, 0))


def _receiver(row: tuple[Any, ...]) -> ListedReceiver:
    held = dict(zip(_RECEIVER, row, strict=True))
    place = held.pop("connected_at")
    return ListedReceiver(**held, connected_at=None if place is None else Origin(*place))
