"""The command line in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from processes import Answer

from sigexplorer.cli.run import run
from sigexplorer.show.schemas import (
    answers_schema,
    check_schema,
    comparison_schema,
    diff_schema,
    inventory_schema,
    trace_schema,
)

if TYPE_CHECKING:
    from sigexplorer.playground.boot import Playground

SCHEMAS = {
    "trace": jsonschema.Draft202012Validator(trace_schema()),
    "diff": jsonschema.Draft202012Validator(diff_schema()),
    "inventory": jsonschema.Draft202012Validator(inventory_schema()),
    "answers": jsonschema.Draft202012Validator(answers_schema()),
    "comparison": jsonschema.Draft202012Validator(comparison_schema()),
    "check": jsonschema.Draft202012Validator(check_schema()),
}

Cli = Callable[..., Answer]


@pytest.fixture(autouse=True)
def _plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no variable of the machine decide what answers look like."""
    for name in ("COLUMNS", "LINES", "FORCE_COLOR", "NO_COLOR", "TERM", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """Return a function that runs a command in this process and returns what it said."""

    def run_here(*arguments: object) -> Answer:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        assert "internal error" not in err
        return Answer(code, out, err)

    return run_here


@pytest.fixture
def story_cli(cli: Cli, playground: Playground) -> Cli:
    """Return the same, with the bundled project set up."""
    assert playground
    return cli


@pytest.fixture(scope="session")
def recording(playground: Playground, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., bytes]:
    """Return a function that records a story, once for the process, and returns what the file holds."""
    assert playground

    @cache
    def recorded(*words: str) -> bytes:
        file = tmp_path_factory.mktemp("recording") / "run.jsonl"
        assert run([*words, "-o", str(file), "--no-keep"]) == 0
        return file.read_bytes()

    return recorded


@pytest.fixture
def valid() -> Callable[[str, str], Any]:
    """Return a function that parses JSON strictly and holds it against a schema of the package."""

    def parsed(text: str, kind: str) -> Any:
        def refuse(word: str) -> None:
            pytest.fail(f"{word} is not JSON")

        document = json.loads(text, parse_constant=refuse)
        SCHEMAS[kind].validate(document)
        return document

    return parsed
