"""Instructions counted by valgrind: the same on every run, whatever else the machine does.

What a process takes to start is not part of it: the workload runs once and three times as
large, and the difference is compared.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence

from benchmarks.measuring import PROGRAMS, ROOT, Row, Setting, SkippedError, cpu

_COUNTED = re.compile(rb"I\s+refs:\s+([\d,]+)")
_SMALL, _LARGE = 2, 6  # hundredths of 200 logins and 500 saves
_FEW, _MANY = 500, 10_500  # dispatches

#: A little more than was reached on Python 3.11 with Django 5.2: what takes more has become slower.
_BOUNDS = {"workload": 1.12, "list": 2.7, "docs": 3.0, "dispatch": 1.6}


def rows(setting: Setting) -> Iterator[Row]:
    """Count what the workload takes, untraced and traced."""
    if shutil.which("valgrind") is None:
        raise SkippedError("valgrind is not installed")
    yield from _start_up(setting)
    yield from _dispatches(setting)
    untraced, traced = (_grows(setting, "workload", ("once",), (_SMALL, _LARGE), way) for way in _WAYS)
    note = f"{untraced:,} untraced, {traced:,} traced"
    yield Row(
        "200 logins, 500 saves, m2m and deletes",
        "instructions, to the same untraced",
        1.03,
        (traced / untraced,),
        note=note,
        bound=_BOUNDS["workload"],
    )


_WAYS = ((), ("traced",))


def _dispatches(setting: Setting) -> Iterator[Row]:
    """Count what a dispatch with one receiver takes, untraced and traced to the disk."""
    untraced, traced = (_grows(setting, "dispatching", ("1",), (_FEW, _MANY), way) for way in _WAYS)
    count, ratio = _MANY - _FEW, traced / untraced
    note = f"{untraced // count:,} untraced, {traced // count:,} traced"
    name = "1 receiver, recorded to disk, instructions"
    yield Row("a dispatch, to the same untraced", name, 1.6, (ratio,), note=note, bound=_BOUNDS["dispatch"])


def _start_up(setting: Setting) -> Iterator[Row]:
    """Count what the commands take that answer at once, to ``import django``."""
    group, django = "start-up, to python -c 'import django'", count(setting, ["-c", "import django"])
    for words, goal in ((["list"], 4.5), (["docs", "post_save"], 4.5)):
        ratio = count(setting, ["-m", "sigexplorer", *words]) / django
        yield Row(group, f"{' '.join(words)}, instructions", goal, (ratio,), bound=_BOUNDS[words[0]])


def _grows(
    setting: Setting, program: str, words: tuple[str, ...], sizes: tuple[int, int], way: tuple[str, ...]
) -> int:
    """Return how many instructions more a program takes for the larger of two sizes."""
    file = str(PROGRAMS / f"{program}.py")
    small, large = (count(setting, [file, *words, str(size), *way]) for size in sizes)
    return large - small


def count(setting: Setting, words: Sequence[str]) -> int:
    """Return how many instructions a program takes, after a run that compiles what it imports."""
    command = [
        "valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null",
        setting.python, *words,
    ]  # fmt: skip
    cpu([setting.python, *words], setting.environment())
    done = subprocess.run(  # noqa: S603 - programs of our own
        command, env=setting.environment(), cwd=ROOT, capture_output=True, check=False
    )
    found = _COUNTED.search(done.stderr)
    if done.returncode != 0 or found is None:
        raise SkippedError(f"valgrind: {done.stderr.decode(errors='replace').strip().splitlines()[-1:]}")
    return int(found[1].replace(b",", b""))
