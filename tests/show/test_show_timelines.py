"""The formats that other tools draw as timelines: Chrome's trace events and OpenTelemetry's spans."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from itertools import accumulate
from typing import Any

import pytest
from build import call, dispatch, trace, traces
from hypothesis import given

from sigexplorer.model import Callback, Trace
from sigexplorer.show import exporters
from sigexplorer.show.look import Look


def written(name: str, *recorded: Trace) -> Any:
    """Return what a format holds."""
    return json.loads("".join(exporters.export(name, recorded, Look())))


def events(*recorded: Trace, phase: str = "X") -> list[dict[str, Any]]:
    """Return the events of one kind."""
    return [each for each in written("chrome", *recorded) if each["ph"] == phase]


def nested_well(found: list[dict[str, Any]]) -> bool:
    """Tell whether on every track what begins inside of something ends inside of it."""
    tracks: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for each in found:
        start_ns = round(each["ts"] * 1_000)
        tracks[each["pid"], each["tid"]].append((start_ns, start_ns + round(each["dur"] * 1_000)))
    for spans in tracks.values():
        ends: list[int] = []
        for start_ns, end_ns in sorted(spans, key=lambda span: (span[0], -span[1])):
            while ends and ends[-1] <= start_ns:
                ends.pop()
            if ends and end_ns > ends[-1]:
                return False
            ends.append(end_ns)
    return True


def track(found: list[dict[str, Any]], name: str) -> int:
    """Return the track of the first event of that name."""
    return next(int(each["tid"]) for each in found if each["name"] == name)


ASYNC = trace(
    dispatch(
        1, start_ns=0, duration_ns=1_000, method="asend",
        calls=(
            call("slow", start_ns=0, duration_ns=1_000, is_async=True),
            call("quick", start_ns=100, duration_ns=500, is_async=True),
            call("late", start_ns=300, duration_ns=600, is_async=True),
        ),
    ),
    dispatch(2, "pre_save", start_ns=150, duration_ns=100, parent=1, parent_call=1,
             calls=(call("inner", start_ns=160, duration_ns=50),)),
)  # fmt: skip


def test_nested_calls_stand_in_each_other() -> None:
    """A dispatch, its call and what this sent share a track, and need no flow."""
    nested = trace(
        dispatch(
            1, start_ns=0, duration_ns=900, calls=(call("outer", start_ns=10, duration_ns=800),)
        ),
        dispatch(2, start_ns=20, duration_ns=100, parent=1, parent_call=0),
    )  # fmt: skip
    found = [each for each in events(nested) if each["cat"] != "step"]
    assert [each["name"] for each in found] == ["post_save blog.Post", "outer", "post_save blog.Post"]
    assert len({each["tid"] for each in found}) == 1
    assert nested_well(found)
    assert events(nested, phase="s") == []


def test_overlapping_calls_have_tracks_of_their_own() -> None:
    """Async receivers that ran at once stand side by side, tied to their dispatch; what one sent is in it."""
    found = events(ASYNC)
    tracks = [track(found, name) for name in ("slow", "quick", "late")]
    assert len(set(tracks)) == 3
    assert track(found, "pre_save blog.Post") == track(found, "quick") == track(found, "inner")
    assert nested_well(found)
    begun, ended = events(ASYNC, phase="s"), events(ASYNC, phase="f")
    assert [(each["tid"], each["ts"]) for each in begun] == [(track(found, "slow"), 0)] * 2
    assert [each["tid"] for each in ended] == [track(found, name) for name in ("quick", "late")]
    assert [each["ts"] for each in ended] == [0.1, 0.3]


def test_a_flow_leads_from_cause_to_effect() -> None:
    """What was caused on another track, or later, is tied to its cause."""
    callback = Callback(
        7, "mail", None, None, "default", 50, 1, 1, 0, None, 2_000, 500, "returned", None
    )  # fmt: skip
    recorded = replace(
        trace(
            dispatch(1, start_ns=0, duration_ns=100, calls=(call("outer", start_ns=10, duration_ns=80),)),
            dispatch(2, start_ns=40, duration_ns=200, parent=1, parent_call=0, thread="worker"),
            dispatch(3, start_ns=2_010, duration_ns=100, callback=7),
        ),
        callbacks=(callback,),
    )
    begun = {each["id"]: each["ts"] for each in events(recorded, phase="s")}
    ended = {each["id"]: each["ts"] for each in events(recorded, phase="f")}
    assert begun.keys() == ended.keys()
    assert sorted((begun[number], ended[number]) for number in begun) == [(0.01, 0.04), (0.01, 2.0)]
    names = {each["args"].get("name") for each in events(recorded, phase="M")}
    assert {"MainThread", "worker", "steps", "scenario small"} <= names


def test_a_track_is_a_cpu_profile_too() -> None:
    """Speedscope's samples say what ran when: what ended is not a parent of what comes later."""
    recorded = trace(
        dispatch(1, start_ns=1_000, duration_ns=9_000,
                 calls=(call("outer", start_ns=2_000, duration_ns=3_000),)),
        dispatch(2, "pre_save", start_ns=12_000, duration_ns=1_000),
        steps=0,
    )  # fmt: skip
    (event,) = [each for each in events(recorded, phase="M") if each["name"] == "CpuProfile"]
    profile = event["args"]["data"]["cpuProfile"]
    nodes = {node["id"]: node for node in profile["nodes"]}

    def stack(number: int) -> list[str]:
        node = nodes[number]
        above = stack(node["parent"]) if "parent" in node else []
        return [*above, node["callFrame"]["functionName"]]

    times = list(accumulate(profile["timeDeltas"]))
    saved, root = "post_save blog.Post", "(root)"
    assert [(when, stack(number)) for when, number in zip(times, profile["samples"], strict=True)] == [
        (0, [root]),
        (1, [root, saved]),
        (2, [root, saved, "outer"]),
        (5, [root, saved]),
        (10, [root]),
        (12, [root, "pre_save blog.Post"]),
        (13, [root]),
    ]


@given(recorded=traces())
def test_any_trace_is_nested_well(recorded: Trace) -> None:
    """Whatever ran while whatever else ran, no track has two things that cross each other."""
    assert nested_well(events(recorded))


#: What a slice, an arrow's end, an instant and a word about a track must have, as Perfetto documents.
NEEDED = {
    "X": {"name", "cat", "pid", "tid", "ts", "dur", "args"},
    "s": {"name", "cat", "pid", "tid", "ts", "id"},
    "f": {"name", "cat", "pid", "tid", "ts", "id", "bp"},
    "i": {"name", "cat", "pid", "tid", "ts", "s", "args"},
    "M": {"name", "pid", "tid", "args"},
}


@given(recorded=traces())
def test_any_trace_keeps_perfettos_rules(recorded: Trace) -> None:
    """Perfetto's own importer needs what is here: known phases, times, and slices for arrows to begin in."""
    found = written("chrome", recorded)
    for each in found:
        assert each.keys() >= NEEDED[each["ph"]]
        assert isinstance(each["pid"], int)
        assert isinstance(each["tid"], int)
        assert min(each.get("ts", 0), each.get("dur", 0)) >= 0
    slices: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for each in found:
        if each["ph"] == "X":
            start_ns = round(each["ts"] * 1_000)
            slices[each["tid"]].append((start_ns, start_ns + round(each["dur"] * 1_000)))
    ends: dict[int, list[str]] = defaultdict(list)
    for each in found:
        if each["ph"] in {"s", "f"}:  # each binds to the slice around it
            when_ns = round(each["ts"] * 1_000)
            assert any(start_ns <= when_ns <= end_ns for start_ns, end_ns in slices[each["tid"]])
            ends[each["id"]].append(each["ph"])
    assert all(phases == ["s", "f"] for phases in ends.values())
    named = {each["tid"] for each in found if each["ph"] == "M" and each["name"] == "thread_name"}
    assert named >= slices.keys()


def spans(*recorded: Trace) -> list[dict[str, Any]]:
    """Return the spans of an OTLP document."""
    return [
        span
        for resource in written("otlp", *recorded)["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]


def test_a_span_for_each_dispatch_and_each_call() -> None:
    """Every dispatch and every call is a span, inside of what caused it, at its time on the clock."""
    found = spans(ASYNC)
    assert len(found) == 6
    by_name = {span["name"]: span for span in found}
    assert by_name["inner"]["parentSpanId"] == by_name["pre_save blog.Post"]["spanId"]
    assert by_name["pre_save blog.Post"]["parentSpanId"] == by_name["quick"]["spanId"]
    assert "parentSpanId" not in by_name["post_save blog.Post"]
    assert by_name["quick"]["startTimeUnixNano"] == str(1_795_168_800_000_000_100)
    assert {len(span["spanId"]) for span in found} == {16}
    assert len({span["spanId"] for span in found}) == 6
    assert len({span["traceId"] for span in found}) == 1


def test_ids_are_those_of_the_trace() -> None:
    """The same trace has the same ids each time; two traces in a document share none."""
    assert spans(ASYNC) == spans(ASYNC)
    both = spans(ASYNC, ASYNC)
    assert len({span["spanId"] for span in both}) == len(both)


def test_what_raised_is_an_error() -> None:
    """A call that raised, and the dispatch that let it through, have the status of an error."""
    recorded = trace(dispatch(1, error="Boom", calls=(call("b", outcome="raised", error="Boom"),)))
    assert [span["status"] for span in spans(recorded)] == [{"code": 2, "message": "Boom"}] * 2


@given(recorded=traces())
def test_any_trace_is_valid_protobuf(recorded: Trace) -> None:
    """Every document is an ExportTraceServiceRequest, as OpenTelemetry's own protobuf reads it."""
    service = pytest.importorskip(
        "opentelemetry.proto.collector.trace.v1.trace_service_pb2",
        reason="opentelemetry-proto is not installed",
    )
    from google.protobuf import json_format

    text = "".join(exporters.export("otlp", [recorded, ASYNC], Look()))
    document = json.loads(text)
    for resource in document["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:  # OTLP/JSON has ids in hex, where protobuf's JSON has base64
                for name in ("traceId", "spanId", "parentSpanId"):
                    assert not span.get(name) or int(span.pop(name), 16)
    request = json_format.ParseDict(
        document, service.ExportTraceServiceRequest(), ignore_unknown_fields=False
    )
    assert len(request.resource_spans) == 2
