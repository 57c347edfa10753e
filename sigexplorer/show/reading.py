"""A recorded trace from a file: one JSON document, or a record a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sigexplorer.errors import UsageError
from sigexplorer.model import Trace
from sigexplorer.show import recording

#: The list of a document in which each kind of record stands.
_LISTS = {
    "step": "steps",
    "dispatch": "dispatches",
    "bypass": "bypasses",
    "claim": "claims",
    "callback": "callbacks",
    "receiver": "receivers",
}


def read(file: Path) -> Trace:
    """Return the trace in ``file``; raises where it is none, or holds several."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is no text"
        raise UsageError(
            f"cannot read '{file}': {reason}", "give a trace that was written with -o"
        ) from problem
    try:
        return recording.load(_document(text))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as problem:
        raise UsageError(
            f"'{file}' is no recorded trace", "write one with -f json or -f jsonl, and -o"
        ) from problem


def _document(text: str) -> dict[str, Any]:
    """Return the document of a trace, put together from its records where they stand one a line."""
    try:
        document: dict[str, Any] = json.loads(text)
    except ValueError:
        return _together([json.loads(line) for line in text.splitlines() if line.strip()])
    return _together([document]) if document.get("type") == "run" else document


def _together(records: list[dict[str, Any]]) -> dict[str, Any]:
    document: dict[str, Any] = {name: [] for name in _LISTS.values()}
    document |= {"schema": recording.SCHEMA, "run": records[0], "summary": {}}
    for record in records[1:]:
        if record["type"] in _LISTS:
            document[_LISTS[record["type"]]].append(record)
        elif record["type"] == "end":
            document["summary"] = record["summary"]
    return document
