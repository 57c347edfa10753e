"""What listening itself changed: the signals and the SQL of a story, side by side."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any

from sigexplorer.answers import BothWays, Deed, Happened, Observed, Row
from sigexplorer.model import Claim
from sigexplorer.show.document import Block, Bullets, Document, Grid, Heading, Paragraph
from sigexplorer.show.text import plural, safe

SCHEMA = "sigexplorer.comparison/1"

_LARGEST = 4_000_000  # pairs that are held against each other
_CELL = 1_000  # characters
_SELECTED = re.compile(r"^SELECT (?:(?P<distinct>DISTINCT) )?(?P<columns>[^()]{40,}?) FROM ")


def happened(observed: Observed, step: int) -> list[Happened]:
    """Return what a step of a run did, in order."""
    trace = observed.trace
    deeds = [
        (dispatch.start_ns, Happened("signal", dispatch.name, dispatch.sender))
        for dispatch in trace.dispatches
        if dispatch.step == step
    ]
    deeds += [
        (bypass.start_ns, Happened("bypass", bypass.operation, bypass.model))
        for bypass in trace.bypasses
        if bypass.step == step
    ]
    deeds += [(each.start_ns, Happened("sql", each.sql)) for each in observed.statements if each.step == step]
    return [deed for _, deed in sorted(deeds, key=lambda each: each[0])]


def aligned(watching: Sequence[Happened], listening: Sequence[Happened]) -> list[Row]:
    """Return side by side what two runs of a step did."""
    if len(watching) * len(listening) > _LARGEST:
        return list(_counted(watching, listening))
    rows: list[Row] = []
    matcher = SequenceMatcher(None, watching, listening, autojunk=False)
    for kind, first, last, from_, to in matcher.get_opcodes():
        if kind == "equal":
            rows += [Row(*pair) for pair in zip(watching[first:last], listening[from_:to], strict=True)]
        else:
            rows += [Row(each, None) for each in watching[first:last]]
            rows += [Row(None, each) for each in listening[from_:to]]
    return rows


def _counted(watching: Sequence[Happened], listening: Sequence[Happened]) -> Iterator[Row]:
    """Yield the same without regard to their order, for steps of thousands."""
    before, after = Counter(watching), Counter(listening)
    yield from (Row(each, each) for each in (before & after).elements())
    yield from (Row(each, None) for each in (before - after).elements())
    yield from (Row(None, each) for each in (after - before).elements())


def steps(ways: BothWays) -> list[tuple[int, str, list[Row]]]:
    """Return number, title and rows of each step."""
    titles = {step.id: step.title for way in (ways.watching, ways.listening) for step in way.trace.steps}
    return [
        (number, title, aligned(happened(ways.watching, number), happened(ways.listening, number)))
        for number, title in sorted(titles.items())
    ]


def held(ways: BothWays) -> bool:
    """Tell whether every claim held, either way."""
    return ways.watching.trace.held and ways.listening.trace.held


def page(compared: Sequence[BothWays], *, everything: bool, brief: bool = False) -> Document:
    """Return the comparisons, step by step, and a table of several.

    With ``everything`` what is the same is shown, too; ``brief`` is the table alone.
    """
    blocks: list[Block] = []
    for ways in () if brief and not everything else compared:
        blocks += _one(ways, everything=everything)
    if len(compared) > 1 or brief:
        blocks += _table(compared)
    return tuple(blocks)


def _table(compared: Sequence[BothWays]) -> Iterator[Block]:
    yield Heading("What listening itself changes", level=1)
    rows = [_totals(ways) for ways in compared]
    same = frozenset(number for number, row in enumerate(rows) if not any(row[1:]))
    wrong = frozenset(number for number, ways in enumerate(compared) if not held(ways))
    columns = ("scenario", "signals", "SQL", "writes without a signal")
    yield Grid(columns, tuple(rows), frozenset(columns[1:]), dim_rows=same, wrong_rows=wrong)
    failed = [
        f"{ways.watching.trace.run.title}, {_failure(way, claim)}"
        for ways in compared
        for way, claim in _failed(ways)
    ]
    if failed:
        yield from (Heading("Failed"), Bullets(tuple(failed)))


def _totals(ways: BothWays) -> tuple[str, ...]:
    added, removed = _balance([row for _, _, rows in steps(ways) for row in rows])
    told = [
        " ".join(f"{sign}{many[kind]}" for sign, many in (("+", added), ("-", removed)) if many[kind])
        for kind in _NOUNS
    ]
    return (ways.watching.trace.run.title.removeprefix("scenario "), *told)


def _balance(rows: Sequence[Row]) -> tuple[Counter[Deed], Counter[Deed]]:
    """Return how many of each kind listening added and removed."""
    added = Counter(row.listening.kind for row in rows if row.watching is None and row.listening)
    removed = Counter(row.watching.kind for row in rows if row.listening is None and row.watching)
    return added, removed


def _one(ways: BothWays, *, everything: bool) -> Iterator[Block]:
    told = steps(ways)
    yield Heading(f"{ways.watching.trace.run.title}: what listening itself changes", level=1)
    yield Paragraph(_verdict([row for _, _, rows in told for row in rows]))
    same = [f"{number}" for number, _, rows in told if not _changes(rows)]
    for number, title, rows in told:
        if everything or _changes(rows):
            yield Heading(f"{number}. {safe(title, _CELL)}")
            yield _grid(rows, everything=everything)
    if same and len(same) < len(told) and not everything:
        yield Paragraph(
            f"the same either way: {'step' if len(same) == 1 else 'steps'} {', '.join(same)}", quiet=True
        )
    failed = [_failure(way, claim) for way, claim in _failed(ways)]
    if failed:
        yield from (Heading("Failed"), Bullets(tuple(failed)))


def _failed(ways: BothWays) -> list[tuple[str, Claim]]:
    runs = (("only watching", ways.watching), ("listening", ways.listening))
    return [(way, claim) for way, observed in runs for claim in observed.trace.claims if not claim.held]


def _failure(way: str, claim: Claim) -> str:
    return f"{way}: {safe(claim.text, _CELL)}: {safe(claim.detail or 'it did not hold', _CELL)}"


def _changes(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.watching is None or row.listening is None]


_NOUNS: dict[Deed, str] = {"signal": "signal", "sql": "SQL statement", "bypass": "write without a signal"}
_MANY: dict[Deed, str] = {"bypass": "writes without a signal"}


def _verdict(rows: Sequence[Row]) -> str:
    added, removed = _balance(rows)
    if not added and not removed:
        return "Nothing: the same signals and the same SQL, either way."
    told = [f"adds {_listed(added)}"] if added else []
    told += [f"removes {_listed(removed)}"] if removed else []
    return f"Listening {'; it '.join(told)}."


def _listed(counted: Counter[Deed]) -> str:
    parts = [
        plural(counted[kind], noun, _MANY.get(kind, "")) for kind, noun in _NOUNS.items() if counted[kind]
    ]
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def _grid(rows: Sequence[Row], *, everything: bool) -> Grid:
    cells: list[tuple[str, str]] = []
    same: set[int] = set()
    for is_same, found in groupby(rows, key=lambda row: row.watching == row.listening):
        group = list(found)
        if is_same and not everything:
            same.add(len(cells))
            cells.append((_few(group), _few(group)))
            continue
        for row in group:
            if is_same:
                same.add(len(cells))
            cells.append((_cell(row.watching, "-", row), _cell(row.listening, "+", row)))
    return Grid(("only watching", "listening"), tuple(cells), dim_rows=frozenset(same))


def _few(rows: Sequence[Row]) -> str:
    """Say in short what is the same."""
    if len(rows) == 1:
        return _cell(rows[0].watching, "-", rows[0])
    return f"  {_listed(Counter(row.watching.kind for row in rows if row.watching))}, the same"


def _cell(deed: Happened | None, mark: str, row: Row) -> str:
    if deed is None:
        return ""
    changed = row.watching is None or row.listening is None
    return f"{mark if changed else ' '} {told(deed)}"


def told(deed: Happened) -> str:
    """Say what happened on one line; of a long list of columns their number is enough."""
    if deed.kind == "signal":
        return safe(f"{deed.name} {deed.sender or ''}".rstrip(), _CELL)
    if deed.kind == "bypass":
        return safe(f"no signal: {deed.name} {deed.sender}", _CELL)
    return safe(_SELECTED.sub(_shortened, deed.name), _CELL)


def _shortened(found: re.Match[str]) -> str:
    columns = plural(found["columns"].count(", ") + 1, "column")
    return " ".join(filter(None, ["SELECT", found["distinct"], columns, "FROM "]))


def measured(ways: BothWays, name: str) -> Document:
    """Return what one receiver of a signal changed just now: of each step, how much was sent and executed."""
    rows = [
        (
            each["title"],
            *(str(each[way][kind]) for way in ("watching", "listening") for kind in ("signals", "sql")),
        )
        for each in numbers(ways)
    ]
    columns = ("measured just now", "nobody: signals", "SQL", "one receiver: signals", "SQL")
    changed = tuple(row for row in rows if row[1:3] != row[3:5])
    same = ", ".join(row[0] for row in rows if row[1:3] == row[3:5])
    blocks: list[Block] = [
        Heading(f"What a receiver of {name} changes by being connected"),
        Grid(columns, changed, frozenset(columns[1:])),
    ]
    if same:
        blocks.append(Paragraph(f"the same either way: {same}", quiet=True))
    return (*blocks, Paragraph("sigexplorer scenario listening --compare shows which", quiet=True))


def numbers(ways: BothWays) -> list[dict[str, Any]]:
    """Return of each step how many signals and SQL statements there were, either way."""
    return [
        {
            "title": step.title,
            "watching": _count(happened(ways.watching, step.id)),
            "listening": _count(happened(ways.listening, step.id)),
        }
        for step in ways.watching.trace.steps
    ]


def _count(deeds: Sequence[Happened]) -> dict[str, int]:
    kinds = Counter(deed.kind for deed in deeds)
    return {"signals": kinds["signal"], "sql": kinds["sql"], "bypasses": kinds["bypass"]}


def records(compared: Sequence[BothWays]) -> dict[str, Any]:
    """Return the comparisons as one JSON document."""
    return {"schema": SCHEMA, "comparisons": [_record(ways) for ways in compared]}


def _record(ways: BothWays) -> dict[str, Any]:
    return {
        "title": ways.watching.trace.run.title,
        "held": held(ways),
        "django": ways.watching.trace.run.django,
        "databases": dict(ways.watching.trace.run.databases),
        "steps": numbers(ways),
        "changes": [change for number, title, rows in steps(ways) for change in _step(number, title, rows)],
        "failed": [
            {
                "way": "listening" if way == "listening" else "watching",
                "text": claim.text,
                "detail": claim.detail,
            }
            for way, claim in _failed(ways)
        ],
    }


def _step(number: int, title: str, rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    for row in _changes(rows):
        deed = row.listening or row.watching
        assert deed is not None  # noqa: S101 - a row has one of them
        yield {
            "step": number,
            "title": title,
            "change": "added" if row.watching is None else "removed",
            "kind": deed.kind,
            "name": None if deed.kind == "sql" else deed.name,
            "sender": deed.sender,
            "sql": deed.name if deed.kind == "sql" else None,
        }
