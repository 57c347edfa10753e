"""How long ``sigexplorer check`` takes, against ``python -m compileall -f`` over the same files.

    python benchmarks/check_speed.py [FOLDER]

Without a folder: the first thousand files of the standard library. Prints the best of three runs
of each; check should take no more than twice as long.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from time import perf_counter

RUNS = 3
FILES = 1_000


def seconds(*command: str) -> float:
    """Return how long a command takes at best."""
    best = float("inf")
    for _ in range(RUNS):
        start = perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)  # noqa: S603
        best = min(best, perf_counter() - start)
    return best


def main() -> None:
    """Copy some files, so that nobody's own cache is written, and measure both."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else sysconfig.get_path("stdlib"))
    with tempfile.TemporaryDirectory() as copy:
        files = sorted(folder.rglob("*.py"))[:FILES]
        for file in files:
            target = Path(copy) / "source" / file.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
        source = str(Path(copy) / "source")
        compiled = seconds(sys.executable, "-m", "compileall", "-f", "-q", source)
        checked = seconds(sys.executable, "-m", "sigexplorer", "check", "--source-only", source)
    sys.stdout.write(
        f"{len(files):,} files: compileall {compiled:.2f} s, check {checked:.2f} s,"
        f" {checked / compiled:.2f} times as long\n"
    )


if __name__ == "__main__":
    main()
