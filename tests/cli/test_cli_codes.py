"""The exit codes of errors."""

from __future__ import annotations

import pytest

from sigexplorer.cli import run
from sigexplorer.errors import (
    NotExecutableError,
    NotFoundError,
    NotPythonError,
    ProjectError,
    SigexplorerError,
)


@pytest.mark.parametrize(
    ("problem", "code", "line"),
    [
        (ProjectError("no project", "look for it"), 2, "sigexplorer: no project (look for it)\n"),
        (NotFoundError("nope"), 127, "sigexplorer: command not found: 'nope'\n"),
        (NotExecutableError("x", "no permission"), 126, "sigexplorer: cannot run 'x': no permission\n"),
        (NotPythonError("ls"), 2, "sigexplorer: 'ls' is not a Python program (what can be traced: "),
        (NotFoundError("\x1b[31m"), 127, "sigexplorer: command not found: '\\x1b[31m'\n"),
    ],
)
def test_an_error_is_one_line_and_a_code(
    problem: SigexplorerError,
    code: int,
    line: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An error ends with its own exit code: a shell's, where the command to trace cannot be run."""

    def fail(_: object) -> int:
        raise problem

    monkeypatch.setattr(run, "_command", fail)
    assert run.run(["trace"]) == code
    said = capsys.readouterr().err
    assert said.startswith(line)
    assert said.count("\n") == 1
