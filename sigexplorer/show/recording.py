"""A trace to and from the records that the contract fixes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from typing import Any, TypeVar

from sigexplorer.model import (
    Bypass,
    Call,
    Callback,
    Claim,
    Counted,
    Dispatch,
    ListedReceiver,
    Origin,
    Run,
    Scalar,
    Step,
    Trace,
    summarise,
)

#: The format of a trace. /1: the first.
SCHEMA = "sigexplorer.trace/1"

#: Several traces in one document.
SCHEMA_MANY = "sigexplorer.traces/1"


def dump(trace: Trace) -> dict[str, Any]:
    """Return ``trace`` as one JSON document."""
    return {
        "schema": SCHEMA,
        "run": _run(trace.run),
        "steps": [asdict(step) for step in trace.steps],
        "dispatches": [dump_dispatch(dispatch) for dispatch in trace.dispatches],
        "bypasses": [_bypass(bypass) for bypass in trace.bypasses],
        "claims": [asdict(claim) for claim in trace.claims],
        "callbacks": [asdict(callback) for callback in trace.callbacks],
        "receivers": [dump_receiver(receiver) for receiver in trace.receivers],
        "summary": asdict(summarise(trace)),
    }


def dump_many(traces: list[Trace]) -> dict[str, Any]:
    """Return several traces as one JSON document."""
    return {"schema": SCHEMA_MANY, "traces": [dump(trace) for trace in traces]}


def records(trace: Trace) -> list[dict[str, Any]]:
    """Return ``trace`` as flat records, one a line: the run, each record as it closed, the end."""
    timed = [(step.start_ns + step.duration_ns, {"type": "step", **asdict(step)}) for step in trace.steps]
    timed += [
        (dispatch.start_ns + dispatch.duration_ns, {"type": "dispatch", **dump_dispatch(dispatch)})
        for dispatch in trace.dispatches
    ]
    timed += [(bypass.start_ns, {"type": "bypass", **_bypass(bypass)}) for bypass in trace.bypasses]
    timed += [(_ended_ns(each), {"type": "callback", **asdict(each)}) for each in trace.callbacks]
    closed = [record for _, record in sorted(timed, key=lambda pair: pair[0])]
    claims = [{"type": "claim", **asdict(claim)} for claim in trace.claims]
    first = {"type": "run", "schema": SCHEMA, **_run(trace.run)}
    receivers = [{"type": "receiver", **dump_receiver(receiver)} for receiver in trace.receivers]
    return [first, *closed, *claims, *receivers, {"type": "end", "summary": asdict(summarise(trace))}]


def _ended_ns(callback: Callback) -> int:
    return callback.registered_ns if callback.start_ns is None else callback.start_ns + callback.duration_ns


def load(document: dict[str, Any]) -> Trace:
    """Return the trace that ``dump`` made ``document`` from.

    Keys that we do not know are left out: a later version may have added them.
    """
    return Trace(
        run=_made(Run, document["run"], databases=_pairs, notes=tuple),
        steps=tuple(_made(Step, step) for step in document["steps"]),
        dispatches=tuple(
            _made(Dispatch, record, arguments=_pairs, calls=_calls, origin=_origin)
            for record in document["dispatches"]
        ),
        bypasses=tuple(
            _made(Bypass, record, origin=_origin, would_call=tuple) for record in document["bypasses"]
        ),
        claims=tuple(_made(Claim, claim) for claim in document["claims"]),
        callbacks=tuple(
            _made(Callback, callback, origin=_origin) for callback in document.get("callbacks", ())
        ),
        receivers=tuple(_receiver(receiver) for receiver in document.get("receivers", ())),
        counted=_counted(document["summary"].get("counted", {})),
    )


Record = TypeVar("Record")


def _made(cls: Callable[..., Record], record: dict[str, Any], **made: Callable[[Any], Any]) -> Record:
    known = {field.name for field in fields(cls)}  # type: ignore[arg-type]  # each is a dataclass
    held = {name: value for name, value in record.items() if name in known}
    return cls(**{name: made[name](value) if name in made else value for name, value in held.items()})


def _receiver(record: dict[str, Any]) -> ListedReceiver:
    return _made(ListedReceiver, {**record, "is_async": record["async"]}, connected_at=_origin)


def _counted(table: dict[str, dict[str, int]]) -> tuple[Counted, ...]:
    return tuple(
        Counted(name, sender, times) for name, senders in table.items() for sender, times in senders.items()
    )


def _pairs(record: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(record.items())


def _calls(records: list[dict[str, Any]]) -> tuple[Call, ...]:
    return tuple(_made(Call, {**record, "is_async": record["async"]}) for record in records)


def _origin(record: dict[str, Any] | None) -> Origin | None:
    return None if record is None else _made(Origin, record)


def _run(run: Run) -> dict[str, Any]:
    return {**asdict(run), "databases": dict(run.databases), "notes": list(run.notes)}


def dump_dispatch(dispatch: Dispatch) -> dict[str, Any]:
    """Return one dispatch as its record."""
    return {
        **asdict(dispatch),
        "arguments": {name: _finite(held) for name, held in dispatch.arguments},
        "calls": [_call(call) for call in dispatch.calls],
    }


def _finite(held: Scalar) -> Scalar:
    """JSON has no word for numbers that are not finite."""
    return repr(held) if isinstance(held, float) and not math.isfinite(held) else held


def _call(call: Call) -> dict[str, Any]:
    return _named_async(asdict(replace(call, result=_finite(call.result))))


def dump_receiver(receiver: ListedReceiver) -> dict[str, Any]:
    """Return one registration as its record."""
    return _named_async(asdict(receiver))


def _named_async(record: dict[str, Any]) -> dict[str, Any]:
    """Give the key back its name, which Python has taken."""
    return {"async" if name == "is_async" else name: held for name, held in record.items()}


def _bypass(bypass: Bypass) -> dict[str, Any]:
    return {**asdict(bypass), "would_call": list(bypass.would_call)}
