"""The JSON Schemas that ship with the package."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from sigexplorer.errors import UnknownNameError


def trace_schema() -> dict[str, Any]:
    """Return the schema of one trace, of several, and of one record of a trace (draft 2020-12)."""
    return _read("trace-1.json")


def inventory_schema() -> dict[str, Any]:
    """Return the schema of what ``list``, ``docs``, ``receivers`` and ``scenario`` without a name print."""
    return _read("inventory-1.json")


def answers_schema() -> dict[str, Any]:
    """Return the schema of what ``explain``, ``why`` and ``lock --check`` print."""
    return _read("answers-1.json")


def check_schema() -> dict[str, Any]:
    """Return the schema of what ``check`` prints."""
    return _read("check-1.json")


def diff_schema() -> dict[str, Any]:
    """Return the schema of what ``diff`` prints."""
    return _read("diff-1.json")


def comparison_schema() -> dict[str, Any]:
    """Return the schema of what ``scenario --compare`` prints."""
    return _read("comparison-1.json")


_FILES = {
    "answers": ("explain", "why", "lock"),
    "check": ("check", "check-rules"),
    "comparison": ("comparison",),
    "diff": ("diff",),
    "inventory": ("list", "receivers", "docs", "scenario", "facts"),
    "trace": ("trace", "traces"),
}


def schema_named(name: str) -> dict[str, Any]:
    """Return the schema of a document whose ``schema`` is ``sigexplorer.<name>/1``."""
    files_by_name = {each: file for file, names in _FILES.items() for each in names}
    if name not in files_by_name:
        raise UnknownNameError("kind of JSON", name, files_by_name)
    return _read(f"{files_by_name[name]}-1.json")


def _read(name: str) -> dict[str, Any]:
    text = files("sigexplorer.show").joinpath("schema", name).read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema
