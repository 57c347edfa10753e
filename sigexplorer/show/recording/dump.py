"""A trace as records: plain dictionaries that JSON can hold.

Written out key by key: ``dataclasses.asdict`` takes ten times as long, and there may be
millions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, get_args

from sigexplorer.model import (
    Bypass,
    Call,
    Callback,
    Claim,
    Dispatch,
    ListedReceiver,
    Method,
    Origin,
    Run,
    Scalar,
    Step,
    Summary,
    Trace,
    summarise,
)

#: The format of a trace. /1: the first.
SCHEMA = "sigexplorer.trace/1"

#: Several traces in one document.
SCHEMA_MANY = "sigexplorer.traces/1"

#: What JSON makes of one recorded thing.
Record = dict[str, Any]

#: The lists of a document and the type of their records, where these close one by one.
_CLOSING = (("steps", "step"), ("dispatches", "dispatch"), ("bypasses", "bypass"), ("callbacks", "callback"))


def dump(trace: Trace) -> Record:
    """Return ``trace`` as one JSON document."""
    return {
        "schema": SCHEMA,
        "run": dump_run(trace.run),
        "steps": [dump_step(step) for step in trace.steps],
        "dispatches": [dump_dispatch(dispatch) for dispatch in trace.dispatches],
        "bypasses": [dump_bypass(bypass) for bypass in trace.bypasses],
        "claims": [dump_claim(claim) for claim in trace.claims],
        "callbacks": [dump_callback(callback) for callback in trace.callbacks],
        "receivers": [dump_receiver(receiver) for receiver in trace.receivers],
        "summary": dump_summary(summarise(trace)),
    }


def dump_many(traces: list[Trace]) -> Record:
    """Return several traces as one JSON document."""
    return {"schema": SCHEMA_MANY, "traces": [dump(trace) for trace in traces]}


def records(trace: Trace) -> list[Record]:
    """Return ``trace`` as flat records, one a line: the run, each record as it closed, the end."""
    return list(lines_of(dump(trace)))


def lines_of(document: Record) -> Iterator[Record]:
    """Return the records of one document of a trace in the order of their lines."""
    yield {"type": "run", "schema": document.get("schema"), **document["run"]}
    closed = [{"type": kind, **record} for name, kind in _CLOSING for record in document.get(name) or ()]
    closed.sort(key=_closes)
    yield from closed
    yield from ({"type": "claim", **claim} for claim in document.get("claims") or ())
    yield from ({"type": "receiver", **receiver} for receiver in document.get("receivers") or ())
    yield {"type": "end", "summary": document["summary"]}


def _closes(record: Record) -> tuple[int, int]:
    """Sort by the end; of what ends together, first what opened last and so stands inside."""
    start_ns = record.get("start_ns")
    ended_ns: int = (
        record["registered_ns"] if start_ns is None else start_ns + (record.get("duration_ns") or 0)
    )
    return ended_ns, -record["id"]


def dump_run(run: Run) -> Record:
    """Return where, when and how a trace was recorded, as its record."""
    return {
        "title": run.title,
        "listened": run.listened,
        "started_at": run.started_at,
        "duration_ns": run.duration_ns,
        "sigexplorer": run.sigexplorer,
        "django": run.django,
        "python": run.python,
        "databases": dict(run.databases),
        "dropped": run.dropped,
        "complete": run.complete,
        "queries": run.queries,
        "notes": list(run.notes),
    }


def dump_step(step: Step) -> Record:
    """Return one step as its record."""
    return {
        "id": step.id,
        "title": step.title,
        "start_ns": step.start_ns,
        "duration_ns": step.duration_ns,
        "error": step.error,
        "source": step.source,
    }


def dump_dispatch(dispatch: Dispatch) -> Record:
    """Return one dispatch as its record."""
    return {
        "id": dispatch.id,
        "parent": dispatch.parent,
        "parent_call": dispatch.parent_call,
        "step": dispatch.step,
        "signal": dispatch.signal,
        "name": dispatch.name,
        "group": dispatch.group,
        **_method(dispatch.method),
        "sender": dispatch.sender,
        "start_ns": dispatch.start_ns,
        "duration_ns": dispatch.duration_ns,
        "arguments": {name: finite(held) for name, held in dispatch.arguments},
        "calls": [_call(call) for call in dispatch.calls],
        "error": dispatch.error,
        "origin": _origin(dispatch.origin),
        "in_transaction": dispatch.in_transaction,
        "rolled_back": dispatch.rolled_back,
        "queries": dispatch.queries,
        "thread": dispatch.thread,
        "process": dispatch.process,
        "callback": dispatch.callback,
    }


_METHODS = get_args(Method)


def _method(name: str) -> Record:
    """Return one of Django's methods, and beside it the name of one of the project's own."""
    if name in _METHODS:
        return {"method": name}
    nearest = f"{'a' * name.startswith('asend')}send{'_robust' * name.endswith('_robust')}"
    return {"method": nearest, "own_method": name}


def _call(call: Call) -> Record:
    return {
        "receiver": call.receiver,
        "order": call.order,
        "file": call.file,
        "line": call.line,
        "dispatch_uid": call.dispatch_uid,
        "weak": call.weak,
        "async": call.is_async,
        "start_ns": call.start_ns,
        "duration_ns": call.duration_ns,
        "outcome": call.outcome,
        "result": finite(call.result),
        "error": call.error,
        "queries": call.queries,
    }


def finite(held: Scalar) -> Scalar:
    """JSON has no word for numbers that are not finite."""
    return repr(held) if isinstance(held, float) and not math.isfinite(held) else held


def _origin(origin: Origin | None) -> Record | None:
    if origin is None:
        return None
    return {"file": origin.file, "line": origin.line, "function": origin.function}


def dump_bypass(bypass: Bypass) -> Record:
    """Return one bypass as its record."""
    return {
        "id": bypass.id,
        "operation": bypass.operation,
        "model": bypass.model,
        "rows": bypass.rows,
        "start_ns": bypass.start_ns,
        "step": bypass.step,
        "parent": bypass.parent,
        "parent_call": bypass.parent_call,
        "origin": _origin(bypass.origin),
        "would_call": list(bypass.would_call),
        "thread": bypass.thread,
        "process": bypass.process,
    }


def dump_callback(callback: Callback) -> Record:
    """Return one function given to ``on_commit`` as its record."""
    return {
        "id": callback.id,
        "function": callback.function,
        "file": callback.file,
        "line": callback.line,
        "using": callback.using,
        "registered_ns": callback.registered_ns,
        "step": callback.step,
        "parent": callback.parent,
        "parent_call": callback.parent_call,
        "origin": _origin(callback.origin),
        "start_ns": callback.start_ns,
        "duration_ns": callback.duration_ns,
        "ending": callback.ending,
        "error": callback.error,
        "thread": callback.thread,
        "process": callback.process,
    }


def dump_claim(claim: Claim) -> Record:
    """Return one claim as its record."""
    return {
        "text": claim.text,
        "held": claim.held,
        "detail": claim.detail,
        "step": claim.step,
        "fact": claim.fact,
    }


def dump_receiver(receiver: ListedReceiver) -> Record:
    """Return one registration as its record."""
    return {
        "signal": receiver.signal,
        "name": receiver.name,
        "receiver": receiver.receiver,
        "order": receiver.order,
        "file": receiver.file,
        "line": receiver.line,
        "sender": receiver.sender,
        "dispatch_uid": receiver.dispatch_uid,
        "weak": receiver.weak,
        "async": receiver.is_async,
        "alive": receiver.alive,
        "connected_at": _origin(receiver.connected_at),
        "stock": receiver.stock,
    }


def dump_summary(summary: Summary) -> Record:
    """Return a trace in a few numbers, as its record."""
    return {
        "dispatches": summary.dispatches,
        "calls": summary.calls,
        "errors": summary.errors,
        "queries": summary.queries,
        "bypasses": summary.bypasses,
        "by_signal": dict(summary.by_signal),
        "counted": {name: dict(senders) for name, senders in summary.counted.items()},
    }
