"""``python -m benchmarks``: everything of it, side by side, as one table of ratios with their spread."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from fnmatch import fnmatchcase
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

import sigexplorer
from benchmarks import checking, dispatches, instructions, peers, recordings, startup, testing_speed
from benchmarks.measuring import Row, Setting, SkippedError, compiled

#: What is measured, by the name that --only takes.
PARTS: dict[str, Callable[[Setting], Iterator[Row]]] = {
    "start-up": startup.rows,
    "receivers": startup.peers,
    "dispatches": dispatches.rows,
    "peers": dispatches.peers,
    "instructions": instructions.rows,
    "recordings": recordings.rows,
    "check": checking.rows,
    "tests": testing_speed.rows,
}

_VERDICTS = {True: "ok", False: "MISSED", None: ""}

_QUICK = (3, 20_000)
_FULL = (9, 1_000_000)
_WIDE = 150  # columns where nobody looks


def main(words: Sequence[str] | None = None) -> int:
    """Measure what is asked for and print it; return 1 where something takes more than it may."""
    wanted = _parser().parse_args(words)
    if wanted.install_peers:
        peers.install(wanted.peers)
        return 0
    rounds, scale = _QUICK if wanted.quick else _FULL
    setting = Setting(
        rounds=wanted.rounds or rounds, scale=wanted.scale or scale, peers=peers.python_of(wanted.peers)
    )
    told = Console(stderr=True, highlight=False, soft_wrap=True)
    rows: list[Row] = []
    skipped: list[dict[str, str]] = []
    with compiled(setting) as measured:
        for name in _chosen(wanted.only):
            try:
                for row in PARTS[name](measured):
                    rows.append(row)
                    told.print(_line(row), style="dim")
            except SkippedError as problem:
                skipped.append({"part": name, "why": str(problem)})
    about = _about(setting)
    if wanted.json:
        sys.stdout.write(json.dumps(_document(about, rows, skipped), indent=2) + "\n")
    else:
        _print(about, rows, skipped)
    return 1 if wanted.strict and any(row.is_slower for row in rows) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rounds, and less of what is long")
    parser.add_argument("--rounds", type=int, metavar="N", help="pairs to measure")
    parser.add_argument("--scale", type=int, metavar="N", help="dispatches of what is long")
    parser.add_argument(
        "--only", action="append", metavar="PART", help=f"a part, or a glob: {', '.join(PARTS)}"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--strict",
        action="store_true",
        help="exit 1 where a bound is exceeded or, without one, a goal missed",
    )
    parser.add_argument("--install-peers", action="store_true", help="make the environment of the peers")
    parser.add_argument("--peers", type=Path, default=peers.PLACE, metavar="FOLDER", help="where that is")
    return parser


def _chosen(patterns: list[str] | None) -> list[str]:
    chosen = [name for name in PARTS if any(fnmatchcase(name, pattern) for pattern in patterns or ["*"])]
    if not chosen:
        raise SystemExit(f"no part is called so: {', '.join(PARTS)}")
    return chosen


def _about(setting: Setting) -> dict[str, Any]:
    """Return what figures must be told with: the machine and the versions."""
    return {
        "machine": {
            "system": platform.platform(),
            "processor": _processor(),
            "cpus": os.cpu_count(),
        },
        "versions": {
            "sigexplorer": sigexplorer.__version__,
            "python": platform.python_version(),
            **{name: _version(name) for name in ("django", "typer", "rich")},
            **_peers_versions(setting.peers),
        },
        "rounds": setting.rounds,
        "scale": setting.scale,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _peers_versions(python: str | None) -> dict[str, str | None]:
    if python is None:
        return {}
    code = (
        "import importlib.metadata as m, json, sys\n"
        "found = {d.metadata['Name']: d.version for d in m.distributions()}\n"
        "print(json.dumps({name: found.get(name) for name in sys.argv[1:]}))"
    )
    done = subprocess.run([python, "-c", code, *peers.PACKAGES], capture_output=True, check=True)  # noqa: S603
    found: dict[str, str | None] = json.loads(done.stdout)
    return found


def _document(about: dict[str, Any], rows: list[Row], skipped: list[dict[str, str]]) -> dict[str, Any]:
    """Return everything as one JSON document."""
    records = [
        {
            **asdict(replace(row, values=())),
            "values": [round(value, 4) for value in row.values],
            "reached": row.reached,
            "low": min(row.values, default=None),
            "high": max(row.values, default=None),
            "ok": row.ok,
        }
        for row in rows
    ]
    return {"schema": "sigexplorer.benchmarks/1", **about, "rows": records, "skipped": skipped}


def _print(about: dict[str, Any], rows: list[Row], skipped: list[dict[str, str]]) -> None:
    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else _WIDE)
    for key in ("machine", "versions"):
        console.print(", ".join(f"{name} {held}" for name, held in about[key].items() if held))
    table = Table("what", "reached", "lowest to highest", "at most", "bound", "", box=None, pad_edge=False)
    group = ""
    for row in rows:
        if row.group != group:
            group = row.group
            table.add_row(f"\n{group}", "", "", "", "", "")
        style = {True: "", False: "red", None: "dim"}[row.ok]
        verdict = "SLOWER" if row.is_slower and row.bound else _VERDICTS[row.ok]
        spread = f"{min(row.values):.3g} to {max(row.values):.3g}" if len(row.values) > 1 else ""
        goal, bound = ("" if most is None else f"{most:.3g}" for most in (row.goal, row.bound))
        name = f"  {row.name}{f' ({row.note})' if row.note else ''}"
        table.add_row(name, _amount(row), spread, goal, bound, verdict, style=style)
    console.print(table)
    for one in skipped:
        console.print(f"skipped: {one['part']}: {one['why']}")


def _amount(row: Row) -> str:
    unit = "" if row.unit == "times" else f" {row.unit}"
    return "" if row.reached is None else f"{row.reached:.3g}{unit}"


def _line(row: Row) -> str:
    return f"{row.group}: {row.name}: {_amount(row)}"


if __name__ == "__main__":
    sys.exit(main())
