"""What one process has left in its file: all that has to be known of it before its records are made."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from sigexplorer.errors import RecordingError
from sigexplorer.model import Counted, ListedReceiver, Origin
from sigexplorer.spool.common import Joined
from sigexplorer.spool.files import frames
from sigexplorer.spool.numbering import Starts
from sigexplorer.spool.rows import (
    ID,
    OUTER,
    START,
    Bypassed,
    Event,
    Kept,
    Promised,
    Shape,
    ShapeReceiver,
    Undone,
)
from sigexplorer.spool.stepped import Stepped

_EVENTS: dict[str, type[Any]] = {kind.__name__: kind for kind in (Bypassed, Undone, Promised, Kept)}

_RECEIVER = tuple(each.name for each in fields(ListedReceiver))


@dataclass(slots=True)
class Process:
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
    dispatches: int = 0
    lacking: set[int] = field(default_factory=set)  # ids of what rows were sent in, and that are in no file
    recent: set[int] = field(default_factory=set)  # ids of the rows that were read last
    older: set[int] = field(default_factory=set)  # and of those before them
    starts: Starts | None = None  # None: it is the only process
    stepped: Stepped | None = None  # None: all that happened is part of the run

    @property
    def known(self) -> dict[str, Any]:
        """What it has said last of all."""
        return self.so_far if self.end is None else self.end


def known_of(path: Path | Joined, *, several: bool) -> Process:
    """Read what a file says beside its dispatches; one that is not as ours are is an error."""
    try:
        return _looked_through(path, several=several)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as problem:
        raise RecordingError(f"'{path}' is damaged") from problem


def _looked_through(path: Path | Joined, *, several: bool) -> Process:
    size = path.size() if isinstance(path, Joined) else path.stat().st_size
    process = Process(path, starts=Starts(size) if several else None)
    for kind, *content in frames(path):
        if kind == "run":
            _begin(process, content[0])
        elif kind == "shapes":
            process.shapes += [_shape(row) for row in content[0]]
        elif kind == "rows":
            _go_on(process)
            _look_through(process, content[1], events_of(content[2]))
        elif kind == "steps" and process.stepped is not None:
            process.stepped.learn(*content)
        else:
            _note(process, kind, content)
    return process


def _begin(process: Process, run: dict[str, Any]) -> None:
    process.run = run
    process.latest = run["began"]
    if process.starts is not None:
        process.starts.since = run["since"]
    if run.get("stepped"):
        process.stepped = Stepped()


def _note(process: Process, kind: str, content: list[Any]) -> None:
    if kind == "receivers":
        process.receivers = tuple(_receiver(row) for row in content[0])
    elif kind == "counted":
        process.counted = tuple(Counted(*row) for row in content[0])
    elif kind == "so far":
        _go_on(process)
        process.so_far = content[0]
    elif kind == "end":
        process.end = content[0]
        process.latest = max(process.latest, content[0]["end"])


def _go_on(process: Process) -> None:
    """Take note that what was an end, so far, was none: the process had rested."""
    if process.end is not None:
        process.so_far, process.end = {**process.end, "complete": False}, None


def _look_through(process: Process, flights: list[Any], events: list[Event]) -> None:
    process.dispatches += len(flights)
    _note_outers(process, flights, events)
    openings = [each for each in (process.starts, process.stepped) if each is not None]
    for starts in openings:
        for flight in flights:
            starts.add(flight[ID], flight[START])
    for event in events:
        if isinstance(event, Undone):
            process.undone.append(event)
        elif isinstance(event, Kept):
            process.kept[event.id] = event
        else:
            process.latest = max(process.latest, event.start)
            for starts in openings:
                starts.add(event.id, event.start)
    process.latest = max([process.latest, *(flight[-1] for flight in flights)])


_REMEMBERED = 50_000  # rows that are read before those that were sent in them, at the most
_LACKING = 1_000_000


def _note_outers(process: Process, flights: list[Any], events: list[Event]) -> None:
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


def look_for_lacking(processes: list[Process]) -> None:
    """Keep as lacking what is in no file: it was under way when its process was killed."""
    known: dict[int, Process] = {}
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


def events_of(rows: list[Any]) -> list[Event]:
    """Return events as they were noted."""
    return [_EVENTS[kind](*content) for kind, *content in rows]


def _shape(row: tuple[Any, ...]) -> Shape:
    receivers = tuple(None if each is None else ShapeReceiver(*each) for each in row[-1])
    return Shape._make((*row[:-1], receivers, 0))


def _receiver(row: tuple[Any, ...]) -> ListedReceiver:
    held = dict(zip(_RECEIVER, row, strict=True))
    place = held.pop("connected_at")
    return ListedReceiver(**held, connected_at=None if place is None else Origin(*place))
