"""The numbers of a long recording in its last line: who asks for nothing else reads nothing else.

The line also says how many bytes stand before it. Where that is not so, because the file
was cut, edited or put together from several, the records are read after all.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from sigexplorer.errors import RecordingError
from sigexplorer.model import Summary
from sigexplorer.show.filters import NOISE, has_failed
from sigexplorer.show.profile import Burst, Measure, Profile, ReceiverNumbers, SignalNumbers
from sigexplorer.show.recording.check import WrongRecordError, check_end, check_run
from sigexplorer.show.recording.index import Index, Part, parts_of
from sigexplorer.show.recording.load import assembled, check_format
from sigexplorer.show.rowlines import Written

Record = dict[str, Any]

_LONGEST = 1024 * 1024  # bytes of the first and of the last line, at most

_RECEIVER = ("calls", "total_ns", "own_ns", "slowest_ns", "queries", "errors", "passed", "called_ns",
             "untimed")  # fmt: skip
_BYPASS = ("times", "rows", "unknown")
_SIGNAL = ("dispatches", "unheard", "calls", "total_ns", "slowest_ns", "queries", "errors")


class LineWriter:
    """Puts the records of one trace on lines, the last of which carries what they add up to, and where."""

    def __init__(self) -> None:
        self._encode = json.JSONEncoder().encode
        self._measure: Measure | None = None
        self._index = Index(0, NOISE)
        self._bytes = 0

    def line(self, record: Record) -> str:
        """Return the line of a record: the run first, each as it closed, the end last."""
        kind = record["type"]
        if kind == "end" and self._measure:
            return self._last(record, self._measure)
        line = f"{self._encode(record)}\n"  # JSON that is ASCII: as many bytes
        if kind == "run":
            self._measure = Measure(Profile(assembled([record]).run))
            self._index, self._bytes = Index(len(line), NOISE), 0
        elif self._measure:
            if kind == "dispatch":
                self._measure.dispatch(record)
                self._index.add(kind, record, len(line), failed=has_failed(record))
            else:
                self._measure.other(record)
                self._index.add(kind, record, len(line))
        self._bytes += len(line)
        return line

    def written(self, one: Written) -> str:
        """Return the line of a dispatch that is one already."""
        if self._measure:
            self._measure.returned(one)
        self._index.dispatch(one.id, one.start_ns, one.step, len(one.line))
        if one.name in NOISE:
            self._index.fold(one.name)
        self._bytes += len(one.line)
        return one.line

    def summary(self) -> Summary:
        """Return what was counted so far, but the queries of the run and what was only counted."""
        signals = self._measure.profile.signals if self._measure else {}
        names = Counter({name: numbers.dispatches for name, numbers in signals.items()})
        return Summary(
            dispatches=names.total(),
            calls=sum(numbers.calls for numbers in signals.values()),
            errors=sum(numbers.errors for numbers in signals.values()),
            queries=self._measure.profile.run.queries if self._measure else 0,
            bypasses=sum(times for times, *_ in self._measure.profile.bypasses.values())
            if self._measure
            else 0,
            by_signal=dict(names.most_common()),
        )

    def _last(self, record: Record, measure: Measure) -> str:
        rolled = {**record, "bytes": self._bytes, "profile": _dumped(measure.profile)}
        parts = self._index.dump()
        fuller = ({**rolled, "parts": parts}, rolled, record) if parts else (rolled, record)
        lines = (f"{self._encode(each)}\n" for each in fuller)
        return next((line for line in lines if len(line) < _LONGEST), f"{self._encode(record)}\n")


@dataclass(frozen=True, slots=True)
class RolledUp:
    """What the first and the last line of a recording say."""

    run: Record
    end: Record
    profile: Profile
    parts: tuple[Part, ...]  # none: it is short, or older than they


def rolled_up(file: Path) -> RolledUp | None:
    """Return the numbers of the only trace in ``file``, or None where its records have to be read."""
    try:
        if not file.is_file():
            return None  # a pipe can be read once
        with file.open("rb") as stream:
            return _read(stream)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, RecordingError):
        return None


def _read(stream: BinaryIO) -> RolledUp | None:
    head = stream.readline(_LONGEST)
    first = json.loads(head)
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _LONGEST))
    _, newline, line = stream.read().removesuffix(b"\n").rpartition(b"\n")
    if not newline or first.get("type") != "run":
        return None
    last = json.loads(line)
    if last.get("type") != "end" or last.get("bytes") != size - len(line) - 1 or "profile" not in last:
        return None
    check_format(first.get("schema"))
    check_run(first)
    check_end(last)
    parts = parts_of(last.pop("parts", ()) or (), len(head), last["bytes"]) if "parts" in last else []
    return RolledUp(first, last, _loaded(first, last), tuple(parts))


def _dumped(profile: Profile) -> Record:
    largest = profile.largest
    return {
        "receivers": {
            name: [getattr(numbers, each) for each in _RECEIVER]
            for name, numbers in profile.receivers.items()
        },
        "signals": {
            name: [getattr(numbers, each) for each in _SIGNAL] for name, numbers in profile.signals.items()
        },
        "recursions": [[*key, times] for key, times in profile.recursions.items()],
        "largest": largest and [largest.id, largest.name, largest.sender, largest.dispatches, largest.levels],
        "bypasses": [[*key, *numbers] for key, numbers in profile.bypasses.items()],
        "callbacks": {function: dict(endings) for function, endings in profile.callbacks.items()},
    }


def _loaded(run: Record, end: Record) -> Profile:
    """Return the profile of a last line; what is not of its type there raises one of many errors."""
    held, counts = end["profile"], end["summary"]
    summary = Summary(
        dispatches=_number(counts["dispatches"]),
        calls=_number(counts["calls"]),
        errors=_number(counts["errors"]),
        queries=_number(counts["queries"]),
        bypasses=_number(counts["bypasses"]),
        by_signal={_text(name): _number(times) for name, times in counts["by_signal"].items()},
        counted=counts.get("counted", {}),
    )
    largest = held["largest"]
    return Profile(
        assembled([run]).run,
        summary,
        {name: ReceiverNumbers(*_numbers(each, _RECEIVER)) for name, each in held["receivers"].items()},
        {name: SignalNumbers(*_numbers(each, _SIGNAL)) for name, each in held["signals"].items()},
        Counter(
            {
                (_text(who), _text(name), _some_text(sender)): _number(times)
                for who, name, sender, times in held["recursions"]
            }
        ),
        None if largest is None else _burst(*largest),
        {
            (_text(what), _text(model)): _numbers(numbers, _BYPASS)
            for what, model, *numbers in held["bypasses"]
        },
        {
            function: Counter({_text(ending): _number(times) for ending, times in endings.items()})
            for function, endings in held["callbacks"].items()
        },
    )


def _burst(number: Any, name: Any, sender: Any, dispatches: Any, levels: Any) -> Burst:
    return Burst(_number(number), _text(name), _some_text(sender), _number(dispatches), _number(levels))


def _numbers(held: Any, names: Sequence[str]) -> list[int]:
    if type(held) is not list or len(held) != len(names):  # an older sigexplorer wrote it
        raise WrongRecordError("not as many numbers")
    return [_number(each) for each in held]


def _number(held: Any) -> int:
    if type(held) is not int or held < 0:
        raise WrongRecordError("no number")
    return held


def _text(held: Any) -> str:
    if type(held) is not str:
        raise WrongRecordError("no text")
    return held


def _some_text(held: Any) -> str | None:
    return None if held is None else _text(held)
