"""The few numbers of a trace, counted while its records go by."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sigexplorer.model import Summary

Record = dict[str, Any]


class Tally:
    """Counts what ``model.summarise`` counts, one record at a time."""

    def __init__(self) -> None:
        self._signals: Counter[str] = Counter()
        self._dispatches = self._calls = self._errors = self._bypasses = self._queries = 0
        self._counted: dict[str, dict[str, int]] = {}

    def add(self, record: Record) -> None:
        """Count one record."""
        kind = record["type"]
        if kind == "dispatch":
            self._dispatch(record)
        elif kind == "bypass":
            self._bypasses += 1
        elif kind == "run":
            self._queries = record.get("queries", 0)
        elif kind == "end":
            self._counted = record["summary"].get("counted", {})

    def _dispatch(self, record: Record) -> None:
        self._dispatches += 1
        self._signals[record["name"]] += 1
        raised = False
        for call in record["calls"]:
            outcome = call["outcome"]
            if outcome == "returned":
                self._calls += 1
            elif outcome == "raised":
                self._calls += 1
                self._errors += 1
                raised = True
        if record["error"] is not None and not raised:
            self._errors += 1

    def summary(self) -> Summary:
        """Return the numbers of what was counted so far."""
        return Summary(
            self._dispatches,
            self._calls,
            self._errors,
            self._queries,
            self._bypasses,
            dict(self._signals.most_common()),
            self._counted,
        )
