"""``sigexplorer lock``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from sigexplorer.cli import options
from sigexplorer.cli.declare import Option

if TYPE_CHECKING:
    from sigexplorer.show import lockfile

NAME = "signals.lock"


def lock(
    check: Annotated[
        bool, Option("--check", help="Compare with the file; exit 1 where they differ.")
    ] = False,
    format_name: options.Format = None,
    output: Annotated[Path | None, Option("--output", "-o", help="The lockfile.", metavar="FILE")] = None,
    settings: options.Settings = None,
    pythonpath: options.PythonPath = None,
    demo: options.Demo = False,
) -> int:
    """Write down who listens to what, or say what drifted from it."""
    from sigexplorer.cli.opening import open_project
    from sigexplorer.project import inventory
    from sigexplorer.show.lockfile import locked

    open_project(settings, pythonpath, demo=demo)
    lines = locked(inventory.all_receivers(ask_debug=True))
    file = output or beside_manage()
    return _check(lines, file, format_name) if check else _write(lines, file, format_name)


def beside_manage() -> Path:
    """Return where the lockfile of the project lies that we stand in."""
    from sigexplorer.project.find import here, nearest_manage

    manage = nearest_manage()
    return relative((manage.parent if manage else here()) / NAME)


def relative(file: Path) -> Path:
    """Return the path of a file from the current folder where it lies below it."""
    from sigexplorer.project.find import here

    return file.relative_to(here()) if file.is_relative_to(here()) else file


def _write(lines: list[lockfile.Locked], file: Path, format_name: str | None) -> int:
    import sys

    from sigexplorer.cli.output import hint
    from sigexplorer.show import lockfile
    from sigexplorer.show.files import choose_format, write_file
    from sigexplorer.show.text import plural

    choose_format(format_name, None, ["table"])  # the file has one form
    if str(file) == "-":
        sys.stdout.write(lockfile.write(lines))
        return 0
    write_file(file, [lockfile.write(lines)])
    hint(f"{file}: {plural(len(lines), 'receiver')}")
    return 0


def _check(lines: list[lockfile.Locked], file: Path, format_name: str | None) -> int:
    from sigexplorer.cli.output import emit, to_json
    from sigexplorer.show import lockfile
    from sigexplorer.show.exporters import markdown
    from sigexplorer.show.views import document

    drifts = lockfile.compare(lockfile.read(file), lines)
    shown = lockfile.table(drifts, file)
    record = {"schema": "sigexplorer.lock/1", "file": str(file), "drift": [asdict(one) for one in drifts]}
    writers = {"json": lambda: to_json(record), "markdown": lambda: markdown.write(shown)}
    emit(lambda width: document.render(shown, width), writers, format_name, None)
    return 1 if drifts else 0
