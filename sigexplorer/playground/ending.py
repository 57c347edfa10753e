"""Signals of the system while there is something that has to be removed in the end."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

#: Those that end a process which does not expect them; not every system has each.
_ENDING = tuple(
    number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None
)


@contextmanager
def in_order() -> Iterator[None]:
    """Let what ends the process interrupt what is inside, as Ctrl-C does, and then end it all the same."""
    seen: list[int] = []

    def interrupt(number: int, _frame: FrameType | None) -> None:
        seen.append(number)
        raise KeyboardInterrupt

    ours = [number for number in _ENDING if _is_main() and signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)
        if seen:
            with suppress(OSError, AttributeError):  # nobody reads it, or there is nowhere to write
                name = signal.Signals(seen[0]).name
                sys.stderr.write(f"sigexplorer: ended by {name}\n")
                sys.stderr.flush()
            signal.raise_signal(seen[0])


@contextmanager
def undisturbed() -> Iterator[None]:
    """Hold back Ctrl-C and what else ends the process until what is inside is done."""
    seen: list[int] = []

    def wait(number: int, _frame: FrameType | None) -> None:
        seen.append(number)

    found = {number: signal.getsignal(number) for number in (signal.SIGINT, *_ENDING) if _is_main()}
    held = {number: handler for number, handler in found.items() if callable(handler)}
    for number in held:
        signal.signal(number, wait)
    try:
        yield
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
    if seen:
        signal.raise_signal(seen[0])


def _is_main() -> bool:
    """Tell whether this is the only thread that may say what becomes of signals."""
    return threading.current_thread() is threading.main_thread()
