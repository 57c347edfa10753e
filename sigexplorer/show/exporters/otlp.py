"""Traces as OpenTelemetry's OTLP/JSON: a span for each dispatch, and one for each call in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sigexplorer.model import Call, Callback, Dispatch, Origin, Scalar, Trace

Json = dict[str, Any]

_INTERNAL = 1  # SpanKind
_FAILED = 2  # StatusCode
_INT64 = 2**63

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def export(traces: Sequence[Trace]) -> Iterator[str]:
    """Yield one ExportTraceServiceRequest, a span a line; times are those of the clock on the wall."""
    encode = json.JSONEncoder(separators=(",", ":")).encode
    yield '{"resourceSpans":['
    for number, trace in enumerate(traces):
        yield "," * (number > 0)
        resource = {"attributes": _attributes(_of_run(trace))}
        scope = {"name": "sigexplorer", "version": _text(trace.run.sigexplorer)}
        yield f'{{"resource":{encode(resource)},"scopeSpans":[{{"scope":{encode(scope)},"spans":['
        separator = "\n"
        for span in _spans(trace, number):
            yield f"{separator}{encode(span)}"
            separator = ",\n"
        yield "\n]}]}"
    yield "]}\n"


def _of_run(trace: Trace) -> dict[str, Scalar]:
    run = trace.run
    return {
        "service.name": run.title,
        "telemetry.sdk.language": "python",
        "process.runtime.version": run.python,
        "django.version": run.django,
        "sigexplorer.listened": run.listened,
    }


def _spans(trace: Trace, number: int) -> Iterator[Json]:
    made = _Spans(trace, number)
    for callback in trace.callbacks:
        if callback.start_ns is not None:
            yield made.of_callback(callback)
    for dispatch in trace.dispatches:
        yield made.of_dispatch(dispatch)
        for index, call in enumerate(dispatch.calls):
            yield made.of_call(dispatch, index, call)


class _Spans:
    """Makes spans that know their parents by the ids of one trace."""

    def __init__(self, trace: Trace, number: int) -> None:
        self._seed = f"{number} {trace.run.title} {trace.run.started_at}"
        self._trace_id = self._digest("trace", 32)
        self._start_ns = _wall_ns(trace.run.started_at)
        self._calls = {dispatch.id: len(dispatch.calls) for dispatch in trace.dispatches}
        self._callbacks = {each.id for each in trace.callbacks if each.start_ns is not None}
        self._titles = {step.id: step.title for step in trace.steps}

    def of_dispatch(self, dispatch: Dispatch) -> Json:
        """Return the span of a dispatch, inside that of the call which sent it."""
        told: dict[str, Scalar] = {
            "signal.name": dispatch.name,
            "signal.path": dispatch.signal,
            "signal.sender": dispatch.sender,
            "signal.method": dispatch.method,
            "signal.unheard": dispatch.unheard,
            "signal.rolled_back": dispatch.rolled_back,
            "db.queries": dispatch.queries,
            "thread.name": dispatch.thread,
            "process.pid": dispatch.process,
            "sigexplorer.id": dispatch.id,
            "sigexplorer.step": self._titles.get(dispatch.step or 0),
            **_place(dispatch.origin),
            **{f"signal.argument.{name}": held for name, held in dispatch.arguments},
        }
        title = f"{dispatch.name} {dispatch.sender}"
        return self._span(
            str(dispatch.id), self._parent(dispatch), title, dispatch.start_ns, dispatch.duration_ns, told,
            dispatch.error,
        )  # fmt: skip

    def of_call(self, dispatch: Dispatch, index: int, call: Call) -> Json:
        """Return the span of a call, inside that of its dispatch; a skipped one takes no time."""
        told: dict[str, Scalar] = {
            "code.function.name": call.receiver,
            "code.file.path": call.file,
            "code.line.number": call.line,
            "receiver.order": call.order,
            "receiver.outcome": call.outcome,
            "receiver.timed": call.duration_ns is not None,
            "receiver.async": call.is_async,
            "receiver.weak": call.weak,
            "receiver.dispatch_uid": call.dispatch_uid,
            "receiver.result": call.result,
            "db.queries": call.queries,
        }
        start_ns = call.start_ns or dispatch.start_ns
        return self._span(
            f"{dispatch.id}/{index}", str(dispatch.id), call.receiver, start_ns, call.duration_ns or 0, told,
            call.error,
        )  # fmt: skip

    def of_callback(self, callback: Callback) -> Json:
        """Return the span of a function that ``on_commit`` called."""
        told: dict[str, Scalar] = {
            "code.function.name": callback.function,
            "db.alias": callback.using,
            "callback.ending": callback.ending,
            **_place(callback.origin),
        }
        title = f"on_commit {callback.function}"
        return self._span(
            f"callback {callback.id}", None, title, callback.start_ns or 0, callback.duration_ns, told,
            callback.error,
        )  # fmt: skip

    def _parent(self, dispatch: Dispatch) -> str | None:
        if dispatch.parent not in self._calls:
            return f"callback {dispatch.callback}" if dispatch.callback in self._callbacks else None
        index = dispatch.parent_call
        inside = index is not None and index < self._calls[dispatch.parent]
        return f"{dispatch.parent}/{index}" if inside else str(dispatch.parent)

    def _span(  # noqa: PLR0913, PLR0917 - a span has as many parts
        self,
        key: str,
        parent: str | None,
        name: str,
        start_ns: int,
        duration_ns: int,
        told: dict[str, Scalar],
        error: str | None,
    ) -> Json:
        begin = self._start_ns + start_ns
        span: Json = {
            "traceId": self._trace_id,
            "spanId": self._digest(key, 16),
            "name": _text(name),
            "kind": _INTERNAL,
            "startTimeUnixNano": _time(begin),
            "endTimeUnixNano": _time(begin + duration_ns),
            "attributes": _attributes(told),
        }
        if parent is not None:
            span["parentSpanId"] = self._digest(parent, 16)
        if error is not None:
            span["status"] = {"code": _FAILED, "message": _text(error)}
        return span

    def _digest(self, key: str, length: int) -> str:
        """Return an id that is the same whenever the same trace is written."""
        return sha256(f"{self._seed} {key}".encode("utf-8", "backslashreplace")).hexdigest()[:length]


def _wall_ns(started_at: str) -> int:
    try:
        since = datetime.fromisoformat(started_at) - _EPOCH
    except (ValueError, TypeError, OverflowError):
        return 0
    return max(0, (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1_000)


def _time(nanoseconds: int) -> str:
    return str(min(nanoseconds, 2**64 - 1))


def _place(origin: Origin | None) -> dict[str, Scalar]:
    if origin is None:
        return {}
    return {"origin.file": origin.file, "origin.line": origin.line, "origin.function": origin.function}


def _attributes(told: dict[str, Scalar]) -> list[Json]:
    return [{"key": _text(name), "value": _value(held)} for name, held in told.items() if held is not None]


def _value(held: Scalar) -> Json:
    if isinstance(held, bool):
        return {"boolValue": held}
    if isinstance(held, int):
        return {"intValue": str(held)} if -_INT64 <= held < _INT64 else {"stringValue": str(held)}
    if isinstance(held, float):
        finite = held == held and held not in (float("inf"), float("-inf"))  # noqa: PLR0124 - not a number
        return {"doubleValue": held if finite else str(held).replace("inf", "Infinity").replace("nan", "NaN")}
    return {"stringValue": _text(str(held))}


def _text(text: str) -> str:
    """Protobuf knows no half characters."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
