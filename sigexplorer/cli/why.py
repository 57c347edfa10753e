"""``sigexplorer why``."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from sigexplorer import catalog
from sigexplorer.cli import options
from sigexplorer.cli.declare import Argument, Option
from sigexplorer.errors import SigexplorerError, UsageError
from sigexplorer.model import Trace

if TYPE_CHECKING:
    from sigexplorer.answers import Diagnosis


def complete_receiver(incomplete: str) -> list[str]:
    """Return the receivers that begin like this, as far as the lockfile knows them: no project is started."""
    from sigexplorer.cli.lock import beside_manage
    from sigexplorer.show import lockfile

    try:
        names = {line.receiver for line in lockfile.read(beside_manage())}
    except SigexplorerError:
        return []
    return sorted(name for name in names if name.startswith(incomplete))


def why(
    receiver: Annotated[
        str,
        Argument(
            help="A receiver: its dotted path, its name, or signal:receiver.",
            metavar="RECEIVER",
            complete=complete_receiver,
        ),
    ],
    trace: Annotated[
        Path | None, Option("--trace", help="A recorded run to look at.", metavar="FILE")
    ] = None,
    command: Annotated[
        list[str] | None, Argument(help="A run to look at: a command to trace.", metavar="[-- COMMAND]")
    ] = None,
    verbose: options.Verbose = False,
    format_name: options.Format = None,
    output: options.Output = None,
    settings: options.Settings = None,
    pythonpath: options.PythonPath = None,
    demo: options.Demo = False,
) -> int:
    """Say why a receiver does not fire, or fires twice."""
    run, code = _run(trace, command or [])
    diagnosis = replace(_diagnosis(receiver, run, settings, pythonpath, demo=demo), ended=code)
    _show(diagnosis, format_name, output, verbose=verbose)
    return 1 if diagnosis.failure else 0


def _run(trace: Path | None, command: list[str]) -> tuple[Trace | None, int]:
    """Return the run to look at, and with what code it ended: a recorded one, or one of the command now."""
    from sigexplorer.show.opening import trace_in

    if trace is not None and command:
        raise UsageError("give a recorded run or a command to trace, not both")
    if trace is not None:
        return trace_in(trace), 0
    if not command:
        return None, 0
    if len(command) == 1 and catalog.named(command[0]) is not None:
        raise UsageError(f"'{command[0]}' is a signal, and no command", f"ask about '{command[0]}:RECEIVER'")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "run.jsonl"
        words = [sys.executable, "-m", "sigexplorer", "trace", "--no-keep", "-o", str(file), "--", *command]
        # What it writes goes beside our answer, never into it.
        done = subprocess.run(words, stdout=sys.stderr.fileno(), check=False)  # noqa: S603 - the user's own
        if not file.exists():
            raise UsageError(f"the command ended with {done.returncode} and left no trace")
        return trace_in(file), done.returncode


def _diagnosis(
    receiver: str, run: Trace | None, settings: str | None, pythonpath: Path | None, *, demo: bool
) -> Diagnosis:
    """Start the project, watching who imports what, and ask; ``run`` is a run to look at."""
    from sigexplorer.capture.importers import IMPORTS
    from sigexplorer.cli.opening import open_project
    from sigexplorer.project.why import diagnose

    with IMPORTS.watching():
        project = open_project(settings, pythonpath, demo=demo)
    return diagnose(receiver, project.folder, run)


def _show(diagnosis: Diagnosis, format_name: str | None, output: Path | None, *, verbose: bool) -> None:
    from sigexplorer.capture.places import full
    from sigexplorer.cli.output import emit, to_json
    from sigexplorer.show import diagnosing
    from sigexplorer.show.exporters import markdown
    from sigexplorer.show.views import document

    shown = diagnosing.document(diagnosis, verbose=verbose)
    writers = {
        "json": lambda: to_json(diagnosing.dump(diagnosis)),
        "markdown": lambda: markdown.write(shown),
    }
    emit(lambda width: document.render(shown, width, full), writers, format_name, output)
