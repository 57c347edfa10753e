"""A folder of spools into records: several processes, one trace.

Every file is read front to back. What has to be known beforehand is what was rolled back, and of
several processes when each row opened: the ids of the trace are in that order.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

from sigexplorer.errors import NothingRecordedError, RecordingError
from sigexplorer.model import (
    Bypass,
    Callback,
    Claim,
    Counted,
    Dispatch,
    ListedReceiver,
    Run,
    Step,
    Trace,
)
from sigexplorer.spool import presence
from sigexplorer.spool.assembly import Assembly
from sigexplorer.spool.common import Joined, parts
from sigexplorer.spool.files import frames
from sigexplorer.spool.numbering import Numbers, ranked
from sigexplorer.spool.processes import events_of, known_of, look_for_lacking
from sigexplorer.spool.rows import (
    ID,
    Bypassed,
    Flight,
    Promised,
)

Record = Dispatch | Bypass | Callback

#: What is made of the row of a dispatch.
Made = TypeVar("Made")

_NAME = re.compile(r"\d+-\d+")

_KILLED = "a process ended before it could say so: of its last second what it sent may be missing"


def runs_in(folder: Path) -> list[Spool]:
    """Return the runs of a folder: mostly one, of as many processes as there are files; or one in each."""
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    found = [file for file in files if _NAME.fullmatch(file.name) and _is_run_alone(file)]
    found.sort(key=lambda file: int(file.name.partition("-")[2]))
    return [Spool(folder, [file]) for file in found] or [Spool(folder)]


def _is_run_alone(file: Path) -> bool:
    _, *content = next(frames(file), ("", {}))
    return bool(content) and type(content[0]) is dict and content[0].get("stepped") is True


class Spool:
    """A folder of spools, or some of its files.

    ``RecordingError`` where one is damaged, ``NothingRecordedError`` without any.
    """

    def __init__(self, folder: Path, given: Sequence[Path] | None = None) -> None:
        files = given
        if files is None:
            files = sorted(folder.iterdir()) if folder.is_dir() else []
        self._running, self._killed = presence.joined(folder) if files else ((), ())
        paths: dict[str, Path | Joined] = {path.name: path for path in files}
        paths |= parts(folder)[0] if given is None else {}
        names = [paths[name] for name in sorted(paths) if _NAME.fullmatch(name)]
        found = [known_of(path, several=len(names) > 1) for path in names]
        self._processes = sorted(
            (process for process in found if process.run), key=lambda process: process.run["began"]
        )
        if not self._processes:
            raise NothingRecordedError(f"'{folder}' holds nothing that was recorded")
        self._stepped = self._processes[0].stepped
        began = self._stepped.began if self._stepped else 0
        self._began = began or self._processes[0].run["began"]
        look_for_lacking(self._processes)
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
    def steps(self) -> tuple[Step, ...]:
        """The named parts of the run, in the order of opening."""
        latest = max(process.latest for process in self._processes)
        return self._stepped.steps(latest) if self._stepped else ()

    @property
    def claims(self) -> tuple[Claim, ...]:
        """What was claimed so far."""
        return self._stepped.claims if self._stepped else ()

    @property
    def dispatches(self) -> int:
        """How many there are."""
        return sum(process.dispatches for process in self._processes)

    @property
    def faults(self) -> list[str]:
        """The first few faults of ours, in words."""
        return [fault for process in self._processes for fault in process.known.get("faults", ())]

    @property
    def signals(self) -> set[tuple[str, str, str]]:
        """Path, name and group of every signal that was sent."""
        shapes = (shape for process in self._processes for shape in process.shapes if shape.signal)
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
            steps=self.steps,
            claims=self.claims,
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
            stepped = process.stepped
            inside = None if stepped is None else stepped.numbers()
            given = own if inside is None else inside.get
            assembly = Assembly(
                process.shapes, self._began, number, given, *([stepped.step_of] if stepped else [])
            )
            assembly.learn([*process.undone, *process.kept.values()], aliases)
            yield _records(process.path, assembly, made, inside)


def _records(
    path: Path | Joined,
    assembly: Assembly,
    made: Callable[[Assembly, str, Flight], Made],
    inside: Any,
) -> Iterator[tuple[int, Made | Bypass | Callback]]:
    try:
        for kind, *content in frames(path):
            if kind == "rows":
                thread, flights, events = content
                for flight in flights:
                    if inside is None or flight[ID] in inside:
                        yield flight[-1], made(assembly, thread, flight)
                for event in events_of(events):
                    if isinstance(event, (Bypassed, Promised)) and (inside is None or event.id in inside):
                        yield event.start, assembly.beside(thread, event)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as problem:
        raise RecordingError(f"'{path}' is damaged") from problem
