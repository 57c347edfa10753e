"""Start a Django project of the user's, by its settings module."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from sigexplorer.capture import words
from sigexplorer.errors import ProjectError


def start(settings: str, pythonpath: Path | None) -> None:
    """Set Django up with ``settings``, as ``manage.py --settings --pythonpath`` does.

    Raises ``ProjectError`` with the last line of the project's own error.
    """
    import django

    sys.path.insert(0, str(pythonpath or Path.cwd()))
    os.environ["DJANGO_SETTINGS_MODULE"] = settings
    try:
        django.setup()
    except Exception as problem:
        message = f"the project of '{settings}' cannot be set up: {words.error(problem)}"
        raise ProjectError(message, "run its manage.py check to see where") from problem
