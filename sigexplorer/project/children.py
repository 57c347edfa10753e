"""Follow the Python processes that a traced program starts.

What is followed, and how it comes to us:

- ``os.fork``, and all that is built on it (``multiprocessing``'s fork, prefork servers): the
  child already has our code; it is told by ``os.register_at_fork``.
- ``multiprocessing``'s spawn and forkserver: a stowaway in the preparation data, which the child
  unpickles before anything of the program. No variable, no path, nothing for other children to see.
- pytest-xdist's workers and ``runserver``'s reloaded process: the environment of ``environment``,
  set while they are started. The child takes it out again before the program begins.
- every other Python program, where it was asked for (``--follow``): the same environment, kept.

``environment`` puts our ``startup`` folder first on ``PYTHONPATH``: Python imports
``sitecustomize`` from there as it starts, unless it was told not to (``-S``, ``-I``, ``-E``, or
a program that passes a ``PYTHONPATH`` of its own): such children run as ever, unseen.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import sigexplorer
from sigexplorer.project.awaiting import when_imported

VARIABLE = "SIGEXPLORER_CHILD"
STARTUP = str(Path(__file__).parent / "startup")

_FOLLOWED: list[State] = []  # what this process follows its children with: nothing, or one

_LAST = -1_000_000  # the priority of what multiprocessing is to call when all else has been called


@dataclass(frozen=True, slots=True)
class State:
    """What a child is told: the folder of the trace, and whether its own children are to know too.

    ``title`` is the command that began it all; ``listen``, ``origins`` and ``inits`` it asked for,
    and ``live``, where it did, says who prints meanwhile.
    ``prefix`` and ``root`` let a child of the same environment find this package; ``version``
    keeps another version of it from misunderstanding.
    """

    folder: str
    all: bool = False
    title: str = ""
    listen: bool = False
    origins: bool = False
    inits: bool = False
    leave_out: Sequence[str] = ()  # patterns of signals that are only counted
    inject: Sequence[Sequence[Any]] = ()  # the faults to let happen: see injecting.Planned
    live: Sequence[str] = ()  # module and function of whoever prints, and what it is told
    report: Sequence[str] = ()  # module and function of whoever reports, and what it is told
    heir: int = 0  # the process that is to report, in the place of the program that it was before
    prefix: str = sys.prefix
    root: str = str(Path(sigexplorer.__file__).parent.parent)
    startup: str = STARTUP
    version: str = sigexplorer.__version__

    def text(self) -> str:
        """Return it as a child reads it."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> State:
        """Return the state that ``text`` is of."""
        return cls(**json.loads(text))


def environment(state: State, base: Mapping[str, str]) -> dict[str, str]:
    """Return ``base`` with what makes a Python program begin with ``tracing.begin``."""
    paths = [path for path in base.get("PYTHONPATH", "").split(os.pathsep) if path != STARTUP]
    found = os.pathsep.join([STARTUP, *paths]) if paths != [""] else STARTUP
    return {**base, VARIABLE: state.text(), "PYTHONPATH": found}


def follow(state: State, begin: Callable[[str], None]) -> None:
    """Follow the children of this process from now on; a fork goes on as the process it came from.

    ``begin`` is called in a fork with the text of ``state``.
    """
    if _FOLLOWED:
        return
    _FOLLOWED.append(state)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=functools.partial(_forked, begin, state.text()))
    when_imported("multiprocessing.spawn", functools.partial(_with_stowaway, state))
    if state.all:
        os.environ.update(environment(state, os.environ))
        return
    when_imported("execnet.multi", lambda module: _passing_on(state, module.Group, "makegateway"))
    when_imported(
        "django.utils.autoreload", lambda module: _passing_on(state, module, "restart_with_reloader")
    )


def at_end(function: Callable[[], object]) -> None:
    """Call ``function`` once in each process as it ends: in this one, and in those forked from it.

    It is called after everything that the program registered with ``atexit`` later than this.
    A child that ``multiprocessing`` forked leaves without ``atexit``: there it is called when
    the child's own finalizers have been. After ``os._exit``, ``os.exec*`` and a signal that
    kills, nothing is called.
    """
    ended: set[int] = set()

    def once() -> None:
        if os.getpid() not in ended:
            ended.add(os.getpid())
            function()

    def in_child(module: Any) -> Callable[[object], object]:
        return lambda _: module.Finalize(None, once, exitpriority=_LAST)

    atexit.register(once)
    when_imported("multiprocessing.util", lambda module: module.register_after_fork(once, in_child(module)))


def run_other(command: Sequence[str], state: State) -> int:
    """Run a command that is no Python program and follow those it starts; return its exit code.

    Ctrl-C reaches the command as well, which decides what comes of it; what else is to end us is
    passed on to it.
    """
    import signal
    import subprocess

    with subprocess.Popen(command, env=environment(state, os.environ)) as process:  # noqa: S603 - the user's
        for number in (signal.SIGTERM, getattr(signal, "SIGHUP", None)):
            if number is not None and signal.getsignal(number) == signal.SIG_DFL:
                signal.signal(number, lambda number, _frame: process.send_signal(number))
        while True:
            try:
                code = process.wait()
            except KeyboardInterrupt:
                continue
            return code if code >= 0 else 128 - code


def _forked(begin: Callable[[str], None], state: str) -> None:
    if sys._getframe(1).f_code.co_name == "_execute_child":
        return  # ``subprocess`` with a ``preexec_fn``: it is about to become another program
    with suppress(Exception):  # the fault is not the program's
        begin(state)


class _Stowaway:
    """Among the data that ``multiprocessing`` sends to a new process; runs where it is unpickled."""

    def __init__(self, state: State, text: str) -> None:
        self._state = state.text()
        self._text = text

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, (self._text, {"state": self._state})


def _with_stowaway(state: State, spawn: Any) -> None:
    prepare = spawn.get_preparation_data
    text = (Path(STARTUP) / "begin.py").read_text(encoding="utf-8")  # later it may be out of reach

    @functools.wraps(prepare)
    def get_preparation_data(name: str) -> dict[str, Any]:
        return {**prepare(name), "sigexplorer": _Stowaway(state, text)}

    spawn.get_preparation_data = get_preparation_data


def _passing_on(state: State, holder: Any, name: str) -> None:
    """Let what a function starts know of us, and nothing that is started elsewhere."""
    function = getattr(holder, name)

    @functools.wraps(function)
    def passing_on(*args: Any, **kwargs: Any) -> Any:
        with _set(environment(state, os.environ)):
            return function(*args, **kwargs)

    setattr(holder, name, passing_on)


@contextmanager
def _set(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in (VARIABLE, "PYTHONPATH")}
    os.environ.update({name: variables[name] for name in before})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
