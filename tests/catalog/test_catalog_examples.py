"""The examples of the pages: as texts, and at work in the bundled project."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import django
import pytest

from sigexplorer.catalog import PAGES, Page

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
VERSION = django.VERSION[:2]

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def receivers(page: Page) -> dict[str, ast.FunctionDef]:
    """Return the functions of the example that it connects to a signal, by name."""
    tree = ast.parse(page.example)
    connected = {
        node.args[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "connect"
    }
    return {
        node.name: node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and (node.name in connected or any("receiver" in ast.dump(mark) for mark in node.decorator_list))
    }


@each_page
def test_examples_import_the_signal_from_where_it_is_defined(page: Page) -> None:
    """An example is a whole module: it compiles, and imports the signal by its dotted path."""
    compile(page.example, page.name, "exec")
    imported = {
        f"{node.module}.{name.name}"
        for node in ast.walk(ast.parse(page.example))
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }
    assert page.path in imported
    assert max(len(line) for line in page.example.splitlines()) <= 100


@each_page
def test_receivers_take_what_is_sent(page: Page) -> None:
    """Every receiver takes the sender, arguments of the signal, and whatever else may come."""
    always = {argument.name for argument in page.arguments if not argument.only and argument.since == (0, 0)}
    assert receivers(page)
    for function in receivers(page).values():
        names = [argument.arg for argument in function.args.args]
        required = names[: len(names) - len(function.args.defaults)]
        assert names[0] == "sender"
        assert function.args.kwarg
        assert set(required) <= {"sender"} | always
        assert set(names) <= {"sender", *(argument.name for argument in page.arguments)}


@each_page
def test_examples_cannot_connect_twice(page: Page) -> None:
    """An example names its connections by a dispatch_uid, or takes them away again."""
    assert page.example.count("dispatch_uid=") == len(receivers(page)) or ".disconnect(" in page.example


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Run all examples in the bundled project, in a process of their own."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "demo_project")])
    run = subprocess.run(  # noqa: S603
        [sys.executable, str(HERE / "example_story.py"), str(tmp_path_factory.mktemp("examples"))],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    return json.loads(run.stdout)


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.exists_in(VERSION)], ids=lambda page: page.name
)
def test_receivers_of_the_example_are_called(page: Page, story: dict[str, Any]) -> None:
    """What the example connects, Django calls when the signal is sent."""
    assert set(receivers(page)) <= set(story["called"].get(page.name, ()))


def test_examples_do_what_they_promise(story: dict[str, Any]) -> None:
    """The examples leave behind what their comments and pages say."""
    left = story["left"]
    assert left.pop("templates")[0] == "blog/index.html"
    assert "probe.Probe" in left.pop("models")
    assert left.pop("task", "FAILED") == "FAILED"
    assert left == {
        "announced": True,
        "tags": ["general"],
        "profiles": 1,
        "tag lists": [None, None, None, None],
        "title": "spaces",
        "title when built": "spaces",
        "deferred": None,
        "cached post": None,
        "viewed": [],
        "home": 500,
        "failures": {"ZeroDivisionError": 1},
        "async": 200,
        "sizes": [10, 3, 10],
        "cache size": -20000,
        "words": [["one"], ["three", "words", "now"]],
    }
