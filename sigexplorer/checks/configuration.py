"""``[tool.sigexplorer.check]`` in ``pyproject.toml``."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from sigexplorer.errors import UnknownNameError, UsageError
from sigexplorer.findings import LEVELS, Level

_OWN = "[tool.sigexplorer]"
_TABLE = "[tool.sigexplorer.check]"


@dataclass(frozen=True, slots=True)
class Configuration:
    """Which rules count, and where."""

    select: tuple[str, ...] = ()  # codes, or how they begin; empty: every rule
    ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = field(default=())  # globs of paths
    level: Level | None = None
    baseline: str | None = None
    folder: Path = Path()  # of the pyproject.toml; globs and the baseline start there

    def selects(self, code: str) -> bool:
        """Whether a rule runs."""
        chosen = not self.select or any(code.startswith(start) for start in self.select)
        return chosen and not any(code.startswith(start) for start in self.ignore)

    def leaves_out(self, code: str, file: Path) -> bool:
        """Whether findings of a rule do not count in a file."""
        if not self.per_file_ignores:
            return False
        path = file.absolute()
        shown = (
            path.relative_to(self.folder).as_posix() if path.is_relative_to(self.folder) else path.as_posix()
        )
        return any(
            (fnmatchcase(shown, glob) or fnmatchcase(path.name, glob)) and code.startswith(codes)
            for glob, codes in self.per_file_ignores
        )


def read(start: Path, known: Iterable[str]) -> Configuration:
    """Return what the nearest ``pyproject.toml`` says; ``known`` are the codes that exist."""
    # pathlib raises where a folder is shut, and what cannot be read is named later.
    folder = start.absolute() if os.path.isdir(start) else start.absolute().parent  # noqa: PTH112
    files = (one / "pyproject.toml" for one in (folder, *folder.parents))
    file = next((one for one in files if os.path.isfile(one)), None)  # noqa: PTH113
    if file is None:
        return Configuration()
    try:
        with file.open("rb") as stream:
            document = tomllib.load(stream)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise UsageError(
            f"cannot read '{file}': {problem}", "correct it; check reads its settings there"
        ) from problem
    tools = document.get("tool", {})
    own = _table(tools.get("sigexplorer", {}) if isinstance(tools, dict) else {}, _OWN, file)
    for key in own:
        if key != "check":
            raise UnknownNameError(f"key in {_OWN}", key, ["check"], f" in '{file}'")
    return _configured(_table(own.get("check", {}), _TABLE, file), file, tuple(known))


def _table(value: object, name: str, file: Path) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{name} in '{file}' is no table")
    return value


def _configured(table: dict[str, Any], file: Path, known: Sequence[str]) -> Configuration:
    keys = ("select", "ignore", "per-file-ignores", "level", "baseline")
    for key in table:
        if key not in keys:
            raise UnknownNameError(f"key in {_TABLE}", key, keys)
    per_file = table.get("per-file-ignores", {})
    if not isinstance(per_file, dict):
        raise UsageError(f"per-file-ignores in '{file}' is no table", 'such as: "tests/*" = ["SX042"]')
    baseline = table.get("baseline")
    if baseline is not None and not isinstance(baseline, str):
        raise UsageError(f"baseline in '{file}' is no path")
    return Configuration(
        select=_codes(table.get("select", []), "select", known),
        ignore=_codes(table.get("ignore", []), "ignore", known),
        per_file_ignores=tuple((glob, _codes(codes, glob, known)) for glob, codes in per_file.items()),
        level=_level(table["level"]) if "level" in table else None,
        baseline=str(file.parent / baseline) if baseline else None,
        folder=file.parent,
    )


def override(
    configured: Configuration,
    select: Sequence[str],
    ignore: Sequence[str],
    level: str | None,
    known: Sequence[str],
) -> Configuration:
    """Return the configuration with what the command line says instead."""
    chosen = _codes([code for text in select for code in text.split(",")], "--select", known)
    ignored = _codes([code for text in ignore for code in text.split(",")], "--ignore", known)
    return replace(
        configured,
        select=chosen or configured.select,
        ignore=(*configured.ignore, *ignored) if not chosen else ignored,
        level=_level(level) if level else configured.level,
    )


def _codes(value: object, where: str, known: Sequence[str]) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise UsageError(f"'{where}' is no list of codes", 'such as: ["SX003"]')
    codes = tuple(one.strip().upper() for one in value if one.strip())
    for code in codes:
        if not any(one.startswith(code) for one in known):
            raise UnknownNameError("rule", code, known)
    return codes


def _level(value: object) -> Level:
    for level in LEVELS:
        if value == level:
            return level
    raise UsageError(f"unknown level '{value}'", f"one of {', '.join(LEVELS)}")
