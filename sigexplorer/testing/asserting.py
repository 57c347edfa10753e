"""Assertions on what was sent; what fails says so with the timeline, and with what nearly matched."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence

from django.dispatch import Signal

from sigexplorer.capture import words
from sigexplorer.errors import SigexplorerWarning, UsageError
from sigexplorer.model import Call, Dispatch, ListedReceiver, Trace
from sigexplorer.show.text import plural
from sigexplorer.testing import messages
from sigexplorer.testing.connected import assert_connected
from sigexplorer.testing.wanted import (
    differing,
    meets,
    wanted_receiver,
    wanted_sender,
    wanted_signal,
)

__tracebackhide__ = True
__unittest = True  # the same for unittest

SignalName = Signal | str


class Assertions:
    """What a test states of a trace; a signal, sender or receiver is itself or its name."""

    _init = True  # whether each pre_init and post_init was recorded

    @property
    def trace(self) -> Trace:
        """What was recorded, so far."""
        raise NotImplementedError

    def assert_sent(
        self,
        signal: SignalName,
        /,
        sender: object = ...,
        times: int | None = None,
        **arguments: object,
    ) -> list[Dispatch]:
        """Hold that a signal was sent, at least once or so many times, and return its dispatches.

        From that sender, and with at least those arguments. A model instance is compared by
        its model and primary key, as far as it had one then and has one now.
        """
        trace, times = self._whole(), _checked(times)
        wanted, by = wanted_signal(signal, trace, init=self._init), wanted_sender(sender, trace)
        found = [one for one in trace.dispatches if meets(one, wanted, by) and not differing(one, arguments)]
        if _are(found, times):
            return found
        what = messages.sent(wanted, by, arguments)
        near = messages.near(trace, wanted, by, arguments) if times is None or len(found) < times else []
        raise self._failure(f"{what} {messages.instead(len(found), times)}", near, found)

    def assert_not_sent(self, signal: SignalName, /, sender: object = ..., **arguments: object) -> None:
        """Hold that no such dispatch was sent."""
        self.assert_sent(signal, sender, 0, **arguments)

    def assert_order(
        self, *signals: SignalName | tuple[SignalName, object], sender: object = ...
    ) -> list[Dispatch]:
        """Hold that the signals were sent in that order, whatever came between, and return those dispatches.

        Each is a signal, or a pair of a signal and its sender.
        """
        if not signals:
            raise UsageError("no signals to compare", "name them in their order")
        trace = self._whole()
        pairs = [one if isinstance(one, tuple) else (one, sender) for one in signals]
        wanted = [
            (wanted_signal(signal, trace, init=self._init), wanted_sender(by, trace)) for signal, by in pairs
        ]
        found: list[Dispatch] = []
        for signal, by in wanted:
            last = found[-1].id if found else 0
            one = next((one for one in trace.dispatches if one.id > last and meets(one, signal, by)), None)
            if one is None:
                names = ", ".join(messages.sent(*pair, {}) for pair in wanted)
                before = f" after #{last} {found[-1].name}" if found else ""
                raise self._failure(
                    f"not sent in this order: {names}",
                    [f"{messages.sent(signal, by, {})} was not sent{before}"],
                    found,
                )
            found.append(one)
        return found

    def assert_called(
        self,
        receiver: object,
        /,
        times: int | None = None,
        *,
        signal: SignalName | None = None,
        sender: object = ...,
    ) -> list[Call]:
        """Hold that a receiver really ran, at least once or so many times, and return its calls."""
        trace, times = self._whole(), _checked(times)
        wanted = wanted_receiver(receiver, trace)
        by, of = wanted_sender(sender, trace), wanted_signal(signal, trace, init=self._init)
        pairs = [
            (one, call)
            for one in trace.dispatches
            if meets(one, of, by)
            for call in one.calls
            if wanted.fits(call.receiver)
        ]
        ran = [(one, call) for one, call in pairs if call.outcome in ("returned", "raised")]
        if _are(ran, times):
            return [call for _, call in ran]
        what = f"{wanted.text} {messages.instead(len(ran), times, 'called')}"
        raise self._failure(what, messages.near_calls(pairs, wanted, signal), [one for one, _ in ran])

    def assert_connected(
        self, receiver: object, signal: SignalName | None = None, sender: object = ...
    ) -> list[ListedReceiver]:
        """Hold that a receiver is connected now, and return its registrations."""
        return assert_connected(receiver, signal, sender)

    def assert_max_dispatches(self, most: int, /) -> None:
        """Hold that no more than so many dispatches were sent; those that are only counted are none."""
        count = len(self._whole().dispatches)
        if count > _number(most):
            raise self._failure(f"{plural(count, 'dispatch', 'dispatches')} sent, at most {most} wanted")

    def assert_no_signals(self) -> None:
        """Hold that nothing was sent; signals that are only counted do not count."""
        count = len(self._whole().dispatches)
        if count:
            raise self._failure(f"{plural(count, 'dispatch', 'dispatches')} sent, none wanted")

    def _whole(self) -> Trace:
        """Return the trace; a fault of ours that lost some of it must not let an assertion hold unseen."""
        trace = self.trace
        if trace.run.dropped:
            lost = plural(trace.run.dropped, "record")
            warnings.warn(f"{lost} lost to a fault of ours", SigexplorerWarning, stacklevel=3)
        return trace

    def _failure(
        self, what: str, near: Iterable[str] = (), marked: Iterable[Dispatch] = ()
    ) -> AssertionError:
        return AssertionError(messages.failure(self.trace, what, near, marked))


def _are(found: Sequence[object], times: int | None) -> bool:
    return len(found) > 0 if times is None else len(found) == times


def _checked(times: int | None) -> int | None:
    return None if times is None else _number(times)


def _number(number: int) -> int:
    if type(number) is not int or number < 0:
        raise UsageError(f"'{words.value(number)}' is no number", "a whole number from 0 on")
    return number
