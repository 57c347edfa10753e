"""How long ``sigexplorer check`` takes, against ``python -m compileall -f`` over the same files."""

from __future__ import annotations

import shutil
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.measuring import Row, Setting, cpu

_FILES = 1_000
_ROUNDS = 3


def rows(setting: Setting) -> Iterator[Row]:
    """Check the first files of the standard library: a copy, so that nobody's own cache is written."""
    folder = Path(sysconfig.get_path("stdlib"))
    with tempfile.TemporaryDirectory() as copy:
        files = sorted(folder.rglob("*.py"))[: max(20, min(_FILES, setting.scale // 100))]
        for file in files:
            target = Path(copy) / file.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
        few = replace(setting, rounds=min(_ROUNDS, setting.rounds))
        name = f"check of {len(files):,} files, to compileall of the same"
        yield Row("check", name, 2.0, _ratios(few, copy))


def _ratios(setting: Setting, folder: str) -> tuple[float, ...]:
    environment = setting.environment()
    compiling = [setting.python, "-m", "compileall", "-f", "-q", folder]
    checking = [setting.python, "-m", "sigexplorer", "check", "--source-only", "--level", "error", folder]
    return tuple(
        cpu(checking, environment, codes=(0, 1)) / cpu(compiling, environment, codes=(0, 1))
        for _ in range(setting.rounds)
    )
