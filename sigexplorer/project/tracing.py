"""Trace the program that runs in this process, and those that it starts.

Nothing of Django is imported before the program imports it: a program that never does runs
as ever, and one that does is observed from the moment it has ``django.dispatch``.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from sigexplorer.project.awaiting import when_imported
from sigexplorer.project.children import State, at_end, follow
from sigexplorer.project.importable import importable, remember
from sigexplorer.project.injecting import Faults
from sigexplorer.project.program.ending import can_run, stay_interrupted, uninterrupted
from sigexplorer.project.program.terminating import BeforeTerminated
from sigexplorer.project.replacing import Replacement, is_complete
from sigexplorer.spool import common, presence

if TYPE_CHECKING:
    from sigexplorer.capture.recorder import Recorder

#: What makes another program of a process, without a word to ``atexit``; ``os.execvp`` comes to it too.
_BECOMING = ("execv", "execve")

#: How the code begins that ``multiprocessing`` runs in a process of its own.
HELPERS = ("from multiprocessing.resource_tracker ", "from multiprocessing.forkserver ")

#: The tracing of this process, and of those that are forked from it: nothing, or one.
ACTIVE: list[Tracing] = []


class Ended(Protocol):
    """What is called when all is recorded."""

    def __call__(self, *, flush: bool, hear: Callable[[], object]) -> None:
        """Go on; ``flush`` says whether what the program has printed is written out by its end.

        Ctrl-C is not heard before ``hear`` is called.
        """


class Tracing:
    """A program under observation, from before it begins until its process ends."""

    def __init__(self, state: State) -> None:
        self.problem = ""  # why nothing, or not all, was recorded
        self._state = state
        self.became = ""  # what the program goes on as, if that is not traced
        self.recorded = False  # whether there is a record, which says so too
        self._recorder: Recorder | None = None
        self._faults = Faults(state.inject)
        self._terminated = BeforeTerminated(functools.partial(self._last, flush=False))
        self._process = os.getpid()
        self._left = 0  # the process that has said that it may have told all, if any
        self._ended: Ended | None = None
        self._recording: Callable[[], None] | None = None
        self._execve: Any = None

    def begin(self, ended: Ended | None = None, recording: Callable[[], None] | None = None) -> None:
        """Begin; ``ended`` is called once, when this process ends and all of it is recorded.

        It is told whether what the program has printed is written out: after ``os._exit`` and
        ``os.exec*`` that is lost, and stays lost.
        ``recording`` is called when there is something to record, with Django's dispatch.
        """
        ACTIVE.append(self)
        remember()
        common.keep_open(Path(self._state.folder))
        self._ended = ended
        self._recording = recording
        when_imported("django.dispatch", self._record)
        if self._state.listen:
            _listen()
        when_imported("multiprocessing.pool", self._note_before_answers)
        follow(self._state, begin)
        at_end(self._last)
        self._terminated.begin()
        os._exit = self._leaving(os._exit)
        self._execve = getattr(os, "execve", None)
        for name in _BECOMING:
            setattr(os, name, self._becoming(getattr(os, name)))

    def join(self) -> None:
        """Note that this process, which is not the first, takes part: it may outlive the others.

        The helpers of ``multiprocessing`` end after them, and send nothing.
        """
        if not any(word.startswith(HELPERS) for word in sys.orig_argv):
            presence.enter(Path(self._state.folder))

    def _note_before_answers(self, pool: Any) -> None:
        """Let the workers of a pool, which kills them in the end, write what they have noted in time.

        They die of SIGTERM at once, as they would: what Python does when it comes is not done where it
        comes as they are about to wait for their next task. One that dies in a task may have had more
        to tell.
        """
        work = pool.worker

        @functools.wraps(work)
        def worker(inqueue: Any, outqueue: Any, *arguments: Any, **named: Any) -> Any:
            put, get = outqueue.put, inqueue.get

            def taken() -> Any:
                task = get()
                if task is not None:
                    self._go_on()
                return task

            def noted(answer: Any) -> Any:
                self._rest()
                return put(answer)

            with suppress(AttributeError):  # the queue of a pool of threads, which nobody kills
                outqueue.put, inqueue.get = noted, taken
                self._rest()
                self._terminated.end()
            return work(inqueue, outqueue, *arguments, **named)

        pool.worker = worker

    def _rest(self) -> None:
        """Write what there is as if nothing more came."""
        with suppress(Exception):
            if (self._recorder is None or self._recorder.rest()) and self._left != os.getpid():
                self._left = os.getpid()
                presence.leave(Path(self._state.folder))

    def _go_on(self) -> None:
        """Take back, where this process has said that it may have told all, that it had."""
        if self._left == os.getpid():
            self._left = 0
            presence.enter(Path(self._state.folder))

    def _record(self, _module: object) -> None:
        try:
            with self._terminated.put_off(), importable():
                self._begin_to_record()
        except Exception as problem:  # noqa: BLE001 - the fault is not the program's
            self.problem = getattr(problem, "strerror", None) or f"{type(problem).__name__}: {problem}"

    def _begin_to_record(self) -> None:
        from sigexplorer.capture.recorder import Recorder
        from sigexplorer.capture.words import bounded
        from sigexplorer.project import inventory  # noqa: F401 - at the end it may be out of reach

        state = self._state
        recorder = Recorder(
            Path(state.folder),
            bounded(state.title),
            listened=state.listen,
            origins=state.origins,
            inits=state.inits,
            leave_out=state.leave_out,
        )
        recorder.start()
        self.recorded = True
        self._recorder = recorder
        self._faults.begin()
        recorder.injected = self._faults.told
        if self._recording is not None:
            self._recording()

    def end(self, *, flush: bool = True) -> None:
        """Make the record of this process whole; a second time changes nothing."""
        with self._terminated.put_off(), uninterrupted() as hear:
            recorder, self._recorder = self._recorder, None
            if recorder is not None:
                recorder.notes += [self.became] if self.became else []
                recorder.stop(functools.partial(_note, recorder))
                self._faults.end()
                self.problem = self.problem or _missing(recorder)
            presence.leave(Path(self._state.folder))
            self._terminated.end()
            ended, self._ended = self._ended, None
            if ended is not None and os.getpid() == self._process:
                ended(flush=flush, hear=hear)
            stay_interrupted()

    def _last(self, *, flush: bool = True) -> None:
        """End, whatever befalls us; Ctrl-C while we are at it stops us, and nothing else."""
        with suppress(Exception, KeyboardInterrupt), importable():
            self.end(flush=flush)

    def _leaving(self, leave: Any) -> Any:
        @functools.wraps(leave)
        def leaving(*arguments: Any, **named: Any) -> Any:
            self._last(flush=False)
            return leave(*arguments, **named)

        return leaving

    def _becoming(self, become: Any) -> Any:
        @functools.wraps(become)
        def becoming(*arguments: Any, **named: Any) -> Any:
            given = is_complete(become.__name__, arguments, named)
            if not given or not can_run(*arguments, **named):  # it fails, and the program goes on
                return become(*arguments, **named)
            recorder, ended, state = self._recorder, self._ended, ""
            replacement = Replacement(*arguments, **named)
            if os.getpid() != self._process:
                ended = None
            if replacement.is_followed:
                if ended is not None:  # it reports in our place
                    self._ended, state = None, replace(self._state, heir=self._process).text()
            elif ended is not None or (recorder is not None and recorder.file is not None):
                with suppress(Exception):
                    self.became = replacement.told(follow=self._state.all)
            self._last(flush=False)
            try:
                return (self._execve if state else become)(*replacement.arguments(state))
            except BaseException:
                self._ended = ended if state else self._ended
                if recorder is not None:
                    _say_that_it_goes_on(become.__name__)
                raise

        return becoming


def _missing(recorder: Recorder) -> str:
    """Return why not all of it is recorded, if so, and how much."""
    missing = recorder.missing
    more = f"; {missing} {'dispatch is' if missing == 1 else 'dispatches are'} missing" if missing else ""
    return f"{recorder.problem}{more}"


def _say_that_it_goes_on(name: str) -> None:
    if sys.__stderr__ is not None:
        told = f"os.{name}() failed: what the program does from now on is not recorded"
        with suppress(Exception):
            sys.__stderr__.write(f"sigexplorer: {told}\n")


def begin(state: str) -> None:
    """Begin to trace this process and those that it starts, as ``state`` says; once in a process.

    Called before anything of the program: as Python starts, as ``multiprocessing`` prepares a
    new process, or just after a fork: that is traced already, and has only to go on.
    """
    if not ACTIVE:
        told = State.read(state)
        tracing = Tracing(told)
        ended = _call(*told.report, tracing) if told.heir == os.getpid() else None
        tracing.begin(ended, functools.partial(_call, *told.live) if told.live else None)
    ACTIVE[0].join()


def _call(module: str, function: str, *told: Any) -> Any:
    return getattr(import_module(module), function)(*told)


def stay_importable() -> None:
    """Let what the program has registered with ``atexit`` be the first to import Django.

    Django needs ``concurrent.futures``, which cannot be imported any more once the threads of
    a process are waited for: and that is done where ``threading`` is there, because of us.
    """
    if "threading" in sys.modules and "django.dispatch" not in sys.modules:
        with suppress(Exception), importable():  # the standard library may be out of reach by now
            import concurrent.futures.thread  # noqa: F401 - to be there


def _listen() -> None:
    """Listen to each built-in signal as soon as the program has imported its module."""
    from sigexplorer import catalog

    def connect(module: ModuleType) -> None:
        from sigexplorer.capture.listening import Listener

        Listener().connect(module.__name__)

    for name in dict.fromkeys(page.module for page in catalog.PAGES):
        when_imported(name, connect)


def _note(recorder: Recorder) -> None:
    """Add who is connected, which is known best at the end."""
    from dataclasses import astuple

    from sigexplorer.project.inventory import all_receivers

    recorder.add("receivers", [astuple(receiver) for receiver in all_receivers()])
