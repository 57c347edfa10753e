"""Which functions of a file are scenarios of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigexplorer.errors import UsageError
from sigexplorer.playground import own

FLOWS = """
def _pay(step, amount=1):
    pass

def checkout(step):
    _pay(step)

def add(one, other):
    pass
"""


def test_what_begins_with_an_underscore_is_a_helper(tmp_path: Path) -> None:
    """It is no scenario where all of a file are meant; by its name it may be run."""
    file = tmp_path / "flows_with_helpers.py"
    file.write_text(FLOWS, encoding="utf-8")
    assert [one.name for one in own.scenarios_in(str(file))] == [f"{file}:checkout"]
    assert own.find(f"{file}:_pay").name == f"{file}:_pay"
    file = tmp_path / "flows_of_helpers.py"
    file.write_text(FLOWS.partition("def checkout")[0], encoding="utf-8")
    with pytest.raises(UsageError, match="no scenario in"):
        own.scenarios_in(str(file))
