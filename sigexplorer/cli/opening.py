"""Start the project that a command looks at: the user's, or the bundled one."""

from __future__ import annotations

from pathlib import Path

from sigexplorer.errors import UsageError
from sigexplorer.project import find


def open_project(settings: str | None, pythonpath: Path | None, *, demo: bool) -> find.Project:
    """Find a project and set it up; what it connects meanwhile is noted."""
    from sigexplorer.capture import connections, holders
    from sigexplorer.project import start  # with which comes Django

    project = find_project(settings, pythonpath, demo=demo)
    start.start(project.settings, project.folder)
    holders.sweep(connections.NOTES)
    return project


def find_project(settings: str | None, pythonpath: Path | None, *, demo: bool) -> find.Project:
    """Find the project that is meant, and start nothing."""
    if not demo:
        return find.find(settings, pythonpath)
    if settings is not None or pythonpath is not None:
        raise UsageError("--demo is the bundled project", "leave --settings and --pythonpath out")
    from sigexplorer.playground.place import demo_folder

    return find.Project("demo.settings", demo_folder(), "--demo")
