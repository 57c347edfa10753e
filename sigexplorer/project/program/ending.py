"""How a program ends: its last error is shown as Python shows it, and its exit code kept."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any

_INTERRUPTED: list[bool] = []

_POINTER = 9  # bytes that a word costs beside its own
_HEAD = 256  # bytes of a file that the system looks at

#: How what Linux itself can run begins; elsewhere any bytes that are no text may.
_BINARY = b"\x7fELF" if sys.platform == "linux" else b""
_KINDS = (b"\2\0", b"\3\0", b"\0\2", b"\0\3")  # of an ELF file: a program, in either order of bytes


def end(problem: BaseException | None) -> int:
    """Return the exit code of a program that ended with ``problem``, shown by its own ``sys.excepthook``.

    ``SystemExit`` and ``KeyboardInterrupt`` are raised on, see ``run``.
    """
    if problem is None:
        return 0
    if isinstance(problem, SystemExit):
        try:
            raise problem
        finally:
            del problem  # else this frame keeps alive, through it, what the program's frames hold
    _show(problem)
    if isinstance(problem, KeyboardInterrupt):
        _interrupted()
    return 1


def _show(problem: BaseException) -> None:
    """Do what the interpreter does with an error that nobody caught."""
    _remember(problem)
    hook: Callable[..., Any] | None = getattr(sys, "excepthook", None)
    if hook is None:
        _write("sys.excepthook is missing\n")
        hook = sys.__excepthook__
    sys.audit("sys.excepthook", hook, type(problem), problem, problem.__traceback__)
    fault = _fault_of(hook, problem)
    if isinstance(fault, SystemExit):
        raise fault
    if fault is not None:
        _write("Error in sys.excepthook:\n")
        _print(fault)
        _write("\nOriginal exception was:\n")
        _print(problem)


def _fault_of(hook: Callable[..., Any], problem: BaseException) -> BaseException | None:
    """Call the hook; return what it raised itself, without this frame."""
    try:
        hook(type(problem), problem, problem.__traceback__)
    except BaseException as fault:  # noqa: BLE001 - whatever a program's hook may do
        return fault.with_traceback(_next(fault.__traceback__))
    return None


def _next(traceback: TracebackType | None) -> TracebackType | None:
    return traceback.tb_next if traceback else None


def _print(problem: BaseException) -> None:
    sys.__excepthook__(type(problem), problem, problem.__traceback__)


def _write(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(text)


def _remember(problem: BaseException) -> None:
    """Set what debuggers look for after an error."""
    sys.last_type = type(problem)
    sys.last_value = problem
    sys.last_traceback = problem.__traceback__
    if sys.version_info >= (3, 12):
        sys.last_exc = problem


def stay_interrupted() -> None:
    """Let the process end by an interrupt, if that is how the program ended.

    Python notes when one reaches the top, and forgets it with the next text that is executed:
    each dataclass that is made is one.
    """
    if _INTERRUPTED or _has_reached_the_top():
        with suppress(KeyboardInterrupt):
            exec("raise KeyboardInterrupt")  # noqa: S102


def _has_reached_the_top() -> bool:
    """Whether an interrupt has ended what Python runs without us: a child that is followed.

    One that a console of the program has caught was called by that. At Python's own prompt each
    further line makes up for it, and nothing says whether there was one.
    """
    last: Any = getattr(sys, "last_value", None)
    if not issubclass(type(last), KeyboardInterrupt) or hasattr(sys, "ps1"):
        return False
    outermost = last.__traceback__
    return outermost is not None and outermost.tb_frame.f_back is None


@contextmanager
def uninterrupted() -> Iterator[Callable[[], object]]:
    """Let no Ctrl-C come inside, before the function that this gives is called.

    The program is over, and what is to be done first is little.
    """
    import signal
    import threading

    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler) or threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield lambda: signal.signal(signal.SIGINT, handler)
    finally:
        signal.signal(signal.SIGINT, handler)


def can_run(path: Any = None, argv: Any = (), env: Any = None, *more: Any) -> bool:
    """Whether the system will run a file in place of this process, as far as that is known before.

    The names are those of ``os.execve``.
    """
    if more:
        return False
    try:
        texts = [os.fsencode(word) for word in argv]
        for pair in (os.environ if env is None else env).items():
            texts += map(os.fsencode, pair)
        if not argv or b"\0" in b"".join(texts):
            return False
        if sum(len(text) + _POINTER for text in texts) > os.sysconf("SC_ARG_MAX"):
            return False
        if type(path) is int:
            return True
        may_run = os.path.isfile(path) and os.access(path, os.X_OK) and not _is_on_data(path)
        return may_run and _has_start(path)
    except Exception:  # noqa: BLE001 - whatever a program hands over: it will be told by who runs it
        return False


def _is_on_data(path: Any) -> bool:
    """Whether the file system of a file was mounted as one that holds no programs."""
    return bool(os.statvfs(path).f_flag & getattr(os, "ST_NOEXEC", 0))


def _has_other_kinds() -> bool:
    """Whether the system was told how to run files of other kinds."""
    try:
        return bool({*os.listdir("/proc/sys/fs/binfmt_misc")} - {"register", "status"})
    except OSError:
        return False


def _has_start(path: Any) -> bool:
    """Whether a file begins as a program does: with who is to run it, or as no text does."""
    try:
        with open(path, "rb") as file:
            head = file.read(_HEAD)
    except PermissionError:  # it may be run and not read
        return True
    if not head.startswith(b"#!"):
        if b"\0" not in head or not head.startswith(_BINARY):
            return b"\0" in head and _has_other_kinds()
        return not _BINARY or head[16:18] in _KINDS
    words = head.partition(b"\n")[0][2:].split()
    return bool(words) and os.access(words[0], os.X_OK)


def _interrupted() -> None:
    """End by the signal, as Python does: it says so to the shell only if an interrupt reaches the top."""
    hook = sys.excepthook

    def once(*_: Any) -> None:
        sys.excepthook = hook  # it was shown before

    sys.excepthook = once
    _INTERRUPTED.append(True)
    raise KeyboardInterrupt
