"""Programs that somebody traces, and what came of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forks import forked
from processes import TIMEOUT_SECONDS, Answer, command, environment

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Two signals, a receiver that sends in turn, and one that fails.
SHOP = """
from django.dispatch import Signal

paid = Signal()
shipped = Signal()

def ship(sender, **named):
    shipped.send(sender, parcel=named["order"])
    return "on its way"

def book(sender, **named):
    raise ValueError("no book")

paid.connect(ship)
shipped.connect(book, sender="broken")
"""

PAID = "import shop\nshop.paid.send('web', order=7)\n"


def run(
    words: Sequence[str], folder: Path, text: str = "", timeout: int = TIMEOUT_SECONDS, **more: Any
) -> Answer:
    """Run a command in a folder to its end."""
    process = subprocess.run(  # noqa: S603 - our own programs
        words,
        cwd=folder,
        env=_environment(),
        input=text.encode(),
        capture_output=True,
        timeout=timeout,
        check=False,
        **more,
    )
    return Answer(process.returncode, process.stdout.decode(), process.stderr.decode())


def python(folder: Path, *words: str, **more: Any) -> Answer:
    """Run a Python program as it is."""
    return run([sys.executable, *words], folder, **more)


def trace(folder: Path, *words: str, **more: Any) -> Answer:
    """Trace a program; ``words`` are the options and, after ``--``, the command."""
    return run(traced(*words), folder, **more)


def asked(folder: Path, *words: str) -> Answer:
    """Trace a program from a process that has imported everything, for what is said when it is over."""
    return forked("trace", "--no-keep", *words, cwd=folder, env=_path())


def traced(*words: str) -> list[str]:
    """Return how a program is traced without being kept for ``show --last``."""
    return command("trace", "--no-keep", *words)


def recorded(folder: Path, *words: str, code: int = 0, **more: Any) -> list[dict[str, Any]]:
    """Trace a program into a file, and return its records."""
    file = folder / "run.jsonl"
    answer = trace(folder, "-o", str(file), "--", *words, **more)
    assert (answer.code, "sigexplorer: " in answer.err) == (code, False), answer.err
    assert not list(folder.glob("*.spool"))
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def dispatches(records: list[dict[str, Any]], *names: str) -> list[dict[str, Any]]:
    """Return the dispatches, or those of some signals, and see that what they refer to is there."""
    found = {record["id"]: record for record in records if record["type"] == "dispatch"}
    numbers = [record["id"] for record in records if "id" in record]
    assert len(numbers) == len(set(numbers))
    for record in found.values():
        parent = found.get(record["parent"])
        assert (parent is None) == (record["parent"] is None)
        assert parent is None or record["parent_call"] is None or parent["calls"][record["parent_call"]]
    return [record for _, record in sorted(found.items()) if not names or record["name"] in names]


def write(folder: Path, **files: str) -> Path:
    """Write Python files, and return their folder."""
    for name, text in {"shop": SHOP, **files}.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return folder


def _environment() -> dict[str, str]:
    return environment(_path())


def _path() -> dict[str, str]:
    return {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
