"""A trace to JSON and back, held against the schema that ships with the package."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from build import ALL_TEXTS, FINITE, ODD, TEXTS, bypass, call, dispatch, trace, traces
from hypothesis import given
from hypothesis import strategies as st

from sigexplorer.model import Claim, Trace, summarise
from sigexplorer.show.recording import dump, dump_many, load, records
from sigexplorer.show.schemas import diff_schema, inventory_schema, trace_schema

if TYPE_CHECKING:
    from collections.abc import Callable

TRACES = jsonschema.Draft202012Validator(trace_schema())
INVENTORIES = jsonschema.Draft202012Validator(inventory_schema())

SMALL = trace(
    dispatch(1, calls=(call(), call("b", outcome="raised", error="ValueError: no"))),
    dispatch(2, "pre_save", parent=1, parent_call=0),
    bypass(3),
    claims=(Claim("it holds", held=True, detail=None),),
)


DIFFS = jsonschema.Draft202012Validator(diff_schema())


@pytest.mark.parametrize("validator", [TRACES, INVENTORIES, DIFFS], ids=["trace", "inventory", "diff"])
def test_schemas_are_schemas(validator: Any) -> None:
    """What ships is JSON Schema, draft 2020-12."""
    validator.check_schema(validator.schema)
    assert validator.schema["$schema"].endswith("2020-12/schema")


@given(traces(ALL_TEXTS))
def test_load_is_the_inverse_of_dump(recorded: Trace) -> None:
    """A trace that was dumped and loaded is the same trace."""
    assert load(dump(recorded)) == recorded


@given(traces())
def test_a_file_loses_nothing(recorded: Trace) -> None:
    """A trace that was written as JSON and read again is the same trace."""
    assert load(json.loads(json.dumps(dump(recorded)))) == recorded


@given(traces())
def test_any_dump_is_valid(recorded: Trace) -> None:
    """Whatever was recorded, its document and its lines validate against the schema."""
    TRACES.validate(json.loads(json.dumps(dump(recorded))))
    TRACES.validate(json.loads(json.dumps(dump_many([recorded, recorded]))))
    for record in records(recorded):
        TRACES.validate(json.loads(json.dumps(record)))


def test_hostile_texts_survive_the_file(hostile_trace: Trace) -> None:
    """Hostile texts come back from JSON as they were, and the JSON itself is plain ASCII."""
    written = json.dumps(dump(hostile_trace))
    assert written.isascii()
    assert load(json.loads(written)) == hostile_trace


@given(traces(TEXTS, FINITE | ODD))
def test_numbers_that_json_lacks_are_no_error(recorded: Trace) -> None:
    """Not a number and infinity, as arguments or results, still give JSON that every reader reads."""
    json.dumps(dump(recorded), allow_nan=False)
    for record in records(recorded):
        json.dumps(record, allow_nan=False)


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), float("-inf")])
def test_an_argument_that_is_not_a_number_is_told_apart(odd: float) -> None:
    """What JSON lacks is written as something, not as nothing."""
    document = dump(trace(dispatch(1, arguments=(("price", odd),))))
    written = json.loads(json.dumps(document, allow_nan=False))
    assert str(odd) in str(written["dispatches"][0]["arguments"]["price"]).lower()


def test_the_document_has_the_keys_of_the_contract() -> None:
    """The document of a trace has these keys, in this order."""
    document = dump(SMALL)
    assert list(document) == [
        "schema", "run", "steps", "dispatches", "bypasses", "claims", "callbacks", "receivers", "summary",
    ]  # fmt: skip
    assert document["schema"] == "sigexplorer.trace/1"
    assert document["run"]["databases"] == {"default": "sqlite"}
    assert document["dispatches"][0]["calls"][0]["async"] is False
    assert document["dispatches"][1]["parent"] == 1
    assert document["claims"][0].items() >= {"text": "it holds", "held": True, "detail": None}.items()
    assert dump_many([SMALL]) == {"schema": "sigexplorer.traces/1", "traces": [document]}


def test_the_summary_counts() -> None:
    """Skipped receivers are no calls, errors are raised calls and sends that failed by themselves."""
    counted = trace(
        dispatch(1, calls=(call(), call("b", outcome="raised"), call("c", outcome="skipped")), error="E"),
        dispatch(2, "pre_save", error="RuntimeError: loop"),
        dispatch(3),
        bypass(4),
    )
    summary = dump(counted)["summary"]
    assert summary == {
        "dispatches": 3,
        "calls": 2,
        "errors": 2,
        "queries": 3,
        "bypasses": 1,
        "by_signal": {"post_save": 2, "pre_save": 1},
        "counted": {},
    }
    assert list(summary["by_signal"]) == ["post_save", "pre_save"]


#: What stands before and after the records that close.
_ORDER = ("run", "", "claim", "receiver", "end")


@given(traces())
def test_lines_are_the_same_records(recorded: Trace) -> None:
    """The lines are the run, every record once, each as it closed, the claims, and the end."""
    lines = records(recorded)
    document = dump(recorded)
    assert lines[0] == {"type": "run", "schema": "sigexplorer.trace/1", **document["run"]}
    assert lines[-1] == {"type": "end", "summary": document["summary"]}
    for kind, plural in (
        ("step", "steps"),
        ("dispatch", "dispatches"),
        ("bypass", "bypasses"),
        ("claim", "claims"),
        ("callback", "callbacks"),
        ("receiver", "receivers"),
    ):
        found = [line for line in lines if line["type"] == kind]
        expected = [{"type": kind, **record} for record in document[plural]]
        assert sorted(found, key=repr) == sorted(expected, key=repr)
    ends = [
        line["registered_ns"]
        if line.get("start_ns", 0) is None
        else line["start_ns"] + line.get("duration_ns", 0)
        for line in lines
        if "start_ns" in line
    ]
    assert ends == sorted(ends)
    kinds = [line["type"] for line in lines]
    assert kinds == sorted(
        kinds,
        key=lambda kind: _ORDER.index(kind) if kind in _ORDER else 1,
    )


def test_a_cause_closes_after_what_it_caused() -> None:
    """A line comes when its record closes: what is nested stands before what it is nested in."""
    nested = trace(dispatch(1, duration_ns=9_000, calls=(call(),)), dispatch(2, parent=1, parent_call=0))
    ids = [line["id"] for line in records(nested) if line["type"] == "dispatch"]
    assert ids == [2, 1]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda document: document.pop("run"),
        lambda document: document["run"].pop("listened"),
        lambda document: document["dispatches"][0].pop("parent"),
        lambda document: document["dispatches"][0].update(method="deliver"),
        lambda document: document["dispatches"][0].update(id=0),
        lambda document: document["dispatches"][0].update(start_ns=1.5),
        lambda document: document["dispatches"][0]["arguments"].update(nested={}),
        lambda document: document["dispatches"][0]["calls"][0].update(outcome="ignored"),
        lambda document: document["dispatches"][0]["calls"][0].pop("async"),
        lambda document: document["bypasses"][0].update(operation="truncate"),
        lambda document: document["claims"][0].update(held=None),
        lambda document: document.update(schema="sigexplorer.trace/2"),
    ],
)
def test_the_schema_refuses_what_the_contract_forbids(spoil: Callable[[dict[str, Any]], object]) -> None:
    """A document without a key of the contract, or with a word that is not in it, is not valid."""
    document = json.loads(json.dumps(dump(SMALL)))
    spoil(document)
    assert not TRACES.is_valid(document)


@given(st.text(max_size=10), FINITE)
def test_the_schema_allows_more_keys(name: str, held: Any) -> None:
    """Keys may be added anywhere."""
    document = dump(SMALL)
    for record in (document, document["run"], document["dispatches"][0], document["bypasses"][0]):
        record[f"new {name}"] = held
    TRACES.validate(json.loads(json.dumps(document)))


def test_the_schema_requires_nothing_but_the_contract() -> None:
    """What the model holds beyond the contract may be missing."""
    document = json.loads(json.dumps(dump(SMALL)))
    for name in ("queries", "notes"):
        del document["run"][name]
    del document["steps"][0]["source"]
    TRACES.validate(document)


@given(traces())
def test_the_summary_is_that_of_the_model(recorded: Trace) -> None:
    """The summary of a document is what the model counts."""
    summary = summarise(recorded)
    assert dump(recorded)["summary"]["by_signal"] == summary.by_signal
    assert sum(summary.by_signal.values()) == summary.dispatches == len(recorded.dispatches)
