"""Record what is sent while a piece of code runs, in this process and in all its threads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO, TypeVar

from sigexplorer.capture import counting, words
from sigexplorer.capture.keeping import Originals
from sigexplorer.capture.listening import Listener
from sigexplorer.capture.tracer import Tracer
from sigexplorer.errors import UsageError
from sigexplorer.model import Bypass, Counted, Dispatch, Trace
from sigexplorer.project.inventory import all_receivers
from sigexplorer.show.text import DEFAULT_LIMIT
from sigexplorer.testing import drawing
from sigexplorer.testing.asserting import Assertions
from sigexplorer.testing.decorating import decorated

__tracebackhide__ = True

Function = TypeVar("Function")


def trace(
    title: str = "",
    *,
    init: bool = False,
    listen: bool = False,
    origins: bool = False,
    save: str | Path | None = None,
) -> Traced:
    """Return a recording that is made by ``with``, ``async with``, or by a function it decorates.

    ``init`` records each ``pre_init`` and ``post_init``, which are otherwise only counted;
    ``listen`` connects a tracing receiver to every built-in signal meanwhile; ``origins``
    notes the lines that sent; ``save`` names a file that it is written to at its end.
    """
    if type(title) is not str:
        raise UsageError(f"'{words.value(title)}' is no title", "to decorate a function: @trace()")
    return Traced(title, init=init, listen=listen, origins=origins, save=save)


class Traced(Assertions):
    """What was sent from ``start`` to ``stop``, or so far; it can be made anew, not twice at once."""

    #: What is wrong where something is asked before there is anything, and what to do.
    _unbegun = ("this trace was not begun", "use it in a with statement, or call start()")

    def __init__(
        self,
        title: str = "",
        *,
        init: bool = False,
        listen: bool = False,
        origins: bool = False,
        save: str | Path | None = None,
    ) -> None:
        self.title = title
        self._init = init
        self._listen = listen
        self._origins = origins
        self._save = save
        self.keeping = True  # what was really sent, for assertions; nobody makes any about a report
        self._tracer: Tracer | None = None
        self._running = False
        self._over: tuple[Trace, Mapping[int, Originals]] | None = None  # once nothing is added any more
        self._before: dict[tuple[str, str], int] = {}  # what was counted until we began
        self._counted: tuple[Counted, ...] = ()

    # How it is made.

    def start(self) -> None:
        """Begin to record, anew where it was done before."""
        if self._running:
            raise UsageError(
                "this trace is running already", "begin another one: with sigexplorer.trace() as t"
            )
        tracer = Tracer(self.title or "trace", listened=self._listen, origins=self._origins)
        tracer.inits = self._init
        tracer.keeping = self.keeping
        if self._listen:
            _LISTENING.begin()
        self._before = counting.times()
        try:
            tracer.start()
        except BaseException:
            if self._listen:
                _LISTENING.end()
            raise
        self._tracer, self._over, self._counted, self._running = tracer, None, (), True

    def stop(self) -> None:
        """Record no more; a second time changes nothing."""
        if not self._running or self._tracer is None:
            return
        self._running = False
        try:
            self._counted = self._counts()
            self._tracer.stop()
        finally:
            if self._listen:
                _LISTENING.end()
        if self._save is not None:
            self.save(self._save)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> None:
        self.stop()

    def __call__(self, function: Function) -> Function:
        """Record each call of ``function``, which may be async, or a generator; this is then the last one."""
        return decorated(function, self._again)

    @contextmanager
    def _again(self, name: str) -> Iterator[None]:
        """Record one call of a function of that name, and be what was recorded."""
        one = Traced(
            self.title or name,
            init=self._init,
            listen=self._listen,
            origins=self._origins,
            save=self._save,
        )
        try:
            with one:
                yield
        finally:
            self._tracer, self._over, self._counted = one.made()

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Give a name to what happens inside: a heading in each view."""
        with self._recorder().step(title):
            yield

    # What was recorded.

    def _recorded(self) -> tuple[Trace, Mapping[int, Originals]]:
        if self._over is not None:
            return self._over
        tracer = self._recorder()
        made, kept = tracer.trace_and_kept()
        made = replace(made, counted=self._counts() if self._running else self._counted)
        if not self._init:  # another trace may have asked for them
            made = replace(made, dispatches=tuple(one for one in made.dispatches if one.group != "init"))
        if not self._running and tracer.complete:
            self._over = made, kept
        return made, kept

    def with_receivers(self) -> Trace:
        """Return all that was recorded, with who is connected now: what coverage compares with."""
        return replace(self.trace, receivers=tuple(all_receivers()))

    @property
    def dispatches(self) -> tuple[Dispatch, ...]:
        """The dispatches in the order in which they were sent."""
        return self.trace.dispatches

    @property
    def bypasses(self) -> tuple[Bypass, ...]:
        """The writes that sent no signal, in order."""
        return self.trace.bypasses

    def outline(self, *, everything: bool = False) -> str:
        """Return what happened without what differs from run to run, as text to compare."""
        from sigexplorer.show.outline import outline

        return outline(self.trace, everything=everything)

    def show(
        self,
        view: str = "table",
        *,
        file: TextIO | None = None,
        width: int | None = None,
        verbose: bool = False,
        origins: bool = False,
        limit: int = DEFAULT_LIMIT,
    ) -> None:
        """Print a view: ``table``, ``tree``, ``summary``, ``coverage`` or ``sequence``."""
        trace = self.with_receivers() if view == "coverage" else self.trace
        drawing.show(trace, view, file, width, verbose=verbose, origins=origins, limit=limit)

    def text(self, view: str = "table", *, width: int = drawing.WIDTH) -> str:
        """Return a view as plain text."""
        return drawing.text(self.trace, view, width)

    def save(self, file: str | Path, *, format_name: str | None = None) -> None:
        """Write a file; its suffix chooses the format where none is named."""
        drawing.save(self.with_receivers(), Path(file), format_name)

    def _recorder(self) -> Tracer:
        if self._tracer is None:
            raise UsageError(*self._unbegun)
        return self._tracer

    def _counts(self) -> tuple[Counted, ...]:
        times = counting.times()
        new = ((*place, count - self._before.get(place, 0)) for place, count in sorted(times.items()))
        return tuple(Counted(name, sender, count) for name, sender, count in new if count)

    def made(
        self,
    ) -> tuple[Tracer | None, tuple[Trace, Mapping[int, Originals]] | None, tuple[Counted, ...]]:
        """Return what another one needs to be the same."""
        return self._tracer, self._over, self._counted


class _Listening:
    """Our registrations, as long as any trace wants them."""

    def __init__(self) -> None:
        self._listener = Listener()
        self._traces = 0

    def begin(self) -> None:
        self._traces += 1
        self._listener.connect()

    def end(self) -> None:
        self._traces -= 1
        if not self._traces:
            self._listener.disconnect()


_LISTENING = _Listening()
