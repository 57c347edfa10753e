"""What ``--inject`` is to raise, as far as sources say what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigexplorer.errors import UnknownNameError
from sigexplorer.project.raised import check


@pytest.mark.parametrize(
    "source",
    [
        'globals()["Boom"] = type("Boom", (Exception,), {})',
        'import sys\nsetattr(sys.modules[__name__], "Boom", KeyError)',
        "import sys\nsys.modules[__name__].Boom = KeyError",
        'import sys\nme = sys.modules[__name__]\nme.__dict__["Boom"] = KeyError',
        'exec("class Boom(Exception): pass")',
        'vars()["Boom"] = KeyError',
    ],
)
def test_what_may_be_bound_by_name_is_not_refused(source: str, tmp_path: Path) -> None:
    """Only the running program knows whether there is such an exception."""
    (tmp_path / "made.py").write_text(source)
    check("made.Boom", [str(tmp_path)])


def test_what_no_statement_binds_is_refused(tmp_path: Path) -> None:
    """With the exceptions that there are."""
    (tmp_path / "made.py").write_text("class Boom(Exception): pass\n")
    with pytest.raises(UnknownNameError, match=r"nearest: made\.Boom"):
        check("made.Bom", [str(tmp_path)])
