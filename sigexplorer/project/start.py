"""Start a Django project of the user's, by its settings module."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import traceback
from pathlib import Path

from sigexplorer import garbage
from sigexplorer.capture import connections, words
from sigexplorer.capture.places import is_plumbing, short
from sigexplorer.errors import ProjectError, SetUpError
from sigexplorer.project.find import here

_OURS = f"{Path(__file__).parent.parent}{os.sep}"


def start(settings: str, pythonpath: Path | None) -> None:
    """Set Django up with ``settings``, as ``manage.py --settings --pythonpath`` does.

    What is connected meanwhile is in ``connections.NOTES``. Raises ``ProjectError`` with
    the project's own error in words.
    """
    import django

    _put_on_path(pythonpath or here())
    os.environ["DJANGO_SETTINGS_MODULE"] = settings
    try:
        # What the project prints while it starts is no part of our answer.
        with contextlib.redirect_stdout(sys.stderr), connections.NOTES.watching():
            django.setup()
    except ModuleNotFoundError as problem:
        if problem.name and f"{settings}.".startswith(f"{problem.name}."):
            raise _no_such_settings(settings, problem.name, pythonpath) from problem
        raise _cannot(settings, problem) from problem
    except (Exception, SystemExit) as problem:
        raise _cannot(settings, problem) from problem
    garbage.collect()


def _cannot(settings: str, problem: BaseException) -> ProjectError:
    message = f"the project of '{settings}' cannot be set up: {told(problem)}{_beside(settings, problem)}"
    return SetUpError(message, "run its manage.py check to see where")


def _no_such_settings(settings: str, missing: str, pythonpath: Path | None) -> ProjectError:
    folder = pythonpath or here()
    return ProjectError(
        f"no settings module '{settings}': '{missing}' is neither in '{folder}' nor on Python's path",
        "write its dotted name, and name the folder that it is imported from with --pythonpath",
    )


def _put_on_path(folder: Path) -> None:
    """Import from ``folder`` first, and not from a folder inside of it where we happen to stand.

    ``manage.py`` would not either: its modules would go by two names.
    """
    with contextlib.suppress(ProjectError):
        standing = here()
        if standing.is_relative_to(folder.absolute()):
            sys.path[:] = [entry for entry in sys.path if Path(entry or ".").absolute() != standing]
    sys.path.insert(0, str(folder))


def told(problem: BaseException) -> str:
    """Return the last line of a traceback, and the innermost line of the project's in it."""
    if isinstance(problem, SyntaxError):
        return f"{type(problem).__name__}: {problem.msg} ({short(problem.filename or '?')}:{problem.lineno})"
    line = _innermost(problem)
    where = f" ({short(line.filename)}:{line.lineno})" if line else ""
    said = " ".join("".join(traceback.format_exception_only(problem)).split())
    return f"{words.bounded(said)}{where}"


def _innermost(problem: BaseException) -> traceback.FrameSummary | None:
    """Return the innermost line of the project's in a traceback, if there is one."""
    frames = traceback.extract_tb(problem.__traceback__)
    theirs = (frame for frame in reversed(frames) if not frame.filename.startswith(_OURS))
    return next((frame for frame in theirs if not is_plumbing(frame.filename)), None)


def _beside(settings: str, problem: BaseException) -> str:
    """Name the settings where no line of the project's was running: Django read them, and failed on them."""
    file = words.contents(sys.modules.get(settings)).get("__file__")
    if isinstance(problem, SyntaxError) or _innermost(problem) is not None or type(file) is not str:
        return ""
    missing = problem.name if isinstance(problem, ImportError) else None
    return f" ({short(file)}{_line_with(file, missing)})"


def _line_with(file: str, name: str | None) -> str:
    """Return the line of the text ``name``, or of what is inside of it, as ``:line``; empty without one."""
    if not name:
        return ""
    try:
        text = Path(file).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    wanted = re.compile(rf"""['"]{re.escape(name)}\b""")
    return next((f":{number}" for number, line in enumerate(text.splitlines(), 1) if wanted.search(line)), "")
