"""Traces full of hostile texts through the whole of the command line."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Cli

    from sigexplorer.model import Trace

    Valid = Callable[[str, str], Any]

#: Control characters, line breaks apart.
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

VIEWS = {
    "table": [],
    "verbose": ["-v", "-k", "-s", "500"],
    "source": ["--source"],
    "filtered": ["-e", "*", "-S", "*", "-R", "*"],
}


@pytest.fixture
def ending_in(story_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Callable[[Trace], Cli]:
    """Return a function that makes every scenario and trigger end in a certain trace."""
    from sigexplorer.playground import runs

    def end(trace: Trace) -> Cli:
        monkeypatch.setattr(runs, "run_scenario", lambda *_arguments, **_named: trace)
        monkeypatch.setattr(runs, "run_trigger", lambda *_arguments, **_named: trace)
        return story_cli

    return end


@pytest.fixture
def hostile_cli(ending_in: Callable[[Trace], Cli], hostile_trace: Trace) -> Cli:
    """Return the command line where every scenario and trigger ends in a hostile trace."""
    return ending_in(hostile_trace)


@pytest.fixture
def bounded_cli(
    ending_in: Callable[[Trace], Cli], make_trace: Callable[[str], Trace], hostile_text: str
) -> Cli:
    """Return the same with texts that are no longer than what is ever recorded, for what bounds nothing."""
    return ending_in(make_trace(hostile_text[:2_000]))


@pytest.mark.parametrize("columns", ["80", "140", ""])
@pytest.mark.parametrize("more", VIEWS.values(), ids=VIEWS)
def test_views_show_only_text(
    more: list[str], columns: str, hostile_cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A timeline of hostile names is bounded text without a control character, as wide as it may be."""
    if columns:
        monkeypatch.setenv("COLUMNS", columns)
    answer = hostile_cli("scenario", "save-user", "--no-keep", *more)
    assert answer.code == 1  # one of its claims failed
    assert not CONTROL.search(answer.out)
    assert not CONTROL.search(answer.err)
    assert len("".join(answer.out.split())) < 100_000
    if columns:
        assert max(len(line.rstrip()) for line in answer.out.splitlines()) <= int(columns)


def test_closing_tables_show_only_text(hostile_cli: Cli) -> None:
    """So is the table that closes several runs, with the claims that failed."""
    for arguments in (
        ["scenario", "save-user", "rollback"],
        ["trigger", "--all"],
        ["scenario", "--all", "-v"],
    ):
        answer = hostile_cli(*arguments, "--no-keep")
        assert answer.code == 1
        assert not CONTROL.search(answer.out)
        assert "Failed" in answer.out


def test_json_is_valid(bounded_cli: Cli, valid: Valid, hostile_text: str) -> None:
    """JSON and its lines hold the very texts, escaped as JSON does."""
    one = valid(bounded_cli("scenario", "save-user", "-f", "json").out, "trace")
    assert one["dispatches"][0]["sender"] == hostile_text[:2_000]
    lines = bounded_cli("scenario", "save-user", "rollback", "-f", "jsonl").out
    assert lines.isascii()
    assert [valid(line, "trace")["type"] for line in lines.splitlines()].count("run") == 2
    several = bounded_cli("trigger", "post_save", "pre_save", "-f", "json")
    assert len(valid(several.out, "trace")["traces"]) == 2


def test_pictures_are_well_formed(hostile_cli: Cli) -> None:
    """A picture is XML whatever stands in it, and has no element but those of a picture."""
    text = hostile_cli("scenario", "save-user", "--source", "-v", "-f", "svg").out
    tags = {element.tag.rpartition("}")[2] for element in ET.fromstring(text).iter()}  # noqa: S314 - ours
    assert tags <= {"svg", "style", "defs", "clipPath", "rect", "text", "g", "circle", "tspan", "title"}
    assert "script" not in tags
    assert not CONTROL.search(text)
    assert len(text) < 3_000_000


@pytest.mark.parametrize("suffix", [".txt", ".json", ".jsonl", ".svg"])
def test_files_can_be_written(suffix: str, bounded_cli: Cli, tmp_path: Path) -> None:
    """Every format of a hostile trace can be written to a file, as UTF-8."""
    file = tmp_path / f"trace{suffix}"
    answer = bounded_cli("scenario", "save-user", "-o", file)
    assert (answer.code, answer.out, answer.err) == (1, "", "")
    assert not CONTROL.search(file.read_text(encoding="utf-8"))
    assert list(tmp_path.iterdir()) == [file]


def test_examples_of_docs_show_only_text(
    hostile_cli: Cli, hostile_trace: Trace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The captured example of a page is only text, on a terminal and in Markdown."""
    from dataclasses import replace

    from sigexplorer.playground import runs

    first, *others = hostile_trace.dispatches
    found = replace(first, signal="django.db.models.signals.post_save")
    monkeypatch.setattr(runs, "run_trigger", lambda *_: replace(hostile_trace, dispatches=(found, *others)))
    for more in ([], ["-f", "markdown"], ["-f", "svg"]):
        answer = hostile_cli("docs", "post_save", "--live", *more)
        assert answer.code == 0
        assert not CONTROL.search(answer.out)
        assert len(answer.out) < 2_000_000


def test_live_objects_of_any_kind_become_harmless(
    story_cli: Cli, monkeypatch: pytest.MonkeyPatch, valid: Valid
) -> None:
    """What receivers are sent, return and raise may be hostile: nothing of it runs, nothing does harm."""
    from django.dispatch import Signal

    from sigexplorer.playground.scenarios import saving

    ran: list[str] = []

    class Trap:
        def __repr__(self) -> str:
            ran.append("repr")
            return "[red]\x1b[31m"

        __str__ = __format__ = __repr__  # type: ignore[assignment]

        def __getattr__(self, name: str) -> Any:
            ran.append(name)
            raise AttributeError(name)

    bait = {
        "trap": Trap(),
        "text": "[red]\x1b[31m\x00\n\u202e</script>\ud800",
        "huge": "x" * 10_000_000,
        "nan": float("nan"),
        "inf": [float("inf")],
        "big": 10**5_000,
        "deep": [[[[[[Trap()]]]]]],
        "<b>[x]": {"\x1b": Trap()},
        "data": b"\x00" * 1_000_000,
    }

    def trapped(step: Any) -> None:
        signal = Signal()

        def receiver(**_named: Any) -> Trap:
            return Trap()

        def failing(**_named: Any) -> None:
            raise ValueError(Trap(), "[red]\x1b[31m\n" * 10)

        signal.connect(receiver)
        signal.connect(failing)
        with step("[bold]\x1b[1m\nsend"), suppress(ValueError):  # send_robust() would log, and so repr()
            signal.send(sender="\x1b]0;title\x07", **bait)

    monkeypatch.setattr(saving, "save_user", trapped)
    for more in ([], ["-v", "-s", "5000"], ["-f", "json"], ["-f", "jsonl"], ["-f", "svg"]):
        for listen in ("--listen", "--no-listen"):
            answer = story_cli("scenario", "save-user", listen, *more)
            assert answer.code in (0, 1)
            assert not CONTROL.search(answer.out)
            assert len(answer.out) < 1_000_000
    document = valid(story_cli("scenario", "save-user", "-f", "json").out, "trace")
    (dispatch,) = document["dispatches"]
    assert set(dispatch["arguments"]) == set(bait)
    assert [call["outcome"] for call in dispatch["calls"]] == ["returned", "raised"]
    assert all(len(json.dumps(held)) < 10_000 for held in dispatch["arguments"].values())
    assert ran == []
