"""A trace as compressed columns of small numbers and tables of texts: what the page reads.

A dispatch says little that the one before it did not say: its signal, sender and thread
are a *kind*, numbered once; its times are differences; its texts are numbers of a table.
Each block stands for itself, so that a document streams and the page decodes it in slices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from operator import attrgetter, sub
from typing import Any

from sigexplorer.model import Bypass, Call, Callback, Dispatch, Origin, Trace
from sigexplorer.show.exporters.report.packing import LIMIT, Numbers, clean, clean_texts, pack
from sigexplorer.show.text import safe

#: Records of a block: the page decodes one in a few milliseconds.
BLOCK = 4_096

#: A name, and what is packed under it.
Part = tuple[str, str]

#: Columns of numbers by their names.
Columns = Iterator[tuple[str, Sequence[int]]]


def parts(trace: Trace) -> Iterator[Part]:
    """Yield the named parts of a trace, packed, in the order in which the page wants them."""
    yield "head", pack(_head(trace))
    for chunk in _chunks(trace.bypasses):
        yield "bypasses", pack([_bypass(bypass) for bypass in chunk])
    for chunk in _chunks(trace.callbacks):
        yield "callbacks", pack([_callback(callback) for callback in chunk])
    kinds, calls = Numbers(), Numbers()
    for dispatches in _chunks(trace.dispatches):
        numbers = list(_numbers(dispatches, kinds, calls))
        yield "numbers", pack({"kinds": clean(kinds.new()), "callKinds": clean(calls.new())}, numbers)
        # Apart from the numbers, so that the page opens without reading what nobody looks at yet.
        yield "texts", _texts(dispatches)


def _chunks(records: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(records)
    while chunk := list(islice(rest, BLOCK)):
        yield chunk


def _head(trace: Trace) -> dict[str, Any]:
    run = trace.run
    return {
        "run": {
            "title": clean(run.title),
            "listened": run.listened,
            "started": clean(run.started_at),
            "duration": run.duration_ns,
            "versions": clean((run.sigexplorer, run.django, run.python)),
            "databases": clean(run.databases),
            "dropped": run.dropped,
            "complete": run.complete,
            "queries": run.queries,
            "notes": clean(run.notes),
        },
        "steps": [[*clean(_STEP(step)), _lines(step.source)] for step in trace.steps],
        "claims": [clean(_CLAIM(claim)) for claim in trace.claims],
        "receivers": [[*clean(_REGISTRATION(one)), _place(one.connected_at)] for one in trace.receivers],
        "counted": [clean((one.name, one.sender, one.times)) for one in trace.counted],
        "dispatches": len(trace.dispatches),
    }


_STEP: Callable[[Any], tuple[Any, ...]] = attrgetter("id", "title", "start_ns", "duration_ns", "error")
_CLAIM: Callable[[Any], tuple[Any, ...]] = attrgetter("text", "held", "detail", "step")
_REGISTRATION: Callable[[Any], tuple[Any, ...]] = attrgetter(
    "signal", "name", "receiver", "file", "line", "sender", "dispatch_uid", "alive", "stock"
)


def _lines(source: str | None) -> list[str] | None:
    return None if source is None else [safe(line, LIMIT) for line in source[:LIMIT].splitlines()]


_ORIGIN: Callable[[Origin], tuple[Any, ...]] = attrgetter("file", "line", "function")


def _place(origin: Origin | None) -> list[Any] | None:
    return None if origin is None else clean(_ORIGIN(origin))


def _bypass(bypass: Bypass) -> list[Any]:
    return [
        bypass.id, bypass.operation, clean(bypass.model), bypass.rows, bypass.start_ns, bypass.step,
        bypass.parent, bypass.parent_call, _place(bypass.origin), clean(bypass.would_call),
    ]  # fmt: skip


def _callback(one: Callback) -> list[Any]:
    return [
        one.id, clean(one.function), clean(one.file), one.line, clean(one.using), one.registered_ns, one.step,
        one.parent, one.parent_call, _place(one.origin), one.start_ns, one.duration_ns, one.ending,
        clean(one.error),
    ]  # fmt: skip


_KIND: Callable[[Dispatch], tuple[Any, ...]] = attrgetter(
    "signal",
    "name",
    "group",
    "method",
    "sender",
    "step",
    "thread",
    "process",
    "in_transaction",
    "rolled_back",
)
_CALL_PARTS: Callable[[Call], tuple[Any, ...]] = attrgetter(
    "receiver", "order", "file", "line", "dispatch_uid", "weak", "is_async", "outcome"
)


def _CALL_KIND(call: Call) -> tuple[Any, ...]:  # noqa: N802 - like the one above
    kind = _CALL_PARTS(call)
    if call.duration_ns is None and call.outcome != "unknown":
        return (*kind[:-1], f"{call.outcome}, time not known")
    return kind


# A column at a time: a tuple for each record would be one more object to collect.


def _numbers(dispatches: list[Dispatch], kinds: Numbers, call_kinds: Numbers) -> Columns:
    """Yield the columns of some dispatches and of the calls in them."""
    yield "kind", kinds.of([_KIND(one) for one in dispatches])
    yield "id", _differences([one.id for one in dispatches])
    # Most causes are near: their distance is a small number. 0: none.
    yield "parent", [0 if one.parent is None else one.id - one.parent for one in dispatches]
    yield "parentCall", _from_one([one.parent_call for one in dispatches])
    yield "start", _differences([one.start_ns for one in dispatches])
    yield "duration", [one.duration_ns for one in dispatches]
    yield "queries", [one.queries for one in dispatches]
    yield "failed", [one.error is not None for one in dispatches]
    yield "callback", _from_one([one.callback for one in dispatches])
    yield "count", [len(one.calls) for one in dispatches]
    calls = [call for one in dispatches for call in one.calls]
    yield "callKind", call_kinds.of([_CALL_KIND(call) for call in calls])
    yield "callStart", _differences([call.start_ns for call in calls])
    yield "callDuration", [call.duration_ns or 0 for call in calls]
    yield "callQueries", [call.queries for call in calls]


def _from_one(numbers: Sequence[int | None]) -> list[int]:
    """Return the numbers, each one more, and 0 where there is none."""
    return [0 if number is None else number + 1 for number in numbers]


def _differences(numbers: Sequence[int]) -> list[int]:
    return [*numbers[:1], *map(sub, numbers[1:], numbers)]


def _texts(dispatches: list[Dispatch]) -> str:
    """Return what the page reads when somebody looks at one of these dispatches, or searches."""
    names, values, origins, errors, results = (Numbers() for _ in range(5))
    calls = [call for one in dispatches for call in one.calls]
    # As texts, because 1, 1.0 and True are one key to Python.
    told = [str(value) for one in dispatches for _, value in one.arguments]
    columns = [
        ("names", names.of([tuple([name for name, _ in one.arguments]) for one in dispatches])),
        ("value", values.of(told)),
        ("origin", origins.of([one.origin and _ORIGIN(one.origin) for one in dispatches])),
        ("error", errors.of([one.error for one in dispatches])),
        ("result", results.of([None if call.result is None else str(call.result) for call in calls])),
        ("raised", errors.of([call.error for call in calls])),
    ]
    tables = {
        "shapes": clean(names.new()),
        "values": clean_texts(values.new()),
        "origins": clean(origins.new()),
        "errors": clean(errors.new()),
        "results": clean(results.new()),
    }
    return pack(tables, columns)
