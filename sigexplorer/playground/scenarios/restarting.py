"""The autoreloader, and who can keep it from restarting."""

from __future__ import annotations

import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from django.utils.autoreload import file_changed, restart_with_reloader

from sigexplorer.playground.props import connected
from sigexplorer.playground.steps import Steps
from sigexplorer.playground.triggers.autoreload import BoundedReloader


def autoreload(step: Steps) -> None:
    """Change a file that nobody answers for, and one that somebody does."""
    code: object = None
    with _reloader() as reloader, step("change a file, and no receiver answers for it"):
        try:
            reloader.run(threading.current_thread())
        except SystemExit as end:
            code = end.code
    names = ["autoreload_started", "file_changed"]
    step.claim("it is told", step.names(group="autoreload"), names, fact="file-changed")
    step.claim("and the process ends with 3", code, 3, fact="file-changed")

    ends: list[subprocess.CompletedProcess[str]] = [
        subprocess.CompletedProcess([], code) for code in (3, 3, 0)
    ]
    with (
        step("let the process end with 3 twice, then with 0"),
        mock.patch("django.utils.autoreload.get_child_arguments", return_value=["manage.py"]),
        mock.patch("subprocess.run", side_effect=ends) as run,
    ):
        code = restart_with_reloader()
    step.claim("after 3 it is started anew", (run.call_count, code), (3, 0), fact="file-changed")

    def reload_texts(**_kwargs: object) -> bool:
        return True

    ended = "the process"
    with _reloader() as reloader, step("answer for it"), connected(file_changed, reload_texts):
        reloader.run(threading.current_thread())
        ended = "the story"
    step.claim("it is told", step.names(group="autoreload"), names, fact="file-changed")
    step.claim("and the process goes on", ended, "the story", fact="file-changed")


@contextmanager
def _reloader() -> Iterator[BoundedReloader]:
    """Watch a file that changes after the first look, for a few looks."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "texts.txt"
        file.touch()
        yield BoundedReloader(file, looks=4)
