"""Make Django send the signals of the autoreloader."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from django.utils.autoreload import StatReloader

from sigexplorer.playground.steps import Steps

_TICKS = 200


class BoundedReloader(StatReloader):
    """Django's reloader, watching one file and giving up after a number of looks at it."""

    SLEEP_TIME = 0.01  # type: ignore[assignment]  # seconds; Django's is 1, and need not be whole

    def __init__(self, file: Path, looks: int = _TICKS) -> None:
        super().__init__()
        self.file = file
        self.looks = looks

    def watched_files(self, include_globs: bool = True) -> Iterator[Path]:  # noqa: ARG002, FBT001, FBT002 - Django's
        """Watch the file, and not the thousand modules of the process."""
        yield self.file

    def tick(self) -> Iterator[None]:
        """Look at the file, then change it, then look until the change is seen."""
        for look, _ in zip(range(self.looks), super().tick(), strict=False):
            if look == 0:
                os.utime(self.file, (0, self.file.stat().st_mtime + 10))
            yield


def watch_a_file(step: Steps) -> None:
    """Run the reloader of ``runserver`` on a temporary file that changes."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "settings.py"
        file.touch()
        reloader = BoundedReloader(file)
        # No receiver answers for this file, so the reloader ends the process to restart it.
        with step("run the autoreloader"), contextlib.suppress(SystemExit):
            reloader.run(threading.current_thread())
