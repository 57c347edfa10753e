"""Random programs of signals, senders and receivers, and the log that they keep of themselves.

A program is made of plain values, so that the same one runs unobserved and observed, and
hypothesis can make it smaller. Its receivers write into the log that their dispatch carries as
an argument, so that concurrent receivers cannot mix their lines.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from capturing import TASK_GROUP, drained
from django.contrib.auth.signals import user_logged_out
from django.dispatch import Signal, dispatcher
from hypothesis import strategies as st

from sigexplorer.capture.listening import tracing_receiver

if TYPE_CHECKING:
    from sigexplorer.model import Call, Dispatch, Trace

plain = Signal()
caching = Signal(use_caching=True)

#: By the name that a record has for them; the last is Django's own, so that listening reaches it.
SIGNALS = {"plain": plain, "caching": caching, "user_logged_out": user_logged_out}


class First:
    """A sender."""


class Second:
    """Another sender."""


SENDERS = {"random_programs.First": First, "random_programs.Second": Second}
_DEPTH = 2  # dispatches below a dispatch below a dispatch


class Send(NamedTuple):
    """One dispatch to be sent."""

    signal: str
    sender: str
    method: str


class Change(NamedTuple):
    """A change of the registrations, or of what is alive, made by a receiver."""

    act: str  # "connect", "disconnect" or "drop"
    receiver: int


class Fail(NamedTuple):
    """An error to be raised."""

    message: str


class Receiver(NamedTuple):
    """One receiver, and how it is connected."""

    is_async: bool
    signal: str
    sender: str | None  # None: connected for every sender
    weak: bool
    uid: str | None
    connected: bool  # from the beginning
    acts: tuple[Send | Change | Fail, ...]


class Program(NamedTuple):
    """Receivers and the dispatches that set them off."""

    receivers: tuple[Receiver, ...]
    sends: tuple[Send, ...]


def programs(
    *, methods: tuple[str, ...], kinds: tuple[bool, ...], signals: tuple[str, ...], changes: tuple[str, ...]
) -> st.SearchStrategy[Program]:
    """Make programs whose dispatches use these methods, and whose receivers are of these kinds."""
    sync_methods = tuple(method for method in methods if not method.startswith("a")) or ("send_robust",)
    async_methods = tuple(method for method in methods if method.startswith("a"))
    names, senders = st.sampled_from(signals), st.sampled_from(sorted(SENDERS))
    changing = st.builds(Change, st.sampled_from(changes or ["connect"]), st.integers(0, 4))
    fails = st.builds(Fail, st.sampled_from(["no", "never"]))

    def receiver(*, is_async: bool) -> st.SearchStrategy[Receiver]:
        nested = async_methods if is_async else sync_methods
        if is_async and TASK_GROUP and False in kinds:
            # Concurrent receivers share a context on 6.1, and asgiref then refuses the second of
            # two that wait for the thread of the sync receivers, if they do so at the same time.
            nested = ()
        acts: list[st.SearchStrategy[Any]] = [fails]
        acts += [st.builds(Send, names, senders, st.sampled_from(nested))] * bool(nested)
        acts += [changing] * bool(changes)
        return st.builds(
            Receiver,
            st.just(is_async),
            names,
            st.none() | st.none() | senders,
            st.booleans(),
            st.none() | st.sampled_from(["uid", "other uid"]),
            st.sampled_from([True, True, True, False]),
            st.lists(st.one_of(acts), max_size=2).map(tuple),
        )

    receivers = st.one_of([receiver(is_async=is_async) for is_async in kinds])
    sends = st.builds(Send, names, senders, st.sampled_from(methods))
    return st.builds(
        Program,
        st.lists(receivers, min_size=2, max_size=6).map(tuple),
        st.lists(sends, min_size=1, max_size=3).map(tuple),
    )


@dataclass
class CallLog:
    """One receiver that ran."""

    receiver: str
    is_async: bool
    outcome: str = ""
    inside: list[SendLog] = field(default_factory=list)


@dataclass
class SendLog:
    """One dispatch, with the calls in it."""

    signal: str
    sender: str
    method: str
    depth: int
    outcome: Any = None
    calls: list[CallLog] = field(default_factory=list)

    def in_order(self) -> SendLog:
        """Return the log with sync calls first: a thread may run them at the same time as async ones."""
        self.calls.sort(key=lambda call: call.is_async)
        for call in self.calls:
            for inner in call.inside:
                inner.in_order()
        return self


class Running:
    """A program while it runs."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.roots: list[SendLog] = []
        self.alive = {
            number: self._make(number, receiver) for number, receiver in enumerate(program.receivers)
        }

    def run(self) -> tuple[list[SendLog], object]:
        """Connect, send, and return the log and what is left connected."""
        for number, receiver in enumerate(self.program.receivers):
            if receiver.connected:
                self._change(Change("connect", number))
        for send in self.program.sends:
            log = self._log(send, 0)
            self.roots.append(log)
            if send.method.startswith("a"):
                asyncio.run(self._awaited_and_drained(send, log))
            else:
                self._send(send, log, swallow=True)
        return [root.in_order() for root in self.roots], self._left()

    def _make(self, number: int, receiver: Receiver) -> Callable[..., Any]:
        def sync(*, log: SendLog, **_named: object) -> str:
            call = CallLog(f"r{number}", is_async=False)
            log.calls.append(call)
            try:
                for act in receiver.acts:
                    self._act(act, log, call)
            except BaseException as error:
                call.outcome = in_words(error)
                raise
            call.outcome = f"answer {number}"
            return call.outcome

        async def awaited(*, log: SendLog, **_named: object) -> str:
            call = CallLog(f"r{number}", is_async=True)
            log.calls.append(call)
            try:
                for act in receiver.acts:
                    if isinstance(act, Send) and log.depth < _DEPTH:
                        inner = self._log(act, log.depth + 1)
                        call.inside.append(inner)
                        await self._awaited(act, inner)
                    else:
                        self._act(act, log, call)
            except BaseException as error:
                call.outcome = in_words(error)
                raise
            call.outcome = f"answer {number}"
            return call.outcome

        made = awaited if receiver.is_async else sync
        made.__qualname__ = f"r{number}"
        return made

    def _act(self, act: Send | Change | Fail, log: SendLog, call: CallLog) -> None:
        if isinstance(act, Fail):
            raise ValueError(act.message)  # noqa: TRY004 - what the program is to do
        if isinstance(act, Change):
            self._change(act)
        elif log.depth < _DEPTH:
            inner = self._log(act, log.depth + 1)
            call.inside.append(inner)
            self._send(act, inner)

    def _change(self, change: Change) -> None:
        if change.receiver not in self.alive:
            return
        receiver = self.program.receivers[change.receiver]
        function, sender = self.alive[change.receiver], SENDERS.get(receiver.sender or "")
        signal = SIGNALS[receiver.signal]
        if change.act == "drop":
            del self.alive[change.receiver]
        elif change.act == "connect":
            signal.connect(function, sender=sender, weak=receiver.weak, dispatch_uid=receiver.uid)
        else:
            signal.disconnect(function, sender=sender, dispatch_uid=receiver.uid)

    def _log(self, send: Send, depth: int) -> SendLog:
        return SendLog(send.signal, send.sender, send.method, depth)

    def _send(self, send: Send, log: SendLog, *, swallow: bool = False) -> None:
        try:
            log.outcome = _answers(_method(send)(SENDERS[send.sender], log=log))
        except Exception as error:
            log.outcome = in_words(error)
            if not swallow:
                raise

    async def _awaited(self, send: Send, log: SendLog) -> None:
        try:
            log.outcome = _answers(await _method(send)(SENDERS[send.sender], log=log))
        except BaseException as error:
            log.outcome = in_words(error)
            raise

    async def _awaited_and_drained(self, send: Send, log: SendLog) -> None:
        await asyncio.gather(self._awaited(send, log), return_exceptions=True)
        await drained()

    def _left(self) -> object:
        """Return who is still connected, by name, and how often each signal would reach somebody."""
        return {
            name: [
                [_name(receiver) for receiver in kind if receiver is not tracing_receiver]
                for sender in SENDERS.values()
                for kind in signal._live_receivers(sender)
            ]
            for name, signal in SIGNALS.items()
        }


def _method(send: Send) -> Callable[..., Any]:
    method: Callable[..., Any] = getattr(SIGNALS[send.signal], send.method)
    return method


def _answers(responses: list[tuple[Any, Any]]) -> list[tuple[str, str]]:
    return [
        (_name(receiver), in_words(answer) if isinstance(answer, Exception) else answer)
        for receiver, answer in responses
        if receiver is not tracing_receiver
    ]


def _name(receiver: Any) -> str:
    name: str = receiver.__qualname__
    return name


@contextmanager
def clean_signals() -> Iterator[None]:
    """Begin without receivers, and put back those that were there."""
    before = {name: list(signal.receivers) for name, signal in SIGNALS.items()}
    for name, signal in SIGNALS.items():
        ours = [entry for entry in before[name] if tracing_receiver in entry]
        _put(signal, ours)
    try:
        yield
    finally:
        for name, signal in SIGNALS.items():
            _put(signal, before[name])


def _put(signal: Signal, receivers: list[Any]) -> None:
    signal.receivers = receivers
    signal.sender_receivers_cache.clear()
    assert dispatcher.NO_RECEIVERS not in receivers


def perform(program: Program) -> tuple[list[SendLog], object]:
    """Run a program from the beginning."""
    # What send_robust swallows refers to itself, and with it to a dropped receiver: when the
    # collector comes by depends on all that was ever allocated.
    collecting = gc.isenabled()
    gc.disable()
    try:
        with clean_signals():
            return Running(program).run()
    finally:
        if collecting:
            gc.enable()


def recorded(trace: Trace) -> list[SendLog]:
    """Return a trace in the form of the log that the program keeps of itself."""
    logs: dict[int, SendLog] = {}
    calls: dict[tuple[int | None, int | None], CallLog] = {}
    roots: list[SendLog] = []
    for dispatch in trace.dispatches:
        parent = calls.get((dispatch.parent, dispatch.parent_call))
        log = _recorded(dispatch, 0 if parent is None else logs[dispatch.parent or 0].depth + 1)
        logs[dispatch.id] = log
        for index, call in enumerate(log.calls):
            calls[dispatch.id, index] = call
        (roots if parent is None else parent.inside).append(log)
    for log in logs.values():
        log.calls = [call for call in log.calls if call.outcome != "skipped"]
    return roots


def _recorded(dispatch: Dispatch, depth: int) -> SendLog:
    log = SendLog(dispatch.name, dispatch.sender or "", dispatch.method, depth, _short(dispatch.error))
    log.calls = [
        CallLog(call.receiver.removeprefix("random_programs."), call.is_async, _outcome(call))
        for call in dispatch.calls
    ]
    return log


def _outcome(call: Call) -> str:
    if call.outcome == "returned":
        return str(call.result)
    return "skipped" if call.outcome == "skipped" else str(_short(call.error))


def _short(error: str | None) -> str | None:
    return "ExceptionGroup" if error and error.startswith("ExceptionGroup: ") else error


def told(logs: list[SendLog]) -> list[SendLog]:
    """Return a program's log without the responses, which a record keeps call by call."""
    return [
        SendLog(
            log.signal,
            log.sender,
            log.method,
            log.depth,
            log.outcome if isinstance(log.outcome, str) else None,
            [CallLog(call.receiver, call.is_async, call.outcome, told(call.inside)) for call in log.calls],
        )
        for log in logs
    ]


def in_words(error: BaseException) -> str:
    """Return an error as a record tells it: its type and its message."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(error, BaseExceptionGroup):
        return name  # how much of what it groups is told depends on how deep it is
    return f"{name}: {error.args[0]}" if error.args else name
