"""Run a command and turn whatever happens into an exit code.

0: fine; 1: the answer is that something is wrong; 2: the question was wrong; 126 and 127: a command
to trace that a shell could not run or find; 130: Ctrl-C.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import sigexplorer
from sigexplorer import garbage
from sigexplorer.cli.commands import find
from sigexplorer.cli.plain import read
from sigexplorer.errors import SigexplorerError
from sigexplorer.show.text import safe

_LINE = 2_000


def run(arguments: Sequence[str]) -> int:
    """Run the command that ``arguments`` say; nothing is raised but what Python itself cannot stop."""
    sys.stdout = sys.stdout or _nowhere()  # closed by whoever called us
    sys.stderr = sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that is not UTF-8 shows what it can
    if not os.environ.get("COLUMNS", "1").strip().strip("0").isdigit():
        del os.environ["COLUMNS"]  # no width at all is no width to draw for
    debug = next(iter(arguments), "") == "--debug"
    try:
        code = _command(arguments[1:] if debug else arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        return _seen_enough()
    except SystemExit as end:  # Rich and Typer end the process with 1 when nobody reads any more
        if isinstance(end.__context__, OSError) and end.__context__.errno == errno.EPIPE:
            return _seen_enough()
        raise
    except Exception as problem:  # noqa: BLE001 - no user ever sees a traceback of ours unasked
        if debug:
            import traceback

            traceback.print_exc()
            return 2
        return _explain(problem)
    except KeyboardInterrupt:
        return 130
    return code


def _command(arguments: Sequence[str]) -> int:
    """Run a command whose words are plain without Typer, which takes longer to import than most to answer."""
    if list(arguments) == ["--version"]:
        sys.stdout.write(f"{sigexplorer.VERSION}\n")
        return 0
    command = find(arguments[0]) if arguments else None
    if command is not None:
        function = command.load()
        given = read(function, arguments[1:], interspersed=command.interspersed)
        if command.long:
            garbage.collect()
        if given is not None:
            return function(**given) or 0
    from sigexplorer.cli.app import main

    return main(arguments)


def _explain(problem: Exception) -> int:
    if isinstance(problem, SigexplorerError):
        hint = f" ({problem.hint})" if problem.hint else ""
        return _say(f"{problem.message}{hint}", problem.code)
    if isinstance(problem, OSError) and problem.errno == errno.ENOSPC:
        _to_nowhere(sys.stdout)
        return _say("cannot write the answer: no space left on the device")
    return _say(
        f"internal error: {type(problem).__name__}: {problem} (for the traceback: sigexplorer --debug …)"
    )


def _seen_enough() -> int:
    """End quietly: whoever read our output has read as much as they wanted."""
    _to_nowhere(sys.stdout)
    return 0


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def _to_nowhere(stream: TextIO) -> None:
    """Let Python's last flush, when the process ends, succeed."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _say(text: str, code: int = 2) -> int:
    sys.stderr.write(f"sigexplorer: {safe(text, _LINE)}\n")
    return code
