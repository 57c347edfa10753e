"""A trace to and from the records that the contract fixes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sigexplorer.model import Bypass, Call, Claim, Dispatch, Origin, Run, Step, Trace, summarise

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
        "dispatches": [_dispatch(dispatch) for dispatch in trace.dispatches],
        "bypasses": [_bypass(bypass) for bypass in trace.bypasses],
        "claims": [asdict(claim) for claim in trace.claims],
        "summary": asdict(summarise(trace)),
    }


def dump_many(traces: list[Trace]) -> dict[str, Any]:
    """Return several traces as one JSON document."""
    return {"schema": SCHEMA_MANY, "traces": [dump(trace) for trace in traces]}


def records(trace: Trace) -> list[dict[str, Any]]:
    """Return ``trace`` as flat records, one a line: the run, each record as it closed, the end."""
    timed = [(step.start_ns + step.duration_ns, {"type": "step", **asdict(step)}) for step in trace.steps]
    timed += [
        (dispatch.start_ns + dispatch.duration_ns, {"type": "dispatch", **_dispatch(dispatch)})
        for dispatch in trace.dispatches
    ]
    timed += [(bypass.start_ns, {"type": "bypass", **_bypass(bypass)}) for bypass in trace.bypasses]
    closed = [record for _, record in sorted(timed, key=lambda pair: pair[0])]
    claims = [{"type": "claim", **asdict(claim)} for claim in trace.claims]
    first = {"type": "run", "schema": SCHEMA, **_run(trace.run)}
    return [first, *closed, *claims, {"type": "end", "summary": asdict(summarise(trace))}]


def load(document: dict[str, Any]) -> Trace:
    """Return the trace that ``dump`` made ``document`` from."""
    return Trace(
        run=Run(
            **{
                **document["run"],
                "databases": tuple(document["run"]["databases"].items()),
                "notes": tuple(document["run"]["notes"]),
            }
        ),
        steps=tuple(Step(**step) for step in document["steps"]),
        dispatches=tuple(_loaded_dispatch(record) for record in document["dispatches"]),
        bypasses=tuple(
            Bypass(**{**record, "origin": _loaded_origin(record), "would_call": tuple(record["would_call"])})
            for record in document["bypasses"]
        ),
        claims=tuple(Claim(**claim) for claim in document["claims"]),
    )


def _run(run: Run) -> dict[str, Any]:
    return {**asdict(run), "databases": dict(run.databases), "notes": list(run.notes)}


def _dispatch(dispatch: Dispatch) -> dict[str, Any]:
    return {
        **asdict(dispatch),
        "arguments": dict(dispatch.arguments),
        "calls": [_call(call) for call in dispatch.calls],
    }


def _call(call: Call) -> dict[str, Any]:
    return {"async" if name == "is_async" else name: held for name, held in asdict(call).items()}


def _bypass(bypass: Bypass) -> dict[str, Any]:
    return {**asdict(bypass), "would_call": list(bypass.would_call)}


def _loaded_dispatch(record: dict[str, Any]) -> Dispatch:
    calls = tuple(
        Call(**{"is_async" if name == "async" else name: held for name, held in call.items()})
        for call in record["calls"]
    )
    arguments = tuple(record["arguments"].items())
    return Dispatch(**{**record, "arguments": arguments, "calls": calls, "origin": _loaded_origin(record)})


def _loaded_origin(record: dict[str, Any]) -> Origin | None:
    return Origin(**record["origin"]) if record["origin"] is not None else None
