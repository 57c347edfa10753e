"""Recordings with lines that are not ours, and with numbers at their end that nobody measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Cli

LOOKS = ([], ["-c"], ["-f", "json"], ["--step", "1"], ["--from", "2"])
FOREIGN = (
    b'{"x":', b"[1,2]", b"[]", b"null", b"17", b'"text"', b"NaN", b"{}", b'{"type":null}', b'{"type":[]}',
    b'{"type":3}', b"\0", b",", b"]", b"1],[2", b'{"a":1}{"b":2}', b"\xff\xfe", b"[" * 100_000,
)  # fmt: skip
ODD: tuple[Any, ...] = ("x", -5, 1.5, True, [[1]], {"x": []})


@pytest.fixture
def lines(recording: Callable[..., bytes]) -> list[bytes]:
    """Return the lines of a recording."""
    return recording("trigger", "post_save").splitlines(keepends=True)


def refused(answer: Any, number: int) -> None:
    """Assert that a wrong line was said to be wrong, in one line, and that nothing else was said."""
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1), answer
    assert f"line {number} is no" in answer.err


@pytest.mark.parametrize("foreign", FOREIGN, ids=[text[:20].decode("latin-1") for text in FOREIGN])
@pytest.mark.parametrize("place", [0, 3, -1])
def test_a_foreign_line_is_named(
    foreign: bytes, place: int, lines: list[bytes], tmp_path: Path, cli: Cli
) -> None:
    """A line that is no record, wherever it stands, is exit 2 and one line that says its number."""
    place %= len(lines) + 1
    file = tmp_path / "run.jsonl"
    file.write_bytes(b"".join([*lines[:place], foreign + b"\n", *lines[place:]]))
    for look in LOOKS:
        refused(cli("show", file, *look), place + 1)


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize(
    "part", ["", "receivers", "signals", "recursions", "largest", "bypasses", "callbacks"]
)
def test_numbers_that_nobody_measured_are_measured_anew(
    odd: Any, part: str, lines: list[bytes], tmp_path: Path, cli: Cli
) -> None:
    """Where the last line adds up to something else than it must be, the summary is that of the records."""
    sound, odder = tmp_path / "sound.jsonl", tmp_path / "odd.jsonl"
    sound.write_bytes(b"".join(lines))
    end = json.loads(lines[-1])
    if part:
        end["profile"][part] = odd
    else:
        end["profile"] = odd
    odder.write_bytes(b"".join([*lines[:-1], json.dumps(end).encode() + b"\n"]))
    wanted, answer = cli("show", sound, "-c"), cli("show", odder, "-c")
    assert (answer.code, answer) == (0, wanted)
