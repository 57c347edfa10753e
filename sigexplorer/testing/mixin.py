"""The same for test cases of Django's, in its own runner or in pytest."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import TestCase

from sigexplorer.errors import UsageError
from sigexplorer.testing.muting import Signals, mute, only
from sigexplorer.testing.outlines import Recording

__tracebackhide__ = True
__unittest = True  # the same for unittest

if TYPE_CHECKING:
    _Case = TestCase
else:
    _Case = object


class SignalsMixin(_Case):
    """Records what each test method sends, in ``self.signals``; what ``setUp`` sends is not part of it.

    For ``SimpleTestCase``, ``TransactionTestCase`` and ``TestCase``, and written before them:
    ``class OrderTests(SignalsMixin, TestCase)``. Callbacks that run inside of
    ``captureOnCommitCallbacks(execute=True)`` are part of the test method as any other code.
    """

    signals: Recording

    def __init_subclass__(cls, **named: Any) -> None:
        """Refuse to stand behind what runs the tests, which would never ask us."""
        super().__init_subclass__(**named)
        before = cls.__mro__[: cls.__mro__.index(SignalsMixin)]
        if TestCase in before:
            raise UsageError(
                f"'{cls.__qualname__}' has SignalsMixin behind its test case, where it records nothing",
                f"write it first: class {cls.__name__}(SignalsMixin, TestCase)",
            )

    def run(self, result: Any = None) -> Any:
        """Run the test, recorded."""
        with self._recorded():
            return super().run(result)

    def debug(self) -> None:
        """Run the test without collecting its errors, recorded."""
        with self._recorded():
            super().debug()

    def mute_signals(
        self,
        signal: Signals | None = None,
        /,
        *,
        sender: object = ...,
        receiver: object = ...,
        strict: bool = False,
    ) -> None:
        """Call no receiver that fits, until the test ends; see ``sigexplorer.mute``."""
        self.enterContext(mute(signal, sender=sender, receiver=receiver, strict=strict))

    def only_signals(
        self,
        signal: Signals | None = None,
        /,
        *,
        sender: object = ...,
        receiver: object = ...,
        strict: bool = False,
    ) -> None:
        """Call only receivers that fit, and Django's own, until the test ends; see ``sigexplorer.only``."""
        self.enterContext(only(signal, sender=sender, receiver=receiver, strict=strict))

    @contextmanager
    def _recorded(self) -> Iterator[None]:
        """Let the test method be recorded, by a function of its name on this very instance."""
        name, own = self._testMethodName, vars(self)
        before = {name: own[name]} if name in own else {}  # pytest sets one there, and takes it away
        own[name] = self._recorder(getattr(self, name))
        try:
            yield
        finally:
            own.pop(name, None)
            own.update(before)

    def _recorder(self, method: Any) -> Any:
        """Return what records the test method, in a recording of its own."""
        file = inspect.getsourcefile(type(self)) or ""
        self.signals = recording = Recording(self.id(), Path(file))

        if inspect.iscoroutinefunction(method):

            @functools.wraps(method)
            async def recorded(*arguments: Any, **named: Any) -> Any:
                with recording:
                    return await method(*arguments, **named)
        else:

            @functools.wraps(method)
            def recorded(*arguments: Any, **named: Any) -> Any:
                with recording:
                    return method(*arguments, **named)

        return recorded
