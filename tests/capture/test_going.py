"""What is to be known of a thing's end is told, but not when Python ends with it."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import pytest

import sigexplorer
from sigexplorer.capture.going import referred


class Thing:
    """Anything that can be referred to weakly."""


@pytest.mark.parametrize("ends", [False, True])
def test_an_end_is_told_while_python_goes_on(ends: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    """What is called then needs names of modules that may have gone."""
    told: list[Any] = []
    thing = Thing()
    monkeypatch.setattr(sys, "is_finalizing", lambda: ends)
    reference = referred(thing, told.append)
    del thing
    assert told == ([] if ends else [reference])


def test_nobody_else_is_told_of_an_end() -> None:
    """A reference with a callback of its own is told as Python ends, too."""
    found = [
        file.name
        for file in Path(sigexplorer.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("weakref.ref", "ref", "weakref.finalize")
        and len(node.args) > 1
    ]  # fmt: skip
    assert found == ["going.py"]
