"""What dispatches have in common, put into words once and known again by identity.

Which receivers a sender reaches changes only when something is connected, disconnected or
dies. To connect appends a registration, with a new key; the others leave fewer.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from types import FunctionType
from typing import Any

from sigexplorer.capture import choosing, counting, readers, receivers, signals, twins, words
from sigexplorer.capture.altering import Altered
from sigexplorer.capture.going import referred
from sigexplorer.capture.lanes import STREAM
from sigexplorer.capture.listening import tracing_receiver
from sigexplorer.capture.registry import Registration, finds_as_django_does
from sigexplorer.capture.uids import uid_of
from sigexplorer.spool.rows import SHAPE, Shape, ShapeReceiver

#: Every shape so far; its index is what a flight holds.
TABLE: list[Shape] = []

_numbers: dict[Shape, int] = {}

#: The number of what has no shape, because it is no record.
_NO_SHAPE = -1

#: Told when a dispatch of a new kind is seen: the program may have imported more of Django.
ON_NEW: list[Callable[[], None]] = []


#: All of the shapes of methods.
EVERY: list[Shapes] = []

#: Stands in the table for a shape that is in the file of whoever records, and that nothing has any more.
_FORGOTTEN = Shape("", "", "", "send", None, (), ())

#: Numbers that a sender, or a signal, no longer has: of the round before the last one, and since.
_left: list[list[int]] = [[], []]

#: Of these, what others still have: not asked for again before one of them goes as well.
_shared: set[int] = set()


def _leave(known: Known | None) -> None:
    if known is not None and known.count is None:
        _left[-1] += [known.number, *(one.number for one in list(known.without.values()))]


def forget(written: int) -> None:
    """Forget shapes of what is gone, as there may be any number of them, of so many that are written.

    Not at once: another thread may be about to send what is of such a shape.
    """
    waiting, _left[:] = _left[0], [_left[1], []]
    if not waiting:
        return
    tables = [table for each in EVERY for table in (each.known, each.silent)]
    known = [
        one for table in tables for by_sender in list(table.values()) for one in list(by_sender.values())
    ]
    used = {
        number for one in known for number in (one.number, *(each.number for each in one.without.values()))
    }
    used.update(number for (before, _), (_, after) in list(_longer.items()) for number in (before, after))
    under_way = {flight[SHAPE] for _, flight in STREAM.under_way().values()}
    for number in set(waiting):
        _shared.discard(number)
        if number >= written or number in under_way:
            _left[-1].append(number)
        elif number in used:
            _shared.add(number)
        elif TABLE[number] is not _FORGOTTEN:
            _numbers.pop(TABLE[number], None)
            TABLE[number] = _FORGOTTEN
            STREAM.calls.pop(number, None)


def ask_again() -> None:
    """Take note that what had some of the shapes may have gone without a word."""
    shared = list(_shared)
    _shared.clear()
    _left[-1] += shared


class Known:
    """A shape, and how the arguments of its dispatches are read."""

    __slots__ = (
        "called", "connected", "count", "key", "last", "number", "passing", "read", "way", "without",
    )  # fmt: skip

    def __init__(
        self,
        number: int,
        signal: Any,
        called: int,
        reader: readers.Reader,
        passing: str | None,
        count: Callable[[], int] | None = None,
    ) -> None:
        registered = signal.receivers
        self.number = number
        self.count = count  # of a signal that is left out: then its dispatches are only counted
        self.passing = passing  # the words for a sender that does not last, as the shape has none
        self.called = called  # receivers of the dispatch
        self.connected = len(registered)  # receivers of the signal
        self.last: Any = registered[-1][0] if registered else None  # the key of the last of them
        self.read = reader.read
        self.way = reader.way
        self.key = reader.key
        #: The same with some of its receivers muted, by their positions.
        self.without: dict[frozenset[int], Known] = {}


class Shapes:
    """The shapes of one of the four methods, by the ids of signal and sender.

    Both are alive while they are named here: each takes its entries along when it goes.
    """

    def __init__(self, method: str) -> None:
        self.method = method
        self.robust = method.endswith("robust")
        self.known: dict[int, dict[int, Known]] = {}
        #: Of dispatches that reach nobody, whoever is connected: by the ids of signal and sender.
        self.silent: dict[int, dict[int, Known]] = {}
        self._guards: dict[int, dict[int, weakref.ref[Any]]] = {}
        EVERY.append(self)

    def of(self, signal: Any, sender: Any, sync: Sequence[Any], asynchronous: Sequence[Any]) -> Known:
        """Return the shape of a dispatch."""
        called = len(sync) + len(asynchronous)
        by_sender = (self.known if called else self.silent).get(id(signal))
        if by_sender is not None:
            known = by_sender.get(id(sender))
            registered = signal.receivers
            if known is not None and (
                (not called and type(sync) is not Altered and type(asynchronous) is not Altered)
                or (
                    known.called == called
                    and known.connected == len(registered)
                    and registered
                    and registered[-1][0] is known.last
                )
            ):
                return known
        return self.find(signal, sender, sync, asynchronous)

    def find(self, signal: Any, sender: Any, sync: Sequence[Any], asynchronous: Sequence[Any]) -> Known:
        """Put a dispatch into words, and know its shape from now on where that is certain."""
        if type(sync) is Altered or type(asynchronous) is Altered:
            return self._altered(signal, sender, sync, asynchronous)
        for look in ON_NEW:
            look()
        called = (*sync, *asynchronous)
        named = signals.words(signal)
        lasts = _is_lasting(sender)
        count = counting.consider(signal, named.path, named.name, sender, named.group)
        if count is not None:
            known = Known(_NO_SHAPE, signal, len(called), readers.UNREAD, None, count)
        else:
            told, reader = words.sender(sender), readers.reader(named.path, sender)
            shape = Shape(
                signal=named.path,
                name=named.name,
                group=named.group,
                method=self.method,
                sender=told if lasts else None,
                arguments=reader.arguments,
                receivers=_receivers(signal, sender, called, len(sync)),
                twin=twins.number(told, sender) if lasts else 0,
            )
            known = Known(_number(shape), signal, len(called), reader, None if lasts else told)
        if not finds_as_django_does(signal):
            choosing.note(named.path)
        elif lasts:
            self._remember(self.known if called else self.silent, known, signal, sender)
        return known

    def _altered(self, signal: Any, sender: Any, sync: Sequence[Any], asynchronous: Sequence[Any]) -> Known:
        """Return the shape of a dispatch to what is left of its receivers.

        Where some of these are muted they are fewer than a shape with all of them has, so that
        ``of`` never takes one for the other.
        """
        whole = [each.receivers if type(each) is Altered else each for each in (sync, asynchronous)]
        muted = sync.muted if type(sync) is Altered else frozenset[int]()
        if type(asynchronous) is Altered:
            muted |= {len(whole[0]) + position for position in asynchronous.muted}
        known = self.of(signal, sender, *whole)
        return _without(known, muted) if muted and known.count is None else known

    def _remember(self, table: dict[int, dict[int, Known]], known: Known, signal: Any, sender: Any) -> None:
        for one in (None, sender):
            if id(one) not in self._guards.get(id(signal), ()):
                self._guard(signal, one)
        by_sender = table.setdefault(id(signal), {})
        _leave(by_sender.get(id(sender)))
        by_sender[id(sender)] = known
        shape = TABLE[known.number] if known.count is None else None
        if shape is _FORGOTTEN:  # just now, by another thread
            by_sender.pop(id(sender), None)

    def _guard(self, signal: Any, sender: Any) -> None:
        signal_id, sender_id = id(signal), id(sender)

        def sender_gone(_reference: object) -> None:
            self._guards.get(signal_id, {}).pop(sender_id, None)
            for table in (self.known, self.silent):
                _leave(table.get(signal_id, {}).pop(sender_id, None))

        def signal_gone(_reference: object) -> None:
            self._guards.pop(signal_id, None)
            for table in (self.known, self.silent):
                for known in table.pop(signal_id, {}).values():
                    _leave(known)

        guards = self._guards.setdefault(signal_id, {})
        guards[sender_id] = referred(signal, signal_gone) if sender is None else referred(sender, sender_gone)


def _without(known: Known, muted: frozenset[int]) -> Known:
    found = known.without.get(muted)
    if found is None:
        found = known.without[muted] = copy(known)
        shape = TABLE[known.number]
        receivers_told = (
            receiver._replace(muted=True) if receiver is not None and position in muted else receiver
            for position, receiver in enumerate(shape.receivers)
        )
        found.number = _number(shape._replace(receivers=tuple(receivers_told)))
    return found


#: By a shape and the id of the key of a registration, which is kept: the shape with its receiver.
_longer: dict[tuple[int, int], tuple[Any, int]] = {}

_REMEMBERED = 10_000


def and_then(number: int, receiver: Any, registration: Registration | None) -> int:
    """Return the shape of a dispatch that has called one receiver more."""
    known = _longer.get((number, id(registration.key))) if registration else None
    if known is not None:
        return known[1]
    told = _receiver(receiver, registration, is_async=bool(registration and registration.is_async))
    shape = TABLE[number]
    found = _number(shape._replace(receivers=(*shape.receivers, told)))
    if registration:
        if len(_longer) >= _REMEMBERED:
            _longer.clear()
            ask_again()
        _longer[number, id(registration.key)] = registration.key, found
    return found


def with_muted(number: int, registered: Callable[[Any], Registration | None], altered: Altered) -> int:
    """Return the shape of a dispatch that called what is left of some receivers."""
    number = _number(TABLE[number]._replace(receivers=()))
    for receiver in altered.receivers:
        number = and_then(number, receiver, registered(receiver))
    shape = TABLE[number]
    told = (
        one._replace(muted=True) if one is not None and position in altered.muted else one
        for position, one in enumerate(shape.receivers)
    )
    return _number(shape._replace(receivers=tuple(told)))


def _is_lasting(sender: Any) -> bool:
    """Whether the words for ``sender`` stay what they are as long as it lives."""
    kind = type(sender)
    return sender is None or kind is FunctionType or issubclass(kind, type) or words.is_app_config(sender)


def _receivers(
    signal: Any, sender: Any, called: Sequence[Any], sync: int
) -> tuple[ShapeReceiver | None, ...]:
    found = iter(receivers.registrations_of(signal, sender, called))
    return tuple(
        None if receiver is tracing_receiver else _receiver(receiver, next(found), is_async=place >= sync)
        for place, receiver in enumerate(called)
    )


def _receiver(receiver: Any, registration: Any, *, is_async: bool) -> ShapeReceiver:
    named = receivers.words(receiver)
    return ShapeReceiver(
        receiver=named.name,
        file=named.file,
        line=named.line,
        dispatch_uid=uid_of(registration) if registration else None,
        weak=registration.weak if registration else True,  # Django's default
        is_async=is_async,
    )


def _number(shape: Shape) -> int:
    number = _numbers.get(shape)
    if number is None:
        # No lock, which a finalizer might wait for: where two threads are here at once, one
        # of their entries is never used.
        TABLE.append(shape)
        place = len(TABLE) - 1
        while TABLE[place] is not shape:
            place -= 1
        number = _numbers.setdefault(shape, place)
        STREAM.calls[number] = tuple(_calls(shape))
    return number


def _calls(shape: Shape) -> Iterator[int]:
    """Yield for each receiver that is called, our own included, its index among the calls of a record."""
    index = 0
    for receiver in shape.receivers:
        if receiver is None or not receiver.muted:
            yield index
        index += receiver is not None


def atoms(shape: Shape) -> tuple[Any, ...]:
    """Return a shape as it is written."""
    *told, receivers, _twin = shape
    return (*told, tuple(None if each is None else tuple(each) for each in receivers))
