"""Put what is observed into records."""

from __future__ import annotations

import itertools
import os
import platform
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from time import perf_counter_ns as clock
from typing import Any, NamedTuple

import django

import sigexplorer
from sigexplorer.capture import arguments, bypasses, database, dispatch, places, receivers, signals, words
from sigexplorer.capture.listening import tracing_receiver
from sigexplorer.capture.registry import Registration
from sigexplorer.capture.watch import SeenCall, Watch, here
from sigexplorer.model import (
    Bypass,
    Call,
    Claim,
    Dispatch,
    Operation,
    Origin,
    Run,
    Scalar,
    Step,
    Trace,
)

_FAULTS = 10

_UNKNOWN_DJANGO = "this Django's dispatch is not known: receivers have no times of their own"


class _Opening(NamedTuple):
    """What is put into words before the first receiver runs."""

    id: int
    parent: int | None
    parent_call: int | None
    step: int | None
    signal: signals.SignalWords
    sender: str | None
    arguments: tuple[tuple[str, Scalar], ...]
    registrations: tuple[Registration | None, ...]
    origin: Origin | None
    in_transaction: bool
    thread: str
    process: int


class Tracer:
    """Records every dispatch, bypass and transaction between ``start`` and ``stop``.

    Usable from every thread; one run only. With ``steps_only`` what happens outside of a
    step is preparation and is not recorded.
    """

    def __init__(self, title: str, *, listened: bool = False, steps_only: bool = False) -> None:
        self.title = title
        self.listened = listened
        self.complete = True
        self.claims: list[Claim] = []
        self.faults: list[str] = []  # the first few of ours, in words
        self.dropped = 0  # all of them
        self.queries = 0
        self._dispatches: list[Dispatch] = []
        self._bypasses: list[Bypass] = []
        self._steps: list[Step] = []
        self._step: int | None = None
        self._steps_only = steps_only
        self._ids = itertools.count(1)
        self._open: dict[int, tuple[Watch, _Opening]] = {}
        self._transactions = database.Transactions()
        self._start = self._end = 0
        self._started_at = ""
        self._stop = ExitStack()
        self._rendered = True

    def start(self) -> None:
        """Begin to observe."""
        self._begin()
        with ExitStack() as undo:
            for hooks in (dispatch.HOOKS, database.HOOKS, bypasses.HOOKS):
                hooks.add(self)  # each knows a part of us
                undo.callback(hooks.remove, self)
            self._stop = undo.pop_all()
        self._rendered = dispatch.rendered()

    def _begin(self) -> None:
        self._started_at = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        self._start = clock()

    def stop(self) -> None:
        """Observe no more; leaves Django as it was found, whatever happened."""
        self._end = self._end or clock()
        self._stop.close()
        self.complete = self.complete and not self._open

    @contextmanager
    def step(self, title: str, source: str | None = None) -> Iterator[None]:
        """Give a name to what happens inside; an exception is noted and goes on its way."""
        if self._steps_only and not self._steps:
            self._begin()  # what came before was preparation
        start, number, around = clock(), len(self._steps) + 1, self._step
        problem: str | None = None
        self._steps.append(Step(number, title, start - self._start, 0, None, source))
        self._step = number
        try:
            yield
        except BaseException as raised:
            problem = _said(raised)
            raise
        finally:
            self._steps[number - 1] = Step(
                number, title, start - self._start, clock() - start, problem, source
            )
            self._step = around

    def trace(self) -> Trace:
        """Return what was recorded so far, dispatches and bypasses in the order of their ids.

        A dispatch that is still under way is shown as far as it has come.
        """
        undone = self._transactions.rolled_back
        under_way = [self._record(watch, opening) for watch, opening in list(self._open.values())]
        return Trace(
            run=self._run(),
            steps=tuple(self._steps),
            dispatches=tuple(
                replace(dispatch, rolled_back=True) if dispatch.id in undone else dispatch
                for dispatch in sorted([*self._dispatches, *under_way], key=lambda dispatch: dispatch.id)
            ),
            bypasses=tuple(sorted(self._bypasses, key=lambda bypass: bypass.id)),
            claims=tuple(self.claims),
        )

    def _run(self) -> Run:
        return Run(
            title=self.title,
            listened=self.listened,
            started_at=self._started_at,
            duration_ns=(self._end or clock()) - self._start,
            sigexplorer=sigexplorer.__version__,
            django=django.get_version(),
            python=platform.python_version(),
            databases=database.vendors(),
            dropped=self.dropped,
            complete=self.complete,
            queries=self.queries,
            notes=() if self._rendered else (_UNKNOWN_DJANGO,),
        )

    # What dispatch tells.

    @property
    def _idle(self) -> bool:
        return self._steps_only and self._step is None

    def opened(self, watch: Watch) -> _Opening | None:
        """Put a dispatch into words before its first receiver runs."""
        if self._idle:
            return None
        number = next(self._ids)
        parent, parent_call = self._within(watch.parent, watch.parent_position)
        using = watch.named.get("using")
        opening = _Opening(
            id=number,
            parent=parent,
            parent_call=parent_call,
            step=self._step,
            signal=signals.words(watch.signal),
            sender=words.sender(watch.sender),
            arguments=arguments.to_words(watch.named),
            registrations=receivers.registrations_of(watch.signal, watch.sender, watch.receivers),
            origin=places.origin(sys._getframe(2)),
            in_transaction=self._transactions.joined(number, using if type(using) is str else None),
            thread=_thread(),
            process=os.getpid(),
        )
        self._open[number] = (watch, opening)
        return opening

    def closed(self, watch: Watch, opening: _Opening | None) -> None:
        """Record a dispatch and what became of its receivers."""
        if opening is None:
            return
        try:
            self._dispatches.append(self._record(watch, opening))
        finally:
            self._open.pop(opening.id, None)

    def _record(self, watch: Watch, opening: _Opening) -> Dispatch:
        start = watch.marks[0]
        return Dispatch(
            id=opening.id,
            parent=opening.parent,
            parent_call=opening.parent_call,
            step=opening.step,
            signal=opening.signal.path,
            name=opening.signal.name,
            group=opening.signal.group,
            method=watch.method,
            sender=opening.sender,
            start_ns=start - self._start,
            duration_ns=(watch.end or clock()) - start,
            arguments=opening.arguments,
            calls=self._calls(watch, opening),
            error=words.error(watch.error) if watch.error is not None else None,
            origin=opening.origin,
            in_transaction=opening.in_transaction,
            rolled_back=False,  # known when the transaction ends, see trace()
            queries=sum(watch.queries.values()),
            thread=opening.thread,
            process=opening.process,
        )

    def failed(self, fault: Exception) -> None:
        """Count a fault of ours, which costs a record and nothing else."""
        self.dropped += 1
        # Near the end of the stack nothing may be called that could fail again.
        if len(self.faults) < _FAULTS:
            self.faults.append(type(fault).__name__ if isinstance(fault, RecursionError) else _said(fault))

    def _calls(self, watch: Watch, opening: _Opening) -> tuple[Call, ...]:
        seen = [call for call in watch.seen_calls() if call.receiver is not tracing_receiver]
        found = opening.registrations
        if len(found) != len(seen):  # an unknown Django: receivers are known only afterwards
            found = receivers.registrations_of(watch.signal, watch.sender, [call.receiver for call in seen])
        return tuple(
            self._call(call, order, registration)
            for order, (call, registration) in enumerate(zip(seen, found, strict=True), 1)
        )

    def _call(self, seen: SeenCall, order: int, registration: Registration | None) -> Call:
        named = receivers.words(seen.receiver)
        uid = registration.dispatch_uid if registration else None
        return Call(
            receiver=named.name,
            order=order,
            file=named.file,
            line=named.line,
            dispatch_uid=None if uid is None else str(words.value(uid)),
            weak=registration.weak if registration else True,  # Django's default
            is_async=seen.is_async,
            start_ns=seen.start - self._start,
            duration_ns=seen.end - seen.start,
            outcome=seen.outcome,
            result=words.value(seen.value) if seen.outcome == "returned" else None,
            error=words.error(seen.value) if seen.outcome == "raised" else None,
            queries=seen.queries,
        )

    def _within(self, parent: Watch | None, position: int) -> tuple[int | None, int | None]:
        """Return the id of the dispatch, and the index of the call, that caused this one."""
        if parent is None:
            return None, None
        for observer, note in parent.notes:
            if observer is self and note is not None:
                return note.id, self._index(parent, position)
        return None, None  # it was sent before we began

    def _index(self, parent: Watch, position: int) -> int | None:
        if position < 0:
            return None  # a wrapped send does not tell which receiver is running
        return sum(receiver is not tracing_receiver for receiver in parent.receivers[:position])

    # What the database tells.

    def queried(self) -> None:
        """Count one SQL statement of the run."""
        if not self._idle:
            self.queries += 1

    def savepoint(self, connection: Any, sid: str) -> None:
        """Follow a transaction."""
        self._transactions.savepoint(connection, sid)

    def undone(self, connection: Any, sid: str | None) -> None:
        """Follow a transaction."""
        self._transactions.undone(connection, sid)

    def committed(self, connection: Any) -> None:
        """Follow a transaction."""
        self._transactions.committed(connection)

    # What bypasses tell.

    def bypassing(self, operation: Operation, model: Any, start: int) -> Bypass | None:
        """Note a write without signals."""
        if self._idle:
            return None
        parent, parent_call = self._within(*here())
        return Bypass(
            id=next(self._ids),
            operation=operation,
            model=words.model_label(model) or "?",
            rows=None,
            start_ns=start - self._start,
            step=self._step,
            parent=parent,
            parent_call=parent_call,
            origin=places.origin(sys._getframe(2)),
            would_call=receivers.passed_by(operation, model),
        )

    def bypassed(self, bypass: Bypass | None, rows: int | None) -> None:
        """Record it, now that the rows are known."""
        if bypass is not None:
            self._bypasses.append(replace(bypass, rows=rows))


def _said(problem: BaseException) -> str:
    try:
        return words.error(problem)
    except Exception:
        return type(problem).__name__


def _thread() -> str:
    """Return the name of this thread, without making a thread object for one that has none."""
    thread = threading._active.get(threading.get_ident())  # type: ignore[attr-defined]
    name = words.attribute(thread, "_name")
    return words.bounded(name) if type(name) is str else f"thread {threading.get_ident()}"
