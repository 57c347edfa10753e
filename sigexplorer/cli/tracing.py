"""What ``sigexplorer trace`` does, without Typer and Rich: the program is not to see them, nor to wait.

They are imported when the program has ended, to report; and before, only to explain what
is wrong with the question.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from sigexplorer import garbage
from sigexplorer.cli.beside import folder_beside, is_device, say
from sigexplorer.cli.options import Chosen, Viewed, Written
from sigexplorer.cli.surroundings import Surroundings
from sigexplorer.cli.wanted import Wanted, where
from sigexplorer.errors import NotPythonError, OutputError, UsageError
from sigexplorer.masking import command_line
from sigexplorer.project.children import VARIABLE, State, run_other
from sigexplorer.project.injecting import Planned
from sigexplorer.project.program import Program, resolve, restart, run
from sigexplorer.project.tracing import HELPERS, Tracing, stay_importable
from sigexplorer.spool import common
from sigexplorer.spool.files import SUFFIX
from sigexplorer.spool.latest import note
from sigexplorer.spool.presence import enter_started


def prepared(wanted: Wanted, command: Sequence[str]) -> tuple[Session, Program | None]:
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
        check_faults(planned(wanted), program)
        restart(program)  # with other options of the interpreter, if need be
    output = wanted.written.output
    folder = _folder(output)
    if output is not None and str(output) != "-":  # the program may go elsewhere
        written = replace(wanted.written, output=output.absolute())
        wanted, folder = replace(wanted, written=written), folder.absolute()
    if not wanted.no_keep:
        note(folder)
    return Session(wanted, tuple(command), folder), program


def check(wanted: Wanted) -> None:
    """Raise where the filters, the format or a fault cannot be meant."""
    planned(wanted)
    if wanted.chosen != Chosen() or wanted.written != Written() or wanted.viewed.counts:
        from sigexplorer.cli.reporting import answer, check_names, look

        check_names(look(wanted))
        answer(wanted).chosen()


def planned(wanted: Wanted) -> tuple[Planned, ...]:
    """Return the faults that are to happen; what cannot be meant is an error."""
    if not wanted.inject:
        return ()
    from sigexplorer.project.injecting import parse
    from sigexplorer.show.filters import parse_duration

    return tuple(parse(text, parse_duration) for text in wanted.inject)


def check_faults(faults: Sequence[Planned], program: Program) -> None:
    """Raise where what is to be raised is no exception, as far as can be seen without running anything."""
    for fault in faults:
        if fault.raises is not None and "." in fault.raises:
            from sigexplorer.project.program.running import first_path
            from sigexplorer.project.raised import check as check_exception

            check_exception(fault.raises, [*first_path(program), *sys.path[1:]])


def _folder(output: Path | None) -> Path:
    """Make the folder that the run is noted in: beside the file that it is to become, if it is a file."""
    if output is None or str(output) == "-" or is_device(output):
        try:
            return Path(tempfile.mkdtemp(prefix="sigexplorer-", suffix=SUFFIX))
        except OSError as problem:
            raise OutputError(f"nowhere to record: {problem.strerror or problem}") from problem
    return folder_beside(output)


@dataclass(frozen=True, slots=True)
class Session:
    """A run to be traced and reported."""

    wanted: Wanted
    command: tuple[str, ...]
    folder: Path
    told: str = ""  # the command, where only its title is known, without its secrets

    @property
    def title(self) -> str:
        """Return what was traced, without its secrets."""
        return self.told or command_line(self.command)

    @property
    def state(self) -> State:
        """What the processes of the run are told."""
        return State(
            folder=str(self.folder),
            all=self.wanted.follow,
            title=self.title,
            listen=self.wanted.listen,
            origins=self.wanted.viewed.origins or self.wanted.written.output is not None,
            inits=self.wanted.init or _names_inits(self.wanted.chosen.only or []),
            leave_out=_left_out(self.wanted),
            inject=planned(self.wanted),
            live=(__name__, print_as.__name__, _as_text(self.wanted)) if self.wanted.live else (),
            report=(__name__, reporter.__name__, self._text()) if self.wanted.follow else (),
        )

    def _text(self) -> str:
        """Return all of it as the program that takes the place of this one is told it."""
        return json.dumps([asdict(self.wanted), self.title, self.folder], default=str)


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


def _left_out(wanted: Wanted) -> tuple[str, ...]:
    """Return the patterns of signals that no view of the run will show: they are only counted.

    Coverage asks for all calls, a depth counts what is around a dispatch, a fault is to happen
    wherever its receiver is called, and our own receivers are connected to be called.
    """
    chosen = wanted.chosen
    if not chosen.only or chosen.depth is not None or wanted.inject or wanted.listen:
        return ()
    if wanted.written.format_name == "coverage":
        return ()
    from sigexplorer.show.filters import parse_signals

    patterns = parse_signals(chosen.only)
    return tuple(pattern[1:] for pattern in patterns if pattern.startswith("!"))


def go(session: Session, program: Program | None) -> int:
    """Run what was prepared, and report; return the exit code of the program."""
    if program is None:
        return _go_other(session)
    begin(session)
    try:
        return run(program)
    finally:
        stay_importable()


def begin(session: Session) -> None:
    """Begin to trace this process, and report when it ends."""
    tracing, surroundings = Tracing(session.state), Surroundings()
    live = partial(_print, session.wanted, surroundings) if session.wanted.live else None
    tracing.begin(partial(_report_as_it_began, surroundings, session, tracing), live)


def reporter(text: str, tracing: Tracing) -> Callable[..., None]:
    """Return what reports, in the place of the program that this process was before, as it would have."""
    held, title, folder = json.loads(text)
    output = held["written"]["output"]
    written = Written(**{**held["written"], "output": None if output is None else Path(output)})
    named = {
        **held,
        "chosen": Chosen(**held["chosen"]),
        "viewed": Viewed(**held["viewed"]),
        "written": written,
    }
    session = Session(Wanted(**named), (), Path(folder), title)
    return partial(_report_as_it_began, Surroundings(), session, tracing)


def _go_other(session: Session) -> int:
    code = run_other(session.command, session.state)
    _report(session, Tracing(session.state), flush=True, hear=lambda: None)
    return code


_PRINTING: list[Any] = []  # whoever prints is kept, and with it what it prints


def _print(wanted: Wanted, surroundings: Surroundings, *, child: bool = False) -> None:
    from sigexplorer.cli.live import Live
    from sigexplorer.cli.reporting import look

    live = Live(look(wanted), surroundings.write, child=child)
    _PRINTING.append(live)
    live.begin()


def _as_text(wanted: Wanted) -> str:
    """Return what says how a trace is to be shown, for the processes that the program starts."""
    return json.dumps({"chosen": asdict(wanted.chosen), "viewed": asdict(wanted.viewed)})


def print_as(live: str) -> None:
    """Print in a process that a traced one has started what the state of the run says."""
    held = json.loads(live)
    wanted = Wanted(Chosen(**held["chosen"]), Viewed(**held["viewed"]))
    _print(wanted, Surroundings(keep=False), child=True)


def _report_as_it_began(surroundings: Surroundings, session: Session, tracing: Tracing, **how: Any) -> None:
    try:
        with surroundings.again(), garbage.passing_over():
            _report(session, tracing, **how)
    except Exception as fault:  # noqa: BLE001 - it is not to be lost in silence
        _say_failed(session, fault)


def _report(session: Session, tracing: Tracing, *, flush: bool, hear: Callable[[], object]) -> None:
    """Report; Ctrl-C ends that, and nothing is lost."""
    try:
        hear()
        if session.wanted.follow:
            enter_started(session.folder, VARIABLE, HELPERS)
        for live in _PRINTING:
            live.end()
        problem = _out_of_reach(session.folder)
        if problem:
            with suppress(Exception):  # what the program has written comes first
                if flush:
                    sys.stdout.flush()
            say(f"no report can be made, {problem}; {where(session.folder)}")
        else:
            from sigexplorer.cli.reporting import report

            report(session.folder, session.wanted, tracing.problem, session.title, flush=flush)
        if tracing.became and not (tracing.recorded and session.wanted.written.output is None):
            say(tracing.became)
    except KeyboardInterrupt:
        if session.folder.is_dir():
            say(f"the report was interrupted; {where(session.folder)}")
    except Exception as fault:  # noqa: BLE001 - what a report needs may be out of reach by now
        _say_failed(session, fault)


def _say_failed(session: Session, fault: Exception) -> None:
    say(f"the report failed: {type(fault).__name__}: {fault}; {where(session.folder)}")


def _out_of_reach(folder: Path) -> str:
    """Return why, if so, the program has become one that may not read what was recorded of it.

    What a report needs cannot be imported then either.
    """
    try:
        os.listdir(folder)  # noqa: PTH208 - all that may be wrong is raised
    except OSError as problem:
        if not isinstance(problem, FileNotFoundError) or common.is_there():
            return f"the program may no longer read what it noted: {problem.strerror}"
    return ""
