"""SIGTERM, where a program leaves it to the system: something is done first, which it does not see."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from types import FrameType, ModuleType
from typing import Any

from sigexplorer.project.awaiting import when_imported

#: What the module ``signal`` is made from; that one may be imported only by the program.
_SYSTEM: Any = import_module("_signal")


class BeforeTerminated:
    """Does something in this process, and in those forked from it, before SIGTERM ends them as it would.

    To the program the signal has the handler that it has given it, or none.
    """

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act
        self._handler = self._handle  # one object, by which it is known
        self._number: int = getattr(_SYSTEM, "SIGTERM", 0)
        self._module: ModuleType | None = None
        self._putting_off = 0  # the process that does, if any: a fork of it does not
        self._came = 0  # what has come meanwhile
        self._ours: dict[str, Any] = {}  # what stands in it in place of its own functions

    def begin(self) -> None:
        """Begin, unless the signal is ignored or handled already."""
        if os.name != "posix" or _SYSTEM.getsignal(self._number) != _SYSTEM.SIG_DFL:
            return
        with suppress(ValueError):  # not in the main thread
            _SYSTEM.signal(self._number, self._handler)
            when_imported("signal", self._hide)

    def end(self) -> None:
        """Leave the signal to the system again, if it is still ours, and its module as it was."""
        if _SYSTEM.getsignal(self._number) is self._handler:
            with suppress(ValueError):
                _SYSTEM.signal(self._number, _SYSTEM.SIG_DFL)
        for name, ours in self._ours.items():
            its_own = ours.__wrapped__
            if getattr(self._module, name, None) is ours:
                setattr(self._module, name, its_own)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        """Do what is to be done, and end as the system would have ended us."""
        if self._putting_off == os.getpid():
            self._came = number
            return
        try:
            self._act()
        finally:
            _SYSTEM.signal(number, _SYSTEM.SIG_DFL)
            os.kill(os.getpid(), number)

    @contextmanager
    def put_off(self) -> Iterator[None]:
        """Let a signal that comes inside be heard afterwards; not one that is left to the system by then."""
        around, self._putting_off = self._putting_off, os.getpid()
        try:
            yield
        finally:
            self._putting_off = around
            if around != os.getpid():
                came, self._came = self._came, 0
                if came:
                    os.kill(os.getpid(), came)

    def _hide(self, module: Any) -> None:
        put, look = module.signal, module.getsignal

        @functools.wraps(put)
        def signal(signalnum: Any, handler: Any) -> Any:
            if self._is_left_to_the_system(signalnum, handler):
                handler = self._handler
            return self._seen(put(signalnum, handler), module)

        @functools.wraps(look)
        def getsignal(signalnum: Any) -> Any:
            return self._seen(look(signalnum), module)

        self._module, self._ours = module, {"signal": signal, "getsignal": getsignal}
        vars(module).update(self._ours)

    def _is_left_to_the_system(self, number: Any, handler: Any) -> bool:
        return (
            isinstance(number, int)
            and number == self._number
            and isinstance(handler, int)
            and not isinstance(handler, bool)
            and handler == _SYSTEM.SIG_DFL
        )

    def _seen(self, handler: Any, module: Any) -> Any:
        return module.SIG_DFL if handler is self._handler else handler
