"""What ``sigexplorer trace`` does, without Typer and Rich: the program is not to see them, nor to wait.

They are imported when the program has ended, to report; and before, only to explain what
is wrong with the question.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from sigexplorer.cli.options import Chosen, Viewed, Written
from sigexplorer.cli.plain import read
from sigexplorer.errors import NotPythonError, OutputError, SigexplorerError, UsageError
from sigexplorer.masking import command_line
from sigexplorer.project.children import State, run_other
from sigexplorer.project.program import Program, resolve, restart, run
from sigexplorer.project.tracing import Tracing, stay_importable
from sigexplorer.spool.files import SUFFIX, remove


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the options of ``trace`` ask for; the names are those of the command's parameters."""

    chosen: Chosen = field(default_factory=Chosen)
    viewed: Viewed = field(default_factory=Viewed)
    written: Written = field(default_factory=Written)
    no_keep: bool = False
    listen: bool = False
    follow: bool = False
    init: bool = False
    live: bool = False


def main(words: Sequence[str]) -> int:
    """Trace the program that ``words`` ask for, and return its exit code."""
    from sigexplorer.cli.trace import trace as command

    given = read(command, words, interspersed=False)
    try:
        if given is None:
            return _explained(words)
        line = given.pop("command") or ()
        session, program = _prepared(Wanted(**given), line)
    except SigexplorerError:
        return _explained(words)  # comes to the same problem, and says so
    return _run(session, program)


def _explained(words: Sequence[str]) -> int:
    from sigexplorer.cli.run import run as explain

    return explain(["trace", *words])


def trace(wanted: Wanted, command: Sequence[str]) -> int:
    """Trace a program; the same, for whoever has parsed the words already."""
    return _run(*_prepared(wanted, command))


def _prepared(wanted: Wanted, command: Sequence[str]) -> tuple[_Session, Program | None]:
    """Find out all that may be wrong before anything begins."""
    if not command:
        raise UsageError("no command to trace", "sigexplorer trace [OPTIONS] -- manage.py migrate")
    check(wanted)
    try:
        program: Program | None = resolve(command)
    except NotPythonError:
        if not wanted.follow:
            raise
        program = None
    if program is not None:
        restart(program)  # with other options of the interpreter, if need be
    output = wanted.written.output
    folder = _folder(output)
    if output is not None and str(output) != "-":  # the program may go elsewhere
        written = replace(wanted.written, output=output.absolute())
        wanted, folder = replace(wanted, written=written), folder.absolute()
    return _Session(wanted, tuple(command), folder), program


def check(wanted: Wanted) -> None:
    """Raise where the filters or the format cannot be meant."""
    if wanted.chosen != Chosen() or wanted.written != Written() or wanted.viewed.counts:
        from sigexplorer.cli.reporting import answer, check_names, look

        check_names(look(wanted))
        answer(wanted).chosen()


def _folder(output: Path | None) -> Path:
    """Make the folder that the run is noted in: beside the file that it is to become."""
    if output is None or str(output) == "-":
        try:
            return Path(tempfile.mkdtemp(prefix="sigexplorer-", suffix=SUFFIX))
        except OSError as problem:
            raise OutputError(f"nowhere to record: {problem.strerror or problem}") from problem
    if output.is_dir():
        raise OutputError(f"cannot write '{output}': it is a folder")
    folder = output.with_name(f"{output.name}{SUFFIX}")
    try:
        if folder.is_dir():  # of a run that was killed
            remove(folder)
        folder.mkdir(mode=0o700)
    except OSError as problem:
        raise OutputError(f"cannot write '{output}': {problem.strerror or problem}") from problem
    return folder


@dataclass(frozen=True, slots=True)
class _Session:
    """A run to be traced and reported."""

    wanted: Wanted
    command: tuple[str, ...]
    folder: Path

    @property
    def state(self) -> State:
        """What the processes of the run are told."""
        return State(
            folder=str(self.folder),
            all=self.wanted.follow,
            title=command_line(self.command),
            listen=self.wanted.listen,
            origins=self.wanted.viewed.origins or self.wanted.written.output is not None,
            inits=self.wanted.init or _names_inits(self.wanted.chosen.only or []),
            live=_as_text(self.wanted) if self.wanted.live else "",
        )


def _names_inits(only: list[str]) -> bool:
    """Whether the patterns of ``-e`` ask for the signals that are otherwise only counted."""
    if not only:
        return False
    from sigexplorer.show.filters import matches, parse_signals

    patterns = [pattern for pattern in parse_signals(only) if not pattern.startswith("!")]
    names = ("pre_init", "post_init")
    return any(
        matches(pattern, f"django.db.models.signals.{name}", name, "init")
        for pattern in patterns
        for name in names
    )


def _run(session: _Session, program: Program | None) -> int:
    tracing = Tracing(session.state)
    report = partial(_report, session, tracing)
    if program is None:
        code = run_other(session.command, session.state)
        report(flush=True)
        return code
    tracing.begin(report, partial(_print, session.wanted) if session.wanted.live else None)
    try:
        return run(program)
    finally:
        stay_importable()


_PRINTING: list[Any] = []  # whoever prints is kept, and with it what it prints


def _print(wanted: Wanted) -> None:
    from sigexplorer.cli.live import Live, to_standard_error
    from sigexplorer.cli.reporting import look

    live = Live(look(wanted), to_standard_error)
    _PRINTING.append(live)
    live.begin()


def _as_text(wanted: Wanted) -> str:
    """Return what says how a trace is to be shown, for the processes that the program starts."""
    return json.dumps({"chosen": asdict(wanted.chosen), "viewed": asdict(wanted.viewed)})


def print_as(live: str) -> None:
    """Print in a process that a traced one has started what the state of the run says."""
    held = json.loads(live)
    _print(Wanted(Chosen(**held["chosen"]), Viewed(**held["viewed"])))


def _report(session: _Session, tracing: Tracing, *, flush: bool) -> None:
    """Report; Ctrl-C ends that, and nothing is lost."""
    try:
        from sigexplorer.cli.reporting import report

        for live in _PRINTING:
            live.end()
        report(session.folder, session.wanted, tracing.problem, flush=flush)
    except KeyboardInterrupt:
        if sys.__stderr__ is not None and session.folder.is_dir():
            told = f"the report was interrupted; what was recorded is in '{session.folder}'"
            sys.__stderr__.write(f"sigexplorer: {told}\n")
