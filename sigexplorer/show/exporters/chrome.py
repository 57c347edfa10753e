"""Traces in Chrome's trace event format, which Perfetto and speedscope open.

A process for each trace, a track for each thread; what overlaps without being nested, as
async receivers do, has tracks of its own. Steps stand on the first track. A flow leads from
the call, or the on_commit callback, that caused a dispatch on another track to it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from sigexplorer.model import Bypass, Callback, Dispatch, Origin, Step, Trace
from sigexplorer.show.exporters.flame import Flame
from sigexplorer.show.exporters.lanes import ANYTHING, Span, laid_out
from sigexplorer.show.text import safe

_NAME = 200  # characters
_PER_THREAD = 1_000  # tracks of one thread, of which only as many as overlap are used

#: A dispatch, a call in it by its index, a step, or a callback.
_Thing = Step | tuple[Dispatch, int | None] | Callback


def export(traces: Sequence[Trace]) -> Iterator[str]:
    """Yield a JSON array with the events of all traces, one a line."""
    encode = json.JSONEncoder(separators=(",", ":")).encode
    separator = ""
    yield "[\n"
    for process, trace in enumerate(traces, 1):
        for event in _events(trace, process):
            yield f"{separator}{encode(event)}"
            separator = ",\n"
    yield "\n]\n"


def _events(trace: Trace, process: int) -> Iterator[dict[str, Any]]:
    yield {"ph": "M", "name": "process_name", "pid": process, "tid": 0,
           "args": {"name": _shown(trace.run.title)}}  # fmt: skip
    threads = _Threads()
    at: dict[object, tuple[int, int]] = {}  # where a thing begins: its track and its time
    flames: dict[int, Flame] = defaultdict(Flame)
    for placed in laid_out(_spans(trace)):
        span = placed.span
        track = threads.track(span.home, placed.track)
        at[span.key] = (track, span.start_ns)
        event = _event(span, process, track)
        yield event
        flames[track].add(event["name"], span.start_ns, span.end_ns)
        cause = _cause(span.thing)
        if cause in at and not placed.nested:
            yield from _flow(process, len(at), at[cause], (track, span.start_ns))
    for bypass in trace.bypasses:
        yield _instant(bypass, process, at.get((bypass.parent, bypass.parent_call), (threads.main, 0))[0])
    for name, track in threads.tracks():
        yield {"ph": "M", "name": "thread_name", "pid": process, "tid": track, "args": {"name": _shown(name)}}
        yield {"ph": "M", "name": "thread_sort_index", "pid": process, "tid": track,
               "args": {"sort_index": track}}  # fmt: skip
    for track in sorted(flames, key=lambda number: number < _PER_THREAD):  # the first is shown: no steps
        yield {"ph": "M", "name": "CpuProfile", "pid": process, "tid": track,
               "args": {"data": {"cpuProfile": flames[track].profile()}}}  # fmt: skip


class _Threads:
    """Numbers for tracks: those of one thread follow each other."""

    def __init__(self) -> None:
        self._bases = {"steps": 0}
        self._used: dict[tuple[str, int], int] = {}

    @property
    def main(self) -> int:
        """Return the track of the first thread."""
        return _PER_THREAD + 1

    def track(self, thread: str, number: int) -> int:
        base = self._bases.setdefault(thread, len(self._bases) * _PER_THREAD)
        return self._used.setdefault((thread, number), base + number + 1)

    def tracks(self) -> Iterator[tuple[str, int]]:
        for (thread, number), track in self._used.items():
            yield thread if not number else f"{thread} ({number + 1})", track


def _cause(thing: _Thing) -> object:
    """Return the key of the call, or the callback, by which a thing was caused."""
    if isinstance(thing, Callback):
        return (thing.parent, thing.parent_call)
    if isinstance(thing, tuple) and thing[1] is None:
        dispatch = thing[0]
        if dispatch.parent is not None:
            return (dispatch.parent, dispatch.parent_call)
        if dispatch.callback is not None:
            return ("callback", dispatch.callback)
    return None


def _spans(trace: Trace) -> Iterator[Span[_Thing]]:
    for step in trace.steps:
        yield Span(
            step, ("step", step.id), step.start_ns, step.start_ns + step.duration_ns, "steps", ANYTHING
        )
    homes = _homes(trace)
    for dispatch in trace.dispatches:
        home, key = homes[dispatch.process, dispatch.thread], (dispatch.id, None)
        end_ns = dispatch.start_ns + dispatch.duration_ns
        yield Span((dispatch, None), key, dispatch.start_ns, end_ns, home, _cause((dispatch, None)))
        for index, call in enumerate(dispatch.calls):
            if call.outcome in ("returned", "raised") and call.duration_ns is not None:
                end_ns = call.start_ns + call.duration_ns
                yield Span((dispatch, index), (dispatch.id, index), call.start_ns, end_ns, home, key)
    sent = {dispatch.callback: homes[dispatch.process, dispatch.thread] for dispatch in trace.dispatches}
    first = next(iter(homes.values()), "MainThread")
    for callback in trace.callbacks:
        if callback.start_ns is not None:
            end_ns = callback.start_ns + callback.duration_ns
            home = sent.get(callback.id, first)
            yield Span(callback, ("callback", callback.id), callback.start_ns, end_ns, home, ANYTHING)


def _homes(trace: Trace) -> dict[tuple[int, str], str]:
    """Return the name of each thread; where there are several processes, with that of its own."""
    pairs = dict.fromkeys((dispatch.process, dispatch.thread) for dispatch in trace.dispatches)
    several = len({process for process, _ in pairs}) > 1
    return {
        (process, thread): f"{thread} of process {process}" if several else thread
        for process, thread in pairs
    }


def _event(span: Span[_Thing], process: int, track: int) -> dict[str, Any]:
    name, category, told = _words(span.thing)
    return {
        "ph": "X",
        "name": _shown(name),
        "cat": category,
        "pid": process,
        "tid": track,
        "ts": span.start_ns / 1_000,  # the format counts microseconds
        "dur": (span.end_ns - span.start_ns) / 1_000,
        "args": told,
    }


def _words(thing: _Thing) -> tuple[str, str, dict[str, Any]]:
    if isinstance(thing, Step):
        return thing.title, "step", {"error": thing.error} if thing.error else {}
    if isinstance(thing, Callback):
        return f"on_commit {thing.function}", "callback", {"ending": thing.ending, **_place(thing.origin)}
    dispatch, index = thing
    if index is not None:
        call = dispatch.calls[index]
        told: dict[str, Any] = {"outcome": call.outcome, "SQL": call.queries, "result": _value(call.result)}
        if call.file is not None:
            told["file"] = f"{_shown(call.file)}:{call.line}"
        return call.receiver, "receiver", {**told, **_error(call.error)}
    told = {_shown(name): _value(held) for name, held in dispatch.arguments}
    told = {"id": dispatch.id, "sender": _value(dispatch.sender), "arguments": told, "SQL": dispatch.queries}
    told |= _place(dispatch.origin) | _error(dispatch.error)
    if dispatch.rolled_back:
        told["rolled back"] = True
    return f"{dispatch.name} {dispatch.sender}", dispatch.group, told


def _instant(bypass: Bypass, process: int, track: int) -> dict[str, Any]:
    told = {"model": _shown(bypass.model), "rows": bypass.rows, **_place(bypass.origin)}
    return {"ph": "i", "s": "t", "name": f"no signal: {bypass.operation}", "cat": "bypass", "pid": process,
            "tid": track, "ts": bypass.start_ns / 1_000, "args": told}  # fmt: skip


def _flow(
    process: int, number: int, cause: tuple[int, int], effect: tuple[int, int]
) -> Iterator[dict[str, Any]]:
    for phase, (track, start_ns) in (("s", cause), ("f", effect)):
        event = {"ph": phase, "name": "cause", "cat": "cause", "id": number, "pid": process, "tid": track,
                 "ts": start_ns / 1_000}  # fmt: skip
        yield event | ({"bp": "e"} if phase == "f" else {})


def _place(origin: Origin | None) -> dict[str, Any]:
    return {"from": f"{_shown(origin.file)}:{origin.line} {_shown(origin.function)}"} if origin else {}


def _error(error: str | None) -> dict[str, Any]:
    return {"error": _shown(error)} if error is not None else {}


def _value(held: object) -> Any:
    return (
        _shown(held)
        if isinstance(held, str)
        else held
        if held is None or held in (True, False)
        else str(held)
    )


@lru_cache(maxsize=4_096)  # names come again and again
def _shown(text: str) -> str:
    return safe(text, _NAME)
