"""How things are measured: pairs, one after the other, and the ratio of each pair."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = Path(__file__).resolve().parent / "programs"

#: What changes what is measured, and is not ours to take over.
_FOREIGN = (
    "DJANGO_SETTINGS_MODULE",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONUNBUFFERED",
    "PYTHONPATH",
    "FORCE_COLOR",
)


class SkippedError(Exception):
    """Something cannot be measured here; the message says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was measured."""

    group: str
    name: str
    goal: float | None  # None: for comparison only
    values: tuple[float, ...] = ()  # one for each pair; none where it was skipped
    unit: str = "times"
    note: str = ""
    bound: float | None = None  # a little more than was reached: what exceeds it has become slower

    @property
    def reached(self) -> float | None:
        """The median."""
        return statistics.median(self.values) if self.values else None

    @property
    def ok(self) -> bool | None:
        """Whether the goal is met; None where there is none, or nothing was measured."""
        return None if self.goal is None or self.reached is None else self.reached <= self.goal

    @property
    def is_slower(self) -> bool:
        """Whether it takes more than it may: than its bound or, without one, than its goal."""
        most = self.goal if self.bound is None else self.bound
        return most is not None and self.reached is not None and self.reached > most


@dataclass(frozen=True, slots=True)
class Setting:
    """How much is measured, and with what."""

    rounds: int = 9
    scale: int = 1_000_000  # dispatches of what is long
    python: str = sys.executable
    peers: str | None = None  # a Python that has the peers
    more: Mapping[str, str] = field(default_factory=dict)  # of the environment

    def environment(self) -> dict[str, str]:
        """Return the environment of every measured process."""
        kept = {name: held for name, held in os.environ.items() if name not in _FOREIGN}
        paths = os.pathsep.join([str(ROOT), str(ROOT / "demo_project"), str(PROGRAMS)])
        return {**kept, "PYTHONPATH": paths, "PYTHONHASHSEED": "0", **self.more}

    def peers_python(self) -> str:
        """Return the Python that has the peers."""
        if self.peers is None:
            raise SkippedError("no environment with the peers: python -m benchmarks --install-peers")
        return self.peers


@contextmanager
def compiled(setting: Setting) -> Iterator[Setting]:
    """Let modules be compiled once, as they are after an installation, and leave none of it behind."""
    with tempfile.TemporaryDirectory() as folder:
        more = {**setting.more, "PYTHONPYCACHEPREFIX": folder, "XDG_CACHE_HOME": folder}
        yield Setting(setting.rounds, setting.scale, setting.python, setting.peers, more)


#: How commands that measure something end.
_FINE = (0,)


def cpu(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path = ROOT,
    codes: tuple[int, ...] = _FINE,
) -> float:
    """Run a command to its end and return the seconds of CPU that it and its children took."""
    used = ran(command, environment, folder, codes)
    return used.ru_utime + used.ru_stime


def ran(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path = ROOT,
    codes: tuple[int, ...] = _FINE,
) -> resource.struct_rusage:
    """Run a command to its end and return what it used."""
    with subprocess.Popen(  # noqa: S603 - commands of our own
        command, env=dict(environment), cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stderr is not None  # noqa: S101 - it is a pipe
        said = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in codes:
        last = said.decode(errors="replace").strip().splitlines()[-1:]
        raise SkippedError(f"'{' '.join(command[1:])}' ended with {process.returncode}: {''.join(last)}")
    return used


def pairs(rounds: int, base: Callable[[], float], other: Callable[[], float]) -> tuple[float, ...]:
    """Return the ratio of ``other`` to ``base`` in each of ``rounds`` pairs; one before does not count."""
    base(), other()
    return tuple(other() / base() for _ in range(rounds))


def processes(
    setting: Setting, base: Sequence[str], other: Sequence[str], *, python: str = "", folder: Path = ROOT
) -> tuple[float, ...]:
    """Return the ratios of the CPU of two programs of Python, each a process of its own."""
    environment, with_python = setting.environment(), python or setting.python
    return pairs(
        setting.rounds,
        lambda: cpu([with_python, *base], environment, folder),
        lambda: cpu([with_python, *other], environment, folder),
    )


def told(setting: Setting, program: str, *arguments: str, python: str = "") -> Any:
    """Run one of the programs beside this file and return the JSON that it prints."""
    done = subprocess.run(  # noqa: S603 - a program of our own
        [python or setting.python, str(PROGRAMS / f"{program}.py"), *arguments],
        env=setting.environment(), cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise SkippedError(f"{program}: {''.join(done.stderr.strip().splitlines()[-1:])}")
    return json.loads(done.stdout.splitlines()[-1])
