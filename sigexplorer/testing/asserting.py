"""Assertions on what was sent; what fails says so with the timeline, and with what nearly matched."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from django.dispatch import Signal

from sigexplorer.capture import words
from sigexplorer.capture.keeping import SENDER, Held, Originals, is_sender, is_under_way
from sigexplorer.errors import SigexplorerWarning, UsageError
from sigexplorer.model import Call, Dispatch, ListedReceiver, Trace
from sigexplorer.show.text import plural
from sigexplorer.testing import counted, kept, messages
from sigexplorer.testing.arguments import Arguments
from sigexplorer.testing.comparing import Values
from sigexplorer.testing.connected import assert_connected, check_can_be_called
from sigexplorer.testing.senders import wanted_sender
from sigexplorer.testing.wanted import Wanted, WantedSignal, meets, wanted_receiver, wanted_signal

__tracebackhide__ = True
__unittest = True  # the same for unittest

SignalName = Signal | str


class Assertions:
    """What a test states of a trace; a signal, sender or receiver is itself or its name."""

    _init = True  # whether each pre_init and post_init was recorded
    _file: Path | None = None  # of the test, where it is known
    _update: bool | None = None  # whether outlines are rewritten; None: as the environment says

    @property
    def trace(self) -> Trace:
        """What was recorded, so far."""
        return self._recorded()[0]

    def _recorded(self) -> tuple[Trace, Mapping[int, Originals]]:
        """Return what was recorded, so far, and by the ids of its dispatches what was really sent."""
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

        From that sender, and with at least those arguments, compared as Python does. A model
        instance is the one with the same model and primary key; one that has no key now, or
        had none then, is only itself.
        """
        times = _checked(times)
        trace, wanted, by, having = self._meant(signal, sender, arguments)
        found = _found(trace, wanted, by, having)
        if not self._init and len(found) <= (times or 0):
            counted.check(wanted, by, arguments, trace)
        if _are(found, times):
            return found
        what = messages.sent(wanted, by, arguments)
        near = messages.near(trace, wanted, by, having) if times is None or len(found) < times else []
        raise self._failure(f"{what} {messages.instead(len(found), times)}", near, found)

    def assert_not_sent(self, signal: SignalName, /, sender: object = ..., **arguments: object) -> None:
        """Hold that no such dispatch was sent."""
        if "times" in arguments:
            raise UsageError("assert_not_sent takes no 'times'", "assert_sent(..., times=0) is the same")
        self.assert_sent(signal, sender, 0, **arguments)

    def assert_order(
        self, *signals: SignalName | tuple[SignalName, object], sender: object = ...
    ) -> list[Dispatch]:
        """Hold that the signals were sent in that order, whatever came between, and return those dispatches.

        Each is a signal, or a pair of a signal and its sender.
        """
        if not signals:
            raise UsageError("no signals to compare", "name them in their order")
        trace, originals = self._whole()
        pairs = [one if isinstance(one, tuple) else (one, sender) for one in signals]
        wanted = [self._pair(pair, trace, originals) for pair in pairs]
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
        """Hold that a receiver really ran, at least once or so many times, and return its calls.

        One that runs now has been called.
        """
        times = _checked(times)
        trace, originals = self._whole()
        wanted = wanted_receiver(receiver, trace)
        of, by = self._pair((signal, sender), trace, originals)
        pairs = [
            (one, call)
            for one in trace.dispatches
            if meets(one, of, by)
            for call in one.calls
            if wanted.fits(call.receiver)
        ]
        ran = [(one, call) for one, call in pairs if _ran(one, call, originals)]
        if not self._init and len(ran) <= (times or 0):
            counted.check_called(wanted, of, by, trace)
        doubtful = [call for one, call in pairs if call.outcome == "unknown" and (one, call) not in ran]
        if doubtful and (not ran if times is None else len(ran) <= times):
            raise UsageError(
                f"whether '{wanted.text}' was called is not known", "ask when what it receives is over"
            )
        if not pairs and times == 0:
            check_can_be_called(wanted, of, by)
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
        count = len(self._whole()[0].dispatches)
        if count > _number(most):
            raise self._failure(f"{plural(count, 'dispatch', 'dispatches')} sent, at most {most} wanted")

    def assert_no_signals(self) -> None:
        """Hold that nothing was sent; signals that are only counted do not count."""
        count = len(self._whole()[0].dispatches)
        if count:
            raise self._failure(f"{plural(count, 'dispatch', 'dispatches')} sent, none wanted")

    def assert_outline(self, name: str, /, *, everything: bool = False) -> None:
        """Hold that what was sent so far has the outline that is kept under ``name`` beside the test.

        With ``--signals-update`` it is kept from now on; ``everything`` includes the init
        signals. The test is the file that asks, where no other is known.
        """
        test = self._file or Path(sys._getframe(1).f_code.co_filename)  # noqa: SLF001 - it has no other name
        kept.hold(name, self._whole()[0], test, update=self._update, everything=everything)

    def find(
        self, signal: SignalName | None = None, /, *, sender: object = ..., **arguments: object
    ) -> list[Dispatch]:
        """Return the dispatches of a signal, from that sender, with at least those arguments."""
        return _found(*self._meant(signal, sender, arguments))

    def _meant(
        self, signal: SignalName | None, sender: object, arguments: dict[str, object]
    ) -> tuple[Trace, WantedSignal, Wanted, Arguments]:
        """Return the trace, and what is looked for in it; what can be in none is an error."""
        trace, originals = self._whole()
        wanted, by = self._pair((signal, sender), trace, originals)
        having = Arguments(arguments, Values(originals))
        having.check(wanted, trace, by)
        return trace, wanted, by, having

    def _pair(
        self, pair: tuple[object, ...], trace: Trace, originals: Mapping[int, Originals]
    ) -> tuple[WantedSignal, Wanted]:
        if len(pair) != 2:  # noqa: PLR2004 - a pair
            raise UsageError(f"'{words.value(pair)}' is no pair", "a signal and its sender")
        wanted = wanted_signal(pair[0], trace, init=self._init, kept=originals)
        by = wanted_sender(pair[1], [wanted], trace)
        if by.thing is not None:
            by = replace(
                by, ids=frozenset(number for number, one in originals.items() if is_sender(one, by.thing))
            )
        elif by.name is not None:
            others = {number for number, one in originals.items() if _is_of_a_number(one)}
            by = replace(by, ids=frozenset({one.id for one in trace.dispatches} - others))
        return wanted, by

    def _whole(self) -> tuple[Trace, Mapping[int, Originals]]:
        """Return what was recorded; a fault of ours that lost some must not let an assertion hold unseen."""
        trace, originals = self._recorded()
        if trace.run.dropped:
            lost = plural(trace.run.dropped, "record")
            warnings.warn(f"{lost} lost to a fault of ours", SigexplorerWarning, stacklevel=4)
        return trace, originals

    def _failure(
        self, what: str, near: Iterable[str] = (), marked: Iterable[Dispatch] = ()
    ) -> AssertionError:
        return AssertionError(messages.failure(self.trace, what, near, marked))


def _found(trace: Trace, signal: WantedSignal, sender: Wanted, having: Arguments) -> list[Dispatch]:
    return [one for one in trace.dispatches if meets(one, signal, sender) and not having.differing(one)]


def _ran(one: Dispatch, call: Call, originals: Mapping[int, Originals]) -> bool:
    if call.outcome != "unknown":
        return call.outcome in ("returned", "raised")
    sync = not call.is_async and one.method in ("send", "send_robust")
    return sync and is_under_way(originals.get(one.id, {}))


def _is_of_a_number(originals: Originals) -> bool:
    """Whether a dispatch was sent by a number or the like, whose words are those of a text."""
    found = originals.get(SENDER)
    return isinstance(found, Held) and type(found.thing) is not str


def _are(found: Sequence[object], times: int | None) -> bool:
    return len(found) > 0 if times is None else len(found) == times


def _checked(times: int | None) -> int | None:
    return None if times is None else _number(times)


def _number(number: int) -> int:
    if type(number) is not int or number < 0:
        raise UsageError(f"'{words.value(number)}' is no number", "a whole number from 0 on")
    return number
