"""A folder of spools into one trace: processes, forks, callbacks, what was undone, who was killed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sigexplorer.errors import RecordingError
from sigexplorer.model import Bypass, Dispatch
from sigexplorer.show.spooled import Spooled
from sigexplorer.spool import processes
from sigexplorer.spool.assembly import Assembly
from sigexplorer.spool.files import SpoolFile
from sigexplorer.spool.reading import Spool
from sigexplorer.spool.rows import Shape, Undone

#: A shape with one receiver, and one with none.
HEARD = ("a.heard", "heard", "custom", "send", None, (), (("a.receive", "a.py", 1, None, True, False),))
UNHEARD = (
    "a.unheard",
    "unheard",
    "custom",
    "send",
    "b.Sender",
    (("instance", "b.Sender"), ("raw", None)),
    (),
)
SHAPES = [HEARD, UNHEARD]


def flight(number: int, start: int, shape: int = 0, **more: Any) -> list[Any]:
    """Return a row: a dispatch that began at ``start`` and ended a tick later."""
    held = {
        "outer": 0,
        "position": None,
        "transactions": None,
        "arguments": (),
        "notes": None,
        "origin": None,
    }
    row = [number, shape, *(held | more).values(), start]
    return row if shape else [*row, start + 1]


class Process:
    """The file of one process, as a recorder writes it."""

    def __init__(self, folder: Path, number: int, began: int, *, since: int = 0, parent: int = 0) -> None:
        self.file = SpoolFile(folder / f"{number}-{began}")
        self.file.add(
            "run",
            {
                "title": "test", "listened": False, "started_at": "2026-11-20T10:00:00.000000Z",
                "began": began, "since": since, "process": number, "parent": parent, "sigexplorer": "0.1.0",
                "django": "6.0",
                "python": "3.12.0",
            },
        )  # fmt: skip
        self.file.add("shapes", SHAPES)

    def rows(self, *flights: list[Any], events: Any = (), thread: str = "MainThread") -> Process:
        """Add rows."""
        self.file.add("rows", thread, list(flights), list(events))
        return self

    def end(self, **more: Any) -> None:
        """Say that all is over."""
        held = {
            "end": 1_000, "queries": 2, "dropped": 0, "faults": [], "databases": (("default", "sqlite"),),
            "complete": True, "notes": (),
        }  # fmt: skip
        self.file.add("end", held | more)


STEP, CLAIM = [1, "first", 0, 5, None, None], ["held", True, None, 1, None]


@pytest.mark.parametrize(
    "told",
    [
        ["x", [], 0, [], []],
        [1, [], "0", [], []],
        [1, [["x", 1]], 0, [], []],
        [1, [[1, 1, 1]], 0, [], []],
        [1, [None], 0, [], []],
        [1, [[1, 1]], 0, [[1, "first", "0", 5, None, None]], []],
        [1, [[1, 1]], 0, [[1, "first", 0, None, None, None]], []],
        [1, [[1, 1]], 0, [STEP], [[1, True, None, 1, None]]],
        [1, [[1, 1]], 0, [STEP], [CLAIM[:-1]]],
    ],
    ids=str,
)
def test_steps_that_are_not_as_we_write_them_are_damage(tmp_path: Path, told: list[Any]) -> None:
    """A number that is a text, or anything of another length, is told as what it is, and not met later."""
    file, path = Process(tmp_path, 1, 1).file, tmp_path / "1-1"
    file.add("run", {"began": 1, "since": 0, "process": 1, "parent": 0, "stepped": True})
    file.add("steps", 1, [[1, 1], [6, None]], 0, [STEP], [CLAIM])
    assert processes.known_of(path, several=False).stepped is not None
    file.add("steps", *told)
    with pytest.raises(RecordingError, match="is damaged"):
        processes.known_of(path, several=False)


def test_several_processes_are_one_trace(tmp_path: Path) -> None:
    """Ids are in the order of opening, records come as they closed, numbers are sums, one title stands."""
    Process(tmp_path, 11, 100, since=5).rows(flight(6, 110), flight(8, 300)).end()
    Process(tmp_path, 12, 200, since=3).rows(flight(4, 210), thread="Other").end(dropped=1, faults=["x"])
    spool = Spool(tmp_path)
    records = list(spool.records())
    assert [(each.id, each.start_ns) for each in records] == [(1, 10), (3, 110), (4, 200)]
    assert [each.process for each in records if isinstance(each, Dispatch)] == [11, 12, 11]
    assert [each.id for each in spool.trace().dispatches] == [1, 3, 4]
    assert (spool.run.queries, spool.run.dropped, spool.faults) == (4, 1, ["x"])
    assert (spool.run.complete, spool.run.duration_ns, spool.run.notes) == (True, 900, ())
    assert spool.run.databases == (("default", "sqlite"),)


def test_a_fork_belongs_to_what_was_under_way(tmp_path: Path) -> None:
    """A row whose outer dispatch is in the parent's file, or in its parent's, hangs below that."""
    parent = Process(tmp_path, 11, 100)
    Process(tmp_path, 12, 200, since=2, parent=11).rows(flight(3, 210, outer=2, position=0)).end()
    Process(tmp_path, 13, 300, since=4, parent=12).rows(
        flight(5, 310, outer=3, position=0), flight(6, 320, outer=2, position=0)
    ).end()
    parent.rows(flight(2, 120, outer=1, position=0), flight(1, 110)).end()
    found = {each.start_ns: each for each in Spool(tmp_path).trace().dispatches}
    ids = {start: each.id for start, each in found.items()}
    assert {start: each.parent for start, each in found.items()} == {
        10: None, 20: ids[10], 110: ids[20], 210: ids[110], 220: ids[20],
    }  # fmt: skip
    assert len(set(ids.values())) == 5


def test_a_parent_that_was_not_recorded_is_none(tmp_path: Path) -> None:
    """What was under way before recording began is no part of the trace."""
    Process(tmp_path, 11, 100, since=5).rows(flight(7, 110, outer=4, position=0)).end()
    (only,) = Spool(tmp_path).trace().dispatches
    assert (only.parent, only.parent_call) == (None, None)


def test_callbacks_bypasses_and_what_was_undone(tmp_path: Path) -> None:
    """What becomes known later, in a later frame, is told of the records before it."""
    mine = [("default", 1)]
    instance = {"arguments": (7, True)}
    Process(tmp_path, 11, 100).rows(
        flight(1, 110, transactions=mine),
        flight(2, 120, 1, transactions=mine, **instance),
        events=[
            ("Promised", 3, 125, "a.later", "a.py", 2, "default", 1, 0, ("a.py", 9, "f")),
            ("Promised", 4, 126, "a.never", None, None, "default", 0, None, None),
            ("Promised", 5, 127, "a.open", None, None, "default", 0, None, None),
            ("Bypassed", 6, 128, "update", "b.Sender", 3, 1, 0, None, ("a.receive",)),
        ],
    ).rows(
        flight(7, 150, notes={"callback": 3}),
        events=[
            ("Undone", 1, 115, 130),
            ("Kept", 3, 149, 155, "returned", None),
            ("Kept", 4, 0, 0, "discarded", None),
        ],
    ).end()
    trace = Spool(tmp_path).trace()
    first, second, third = trace.dispatches
    assert [each.rolled_back for each in trace.dispatches] == [False, True, False]
    assert second.arguments == (("instance", "<b.Sender pk=7>"), ("raw", True))
    later, never, still = trace.callbacks
    assert (later.ending, later.start_ns, later.duration_ns, later.parent) == ("returned", 49, 6, first.id)
    assert (never.ending, never.start_ns) == ("discarded", None)
    assert (still.ending, still.start_ns) == ("waiting", None)
    assert third.callback == later.id
    (bypass,) = trace.bypasses
    assert (bypass.rows, bypass.parent, bypass.would_call) == (3, first.id, ("a.receive",))


def test_a_killed_process_is_told(tmp_path: Path) -> None:
    """Without its last frame a process was killed: what is there is read, and that is said."""
    Process(tmp_path, 11, 100).rows(flight(1, 110)).end()
    killed = Process(tmp_path, 12, 150).rows(flight(1, 160), flight(2, 170)).file.path
    killed.write_bytes(killed.read_bytes()[:-1])
    Process(tmp_path, 12, 190).rows(flight(1, 500))
    spool = Spool(tmp_path)
    assert [each.start_ns for each in spool.trace().dispatches] == [10, 400]
    assert spool.run.complete is False
    assert spool.run.notes == (
        "a process ended before it could say so: of its last second what it sent may be missing",
    )


@pytest.mark.parametrize("cut", [0, 1, 10, 19, 20, 22])
def test_a_process_killed_as_it_began_hides_no_other(tmp_path: Path, cut: int) -> None:
    """A file that does not say yet whose it is says nothing about the others."""
    Process(tmp_path, 11, 100).rows(flight(1, 110)).end()
    new = Process(tmp_path, 12, 150).file.path
    new.write_bytes(new.read_bytes()[:cut])
    assert len(Spool(tmp_path).trace().dispatches) == 1


def test_a_number_that_the_system_gives_again_is_another_process(tmp_path: Path) -> None:
    """Two processes of one number, one after the other, are two."""
    Process(tmp_path, 11, 100).rows(flight(1, 110)).end()
    Process(tmp_path, 12, 200, parent=11).rows(flight(1, 210)).end()
    Process(tmp_path, 12, 300, parent=11).rows(flight(1, 310)).end()
    assert [each.id for each in Spool(tmp_path).trace().dispatches] == [1, 2, 3]


def test_a_folder_without_spools_is_said(tmp_path: Path) -> None:
    """A folder that is empty, that is none, or that has other files, is an error of ours."""
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(RecordingError):
            Spool(folder)
    (tmp_path / "other").write_text("other")
    with pytest.raises(RecordingError):
        Spool(tmp_path)


def test_records_are_json(tmp_path: Path) -> None:
    """The source of a folder gives the run first and the end last, each to be written as a line."""
    Process(tmp_path, 11, 100).rows(flight(1, 110)).end()
    records = list(Spooled(tmp_path).records())
    assert [each["type"] for each in records] == ["run", "dispatch", "end"]
    assert json.loads(json.dumps(records)) == records
    assert not any(isinstance(each, Bypass) for each in records)


def test_a_large_number_is_told_by_its_length(tmp_path: Path) -> None:
    """A primary key beyond what JSON's readers agree about is not shown digit by digit."""
    rows = [flight(n, 100 + n, 1, arguments=(key, None)) for n, key in enumerate([2**63 - 1, 2**64, None], 1)]
    Process(tmp_path, 11, 100).rows(*rows).end()
    told = [dict(each.arguments)["instance"] for each in Spool(tmp_path).trace().dispatches]
    assert told == [
        "<b.Sender pk=9223372036854775807>",
        "<b.Sender pk=<int of 65 bits>>",
        "<b.Sender pk=None>",
    ]


class Clock(int):
    """A reading of the clock that counts how often it is compared."""

    compared = 0

    def __lt__(self, other: int) -> bool:
        Clock.compared += 1
        return int(self) < int(other)

    def __le__(self, other: int) -> bool:
        Clock.compared += 1
        return int(self) <= int(other)

    def __gt__(self, other: int) -> bool:
        Clock.compared += 1
        return int(self) > int(other)


@pytest.mark.parametrize("nested", [False, True])
def test_many_savepoints_that_were_rolled_back(nested: bool) -> None:  # noqa: FBT001 - a parameter
    """A dispatch costs no more where many savepoints of its transaction were rolled back."""
    spans = [Undone(1, Clock(10 * n), Clock(100_000 - n if nested else 10 * n + 5)) for n in range(1_000)]
    assembly = Assembly([Shape._make((*row, 0)) for row in SHAPES], 0, 11, lambda number: number)
    assembly.learn(reversed(spans))
    row = {"transactions": [("default", 1)], "arguments": (7, True)}
    Clock.compared = 0
    told = [assembly.dispatch("", flight(n, Clock(n), 1, **row)).rolled_back for n in range(10_000)]
    assert told == [nested or n % 10 < 5 for n in range(10_000)]
    assert Clock.compared < 10_000 * 16 + 1_000 * 16


def test_what_was_under_way_in_a_killed_process_is_no_parent(tmp_path: Path) -> None:
    """Where the row of the dispatch that another was sent in was never written it has no parent."""
    Process(tmp_path, 11, 100).rows(
        flight(3, 120, outer=2, position=0),
        flight(2, 110, outer=1, position=0),
        events=[("Bypassed", 5, 128, "update", "b.Sender", 3, 1, 0, None, ())],
    )
    Process(tmp_path, 12, 200, since=6, parent=11).rows(
        flight(7, 210, outer=1, position=0), flight(8, 220, outer=2, position=0)
    ).end()
    trace = Spool(tmp_path).trace()
    found = {each.start_ns: each for each in (*trace.dispatches, *trace.bypasses)}
    assert {start: each.parent for start, each in found.items()} == {
        10: None, 20: found[10].id, 28: None, 110: None, 120: found[10].id,
    }  # fmt: skip
    assert found[10].parent_call is None


def test_a_row_after_its_parents_is_its_child(tmp_path: Path) -> None:
    """The order of rows in a file says nothing about what was sent in what."""
    late = [flight(1000 + n, 300 + n, outer=n, position=0) for n in range(1, 6)]
    process = Process(tmp_path, 11, 100).rows(*(flight(n, 100 + n) for n in range(1, 6)))
    process.rows(*(flight(n, 200 + n) for n in range(10, 900)), thread="Other").rows(*late).end()
    for remembered in (50_000, 3):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(processes, "_REMEMBERED", remembered)
            told = [each.parent for each in Spool(tmp_path).trace().dispatches[-5:]]
        assert told == [1, 2, 3, 4, 5]


def test_a_killed_process_tells_what_it_has_counted(tmp_path: Path) -> None:
    """The SQL, the databases and the faults of a process that was killed are those it said last."""
    said = {
        "queries": 5,
        "dropped": 1,
        "faults": ["x"],
        "databases": (("default", "sqlite"),),
        "notes": ("n",),
    }
    process = Process(tmp_path, 11, 100).rows(flight(1, 110))
    process.file.add("so far", said | {"queries": 2})
    process.file.add("so far", said)
    run = Spool(tmp_path).run
    assert (run.queries, run.dropped, run.databases) == (5, 1, (("default", "sqlite"),))
    assert run.notes[0] == "n"
    assert not run.complete
