"""The HTML report as text: one page, no network, nothing recorded is markup."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from itertools import accumulate
from typing import Any

import pytest
from build import ALL_TEXTS, RUN, call, dispatch, trace, traces
from hypothesis import given
from hypothesis import strategies as st
from report_traces import everything, many

from sigexplorer.model import Trace
from sigexplorer.show.exporters import html
from sigexplorer.show.exporters.report import columns, packing
from sigexplorer.show.source import InMemory
from sigexplorer.show.text import safe

REPORT = files("sigexplorer.show.exporters.report")
SCRIPTS = {each.name: each.read_text(encoding="utf-8") for each in REPORT.joinpath("js").iterdir()}
DATA = re.compile(
    r'<script type="text/plain" data-part="(\w+)" data-trace="(\d*)">([A-Za-z0-9+/=]*)</script>\n'
)


def page_of(*shown: Trace) -> str:
    """Return the report of some traces."""
    return "".join(html.export(InMemory(shown)))


def unpacked(packed: str) -> tuple[Any, dict[str, list[float]]]:
    """Return the tables and the columns of a packed part, read as the page reads them."""
    content = zlib.decompress(base64.b64decode(packed))
    head, _, binary = content.partition(b"\n")
    document = json.loads(head)
    read: dict[str, list[float]] = {}
    for name, code, length in document["columns"]:
        if code == "0":
            read[name] = [0] * length
            continue
        size = struct.calcsize(f"<{length}{code}")
        read[name] = list(struct.unpack(f"<{length}{code}", binary[:size]))
        binary = binary[size:]
    assert binary == b""
    return document["tables"], read


def parts_of(page: str) -> list[tuple[str, str, Any, dict[str, list[float]]]]:
    """Return what a page holds: the name of each part, its trace, its tables and its columns."""
    return [(name, number, *unpacked(packed)) for name, number, packed in DATA.findall(page)]


def index_of(page: str) -> Any:
    """Return the titles of the traces in a page, and whether all claims of each held."""
    (index,) = [tables for name, _, tables, _ in parts_of(page) if name == "index"]
    return index


class Outline(HTMLParser):
    """The elements of a page and their attributes, without its texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.elements.append((tag, tuple(attrs)))


def deep(count: int) -> Trace:
    """Return dispatches each of which was sent by the receiver of the one before."""
    chain = [
        dispatch(
            number,
            parent=number - 1 if number > 1 else None,
            parent_call=0 if number > 1 else None,
            start_ns=number * 10,
            duration_ns=count * 20 - number * 20,
            calls=(call(start_ns=number * 10 + 5, duration_ns=count * 20 - number * 20 - 10),),
        )
        for number in range(1, count + 1)
    ]
    return trace(*chain)


@pytest.mark.parametrize(
    "shown",
    [(), (trace(),), (Trace(RUN),), (trace(dispatch(1)),), (deep(1_000),), (everything(), trace(), many(50))],
    ids=["no trace", "empty", "bare", "one", "deep", "several"],
)
def test_every_trace_is_a_page(shown: tuple[Trace, ...]) -> None:
    """A report is one document that holds every trace whole."""
    page = page_of(*shown)
    assert page.startswith("<!DOCTYPE html>")
    assert page.endswith("</html>\n")
    parts = parts_of(page)
    assert index_of(page) == [[one.run.title, one.held] for one in shown]
    for number, one in enumerate(shown):
        mine = [part for part in parts if part[1] == str(number)]
        assert [part[2]["dispatches"] for part in mine if part[0] == "head"] == [len(one.dispatches)]
        assert sum(len(part[3]["kind"]) for part in mine if part[0] == "numbers") == len(one.dispatches)
        assert sum(len(part[2]) for part in mine if part[0] == "bypasses") == len(one.bypasses)
        assert sum(len(part[2]) for part in mine if part[0] == "callbacks") == len(one.callbacks)


def test_a_page_asks_for_nothing() -> None:
    """No address, no file and no other origin is in the page; its policy forbids them too."""
    page = DATA.sub("", page_of(everything()))
    assert not re.search(r"https?:|\bwss?:|url\(|@import|\bsrc=|//cdn|<iframe|<img|<object|<embed", page)
    assert re.findall(r'\bhref="([^"]*)"', page) == ["data:,", "#grid"]


def test_the_policy_allows_this_script_and_this_style_only() -> None:
    """The policy names the hashes of what is in the page, and forbids connections."""
    page = page_of(everything())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
    assert (
        rules["default-src"] == rules["connect-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    )
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"


def test_hostile_texts_change_no_element(hostile_trace: Trace, make_trace: Any) -> None:
    """Whatever was recorded, a page has the elements that it has with harmless texts."""
    assert _framed(page_of(hostile_trace)) == _framed(page_of(make_trace("harmless")))


def _framed(page: str) -> list[Any]:
    return Outline(DATA.sub("", page)).elements


@pytest.mark.parametrize(
    "title", ["{{script}}", "{{data}}", "{{style}}{{policy}}", "</title><script>", "&lt;"]
)
def test_a_title_fills_no_place(title: str) -> None:
    """A title that looks like a place of the template, or like markup, is a title."""
    page = page_of(replace(trace(), run=replace(RUN, title=title)))
    assert _framed(page) == _framed(page_of(trace()))
    assert index_of(page) == [[title, True]]


@given(ALL_TEXTS)
def test_only_letters_and_digits_come_from_a_recording(text: str) -> None:
    """What is packed is base64, and every text in it is safe to show."""
    packed = packing.pack(packing.clean((text, [text])))
    assert re.fullmatch(r"[A-Za-z0-9+/]+=*", packed)
    tables, _ = unpacked(packed)
    assert tables == [safe(text, packing.LIMIT), [safe(text, packing.LIMIT)]]


def test_huge_texts_are_cut(make_trace: Any) -> None:
    """A text of ten million characters does not make a page of as many."""
    assert len(page_of(make_trace("x" * 10_000_000))) < 300_000


@given(traces())
def test_nothing_is_lost(one: Trace) -> None:
    """Numbers, kinds and arguments are read back as they were recorded."""
    parts = {part[0]: part for part in parts_of(page_of(one))}
    if not one.dispatches:
        assert "numbers" not in parts
        return
    tables, numbers = parts["numbers"][2:]
    numbered = {each.id: each for each in one.dispatches}
    ids = list(accumulate(numbers["id"]))  # in the order in which they closed
    assert sorted(ids) == sorted(numbered)
    shown = [numbered[int(each)] for each in ids]
    assert list(accumulate(numbers["start"])) == [each.start_ns for each in shown]
    assert numbers["duration"] == [each.duration_ns for each in shown]
    assert numbers["count"] == [len(each.calls) for each in shown]
    kinds = [tables["kinds"][int(kind)] for kind in numbers["kind"]]
    assert [kind[4] for kind in kinds] == [packing.clean(each.sender) for each in shown]
    tables, texts = parts["texts"][2:]
    values = [tables["values"][int(value)] for value in texts["value"]]
    told = [str(value) for each in shown for _, value in each.arguments]
    assert values == [packing.clean(value) for value in told]


NUMBERS = st.lists(st.integers(-(2**62), 2**62) | st.integers(-300, 300), max_size=30)


@given(NUMBERS)
def test_numbers_are_packed_as_they_are(numbers: list[int]) -> None:
    """A column holds any numbers, up to what JavaScript tells apart; larger ones are cut."""
    _, read = unpacked(packing.pack(None, [("numbers", numbers)]))
    assert read["numbers"] == [float(number) if abs(number) > 2**31 else number for number in numbers]


def test_numbers_too_large_for_anything_are_cut() -> None:
    """A time that no clock ever showed does not break the page."""
    _, read = unpacked(packing.pack(None, [("numbers", [10**400, -(10**400)])]))
    assert read["numbers"] == [2.0**53, -(2.0**53)]


def test_true_and_one_stay_apart() -> None:
    """Values that are equal to Python and different to the reader are both in the page."""
    held = (True, 1, 1.0, "1", None, float("nan"))
    arguments = tuple((f"a{place}", value) for place, value in enumerate(held))
    (texts,) = [
        part for part in parts_of(page_of(trace(dispatch(1, arguments=arguments)))) if part[0] == "texts"
    ]
    values = [texts[2]["values"][int(value)] for value in texts[3]["value"]]
    assert values == ["True", "1", "1.0", "1", "None", "nan"]


def test_a_page_is_written_as_it_is_made() -> None:
    """A long trace comes in chunks, none of which holds more than a block of it."""
    shown = many(3 * columns.BLOCK)
    chunks = [chunk for chunk in html.export(InMemory([shown])) if chunk]
    assert len(chunks) == 10  # the frame in two, three blocks of two parts, the head, the index
    assert sum(map(len, chunks)) < 60 * len(shown.dispatches)


def test_the_scripts_are_those_of_the_folder() -> None:
    """Every script that ships is in the page once, in an order in which it runs."""
    assert sorted(f"{name}.js" for name in html._SCRIPTS) == sorted(SCRIPTS)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_one_room(name: str) -> None:
    """No script is longer than a module may be, makes markup or code from text, or could end its element."""
    script = SCRIPTS[name]
    assert len(script.splitlines()) <= 350
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", script
    )
    assert not re.search(r"fetch\(|XMLHttp|WebSocket|sendBeacon|import\(|localStorage", script)
    assert "</" not in script
    assert "<!--" not in script
