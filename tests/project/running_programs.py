"""One command, run twice: by Python itself, and by us in our own process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_SECONDS = 60

#: Our side of the comparison: as little as there can be around it.
RUNNER = (
    "import sys; from sigexplorer.project.program import resolve, restart, run; "
    "program = resolve(sys.argv[1:]); restart(program); sys.exit(run(program))"
)

#: The same, traced, with all children followed as the arguments say: a folder, and "all" or "some".
FOLLOWER = (
    "import sys; from sigexplorer.project.program import resolve, restart, run; "
    "from sigexplorer.project.children import State; from sigexplorer.project.tracing import Tracing; "
    "program = resolve(sys.argv[3:]); restart(program); "
    "Tracing(State(sys.argv[1], all=sys.argv[2] == 'all')).begin(); sys.exit(run(program))"
)

_FOREIGN = {
    "DJANGO_SETTINGS_MODULE",
    "FORCE_COLOR",
    "PYTEST_ADDOPTS",
    "PYTEST_CURRENT_TEST",
    "PYTHONSAFEPATH",
    "PYTHONUNBUFFERED",
    "PYTHONWARNINGS",
}
_DIFFERS = re.compile(r"0x[0-9a-f]+|\d+\.\d+s\b")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended and what it wrote."""

    code: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    """Return an environment in which this Python comes first and our package is found."""
    kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    return kept | {"PATH": path, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"} | more


def start(*words: str, folder: Path, env: dict[str, str] | None = None, **more: Any) -> subprocess.Popen[str]:
    """Start a command in ``folder``."""
    pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen(  # noqa: S603 - our own programs
        words, cwd=folder, env=env or environment(), text=True, errors="backslashreplace", **pipes | more
    )


def ours(*words: str) -> list[str]:
    """Return how the command ``words`` is run by us."""
    return [sys.executable, "-c", RUNNER, *words]


def following(folder: Path, which: str, *words: str) -> list[str]:
    """Return how the command ``words`` is traced by us, and with it its children."""
    return [sys.executable, "-c", FOLLOWER, str(folder), which, *words]


def run(
    *words: str, folder: Path, text: str = "", env: dict[str, str] | None = None, shown: bool = False
) -> Ended:
    """Run a command to its end; what differs from run to run is left out, unless it is to be ``shown``."""
    with start(*words, folder=folder, env=env) as process:
        out, err = process.communicate(text, timeout=TIMEOUT_SECONDS)
    ended = Ended(process.returncode, out, err)
    return ended if shown else replace(ended, out=_DIFFERS.sub("…", out), err=_DIFFERS.sub("…", err))


def write(folder: Path, files: dict[str, str]) -> None:
    """Write the files of a program."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
        if text.startswith("#!"):
            (folder / name).chmod(0o755)
