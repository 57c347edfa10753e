"""Start a Django project of the user's, by its settings module."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from sigexplorer.capture import words
from sigexplorer.capture.places import short
from sigexplorer.errors import ProjectError


def start(settings: str, pythonpath: Path | None) -> None:
    """Set Django up with ``settings``, as ``manage.py --settings --pythonpath`` does.

    Raises ``ProjectError`` with the project's own error in words.
    """
    import django

    sys.path.insert(0, str(pythonpath or _here()))
    os.environ["DJANGO_SETTINGS_MODULE"] = settings
    try:
        # What the project prints while it starts is no part of our answer.
        with contextlib.redirect_stdout(sys.stderr):
            django.setup()
    except (Exception, SystemExit) as problem:
        message = f"the project of '{settings}' cannot be set up: {_told(problem)}"
        raise ProjectError(message, "run its manage.py check to see where") from problem


def _here() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError as problem:
        raise ProjectError(
            "the current folder is gone", "name the project's folder with --pythonpath"
        ) from problem


def _told(problem: BaseException) -> str:
    if isinstance(problem, SyntaxError):
        return f"{type(problem).__name__}: {problem.msg} ({short(problem.filename or '?')}:{problem.lineno})"
    return words.error(problem)
