"""One contract for every exporter: nothing, one, deep, several, hostile."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib import metadata
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from build import bypass, call, dispatch, trace, traces
from drawing import CONTROL
from hypothesis import given
from hypothesis import strategies as st

from sigexplorer.errors import PluginError, UnknownNameError
from sigexplorer.model import Callback, Counted, ListedReceiver, Origin, Trace
from sigexplorer.show import exporters
from sigexplorer.show.look import Look
from sigexplorer.show.schemas import trace_schema

TRACES = jsonschema.Draft202012Validator(trace_schema())

DEPTH = 300

#: A page is another room's work; where it is there, it keeps this contract too.
NAMES = [
    name for name, each in exporters.FORMATS.items() if find_spec(each.place.partition(":")[0]) is not None
]

EMPTY = trace(steps=0)
ONE = trace(dispatch(1, calls=(call(),)))
DEEP = trace(
    *(
        dispatch(
            number,
            parent=number - 1 or None,
            parent_call=0 if number > 1 else None,
            duration_ns=1_000_000 - number * 2,
            calls=(call(start_ns=number * 1_000 + 1, duration_ns=1_000_000 - number * 2 - 1),),
        )
        for number in range(1, DEPTH + 1)
    )
)
FULL = replace(
    trace(
        dispatch(1, calls=(call(), call("b", outcome="muted"), call("c", outcome="skipped")), queries=2),
        dispatch(2, parent=1, parent_call=0, rolled_back=True, origin=Origin("a.py", 1, "f")),
        bypass(3, would_call=("blog.receivers.reindex",)),
        dispatch(4, callback=1, start_ns=9_000, step=None),
    ),
    callbacks=(
        Callback(1, "blog.tasks.mail", "a.py", 1, "default", 5_000, 1, 1, 0, None, 8_900, 900, "returned",
                 None),
        Callback(2, "blog.tasks.never", None, None, "other", 5_000, 1, None, None, None, None, 0, "discarded",
                 None),
    ),
    receivers=(
        ListedReceiver("django.db.models.signals.post_save", "post_save", "b", 1, None, None, None, None,
                       True, False, True, None, False),
    ),
    counted=(Counted("pre_init", "blog.Post", 1_000),),
)  # fmt: skip


def text_of(name: str, *recorded: Trace) -> str:
    """Return what an exporter writes."""
    chunks = list(exporters.export(name, recorded, Look()))
    assert all(isinstance(chunk, str) for chunk in chunks)
    return "".join(chunks)


def valid(name: str, text: str) -> None:
    """See that a text is what its format says, and does nothing when it is opened."""
    text.encode("utf-8")
    assert not CONTROL.search(text)
    if name == "json":
        TRACES.validate(json.loads(text))
    elif name == "jsonl":
        for line in text.splitlines():
            TRACES.validate(json.loads(line))
    elif name in ("chrome", "otlp"):
        json.loads(text)
    elif name == "svg":
        assert not [each for each in ET.fromstring(text).iter() if each.tag.endswith("script")]  # noqa: S314
    elif name == "csv":
        rows = list(csv.reader(io.StringIO(text), strict=True))
        assert {len(row) for row in rows} == {len(rows[0])}
        assert not [cell for row in rows for cell in row if re.match(r"\s*[=+@-](?!\d[\d.e+-]*$)", cell)]
    elif name == "mermaid":
        assert text.startswith("sequenceDiagram\n")
        line = r"    (participant p\d+ as |Note over p\d+: |p\d+(->>|-x)p\d+: )[\w .,:=()*/+#;-]+"
        assert all(re.fullmatch(line, each) for each in text.splitlines()[1:])
    elif name == "markdown":
        assert not re.search(r"(?<!\\)(?:\\\\)*[<>]", text)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "recorded",
    [(), (EMPTY,), (ONE,), (DEEP,), (FULL,), (ONE, EMPTY, FULL)],
    ids=["no trace", "empty", "one", "deep", "full", "several"],
)
def test_every_exporter_writes_every_trace(name: str, recorded: tuple[Trace, ...]) -> None:
    """No trace, an empty, a small, a deep one and several: each format is what it says."""
    if name == "html" and not recorded:
        pytest.skip("the page is checked with the traces it has")
    valid(name, text_of(name, *recorded))


@pytest.mark.parametrize("name", NAMES)
def test_no_text_of_a_trace_is_more_than_text(name: str, hostile_trace: Trace) -> None:
    """Markup, HTML, escapes, formulas and half characters in a trace do nothing in any format."""
    small = shortened(hostile_trace)
    valid(name, text_of(name, small))
    valid(name, text_of(name, small, ONE))


def shortened(recorded: Trace) -> Trace:
    """Return a hostile trace as capture would hand it on: no text is endless."""
    from sigexplorer.show.recording import dump, load

    def cut(held: Any) -> Any:
        if isinstance(held, str):
            return held[:2_000]
        if isinstance(held, list):
            return [cut(each) for each in held]
        if isinstance(held, dict):
            return {key[:2_000]: cut(each) for key, each in held.items()}
        return held

    return load(cut(dump(recorded)))


@given(recorded=traces())
def test_any_trace_can_be_written(recorded: Trace) -> None:
    """Whatever was recorded, it can be written in every format."""
    for name in NAMES:
        if name != "html":
            valid(name, text_of(name, recorded))


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "  =1", "\uff1d1"])
def test_no_cell_is_a_formula(formula: str) -> None:
    """What a spreadsheet would take for a formula stands behind an apostrophe, and numbers stay numbers."""
    odd = trace(dispatch(1, sender=formula, calls=(call(formula, result=formula, duration_ns=7),)))
    head, row = csv.reader(io.StringIO(text_of("csv", odd)))
    cells = dict(zip(head, row, strict=True))
    assert {cells["sender"], cells["receiver"], cells["result"]} == {f"'{formula}"}
    assert cells["call_duration_ns"] == "7"


def test_mermaid_tells_who_called_whom() -> None:
    """An arrow for each call from what sent the signal, crossed out where it failed; unheard is a note."""
    recorded = trace(
        dispatch(
            1, calls=(call("blog.receivers.first"), call("a.Log.second", outcome="raised", error="Boom"))
        ),
        dispatch(2, "pre_save", parent=1, parent_call=0, sender="blog.Tag"),
    )
    assert text_of("mermaid", recorded).splitlines() == [
        "sequenceDiagram",
        "    participant p1 as the program",
        "    participant p2 as first",
        "    participant p3 as Log.second",
        "    Note over p1: step 1",
        "    p1->>p2: post_save blog.Post",
        "    p1-xp3: post_save blog.Post raised Boom",
        "    Note over p2: pre_save blog.Tag unheard",
    ]


def test_an_unknown_format_is_said() -> None:
    """A format that nobody writes names its nearest."""
    with pytest.raises(UnknownNameError) as found:
        exporters.export("mermaidd", [ONE], Look())
    assert "mermaid" in found.value.hint


class _Distribution:
    name = "their-exporter"


def plugin(monkeypatch: pytest.MonkeyPatch, load: Callable[[], Any]) -> None:
    """Install an exporter called ``dot`` for the length of a test."""

    class Point(EntryPoint):
        dist = _Distribution()

        def load(self) -> Any:
            return load()

    point = Point("dot", "their.module:export", exporters.GROUP)
    monkeypatch.setattr(metadata, "entry_points", lambda group: [point] if group == exporters.GROUP else [])


def test_a_plugin_is_found_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function of another distribution writes a format of its own."""
    plugin(monkeypatch, lambda: lambda recorded: (f"{one.run.title};" for one in recorded))
    assert "dot" in exporters.names()
    assert text_of("dot", ONE, EMPTY) == "scenario small;scenario small;"


def broken_import() -> Any:
    """Fail as a missing module does."""
    raise ImportError("No module named 'graphviz'")


def broken_export(_: Iterable[Trace]) -> Iterable[str]:
    """Fail half way."""
    yield "digraph {"
    raise ValueError("no")


@pytest.mark.parametrize(
    ("load", "said"),
    [
        (broken_import, "cannot be loaded: ImportError"),
        (lambda: broken_export, "failed: ValueError: no"),
        (lambda: lambda _: 5, "returned something else than text"),
        (lambda: lambda _: [b"x"], "something else than text"),
        (lambda: 5, "failed: TypeError"),
    ],
)
def test_a_broken_plugin_is_named_when_it_is_asked_for(
    load: Callable[[], Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a plug-in does wrong is said with its distribution's name, and never before it is asked for."""
    plugin(monkeypatch, load)
    exporters.names()
    text_of("json", ONE)
    with pytest.raises(PluginError) as found:
        exporters.export("dot", [ONE], Look())
    assert said in found.value.message
    assert "'dot' of 'their-exporter'" in found.value.message


@given(st.text(max_size=30))
def test_mermaid_takes_any_name(text: str) -> None:
    """Any receiver, sender and signal fits on a line of a diagram."""
    valid("mermaid", text_of("mermaid", trace(dispatch(1, text or "x", sender=text, calls=(call(text),)))))
