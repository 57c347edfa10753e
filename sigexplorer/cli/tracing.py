"""What ``sigexplorer trace`` does, without Typer and Rich: the program is not to see them, nor to wait.

They are imported when the program has ended, to report; and before, only to explain what
is wrong with the question.
"""

from __future__ import annotations

import getopt
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from sigexplorer.errors import NotPythonError, OutputError, SigexplorerError, UsageError
from sigexplorer.masking import command_line
from sigexplorer.project.children import State, run_other
from sigexplorer.project.program import Program, resolve, restart, run
from sigexplorer.project.tracing import Tracing, stay_importable
from sigexplorer.spool.files import SUFFIX, remove


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the options of ``trace`` ask for; the names are those of the Typer command."""

    only: tuple[str, ...] = ()
    sender: str | None = None
    receiver: str | None = None
    failed: bool = False
    minimum: str | None = None
    depth: int | None = None
    verbose: bool = False
    limit: int | None = None
    origins: bool = False
    rows: int | None = None
    counts: bool = False
    no_keep: bool = False
    format_name: str | None = None
    output: Path | None = None
    listen: bool = False
    follow: bool = False
    init: bool = False
    live: bool = False


#: What says how a trace is to be shown.
_LOOK = (
    "only", "sender", "receiver", "failed", "minimum", "depth", "verbose", "limit", "origins", "rows",
)  # fmt: skip


def _from(least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(text)
        if number < least:
            raise ValueError(text)
        return number

    return read


#: Options by what they are called: the name in ``Wanted``, and how their value is read.
_VALUES: dict[str, tuple[str, Any]] = {
    "-S": ("sender", str), "-R": ("receiver", str), "--min": ("minimum", str), "--depth": ("depth", _from(1)),
    "-s": ("limit", _from(1)), "--rows": ("rows", _from(0)), "-f": ("format_name", str),
    "--format": ("format_name", str), "-o": ("output", Path), "--output": ("output", Path),
}  # fmt: skip
_FLAGS: dict[str, tuple[str, bool]] = {
    "-Z": ("failed", True), "-v": ("verbose", True), "--verbose": ("verbose", True), "-k": ("origins", True),
    "-c": ("counts", True), "--no-keep": ("no_keep", True), "--listen": ("listen", True),
    "--no-listen": ("listen", False), "--follow": ("follow", True), "--init": ("init", True),
    "--live": ("live", True),
}  # fmt: skip


def parse(words: Sequence[str]) -> tuple[Wanted, list[str]]:
    """Return what the options ask for and the command behind them; ``ValueError`` where they are odd."""
    valued = ["-e", *_VALUES]
    short = "".join(f"{name[1:]}:" for name in valued if len(name) == 2)  # noqa: PLR2004 - a dash and a letter
    short += "".join(name[1:] for name in _FLAGS if not name.startswith("--"))
    long = [f"{name[2:]}=" for name in valued if name.startswith("--")]
    long += [name[2:] for name in _FLAGS if name.startswith("--")]
    try:
        pairs, command = getopt.getopt(list(words), short, long)
    except getopt.GetoptError as problem:
        raise ValueError(problem.msg) from problem
    held: dict[str, Any] = {"only": tuple(text for name, text in pairs if name == "-e")}
    for name, text in pairs:
        if name in _FLAGS:
            held[_FLAGS[name][0]] = _FLAGS[name][1]
        elif name in _VALUES:
            field, read = _VALUES[name]
            held[field] = read(text)
    return Wanted(**held), command


def main(words: Sequence[str]) -> int:
    """Trace the program that ``words`` ask for, and return its exit code."""
    try:
        wanted, command = parse(words)
        tracing, program = _prepared(wanted, command)
    except (ValueError, SigexplorerError):
        from sigexplorer.cli.run import run as explain

        return explain(["trace", *words])  # comes to the same problem, and says so
    return _run(tracing, program)


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
    folder = _folder(wanted.output)
    if wanted.output is not None and str(wanted.output) != "-":  # the program may go elsewhere
        wanted, folder = replace(wanted, output=wanted.output.absolute()), folder.absolute()
    return _Session(wanted, tuple(command), folder), program


def check(wanted: Wanted) -> None:
    """Raise where the filters or the format cannot be meant."""
    if wanted.only or wanted.minimum or wanted.format_name or wanted.output or wanted.counts:
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
            origins=self.wanted.origins or self.wanted.output is not None,
            inits=self.wanted.init or _names_inits(self.wanted.only),
            live=json.dumps({name: getattr(self.wanted, name) for name in _LOOK}) if self.wanted.live else "",
        )


def _names_inits(only: tuple[str, ...]) -> bool:
    """Whether the patterns of ``-e`` ask for the signals that are otherwise only counted."""
    if not only:
        return False
    from sigexplorer.show.filters import matches, parse_signals

    patterns = [pattern for pattern in parse_signals(list(only)) if not pattern.startswith("!")]
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


def print_as(live: str) -> None:
    """Print in a process that a traced one has started what the state of the run says."""
    held = json.loads(live)
    _print(Wanted(**held | {"only": tuple(held["only"])}))


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
